# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""A trained network with its preprocessing."""

from typing import NamedTuple

import numpy as np

from blendhunter._utils.arrays import dihedral
from blendhunter.network.backend import check_process, note_process
from blendhunter.network.locators import LOCATORS, companion_maps
from blendhunter.network.preprocessing import PREPROCESSINGS
from blendhunter.network.priors import correct_prior, pool_odds

__all__ = ['PROBABILITY', 'UNUSUAL', 'VIEWED_BATCHES', 'VIEWS', 'Answers',
           'BlendModel']

#: Numbers of orientations for test-time augmentation.
VIEWS = (1, 2, 4, 8)
#: Range of P in which stamps are augmented; the upper limit is high
#: because high P decide how pure a sample is.
DOUBTFUL = (0.1, 0.98)
#: The outputs of every network, and of one that knows its domain.
PROBABILITY, UNUSUAL = 'probability', 'unusual'
# batches of these stamps whose other orientations are held at once
VIEWED_BATCHES = 4


class Answers(NamedTuple):
    """
    What a network tells of n stamps.

    ``probability`` (n,) at the blend fraction ``trained_fraction``;
    ``unusual`` (n,), the log odds that a stamp is unlike the training, None
    if the weights cannot tell; ``maps`` (n, 51, 51), see
    `~blendhunter.network.locators.companion_maps`, None if not asked for.
    """

    probability: np.ndarray
    unusual: np.ndarray | None = None
    maps: np.ndarray | None = None


