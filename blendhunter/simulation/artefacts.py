"""What spoils pixels: defects, cosmic rays, trails, residual sky."""

from dataclasses import asdict, dataclass

import numpy as np

__all__ = ['Artefacts']

# pixels of the square that rates refer to: a stamp's
UNIT_AREA = 51**2
UNIT_WIDTH = 51
# a cosmic ray: its mean length in px, its charge over the noise
RAY_LENGTH = 6.0
RAY_CHARGE = (10.0, 2000.0)
STEPS_PER_PIXEL = 4
# a satellite trail: its width (sigma, px) and peak over the noise
TRAIL_WIDTH = (0.8, 2.5)
TRAIL_PEAK = (1.0, 30.0)
MASK_LEVEL = 1.0


@dataclass(frozen=True)
class Artefacts:
    """
    Rates of what spoils an image.

    Parameters
    ----------
    bad_pixels : float, optional
        Fraction of dead and hot pixels; they are masked.
    bad_columns : float, optional
        Bad columns per 51 px of width; they are masked.
    cosmic_rays : float, optional
        Hits per 51 x 51 px.
    trails : float, optional
        Mean number of satellite trails per image, stamp or field.
    sky : float, optional
        RMS of a constant left over by the sky subtraction, as a fraction
        of the noise.
    masked : float, optional
        Fraction of the hits and trails that the mask knows of.

    Raises
    ------
    ValueError
        If a rate is negative, or a fraction outside 0 to 1.
    """

    bad_pixels: float = 0.0
    bad_columns: float = 0.0
    cosmic_rays: float = 0.0
    trails: float = 0.0
    sky: float = 0.0
    masked: float = 1.0

    def __post_init__(self):
        for name, value in asdict(self).items():
            if not value >= 0:
                msg = f'{name} must not be negative, got {value!r}'
                raise ValueError(msg)
            if name in ('bad_pixels', 'masked') and value > 1:
                msg = f'{name} must lie in 0 to 1, got {value!r}'
                raise ValueError(msg)

    def draw(self, shape, noise, rng):
        """
        Draw the artefacts of one image.

        Parameters
        ----------
        shape : tuple of int
            (ny, nx).
        noise : float
            RMS noise per pixel, which scales them.
        rng : `~numpy.random.Generator`

        Returns
        -------
        extra : float32 `~numpy.ndarray` of shape (ny, nx)
            Counts to add.
        mask : bool `~numpy.ndarray` of shape (ny, nx)
            True marks pixels known to be bad.
        """
        extra = np.full(shape, self.sky * rng.normal(), dtype=np.float32)
        mask = rng.random(shape) < self.bad_pixels
        columns = rng.random(shape[1]) < self.bad_columns / UNIT_WIDTH
        mask |= columns
        extra[mask] += rng.uniform(-50, 500, mask.sum()).astype(np.float32)
        for _ in range(rng.poisson(self.cosmic_rays * mask.size
                                   / UNIT_AREA)):
            pixels, charge = _ray(shape, rng)
            np.add.at(extra, pixels, charge)
            if rng.random() < self.masked:
                mask[pixels] = True
        for _ in range(rng.poisson(self.trails)):
            trail = _trail(shape, rng)
            extra += trail
            if rng.random() < self.masked:
                mask |= trail > MASK_LEVEL
        return extra * np.float32(noise), mask


def _ray(shape, rng):
    """Return the pixels (y, x) of a cosmic ray and its charge in each."""
    length = rng.exponential(RAY_LENGTH)
    n = int(STEPS_PER_PIXEL * length) + 1
    angle = rng.uniform(0, 2 * np.pi)
    along = np.linspace(0, length, n)
    x = np.rint(rng.uniform(-0.5, shape[1] - 0.5) + along * np.cos(angle))
    y = np.rint(rng.uniform(-0.5, shape[0] - 0.5) + along * np.sin(angle))
    on = (x >= 0) & (x < shape[1]) & (y >= 0) & (y < shape[0])
    charge = np.exp(rng.uniform(*np.log(RAY_CHARGE))) / n
    return (y[on].astype(int), x[on].astype(int)), np.float32(charge)


def _trail(shape, rng):
    """Return a straight trail across the image, over the noise."""
    width = rng.uniform(*TRAIL_WIDTH)
    peak = np.exp(rng.uniform(*np.log(TRAIL_PEAK)))
    angle = rng.uniform(0, np.pi)
    y, x = np.ogrid[:shape[0], :shape[1]]
    distance = ((x - rng.uniform(0, shape[1])) * np.sin(angle)
                - (y - rng.uniform(0, shape[0])) * np.cos(angle))
    return (peak * np.exp(-0.5 * (distance / width) ** 2)).astype(np.float32)
