"""Bad pixels, cosmic rays, satellite trails and residual background."""

import numpy as np

from blendhunter.simulation.parameters import parameter, parameter_dataclass

__all__ = ['Artifacts']

# width of the square that rates refer to: a stamp's
UNIT_WIDTH = 51
# a cosmic ray: its mean length in px, its charge over the noise
RAY_LENGTH = 6.0
RAY_CHARGE = (10.0, 2000.0)
STEPS_PER_PIXEL = 4
# a satellite trail: its width (sigma, px) and peak over the noise
TRAIL_WIDTH = (0.8, 2.5)
TRAIL_PEAK = (1.0, 30.0)
MASK_LEVEL = 1.0


@parameter_dataclass
class Artifacts:
    """Rates of the artifacts of an image."""

    bad_pixels: float = parameter(
        0.0, 'fraction of dead and hot pixels, which are masked',
        'lie in 0 to 1')
    bad_columns: float = parameter(
        0.0, 'bad columns per 51 px of width, which are masked',
        'not be negative')
    cosmic_rays: float = parameter(
        0.0, 'cosmic-ray hits per 51 x 51 px', 'not be negative')
    trails: float = parameter(
        0.0, 'mean number of satellite trails per stamp or field',
        'not be negative')
    residual_background: float = parameter(
        0.0, 'RMS of a constant left over by the background subtraction, '
        'over the noise', 'not be negative')
    masked: float = parameter(
        1.0, 'fraction of the hits and trails that the mask covers',
        'lie in 0 to 1')

    def draw(self, shape, noise, rng):
        """
        Draw the artifacts of an image (ny, nx) with some noise per pixel.

        Returns the counts to add (float32), and a mask of the pixels that
        are known to be bad.
        """
        extra = np.full(shape, self.residual_background * rng.normal(),
                        dtype=np.float32)
        mask = rng.random(shape) < self.bad_pixels
        columns = rng.random(shape[1]) < self.bad_columns / UNIT_WIDTH
        mask |= columns
        extra[mask] += rng.uniform(-50, 500, mask.sum()).astype(np.float32)
        for _ in range(rng.poisson(self.cosmic_rays * mask.size
                                   / UNIT_WIDTH**2)):
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
