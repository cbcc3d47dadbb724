# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The fraction of sources that are flagged as out of domain."""

import warnings

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import describe_columns
from blendhunter._utils.parallel import child_seed
from blendhunter._utils.progress import progress_bar
from blendhunter.benchmark.column_descriptions import DOMAIN
from blendhunter.benchmark.field.field_evaluation import SURVEY_RANGES
from blendhunter.benchmark.metrics import proportion_error
from blendhunter.detection import DetectedImage
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.simulation.fields import draw_field
from blendhunter.simulation.unusual_images import (
    SHAPE,
    UNUSUAL_KINDS,
    draw_unusual,
)
from blendhunter.stamps import BlendFlag

__all__ = ['CLEAN', 'evaluate_domain']

#: The name of ordinary fields.
CLEAN = 'clean'


def evaluate_domain(identifier, *, n_images=8, kinds=(CLEAN, *UNUSUAL_KINDS),
                    survey='cfis', shape=SHAPE, ranges=SURVEY_RANGES, rng=0,
                    progress=False):
    """
    Classify images with artifacts, wrong noise or bad seeing.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
        Classifies the images.
    n_images : int, optional
        Number of images of each kind.
    kinds : sequence of str, optional
        Kinds of images; by default all. 'clean' is an image without
        defects.
    survey, shape : optional
        See `~blendhunter.simulate_field`.
    ranges : `~blendhunter.simulation.FieldRanges`, optional
        Ranges of the values of the clean fields.
    rng : None, int, SeedSequence or Generator, optional
        Random numbers of the simulation.
    progress : bool, optional
        Whether to show a progress bar.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per kind: the number ``n`` of affected sources; the
        fraction ``flagged`` with the bit 64 (out of domain), with its error
        (Wilson); and the fraction with ``is_blend``.
    """
    rows = []
    with progress_bar(total=n_images * len(kinds), description='images',
                      enabled=progress) as bar:
        for number, kind in enumerate(kinds):
            flags, blends = [], []
            for i in range(n_images):
                detected, touched = _image(kind, survey, shape, ranges,
                                           child_seed(rng, number, i))
                with warnings.catch_warnings():
                    # that the seeing is not that of the training
                    warnings.simplefilter('ignore', BlendHunterWarning)
                    result = identifier.classify(detected, overwrite=True)
                known = np.isfinite(result['blend_prob'][touched])
                flags.append(result['blend_flags'][touched][known])
                blends.append(result['is_blend'][touched][known])
                bar.update(1)
            flagged = (np.concatenate(flags) & BlendFlag.OUT_OF_DOMAIN) > 0
            share = flagged.mean() if len(flagged) else np.nan
            rows.append({
                'kind': kind, 'n': len(flagged), 'flagged': float(share),
                'flagged_error': float(proportion_error(share, len(flagged))),
                'blends': float(np.mean(np.concatenate(blends)))
                if len(flagged) else np.nan})
    return describe_columns(Table(rows), DOMAIN)


def _image(kind, survey, shape, ranges, seed):
    """Return an image, and the rows that it is about."""
    if kind != CLEAN:
        image = draw_unusual(kind, survey=survey, shape=shape, rng=seed)
        return image.detected, image.rows
    image, *_ = draw_field(shape, survey, ranges, seed)
    detected = DetectedImage.from_image(image.data, mask=image.mask)
    return detected, np.arange(len(detected))
