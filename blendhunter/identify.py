"""`BlendIdentifier`: from an image and a catalogue to probabilities."""

import warnings
from functools import lru_cache

import numpy as np
from astropy.table import QTable, Table
from scipy.spatial import cKDTree

from blendhunter._utils.arrays import round_position
from blendhunter._utils.images import as_image, as_segmentation
from blendhunter._utils.progress import progress_bar
from blendhunter.catalogs import as_table, catalog_labels, catalog_positions
from blendhunter.detection import (
    Detection,
    detect_prepared,
    settings_from_meta,
    subtract_background,
)
from blendhunter.exceptions import NoDetectionsWarning
from blendhunter.network.model import correct_prior, load_model
from blendhunter.network.weights import resolve_weights
from blendhunter.stamps import (
    STAMP_SIZE,
    BlendFlag,
    assign_segments,
    cut_stamps,
)
from blendhunter.stamps.windows import cut_windows
from blendhunter.version import __version__

__all__ = ['COLUMNS', 'BlendIdentifier']

#: The columns that `BlendIdentifier.classify` appends.
COLUMNS = ('blend_prob', 'is_blend', 'blend_flags', 'n_neighbors')
REGIONS = ('segment', 'stamp')
NOT_CLASSIFIED = BlendFlag.OFF_IMAGE | BlendFlag.UNUSABLE
SMALL_BATCH = 32
# a source has signal where a 3x3 box in the central 5x5 px reaches 3
# sigma of the noise of such a box
CORE = slice(STAMP_SIZE // 2 - 2, STAMP_SIZE // 2 + 3)
MIN_CORE_SNR = 3.0


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

    Examples
    --------
    >>> from blendhunter import BlendIdentifier, detect
    >>> catalog = detect(image)  # doctest: +SKIP
    >>> result = BlendIdentifier().classify(image, catalog)  # doctest: +SKIP
    """

    def __init__(self, weights='default', *, region='segment', threshold=0.5,
                 prior=None, batch_size=256, precision='auto'):
        self.weights = weights
        self.region = region
        self.threshold = threshold
        self.prior = prior
        self.batch_size = batch_size
        self.precision = precision

    def __repr__(self):
        return (f'BlendIdentifier({self.weights!r}, region={self.region!r}, '
                f'threshold={self.threshold!r}, prior={self.prior!r}, '
                f'batch_size={self.batch_size!r}, '
                f'precision={self.precision!r})')

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
        settings = Detection(method=detector)
        table = None
        if catalog is not None:
            table = as_table(catalog)
            _check_columns(table, overwrite)
            position = catalog_positions(table, wcs=image.wcs,
                                         columns=columns)
            settings = settings_from_meta(table.meta) or settings
        if segmentation is not None:
            segmentation = as_segmentation(segmentation, image.data.shape)
        model = self._model()
        prepared = subtract_background(image, background=background,
                                       method=settings.method)
        known = (segmentation is not None or table is None
                 or settings_from_meta(table.meta) is not None)
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
            labels = catalog_labels(table) if known else None
            segments = assign_segments(segmentation, *position,
                                       labels=labels)
        probability, flags = self._probabilities(model, prepared, position,
                                                 segments, progress)
        return self._append(table, model, prepared, probability, flags,
                            _count_neighbors(*position))

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
        stamps, regions, noise, lost = _check_stamps(stamps, regions, noise)
        region = 'stamp' if regions is None else 'segment'
        model = self._model(region)
        if regions is None:
            regions = np.ones(stamps.shape, dtype=bool)
        raw = model.predict(stamps, regions, noise,
                            batch_size=self._batch(len(stamps)))
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
        return min(self.batch_size,
                   SMALL_BATCH if n <= SMALL_BATCH else self.batch_size)

    def _probabilities(self, model, prepared, position, segments, progress):
        """Cut and classify the sources, one batch at a time."""
        x, y = position
        n = len(x)
        probability = np.empty(n, dtype=np.float32)
        flags = np.zeros(n, dtype=np.int32)
        size = self._batch(n)
        with progress_bar(total=n, description='classifying',
                          enabled=progress) as bar:
            for start in range(0, n, size):
                rows = np.arange(start, min(start + size, n))
                stamps = cut_stamps(
                    prepared.data, x[rows], y[rows], mask=prepared.mask,
                    noise=prepared.noise, segments=segments, rows=rows)
                noise = _stamp_noise(prepared.noise, x[rows], y[rows])
                probability[rows] = model.predict(
                    stamps.data, stamps.regions, noise, batch_size=size)
                flags[rows] = stamps.flags | _signal_flags(
                    stamps, noise, model, self.region)
                bar.update(len(rows))
        lost = (flags & NOT_CLASSIFIED) > 0
        flags[lost] &= ~(BlendFlag.NO_SIGNAL | BlendFlag.OUT_OF_DOMAIN)
        probability = correct_prior(
            probability, *model.prior_fractions(self.region, self.prior))
        probability[lost] = np.nan
        return probability, flags

    def _append(self, table, model, prepared, probability, flags, neighbors):
        """Append the columns and say in the meta what made them."""
        if not isinstance(table, Table):
            table = QTable(table)
        with np.errstate(invalid='ignore'):
            is_blend = probability >= self.threshold
        for name, values in zip(
                COLUMNS, (probability, is_blend, flags, neighbors),
                strict=True):
            table[name] = values
        prior = model.prior_fractions(self.region, self.prior)[1]
        name = (self.weights if isinstance(self.weights, str)
                else str(self.weights))
        for key, value in (
                ('version', __version__), ('weights', name),
                ('sha256', model.metadata['sha256']),
                ('threshold', float(self.threshold)),
                ('region', self.region), ('prior', float(prior)),
                ('noise', prepared.noise_kind)):
            table.meta[f'blendhunter.{key}'] = value
        return table


@lru_cache(maxsize=4)
def _load_once(path, modified, precision):
    """Load a model; ``modified`` makes a changed file load anew."""
    del modified
    return load_model(path, precision=precision)


def _check_columns(table, overwrite):
    """Refuse to replace columns of an earlier run unasked."""
    present = [name for name in COLUMNS if name in table.colnames]
    if present and not overwrite:
        msg = (f'catalog already has {present}; use overwrite=True to '
               'replace them')
        raise ValueError(msg)


def _check_stamps(stamps, regions, noise):
    """Check the arguments of `predict_proba`."""
    stamps = np.asarray(stamps)
    if stamps.dtype.kind not in 'fiu':
        msg = f'stamps must be real numbers, got the dtype {stamps.dtype}'
        raise TypeError(msg)
    shape = (STAMP_SIZE, STAMP_SIZE)
    if stamps.ndim != 3 or stamps.shape[1:] != shape:
        msg = f'stamps must have the shape (n, 51, 51), got {stamps.shape}'
        raise ValueError(msg)
    if regions is not None:
        regions = np.asarray(regions, dtype=bool)
        if regions.shape != stamps.shape:
            msg = (f'regions must have the shape of stamps {stamps.shape}, '
                   f'got {regions.shape}')
            raise ValueError(msg)
    stamps = np.asarray(stamps, dtype=np.result_type(stamps, np.float32))
    bad = ~np.isfinite(stamps)
    if bad.any():
        stamps = np.where(bad, 0, stamps)
    lost = bad.mean(axis=(1, 2)) > 0.3
    if noise is None and len(stamps) == 0:
        noise = 1.0
    if noise is None:
        noise = 1.4826 * np.median(np.abs(
            stamps - np.median(stamps, axis=(1, 2), keepdims=True)),
            axis=(1, 2))
        noise = np.where(noise > 0, noise, 1)
    noise = np.asarray(noise, dtype=float)
    if noise.shape not in ((), stamps.shape[:1], stamps.shape):
        msg = (f'noise must be a number or have the shape (n,) or '
               f'(n, 51, 51), got {noise.shape}')
        raise ValueError(msg)
    if not np.all((noise > 0) & np.isfinite(noise)):
        msg = 'noise must be positive and finite'
        raise ValueError(msg)
    # normalised here: float32 would not hold every flux unit
    wide = noise[:, None, None] if noise.ndim == 1 else noise
    return stamps / wide, regions, 1.0, lost


def _stamp_noise(noise, x, y):
    """Return the noise of each stamp: a number, or cut from the map."""
    if np.ndim(noise) == 0:
        return float(noise)
    local = cut_windows(noise, round_position(x), round_position(y),
                        STAMP_SIZE)
    # off the image the stamp is zero, whatever its noise
    return np.where(local > 0, local, 1)


def _signal_flags(stamps, noise, model, region):
    """Flag stamps without signal, and those unlike the training."""
    flags = np.zeros(len(stamps), dtype=np.int32)
    z = stamps.data / noise
    core = z[:, CORE, CORE]
    boxes = sum(core[:, i:i + 3, j:j + 3] for i in range(3)
                for j in range(3)) / 3
    flags[boxes.max(axis=(1, 2), initial=-np.inf)
          < MIN_CORE_SNR] |= BlendFlag.NO_SIGNAL
    domain = model.metadata['domain'].get(region, {})
    if 'peak' in domain:
        peak = z.max(axis=(1, 2), where=stamps.regions, initial=0)
        area = stamps.regions.sum(axis=(1, 2))
        flags[(peak > domain['peak'][1])
              | (area > domain['area'][1])] |= BlendFlag.OUT_OF_DOMAIN
    return flags


def _count_neighbors(x, y):
    """Count the other sources whose centre lies in each stamp."""
    counts = np.zeros(len(x), dtype=np.int16)
    good = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if good.size:
        points = np.column_stack([round_position(x[good]),
                                  round_position(y[good])]).astype(float)
        tree = cKDTree(points)
        found = tree.query_ball_point(points, STAMP_SIZE // 2, p=np.inf,
                                      return_length=True)
        counts[good] = np.minimum(found - 1, np.iinfo(np.int16).max)
    return counts
