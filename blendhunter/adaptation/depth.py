# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The depth at which simulated fields have as many detections."""

from dataclasses import replace

import numpy as np

from blendhunter._utils.progress import progress_bar
from blendhunter.adaptation.conditions import GALAXY_DENSITY
from blendhunter.detection import DetectedImage, DetectionSettings
from blendhunter.simulation.fields import draw_field

__all__ = ['fit_depth', 'simulated_density']

# fainter sources are not simulated beyond the second
DEPTHS = (20.5, 27.4)
START = 25.0
# decades of the number of detections per magnitude of depth
SLOPE, SLOPES = 0.33, (0.15, 0.6)
N_FIELDS = 2
MAX_TRIALS = 5
# the fit ends when the densities agree within so many decades
TOLERANCE = 0.015
# outside of the range of depths the galaxies are fewer or more; by at most
# this factor
MOST_CHANGE = 4.0


def simulated_density(conditions, *, shape, seeds):
    """Return the detections per square arcminute in simulated fields."""
    survey, ranges = conditions.survey(), conditions.ranges()
    settings = DetectionSettings(method=conditions.detector,
                                 n_sigma=conditions.n_sigma)
    n = n_pixels = 0
    for seed in seeds:
        image, *_ = draw_field(shape, survey, ranges, seed)
        n += len(DetectedImage.from_image(image.data, mask=image.mask,
                                          settings=settings))
        n_pixels += image.data.size
        n_pixels -= 0 if image.mask is None else np.count_nonzero(image.mask)
    return n / (n_pixels * (conditions.pixel_scale / 60) ** 2)


def fit_depth(conditions, *, shape, seeds, progress=False):
    """
    Find the depth of a survey from the density of its detections.

    Parameters
    ----------
    conditions : `SurveyConditions`
        The measured properties of the survey.
    shape : tuple of int
        (ny, nx) of each trial field.
    seeds : `~numpy.random.SeedSequence`
        All trials have the same galaxies.
    progress : bool, optional
        Whether to show a progress bar.

    Returns
    -------
    conditions : `SurveyConditions`
        With ``depth``, and with another ``galaxy_density`` if no depth from
        20.5 to 27.4 gives that many detections.
    """
    fields = seeds.spawn(N_FIELDS)
    trials = []
    depth = START
    with progress_bar(total=MAX_TRIALS, description='depth',
                      enabled=progress) as bar:
        while len(trials) < MAX_TRIALS:
            found = simulated_density(replace(conditions, depth=depth),
                                      shape=shape, seeds=fields)
            trials.append((depth, np.log10(
                max(found, 1e-3) / conditions.density)))
            bar.update(1)
            following = float(np.clip(_next_depth(trials), *DEPTHS))
            if abs(trials[-1][1]) < TOLERANCE or following == depth:
                break
            depth = following
    depth, excess = min(trials, key=lambda trial: abs(trial[1]))
    density = GALAXY_DENSITY
    if depth in DEPTHS:
        density *= float(np.clip(10**-excess, 1 / MOST_CHANGE, MOST_CHANGE))
    return replace(conditions, depth=round(depth, 3), galaxy_density=density)


def _next_depth(trials):
    """Return the depth of the next trial, from the last two (secant)."""
    depth, excess = trials[-1]
    slope = SLOPE
    if len(trials) > 1:
        other, before = trials[-2]
        slope = np.clip((excess - before) / (depth - other), *SLOPES)
    return depth - excess / slope
