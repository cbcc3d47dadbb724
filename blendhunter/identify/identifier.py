"""`BlendIdentifier`: from an image and a catalog to probabilities."""

import warnings
from contextlib import nullcontext
from functools import partial

import numpy as np

from blendhunter._utils.masked import plain_values
from blendhunter._utils.meta import record_meta
from blendhunter.detection import DetectedImage, DetectionSettings
from blendhunter.detection._photutils import segmentation_image
from blendhunter.detection.tiled_image import open_image
from blendhunter.detection.tiles import TILE_SIZE
from blendhunter.exceptions import NoDetectionsWarning, WeightsError
from blendhunter.identify.classification import classify_parts
from blendhunter.identify.model_cache import cached_model
from blendhunter.identify.result_table import (
    append_columns,
    check_columns,
    record_settings,
)
from blendhunter.identify.sample_prior import (
    ESTIMATE,
    SCREENED_UP_TO,
    find_prior,
)
from blendhunter.identify.screening import (
    SAFE_PROBABILITY,
    answer_screened,
    find_screen,
)
from blendhunter.identify.settings import (
    PARAMETERS,
    check_params,
    check_threshold,
)
from blendhunter.identify.stamp_checks import check_stamps

__all__ = ['BlendIdentifier']

SMALL_BATCH = 32


