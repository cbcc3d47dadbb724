"""`BlendIdentifier`: from an image and a catalogue to probabilities."""

import warnings
from functools import lru_cache

import numpy as np

from blendhunter._utils.images import as_image, as_segmentation
from blendhunter.catalogs import as_table, catalog_labels, catalog_positions
from blendhunter.detection import (
    Detection,
    detect_prepared,
    settings_from_meta,
    subtract_background,
)
from blendhunter.exceptions import NoDetectionsWarning
from blendhunter.identify.checks import (
    COLUMNS,
    check_columns,
    check_stamps,
    trusted_labels,
)
from blendhunter.identify.sources import classify_sources, count_neighbors
from blendhunter.network.calibration import correct_prior
from blendhunter.network.model import VIEWS, load_model
from blendhunter.network.weights import resolve_weights
from blendhunter.stamps import assign_segments
from blendhunter.version import __version__

__all__ = ['BlendIdentifier']

REGIONS = ('segment', 'stamp')
SMALL_BATCH = 32


class BlendIdentifier:
    """
    Say for each source of a catalogue how likely it is a blend.

    Parameters
    ----------
    weights : str or path-like, optional
        'default', the packaged model, or a weights file.
    region : {'segment', 'stamp'}, optional
        What is asked: is this one detection two sources or more
        ('segment'), or does the stamp of 51x51 px hold two sources or
        more ('stamp', the definition of Farrens et al. 2022)?
    threshold : float, optional
        ``is_blend`` is ``blend_prob >= threshold``.
    prior : float, optional
        Blend fraction of the sample, which the probabilities are
        corrected for. By default the one stored in the weights: 0.5 for
        the stamp, that of a simulated survey for the segment.
    batch_size : int, optional
        Stamps per call of the network.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        Arithmetic of the network; 'auto' takes bfloat16 where the
        hardware has it.
    n_views : {1, 2, 4, 8}, optional
        The network sees each stamp whose first answer leaves doubt
        turned and mirrored, so many times in all, and the answers are
        pooled: better and slower.

    Examples
    --------
    >>> from blendhunter import BlendIdentifier, detect
    >>> catalog = detect(image)  # doctest: +SKIP
    >>> result = BlendIdentifier().classify(image, catalog)  # doctest: +SKIP
    """

    def __init__(self, weights='default', *, region='segment', threshold=0.5,
                 prior=None, batch_size=256, precision='auto', n_views=1):
        self.weights = weights
        self.region = region
        self.threshold = threshold
        self.prior = prior
        self.batch_size = batch_size
        self.precision = precision
        self.n_views = n_views

    def __repr__(self):
        return (f'BlendIdentifier({self.weights!r}, region={self.region!r}, '
                f'threshold={self.threshold!r}, prior={self.prior!r}, '
                f'batch_size={self.batch_size!r}, '
                f'precision={self.precision!r}, n_views={self.n_views!r})')

    def classify(self, image, catalog=None, *, segmentation=None, mask=None,
                 noise=None, background='auto', wcs=None, ext=None,
                 columns=None, detector='sep', overwrite=False,
                 progress=False):
        """
        Append blend probabilities to a catalogue.

        Parameters
        ----------
        image : image-like of shape (ny, nx)
            Array, masked array, Quantity, NDData, HDU or FITS path.
        catalog : Table, `~photutils.segmentation.SourceCatalog` or path, \
optional
            The sources; see `~blendhunter.catalogs.catalog_positions` for
            the names of the position columns. None detects them.
        segmentation : 2-D int array or SegmentationImage, optional
            Segment of each source, 0 for the sky. By default the image is
            detected with the settings in the catalogue's meta, or the
            defaults.
        mask : 2-D bool array, optional
            True marks bad pixels.
        noise : float, Quantity or 2-D array, optional
            RMS noise per pixel; by default the image's uncertainty, else
            the detector's robust background RMS.
        background : 'auto', None, float or 2-D array, optional
            'auto' subtracts a mesh estimate, None nothing.
        wcs : `~astropy.wcs.WCS`, optional
            For catalogues with sky coordinates; by default the image's.
        ext : int or str, optional
            Extension of a FITS path.
        columns : tuple of str, optional
            Names of the position columns.
        detector : {'sep', 'photutils'}, optional
            Used where the catalogue does not say how it was detected.
        overwrite : bool, optional
            Whether existing columns of the same names may be replaced.
        progress : bool, optional
            Whether to show a progress bar on a terminal.

        Returns
        -------
        result : `~astropy.table.Table`
            A copy of the catalogue, rows in their order, with
            ``blend_prob`` (float32, NaN where it could not be found),
            ``is_blend`` (bool), ``blend_flags`` (int32, bits of
            `~blendhunter.stamps.BlendFlag`) and ``n_neighbors`` (int16,
            other sources of the catalogue in the stamp). Its meta says
            what made them, under keys that begin with ``blendhunter.``.

        Raises
        ------
        TypeError, ValueError, OSError
            If an argument cannot be used; the message names it.
        `~blendhunter.exceptions.WeightsError`
            If the weights are missing or damaged.
        """
        self._check()
        image = as_image(image, mask=mask, noise=noise, wcs=wcs, ext=ext)
        table = own = None
        if catalog is not None:
            table = as_table(catalog)
            check_columns(table, overwrite)
            position = catalog_positions(table, wcs=image.wcs,
                                         columns=columns)
            own = settings_from_meta(table.meta)
        settings = own or Detection(method=detector)
        if segmentation is not None:
            segmentation = as_segmentation(segmentation, image.data.shape)
        model = self._model()
        prepared = subtract_background(image, background=background,
                                       method=settings.method)
        given = segmentation is not None
        if table is None or (segmentation is None
                             and self.region == 'segment'):
            found, detected = detect_prepared(prepared, settings,
                                              unit=image.unit)
            segmentation = detected if segmentation is None else segmentation
            if table is None:
                table = found
                position = catalog_positions(table)
        if len(table) == 0:
            warnings.warn('the catalog has no sources', NoDetectionsWarning,
                          stacklevel=2)
        segments = None
        if self.region == 'segment':
            # labels count for the segmentation that came with them: of
            # sources found here it is not the one that was given
            found_here = catalog is None
            labels = None
            if given != found_here:
                labels = catalog_labels(table)
            elif own is not None:
                labels = trusted_labels(catalog_labels(table), segmentation,
                                        position)
            segments = assign_segments(segmentation, *position,
                                       labels=labels)
        probability, flags = classify_sources(
            model, prepared, position, segments, region=self.region,
            batch_size=self._batch(len(table)), n_views=self.n_views,
            progress=progress)
        probability = correct_prior(
            probability, *model.prior_fractions(self.region, self.prior))
        return self._append(table, model, prepared, probability, flags,
                            count_neighbors(*position))

    def predict_proba(self, stamps, *, regions=None, noise=None):
        """
        Return blend probabilities of ready-made stamps.

        Parameters
        ----------
        stamps : array_like of shape (n, 51, 51)
            Background-subtracted pixels, in image units; no pixel is
            changed.
        regions : bool array_like of shape (n, 51, 51), optional
            The region asked about; None asks about the whole stamp.
        noise : float or array_like of shape (n,) or (n, 51, 51), optional
            RMS noise per pixel; by default estimated from each stamp's
            median absolute deviation.

        Returns
        -------
        probability : float32 `~numpy.ndarray` of shape (n,)
            For the whole stamp with the prior of ``region='stamp'``,
            otherwise with that of ``'segment'``; NaN where more than
            30 % of a stamp is not finite.

        Raises
        ------
        TypeError, ValueError
            If an argument has a wrong type or shape; the message names
            it.
        """
        self._check()
        stamps, regions, lost = check_stamps(stamps, regions, noise)
        region = 'stamp' if regions is None else 'segment'
        model = self._model(region)
        if regions is None:
            regions = np.ones(stamps.shape, dtype=bool)
        raw = model.predict(stamps, regions, 1.0,
                            batch_size=self._batch(len(stamps)),
                            n_views=self.n_views)
        raw[lost] = np.nan
        return correct_prior(raw, *model.prior_fractions(region, self.prior))

    def _check(self):
        """Check the settings, so that the constructor only stores them."""
        if self.region not in REGIONS:
            msg = f'region must be one of {REGIONS}, got {self.region!r}'
            raise ValueError(msg)
        if not 0 <= self.threshold <= 1:
            msg = f'threshold must lie in 0 to 1, got {self.threshold!r}'
            raise ValueError(msg)
        if self.prior is not None and not 0 < self.prior < 1:
            msg = (f'prior must lie between 0 and 1, got {self.prior!r}')
            raise ValueError(msg)
        if self.batch_size < 1:
            msg = f'batch_size must be positive, got {self.batch_size!r}'
            raise ValueError(msg)
        if self.n_views not in VIEWS:
            msg = f'n_views must be one of {VIEWS}, got {self.n_views!r}'
            raise ValueError(msg)

    def _model(self, region=None):
        """Return the model, loaded once per process and file."""
        path = resolve_weights(self.weights)
        model = _load_once(path, path.stat().st_mtime_ns, self.precision)
        region = region or self.region
        if region not in model.regions:
            msg = (f'region {region!r} is not among those of the weights '
                   f'{self.weights!r}: {model.regions}')
            raise ValueError(msg)
        return model

    def _batch(self, n):
        """Return the batch size for n stamps: few need no full batch."""
        return (min(self.batch_size, SMALL_BATCH) if n <= SMALL_BATCH
                else self.batch_size)

    def _append(self, table, model, prepared, probability, flags, neighbors):
        """Append the columns and say in the meta what made them."""
        with np.errstate(invalid='ignore'):
            is_blend = probability >= self.threshold
        for name, values in zip(
                COLUMNS, (probability, is_blend, flags, neighbors),
                strict=True):
            table[name] = values
        prior = model.prior_fractions(self.region, self.prior)[1]
        for key, value in (
                ('version', __version__), ('weights', str(self.weights)),
                ('sha256', model.metadata['sha256']),
                ('threshold', float(self.threshold)),
                ('region', self.region), ('prior', float(prior)),
                ('n_views', int(self.n_views)),
                ('noise', prepared.noise_kind)):
            table.meta[f'blendhunter.{key}'] = value
        return table


@lru_cache(maxsize=4)
def _load_once(path, modified, precision):
    """Load a model; ``modified`` makes a changed file load anew."""
    del modified
    return load_model(path, precision=precision)
