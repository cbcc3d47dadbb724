# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""`adapt`: from the images of a survey to weights that fit them."""

from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic

import numpy as np

from blendhunter._utils.files import check_writable
from blendhunter._utils.resume import PartStore, begin_run
from blendhunter.adaptation.depth import fit_depth
from blendhunter.adaptation.evaluation import (
    AFTER,
    BEFORE,
    compare_on_fields,
    compare_on_injections,
    compare_on_singles,
    has_gained,
)
from blendhunter.adaptation.features import (
    check_weights,
    head_of,
    predict_head,
)
from blendhunter.adaptation.head import refit_head
from blendhunter.adaptation.measurement import (
    detect_images,
    measure_conditions,
)
from blendhunter.adaptation.new_weights import (
    fit_fresh_fractions,
    write_adapted,
)
from blendhunter.adaptation.report import AdaptationReport
from blendhunter.adaptation.simulated_sets import featured_sets, simulate_sets
from blendhunter.identify import BlendIdentifier
from blendhunter.network.loading import load_model
from blendhunter.network.weights import read_metadata, resolve_weights
from blendhunter.simulation.fields import check_shape

__all__ = ['adapt']

# of the injections
ROUNDS = 2
LEAST_DETECTIONS = 100


class Stopwatch:
    """Seconds of the steps of a run, by name."""

    def __init__(self):
        self.seconds = {}
        self._start = monotonic()

    def stop(self, name):
        """Add the time since the last call to a step."""
        now = monotonic()
        self.seconds[name] = round(
            self.seconds.get(name, 0) + now - self._start, 1)
        self._start = now


def adapt(images, *, output, weights='default', pixel_scale=None, ext=None,
          detector='sep', n_sigma=1.5, n_detections=20_000,
          shape=(1000, 1000), injections=False, force=False,
          precision='auto', rng=0, n_jobs=1, command='', overwrite=False,
          progress=False):
    """
    Adapt the packaged model to a survey, with images of the survey.

    The function measures the noise, its correlation, the PSF and the
    density of detections on the images. It simulates detections with these
    properties, fits the dense head of the network to them, and calibrates
    the probabilities. The new weights are for ``region='segment'`` only.
    They are written if they score better on other simulated fields. If the
    run is interrupted, the same call continues it.

    Parameters
    ----------
    images : image-like, `~blendhunter.DetectedImage`, or list of these
        Images of one survey and one band, each with 20 or more isolated
        stars. `~blendhunter.DetectedImage.from_image` lists the accepted
        forms. A `~blendhunter.DetectedImage` keeps its own settings.
    output : str or path-like
        Weights file to write.
    weights : str or path-like, optional
        The weights to adapt. They must be those of a VGG-16 network.
    pixel_scale : float, optional
        Width of a pixel in arcsec; by default that of the WCS.
    ext : int or str, optional
        Extension of FITS paths.
    detector : {'sep', 'photutils'}, optional
        The detector of the catalogs that you will classify.
    n_sigma : float, optional
        Detection threshold in units of the noise per pixel.
    n_detections : int, optional
        Approximate number of simulated detections. One fifth of them is
        used for the scores.
    shape : tuple of int, optional
        (ny, nx) of the simulated fields.
    injections : bool, optional
        Whether to also inject companions into the first image, and compare
        how many are found before and after.
    force : bool, optional
        Whether to write the weights even if they do not score better.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        Arithmetic of the convolutions.
    rng, n_jobs : optional
        As in `~blendhunter.simulate_stamps`.
    command : str, optional
        Stored in the weights file.
    overwrite : bool, optional
        Whether an existing output may be replaced.
    progress : bool, optional
        Whether to show progress bars on a terminal.

    Returns
    -------
    report : `~blendhunter.adaptation.AdaptationReport`
        Scores, measured properties and times. If the scores are not
        better, ``written`` is False. The simulated detections and their
        features then stay in the directory ``OUTPUT.parts``. So the same
        call with ``force=True`` is fast.

    Raises
    ------
    ValueError, TypeError, FileExistsError, FileNotFoundError
        If an argument cannot be used, or an image has no noise, no pixel
        scale or fewer than 20 stars. The message states the reason.
    `~blendhunter.exceptions.WeightsError`
        If the weights cannot be read, or belong to another network.
    """
    output, shape = Path(output), check_shape(shape)
    metadata = _check(output, weights, n_detections, overwrite)
    watch = Stopwatch()
    detected = detect_images(images, ext=ext, detector=detector,
                             n_sigma=n_sigma)
    conditions, stars = measure_conditions(detected, pixel_scale=pixel_scale)
    watch.stop('measurement')
    seeds, _, store = begin_run('adapt', {
        'conditions': asdict(conditions), 'n_detections': n_detections,
        'shape': shape, 'precision': precision,
        'weights': metadata['sha256']}, rng, PartStore.beside(
            output).directory)
    depth_seed, set_seed, fit_seed = seeds.spawn(3)
    conditions = _with_depth(conditions, shape, depth_seed, store, progress)
    watch.stop('depth')
    training, fresh = simulate_sets(
        conditions, n_detections, shape, set_seed, store, n_jobs=n_jobs,
        progress=progress)
    watch.stop('simulation')
    model = load_model(weights, precision=precision)
    fit = _fit(model, training, fresh, fit_seed, store, watch, progress)
    candidate = store.directory / 'candidate.h5'
    write_adapted(candidate, model, fit, training, conditions,
                  metadata=metadata, command=command)
    tests = _test_on_images(detected, weights, candidate, precision,
                            injections, rng)
    watch.stop('evaluation')
    written = fit['gained'] or force
    if written:
        candidate.replace(output.resolve())
        store.discard()
    else:
        candidate.unlink()
    return AdaptationReport(
        conditions, fit['scores'], fit['gained'], written,
        output if written else None, watch.seconds, fit['fractions'],
        fit['losses'], stars[0].pixels, **tests)