class BlendIdentifier:
    """
    Find for each source of a catalog how likely it is a blend.

    Parameters
    ----------
    weights : str or path-like, optional
        'default', the packaged model; 'fast', a small network that has
        learned its answers; or a weights file.
    region : {'segment', 'stamp'}, optional
        'segment' asks: is this one detection two sources or more?
        'stamp' asks: does the stamp of 51x51 px hold two sources or
        more (the definition of Farrens et al. 2022)?
    threshold : float, optional
        ``is_blend`` is ``blend_prob >= threshold``.
    prior : float or 'estimate', optional
        Blend fraction of the sample; the probabilities are corrected to
        it. By default the one stored in the weights: 0.5 for the stamp,
        that of a simulated survey for the segment. 'estimate' finds it
        from the probabilities of the catalog, which needs 50 sources or
        more; the meta records what was found, with its error.
    batch_size : int, optional
        Stamps per call of the network.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        Arithmetic of the network; 'auto' takes bfloat16 where that is
        faster.
    n_views : {1, 2, 4, 8}, optional
        Test-time augmentation: sources with a first P between 0.1 and
        0.98 are evaluated in this many rotated and mirrored
        orientations, and their log odds averaged. Better and slower.
    screen : 'auto', False or path-like, optional
        'auto' lets the network 'fast' answer first, where ``weights`` is
        what it was distilled from. What it finds certainly single keeps
        its answer and gets the flag 128; the others are shown to
        ``weights``. No probability of 0.1 or more changes (measured; see
        the page on the model). Below a ``threshold`` of 0.1 nothing is
        screened. False shows all to ``weights``. A path is that of
        another small network.
    companions : bool, optional
        Whether to add the columns ``companion_x`` and ``companion_y``,
        the likeliest position of the companion (px), and
        ``companion_separation``, its distance from the source. NaN for
        probabilities below 0.1, or below ``threshold`` if that is lower.

    Examples
    --------
    >>> from blendhunter import BlendIdentifier, detect, simulate_field
    >>> image, truth = simulate_field((200, 200), rng=1)
    >>> catalog = detect(image)
    >>> result = BlendIdentifier().classify(image, catalog)
    >>> result.colnames[-4:]
    ['blend_prob', 'is_blend', 'blend_flags', 'n_neighbors']
    """

    def __init__(self, weights='default', *, region='segment', threshold=0.5,
                 prior=None, batch_size=256, precision='auto', n_views=1,
                 screen='auto', companions=False):
        self.weights = weights
        self.region = region
        self.threshold = threshold
        self.prior = prior
        self.batch_size = batch_size
        self.precision = precision
        self.n_views = n_views
        self.screen = screen
        self.companions = companions

    def __repr__(self):
        settings = ', '.join(f'{name}={value!r}' for name, value
                             in self.get_params().items())
        return f'BlendIdentifier({settings})'

    def get_params(self, deep=True):  # noqa: ARG002 - scikit-learn's
        """
        Return the settings, as scikit-learn's estimators do.

        Parameters
        ----------
        deep : bool, optional
            Not used: no setting is an estimator.

        Returns
        -------
        params : dict
            By name; ``sklearn.base.clone`` makes a copy from them.
        """
        return {name: getattr(self, name) for name in PARAMETERS}

    def set_params(self, **params):
        """
        Change settings, as scikit-learn's estimators do.

        Parameters
        ----------
        **params
            New values by name.

        Returns
        -------
        identifier : `BlendIdentifier`
            Itself.

        Raises
        ------
        ValueError
            If a name is unknown.
        """
        for name, value in params.items():
            if name not in PARAMETERS:
                msg = (f'{name!r} is not a parameter of BlendIdentifier; '
                       f'the parameters are {list(PARAMETERS)}')
                raise ValueError(msg)
            setattr(self, name, value)
        return self

    def classify(self, image, catalog=None, *, segmentation=None, mask=None,
                 noise=None, background='auto', wcs=None, ext=None,
                 columns=None, sky=None, pixel_origin=None, chip=None,
                 settings=None, detector=None, tile_size=TILE_SIZE,
                 overwrite=False, return_segmentation=False, progress=False):
        """
        Append blend probabilities to a catalog.

        Parameters
        ----------
        image : image-like of shape (ny, nx), or `~blendhunter.DetectedImage`
            Array, masked array, Quantity, NDData, HDU or FITS path. Or an
            image whose sources are already known; then ``overwrite`` and
            ``progress`` are the only other arguments.
        catalog : table-like or path, optional
            The sources; see `~blendhunter.catalogs.as_table`, and
            `~blendhunter.catalogs.catalog_positions` for the names of the
            position columns. None detects them, or measures the segments
            of ``segmentation``.
        segmentation : 2-D int array or SegmentationImage, optional
            Segment of each source, 0 for the sky. By default that of a
            photutils ``SourceCatalog``, or else the image is detected
            with the settings in the catalog's meta, or ``settings``.
        mask : 2-D bool array, optional
            True marks bad pixels.
        noise : float, Quantity or 2-D array, optional
            RMS noise per pixel; by default the image's uncertainty, else
            the detector's robust background RMS.
        background : 'auto', None, float or 2-D array, optional
            'auto' subtracts a mesh estimate, None nothing.
        wcs : `~astropy.wcs.WCS`, optional
            For catalogs with sky coordinates; by default the image's.
        ext : int or str, optional
            Extension of a FITS path.
        columns, sky, pixel_origin : optional
            Position columns of the catalog and what they mean; see
            `~blendhunter.catalogs.catalog_positions`.
        chip : int, optional
            Which catalog of a FITS_LDAC file with several, from 1.
        settings : `~blendhunter.DetectionSettings`, optional
            How the image is detected if the catalog's meta does not
            record it.
        detector : {'sep', 'photutils'}, optional
            Short for ``settings=DetectionSettings(method=detector)``.
        tile_size : int or None, optional
            An image that is wider or higher is worked on in tiles of this
            width (px), which overlap by 512 px on each side. Of a FITS
            file one tile after the other is read. None never does so.
        overwrite : bool, optional
            Whether existing columns of the same names may be replaced.
        return_segmentation : bool, optional
            Whether to return the segmentation image, too.
        progress : bool, optional
            Whether to show a progress bar.

        Returns
        -------
        result : `~astropy.table.Table`
            A copy of the catalog, rows in their order, with
            ``blend_prob`` (float32, NaN if it is unknown), ``is_blend``
            (bool), ``blend_flags`` (int32, bits of
            `~blendhunter.stamps.BlendFlag`) and ``n_neighbors`` (int16,
            other sources of the catalog in the stamp). Its meta records
            the settings, under short keys that begin with BH.
        segmentation : `~photutils.segmentation.SegmentationImage`
            Only with ``return_segmentation``: the segments that were
            used, as given or detected.

        Raises
        ------
        TypeError, ValueError, OSError
            If an argument cannot be used; the message names it.
        `~blendhunter.exceptions.WeightsError`
            If the weights are missing or damaged.
        """
        check_params(self.get_params())
        options = {
            'catalog': catalog, 'segmentation': segmentation, 'mask': mask,
            'noise': noise, 'wcs': wcs, 'ext': ext, 'columns': columns,
            'sky': sky, 'pixel_origin': pixel_origin, 'chip': chip,
            'settings': _one_of(settings, detector)}
        if isinstance(image, DetectedImage):
            given = [name for name, value in options.items()
                     if value is not None]
            if given:
                msg = (f'{given[0]} cannot be given: image is a '
                       'DetectedImage, which has its own')
                raise ValueError(msg)
            opened = nullcontext(image)
        else:
            opened = open_image(
                image, background=background, tile_size=tile_size,
                keep_segmentation=return_segmentation, **options)
        with opened as detected:
            result = self._classify(detected, overwrite, progress)
        if not return_segmentation:
            return result
        return result, segmentation_image(detected.segmentation)

    def _classify(self, detected, overwrite, progress):
        """Return the table of a detected image, or of its tiles."""
        check_columns(detected.catalog, companions=self.companions,
                      overwrite=overwrite)
        model = self._model()
        screen = self._screen(model, self.region)
        found, prior, probability = self._answer(model, detected, screen,
                                                 progress)
        if prior.source == 'estimated' and prior.fraction > SCREENED_UP_TO:
            # screening has dismissed what may be a blend in such a sample
            screen = None
            found, prior, probability = self._answer(model, detected, None,
                                                     progress)
        if not len(detected):
            warnings.warn('the catalog has no sources', NoDetectionsWarning,
                          stacklevel=3)
        table = append_columns(detected, found, probability, self.threshold,
                               companions=self.companions)
        record_settings(
            table, self, model, prior, noise=detected.noise_kind,
            screen=screen.model.metadata['sha256'] if screen else '')
        return table

    def _answer(self, model, detected, screen, progress):
        """Return what is found, the prior, and reported probabilities."""
        least = None
        if self.companions:
            # what is reported with this probability at the stored prior
            least = model.raw(min(SAFE_PROBABILITY, self.threshold),
                              self.region)
        found = classify_parts(
            model, detected, region=self.region, batch=self._batch,
            n_views=self.n_views, screen=screen, companions_above=least,
            progress=progress)
        prior = find_prior(self.prior, found.probability, model, self.region)
        return found, prior, model.report(found.probability, self.region,
                                          prior.fraction)

    @staticmethod
    def apply_threshold(result, threshold):
        """
        Set ``is_blend`` for another threshold, without a new run.

        Parameters
        ----------
        result : `~astropy.table.Table`
            From `classify`.
        threshold : float

        Returns
        -------
        result : `~astropy.table.Table`
            A copy with ``is_blend = blend_prob >= threshold``.

        Raises
        ------
        ValueError
            If the threshold is out of range, or the table has no
            ``blend_prob``.
        """
        check_threshold(threshold)
        if 'blend_prob' not in result.colnames:
            msg = ("result has no column 'blend_prob'; it has "
                   f'{result.colnames}')
            raise ValueError(msg)
        result = result.copy()
        probability = plain_values(result['blend_prob'])
        with np.errstate(invalid='ignore'):
            result['is_blend'] = probability >= threshold
        record_meta(result.meta, threshold=float(threshold))
        return result

    def predict_stamps(self, stamps, *, regions=None, noise=None):
        """
        Return blend probabilities of ready-made stamps.

        Parameters
        ----------
        stamps : array_like of shape (n, 51, 51) or Stamps
            Background-subtracted pixels, in image units; no pixel is
            changed. `~blendhunter.stamps.Stamps` bring their regions.
        regions : bool array_like of shape (n, 51, 51), optional
            The region asked about; None asks about the whole stamp.
        noise : float or array_like of shape (n,) or (n, 51, 51), optional
            RMS noise per pixel; by default estimated from each stamp's
            median absolute deviation.

        Returns
        -------
        probability : float32 `~numpy.ndarray` of shape (n,)
            For the whole stamp with the prior of ``region='stamp'``,
            otherwise with that of ``'segment'``; NaN if more than 30 %
            of a stamp is masked or not finite.

        Raises
        ------
        TypeError, ValueError
            If an argument has a wrong type or shape; the message names
            it.
        """
        check_params(self.get_params())
        stamps, regions, lost = check_stamps(stamps, regions, noise)
        region = 'stamp' if regions is None else 'segment'
        model = self._model(region)
        if regions is None:
            regions = np.ones(stamps.shape, dtype=bool)
        raw = answer_screened(
            model, self._screen(model, region), stamps, regions, region,
            batch_size=self._batch(len(stamps)),
            n_views=self.n_views).probability
        raw[lost] = np.nan
        prior = find_prior(self.prior, raw, model, region)
        return model.report(raw, region, prior.fraction)

    def load_model(self):
        """
        Return the model of these settings.

        Returns
        -------
        model : `~blendhunter.network.BlendModel`
            Loaded once per process and file.

        Raises
        ------
        ValueError
            If a setting cannot be used.
        `~blendhunter.exceptions.WeightsError`
            If the weights are missing or damaged.
        """
        check_params(self.get_params())
        return self._model()

    def _model(self, region=None):
        """Return the model, loaded once per process and file."""
        model = cached_model(self.weights, precision=self.precision)
        region = region or self.region
        if region not in model.regions:
            msg = (f'region {region!r} is not among those of the weights '
                   f'{self.weights!r}: {model.regions}')
            raise ValueError(msg)
        if self.companions and not model.locates:
            msg = (f'weights: {str(self.weights)!r} cannot locate companions; '
                   'use companions=False, or the weights default')
            raise WeightsError(msg)
        return model

    def _screen(self, model, region):
        """Return the small network that answers first, or None."""
        return find_screen(
            self.screen, model,
            partial(cached_model, precision=self.precision), region=region,
            prior=SCREENED_UP_TO if self.prior == ESTIMATE else self.prior,
            threshold=self.threshold)

    def _batch(self, n):
        """Return the batch size for n stamps: few need no full batch."""
        return (min(self.batch_size, SMALL_BATCH) if n <= SMALL_BATCH
                else self.batch_size)


def _one_of(settings, detector):
    """Return the detection settings, which may be given in short."""
    if detector is None:
        return settings
    if settings is not None:
        msg = 'settings and detector cannot both be given'
        raise ValueError(msg)
    return DetectionSettings(method=detector)
