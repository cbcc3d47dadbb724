# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Find the blends among the sources of a catalog."""

import warnings
from contextlib import nullcontext
from functools import partial

import numpy as np

from blendhunter._utils.descriptions import RESULT, describe_columns
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
    Find the probability that each source of a catalog is a blend.

    Parameters
    ----------
    weights : str or path-like, optional
        'default', the packaged model; 'fast', a small network that was
        trained on the answers of the packaged model; or a weights file.
    region : {'segment', 'stamp'}, optional
        'segment': a blend is a detection whose segment contains two or
        more sources. 'stamp': a blend is a stamp of 51x51 px that contains
        two or more sources (the definition of Farrens et al. 2022).
    threshold : float, optional
        ``is_blend`` is ``blend_prob >= threshold``.
    prior : float or 'estimate', optional
        Blend fraction of the sample, to which the probabilities are
        corrected. By default it is stored in the weights: 0.5 for the
        stamp, that of a simulated survey for the segment. 'estimate' finds
        it from the probabilities of the catalog, which must have 50
        sources or more. The meta of the result records it with its error.
    batch_size : int, optional
        Stamps per call of the network.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        Arithmetic of the network. 'auto' uses bfloat16 where it is faster.
    n_views : {1, 2, 4, 8}, optional
        Test-time augmentation. Sources with a first probability between
        0.1 and 0.98 are evaluated in this many rotated and mirrored
        orientations, and the log odds are averaged. More views are more
        accurate and slower.
    screen : 'auto', False or path-like, optional
        Screening with a small network. With 'auto' the network 'fast'
        classifies all sources first, if it was distilled from ``weights``.
        Sources that are certainly single keep this answer and get the flag
        128. Only the others are classified with ``weights``. In our tests
        no probability of 0.1 or more changed. With a ``threshold`` below
        0.1 nothing is screened. False uses ``weights`` for all sources. A
        path is the weights file of another small network.
    companions : bool, optional
        Whether to add the columns ``companion_x`` and ``companion_y``,
        the most likely position of the companion (px), and
        ``companion_separation``, its distance from the source. They are
        NaN for probabilities below 0.1, or below ``threshold`` if that is
        lower.

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
        Return the settings, as estimators of scikit-learn do.

        Parameters
        ----------
        deep : bool, optional
            Not used, because no setting is an estimator.

        Returns
        -------
        params : dict
            Settings by name. `sklearn.base.clone` makes a copy with them.
        """
        return {name: getattr(self, name) for name in PARAMETERS}

    def set_params(self, **params):
        """
        Change settings, as estimators of scikit-learn do.

        Parameters
        ----------
        **params
            New values by name.

        Returns
        -------
        identifier : `~blendhunter.BlendIdentifier`
            The same object.

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
            Array, masked array, Quantity, NDData, HDU or FITS path. A
            `~blendhunter.DetectedImage` has its own sources; then
            ``overwrite`` and ``progress`` are the only other arguments
            that can be given.
        catalog : table-like or path, optional
            The sources; see `~blendhunter.catalogs.as_table`, and
            `~blendhunter.catalogs.catalog_positions` for the names of the
            position columns. Without a catalog the sources are detected,
            or measured in the segments of ``segmentation``.
        segmentation : 2-D int array or SegmentationImage, optional
            Segmentation image of the sources; 0 is the sky. By default
            that of a photutils ``SourceCatalog``. For other catalogs the
            image is detected with the settings in the meta of the catalog,
            or with ``settings``.
        mask : 2-D bool array, optional
            True marks bad pixels.
        noise : float, Quantity or 2-D array, optional
            RMS noise per pixel. By default the uncertainty of the image,
            or else the robust background RMS of the detector.
        background : 'auto', None, float or 2-D array, optional
            'auto' subtracts a mesh estimate, None nothing.
        wcs : `~astropy.wcs.WCS`, optional
            WCS for catalogs with sky coordinates; by default that of the
            image.
        ext : int or str, optional
            Extension of a FITS path.
        columns, sky, pixel_origin : optional
            Position columns of the catalog; see
            `~blendhunter.catalogs.catalog_positions`.
        chip : int, optional
            Number of the catalog in a FITS_LDAC file with several
            catalogs. The first one is 1.
        settings : `~blendhunter.DetectionSettings`, optional
            Settings of the detection, used if the meta of the catalog does
            not record them.
        detector : {'sep', 'photutils'}, optional
            Short form of ``settings=DetectionSettings(method=detector)``.
        tile_size : int or None, optional
            An image that is wider or higher than this (px) is processed in
            tiles of this width, which overlap by 512 px on each side. A
            FITS file is then read tile by tile. None never uses tiles.
        overwrite : bool, optional
            Whether existing columns of the same names may be replaced.
        return_segmentation : bool, optional
            Whether to return the segmentation image too.
        progress : bool, optional
            Whether to show a progress bar.

        Returns
        -------
        result : `~astropy.table.Table`
            A copy of the catalog with the same rows and these columns:

            - ``blend_prob`` (float32): probability that the source is a
              blend; NaN if it is unknown;
            - ``is_blend`` (bool): ``blend_prob >= threshold``;
            - ``blend_flags`` (int32): sum of the bits of
              `~blendhunter.stamps.BlendFlag`;
            - ``n_neighbors`` (int16): number of other catalog sources in
              the stamp.

            The meta records the settings under short keys that begin with
            BH.
        segmentation : `~photutils.segmentation.SegmentationImage`
            Only with ``return_segmentation``: the segments that were used,
            given or detected.

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
                msg = (f'{given[0]} cannot be given, because image is a '
                       'DetectedImage and has its own')
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
            warnings.warn('catalog has no sources', NoDetectionsWarning,
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
            From `~blendhunter.BlendIdentifier.classify`.
        threshold : float
            Sources with ``blend_prob >= threshold`` are blends.

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
        describe_columns(result, RESULT, names=['is_blend'])
        record_meta(result.meta, threshold=float(threshold))
        return result

    def predict_stamps(self, stamps, *, regions=None, noise=None):
        """
        Return the blend probabilities of stamps.

        Parameters
        ----------
        stamps : array_like of shape (n, 51, 51) or Stamps
            Background-subtracted pixels in the unit of the image. They are
            not changed. `~blendhunter.stamps.Stamps` have their own
            regions.
        regions : bool array_like of shape (n, 51, 51), optional
            Region of each source; by default the whole stamp.
        noise : float or array_like of shape (n,) or (n, 51, 51), optional
            RMS noise per pixel. By default it is estimated from the median
            absolute deviation of each stamp.

        Returns
        -------
        probability : float32 `~numpy.ndarray` of shape (n,)
            Without regions at the prior of ``region='stamp'``, otherwise
            at that of ``'segment'``. NaN if more than 30 % of a stamp is
            masked or not finite.

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
        Load the model for these settings.

        Returns
        -------
        model : `~blendhunter.network.BlendModel`
            The model. Each file is loaded once per process.

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
            msg = (f'region: the weights {self.weights!r} were trained for '
                   f'{model.regions}, got {region!r}')
            raise ValueError(msg)
        if self.companions and not model.locates:
            msg = (f'weights: {str(self.weights)!r} cannot locate companions; '
                   "use companions=False, or weights='default'")
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
        msg = 'settings and detector cannot be given together'
        raise ValueError(msg)
    return DetectionSettings(method=detector)