def _check(output, weights, n_detections, overwrite):
    """Check arguments before any work; return the weights' metadata."""
    check_writable(output, overwrite=overwrite)
    metadata = read_metadata(resolve_weights(weights))
    check_weights(metadata, weights)
    if n_detections < LEAST_DETECTIONS:
        msg = (f'n_detections must be at least {LEAST_DETECTIONS}, got '
               f'{n_detections!r}')
        raise ValueError(msg)
    return metadata


def _with_depth(conditions, shape, seed, store, progress):
    """Return the conditions with their depth, fitted once."""
    def make():
        fitted = fit_depth(conditions, shape=shape, seeds=seed,
                           progress=progress)
        return {'depth': np.array([fitted.depth, fitted.galaxy_density])}

    depth, density = store.arrays('depth', make)['depth'].tolist()
    return replace(conditions, depth=depth, galaxy_density=density)


def _fit(model, training, fresh, seed, store, watch, progress):
    """Fit the head, put it into the network; return what came of it."""
    turn_seed, head_seed = seed.spawn(2)
    train, held_out, test = featured_sets(model, training, fresh, turn_seed,
                                          store, progress=progress)
    watch.stop('features')
    head = head_of(model)
    before = predict_head(head, test.features)
    losses, steps = refit_head(head, train, held_out, progress=progress,
                               rng=np.random.default_rng(head_seed))
    model.network.get_layer('head').set_weights(head.get_weights())
    after = predict_head(head, test.features)
    watch.stop('head')
    scores = compare_on_fields(before, after, test.blended)
    return {'scores': scores, 'gained': has_gained(scores),
            'losses': losses, 'steps': steps,
            'fractions': fit_fresh_fractions(fresh.truth, after)}


def _test_on_images(detected, weights, candidate, precision, injections,
                    rng):
    """Return the scores on the images, and why some are left out."""
    identifiers = {
        name: BlendIdentifier(path, screen=False, precision=precision)
        for name, path in ((BEFORE, weights), (AFTER, candidate))}
    singles, why = compare_on_singles(detected, identifiers)
    tests = {'singles': singles, 'reasons': {'singles': why} if why else {}}
    if injections:
        tests['injections'], why = compare_on_injections(
            detected, identifiers, rounds=ROUNDS, rng=rng)
        if why:
            tests['reasons']['injections'] = why
    return tests
