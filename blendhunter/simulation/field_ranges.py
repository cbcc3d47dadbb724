# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The ranges from which simulated fields draw their values."""

from dataclasses import fields

import numpy as np

from blendhunter.simulation.camera_psf import OPTICS, WAVES
from blendhunter.simulation.exposure import Exposure
from blendhunter.simulation.parameters import (
    LogUniform,
    allows_none,
    check_limits,
    check_value,
    described,
    draw_within,
    parameter,
)
from blendhunter.simulation.source_model import SourceModel
from blendhunter.simulation.surveys import get_survey

__all__ = ['CAMERA', 'FieldRanges']

# galaxies end here, before the faint limit of any field
MAX_BRIGHT = 23.0
# where a real image is cut off and masked, in units of its noise
SATURATION = (3e3, 1e5)
# what some of the fields have, and others have not
SHARES = ('saturation', 'mask_saturated', 'resampling')
#: Ranges of what cameras do, besides noise and seeing.
CAMERA = {
    **OPTICS,
    'brighter_fatter': (0.0, 0.03), 'psf_variation': (0.0, 0.05),
    'bleed': (0.0, 1.0), 'mask_saturated': 0.5, 'resampling': 0.4}


@described
class FieldRanges:
    """
    Ranges from which simulated fields draw their values.

    Each range has two limits. Values are uniform between the limits of a
    tuple, and uniform in the logarithm between the limits of
    `~blendhunter.simulation.LogUniform`. The level of the saturation is
    uniform in the logarithm, too. The faint limit of the sources is the
    depth of the field.
    """

    density: tuple = parameter(
        (60.0, 130.0), 'galaxies per square arcminute to magnitude 26.5',
        'not be negative')
    clustering: tuple = parameter(
        (0.0, 0.4), 'fraction of galaxies in clumps', 'be between 0 and 1')
    bright: tuple = parameter(
        (16.0, 18.5), 'bright limit of galaxies and of stars', 'be positive')
    star_fraction: tuple = parameter(
        (0.0, 0.15), 'stars per galaxy', 'not be negative')
    companions: tuple = parameter(
        (0.4, 0.4), 'additional galaxies near others, per source',
        'not be negative')
    noise: tuple = parameter(
        LogUniform(0.5, 10.0), 'factor on the noise of the survey',
        'be positive')
    noise_correlation: tuple = parameter(
        (0.0, 0.6), 'width (sigma, px) of the smoothing of the noise',
        'be between 0 and 1')
    seeing_factor: tuple = parameter(
        LogUniform(0.58, 1.73), 'factor on the seeing of the survey (for '
        'CFIS the default gives 2 to 6 px)', 'be positive')
    psf_variation: tuple = parameter(
        (0.0, 0.05), 'change of the PSF over the field', 'be between 0 and 1')
    spikes: tuple = parameter(
        (0.0, 0.03), 'fraction of the light of bright stars in spikes',
        'be between 0 and 1')
    wings: tuple = parameter(
        (0.0, 0.0), 'fraction of the light of bright stars in wide wings',
        'be between 0 and 1')
    saturation: float | None = parameter(
        0.5, 'fraction of the fields whose pixels above 3 000 to 100 000 '
        'times the noise are cut off and masked', 'be between 0 and 1')
    gain: tuple | None = parameter(
        None, 'RMS of the noise in electrons, which sets the photon noise '
        'of the sources; by default there is none', 'be positive')
    n_sigma: tuple = parameter(
        (1.0, 3.0), 'detection threshold', 'be positive')
    coma: tuple = parameter(
        (0.0, 0.0), 'coma of the optics in waves; see '
        '`~blendhunter.simulation.CameraPSF`', WAVES)
    trefoil: tuple = parameter((0.0, 0.0), 'trefoil in waves', WAVES)
    astigmatism: tuple = parameter((0.0, 0.0), 'astigmatism in waves', WAVES)
    drift: tuple = parameter(
        (0.0, 0.0), 'tracking error over the seeing', 'be between 0 and 1')
    brighter_fatter: tuple = parameter(
        (0.0, 0.0), 'growth of the width of stars that saturate',
        'be between 0 and 1')
    bleed: tuple = parameter(
        (0.0, 0.0), 'fraction of the charge above the saturation that '
        'bleeds along the columns', 'be between 0 and 1')
    mask_saturated: float = parameter(
        1.0, 'fraction of the fields with saturation whose mask shows it',
        'be between 0 and 1')
    resampling: float = parameter(
        0.0, 'fraction of the fields that are resampled, as coadds are',
        'be between 0 and 1')

    def __post_init__(self):
        for item in fields(self):
            limits = getattr(self, item.name)
            if limits is None:
                if allows_none(item):
                    continue
                msg = (f'{item.name} must {item.metadata["condition"]}, '
                       'got None')
                raise ValueError(msg)
            check = check_value if item.name in SHARES else check_limits
            check(item.name, limits, item.metadata['condition'])
        if max(self.bright) > MAX_BRIGHT:
            msg = (f'bright must not exceed {MAX_BRIGHT}, got '
                   f'{self.bright!r}')
            raise ValueError(msg)

    def draw(self, rng, survey='cfis', *, kind='structured', cosmos_dir=None,
             artifacts=None):
        """
        Draw the models of one field.

        Parameters
        ----------
        rng : `~numpy.random.Generator`
            Random numbers.
        survey : str or `~blendhunter.simulation.Survey`, optional
            See `~blendhunter.simulation.get_survey`.
        kind, cosmos_dir, artifacts : optional
            See `~blendhunter.simulate_detections`.

        Returns
        -------
        sources : `~blendhunter.simulation.SourceModel`
            The sources of the field.
        exposure : `~blendhunter.simulation.Exposure`
            PSF, noise and camera.
        n_sigma : float
            Threshold of the detection.
        """
        rng = np.random.default_rng(rng)
        values = {item.name: self._draw(item, rng) for item in fields(self)}
        noise = get_survey(survey).noise * values['noise']
        values.update(noise=noise, artifacts=artifacts)
        if values['saturation'] is not None:
            values['saturation'] *= noise
        if values['gain'] is not None:
            values['gain'] /= noise
        sources, exposure = (
            {item.name: values[item.name] for item in fields(model)
             if item.name in values} for model in (SourceModel, Exposure))
        return (SourceModel(kind=kind, cosmos_dir=cosmos_dir, faint=None,
                            star_bright=values['bright'], star_faint=None,
                            **sources),
                Exposure(**exposure), values['n_sigma'])

    def _draw(self, item, rng):
        """Draw one value; a range of zero width takes no random number."""
        limits = getattr(self, item.name)
        if item.name in SHARES:
            chosen = bool(limits) and (limits >= 1 or rng.random() < limits)
            if item.name != 'saturation':
                return chosen
            if not chosen:
                return None
            return float(np.exp(rng.uniform(*np.log(SATURATION))))
        if limits is None:
            return None
        return draw_within(limits, rng)