class BlendModel:
    """
    A trained network with its preprocessing and metadata.

    Parameters
    ----------
    network : ``keras.Model``
        Maps an input of shape (n, 65, 65, channels) to probabilities of
        shape (n, 1).
    metadata : dict
        Metadata of the weights file.
    extended : ``keras.Model``
        Maps the same input to a dict of all outputs: the probability, the
        maps of companions and the score of unusual stamps.
    """

    #: Range of P in which ``n_views`` applies.
    doubtful = DOUBTFUL

    def __init__(self, network, metadata, extended):
        note_process()
        self.network = network
        self.metadata = metadata
        self.extended = extended

    @property
    def regions(self):
        """The regions for which the weights were trained."""
        return tuple(self.metadata['regions'])

    @property
    def knows_domain(self):
        """Whether the network recognizes stamps unlike its training."""
        return UNUSUAL in self.extended.output

    @property
    def locates(self):
        """Whether the network can locate companions."""
        return set(LOCATORS) <= set(self.extended.output)

    def predict(self, stamps, regions, noise=1.0, *, batch_size=256,
                n_views=1):
        """
        Return the blend probabilities of the network.

        They refer to the blend fraction ``trained_fraction`` of the
        weights.

        Parameters
        ----------
        stamps : `~numpy.ndarray` of shape (n, 51, 51)
            Background-subtracted pixels.
        regions : bool `~numpy.ndarray` of shape (n, 51, 51)
            Region of each source.
        noise : float or `~numpy.ndarray` of shape (n,) or (n, 51, 51)
            RMS noise per pixel.
        batch_size : int, optional
            Stamps per call of the network. Every batch is padded to this
            size. So the network is compiled once, and the result of a
            stamp does not depend on the number of stamps.
        n_views : {1, 2, 4, 8}, optional
            Test-time augmentation. Stamps with a probability between 0.1
            and 0.98 are evaluated in this many rotated and mirrored
            orientations, and the log odds are averaged.

        Returns
        -------
        probability : float32 `~numpy.ndarray` of shape (n,)
            Probability that each stamp is a blend.

        Raises
        ------
        ValueError
            If ``n_views`` is not one of these numbers.
        """
        return self.answer(stamps, regions, noise, batch_size=batch_size,
                           n_views=n_views).probability

    def answer(self, stamps, regions, noise=1.0, *, batch_size=256,
               n_views=1, locate=False):
        """
        Return all outputs of the network.

        Parameters
        ----------
        stamps, regions, noise : `~numpy.ndarray`
            See `~blendhunter.network.BlendModel.predict`.
        batch_size, n_views : int, optional
            See `~blendhunter.network.BlendModel.predict`.
        locate : bool, optional
            Whether to return the maps of companions.

        Returns
        -------
        answers : object
            Its attributes are ``probability``; ``unusual``, the score of
            stamps unlike the training; and ``maps``, the maps of
            companions or None. Only the probability is averaged over the
            views.

        Raises
        ------
        ValueError
            If ``n_views`` is not 1, 2, 4 or 8.
        """
        if n_views not in VIEWS:
            msg = f'n_views must be one of {VIEWS}, got {n_views!r}'
            raise ValueError(msg)
        noise = np.asarray(noise, dtype=np.float32)
        if noise.ndim == 1:
            noise = noise[:, None, None]
        noise = np.broadcast_to(noise, stamps.shape)
        answers = self._answer(stamps, regions, noise, batch_size, locate)
        if n_views > 1:
            self._average_views(answers.probability, (stamps, regions, noise),
                                batch_size, int(n_views))
        return answers

    def _average_views(self, probability, parts, batch_size, n_views):
        """Average stamps in doubt over other orientations, in place."""
        low, high = self.doubtful
        doubtful = np.flatnonzero((probability > low) & (probability < high))
        turns = range(0, max(VIEWS), max(VIEWS) // n_views)[1:]
        step = VIEWED_BATCHES * batch_size
        for start in range(0, len(doubtful), step):
            rows = doubtful[start:start + step]
            views = self._answer(*(
                np.concatenate([dihedral(part[rows], turn) for turn in turns])
                for part in parts), batch_size).probability
            probability[rows] = pool_odds(
                [probability[rows], *views.reshape(len(turns), len(rows))])

    def _answer(self, stamps, regions, noise, batch_size, locate=False):
        """Return the answers to stamps in one orientation."""
        check_process()
        n = len(stamps)
        preprocess = PREPROCESSINGS[self.metadata['preprocessing']].function
        probability = np.empty(n, dtype=np.float32)
        unusual = np.empty(n, np.float32) if self.knows_domain else None
        maps = np.empty(stamps.shape, np.float32) if locate else None
        for start in range(0, n, batch_size):
            part = slice(start, min(start + batch_size, n))
            inputs = preprocess(stamps[part], regions[part], noise[part])
            used = len(inputs)
            if used < batch_size:
                blank = np.zeros((batch_size - used, *inputs.shape[1:]),
                                 dtype=np.float32)
                inputs = np.concatenate([inputs, blank])
            output = {name: np.asarray(values)[:used] for name, values
                      in self.extended.predict_on_batch(inputs).items()}
            probability[part] = output[PROBABILITY][:, 0]
            if unusual is not None:
                unusual[part] = output[UNUSUAL][:, 0]
            if locate:
                maps[part] = companion_maps([output[name]
                                             for name in LOCATORS])
        return Answers(probability, unusual, maps)

    def report(self, raw, region, prior=None):
        """
        Convert the probabilities of the network to reported ones.

        Parameters
        ----------
        raw : float `~numpy.ndarray` of shape (n,)
            From `~blendhunter.network.BlendModel.predict`.
        region : {'segment', 'stamp'}
            The region that was classified.
        prior : float, optional
            Blend fraction of the sample; by default that of the weights.

        Returns
        -------
        probability : float32 `~numpy.ndarray` of shape (n,)
            Probabilities at this prior. They are calibrated if the weights
            have a calibration.
        """
        return correct_prior(raw, *self.prior_fractions(region, prior),
                             slope=self.slope(region))

    def raw(self, reported, region, prior=None):
        """
        Convert reported probabilities back to those of the network.

        Parameters
        ----------
        reported : float `~numpy.ndarray` of shape (n,)
            From `~blendhunter.network.BlendModel.report`.
        region : {'segment', 'stamp'}
            The region that was classified.
        prior : float, optional
            Blend fraction of the sample; by default that of the weights.

        Returns
        -------
        raw : float `~numpy.ndarray` of shape (n,)
            As from `~blendhunter.network.BlendModel.predict`.
        """
        trained, wanted = self.prior_fractions(region, prior)
        return float(correct_prior(reported, wanted, trained,
                                   slope=1 / self.slope(region)))

    def is_calibrated(self, region):
        """
        Return whether the weights have a calibration.

        Parameters
        ----------
        region : {'segment', 'stamp'}
            The region.

        Returns
        -------
        calibrated : bool
            True if there is a calibration for the region.
        """
        return region in self.metadata.get('calibration', {})

    def slope(self, region):
        """
        Return the slope of the calibration.

        Parameters
        ----------
        region : {'segment', 'stamp'}
            The region.

        Returns
        -------
        slope : float
            1 if there is no calibration.
        """
        if not self.is_calibrated(region):
            return 1.0
        return self.metadata['calibration'][region]['slope']

    def calibration_scatter(self, region):
        """
        Return the scatter of the calibration between surveys.

        Parameters
        ----------
        region : {'segment', 'stamp'}
            The region.

        Returns
        -------
        scatter : float
            Standard deviation in log odds; 0 if it is unknown.
        """
        return self.metadata.get('calibration', {}).get(region, {}).get(
            'scatter', 0.0)

    def unusual_limit(self, region):
        """
        Return the limit above which a stamp is out of domain.

        Parameters
        ----------
        region : {'segment', 'stamp'}
            The region.

        Returns
        -------
        limit : float
            Limit of the output ``unusual``; infinite if there is none.
        """
        limit = self.metadata['domain'].get(region, {}).get('unusual')
        return np.inf if limit is None else limit[1]

    def prior_fractions(self, region, prior=None):
        """
        Return the blend fractions of the network and of the sample.

        Parameters
        ----------
        region : {'segment', 'stamp'}
            The region.
        prior : float, optional
            Blend fraction of the sample; by default that of the weights.

        Returns
        -------
        trained : float
            The blend fraction that the probabilities of
            `~blendhunter.network.BlendModel.predict` refer to.
        wanted : float
            The blend fraction of the sample.
        """
        trained = self.metadata['trained_fraction'][region]
        return trained, (self.metadata['prior'][region] if prior is None
                         else prior)
