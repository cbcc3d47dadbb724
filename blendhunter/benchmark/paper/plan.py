"""What a reproduction of the paper consists of, and how long it takes."""

from dataclasses import dataclass

from blendhunter.simulation import SIGMAS

__all__ = ['SCALES', 'Scale', 'Step', 'count_work', 'detectors_of',
           'estimate_seconds', 'list_steps']

#: Noise of the paper's realistic set, in counts.
REALISTIC_SIGMA = 14.5
# seconds per stamp and core, measured on one with AVX512
SIMULATE = {'parametric': 0.0033, 'structured': 0.005, 'realistic': 0.018}
SEP, PHOTUTILS = 0.0015, 0.012
# per training stamp, of the head's epochs; passes of the packaged model
# take as long as features
HEAD = 0.0012
TEST_SHARE = 0.1


@dataclass(frozen=True)
class Scale:
    """
    The size of a reproduction.

    Parameters
    ----------
    name : str
    n_stamps : int
        Parametric stamps: 45 % train, 45 % validate, 10 % test.
    sigmas : tuple of float
        Noise levels in counts.
    n_realisations : int
        Of the noise, each with a training of its own.
    n_realistic : int
        Stamps of the realistic test set.
    """

    name: str
    n_stamps: int
    sigmas: tuple
    n_realisations: int
    n_realistic: int


#: The paper's is 'full'.
SCALES = {
    'small': Scale('small', 4000, (5.0, 35.0), 1, 1000),
    'medium': Scale('medium', 20_000, SIGMAS, 2, 4000),
    'full': Scale('full', 80_000, SIGMAS, 10, 8000)}


@dataclass(frozen=True)
class Step:
    """
    One training with its evaluation.

    Parameters
    ----------
    sigma : float
    realisation : int
    """

    sigma: float
    realisation: int

    @property
    def name(self):
        """Name of the files of this step."""
        return f'sigma{self.sigma:g}-{self.realisation}'


def list_steps(scale):
    """
    List the trainings, all noise levels of a realisation first.

    Parameters
    ----------
    scale : `Scale`

    Returns
    -------
    steps : list of `Step`
    """
    return [Step(sigma, realisation)
            for realisation in range(scale.n_realisations)
            for sigma in scale.sigmas]


def detectors_of(step):
    """Return the detectors of a step: photutils, slow, once per noise."""
    return ('sep', 'photutils') if step.realisation == 0 else ('sep',)


def count_work(scale):
    """
    Count the stamps that the progress of a reproduction passes.

    Parameters
    ----------
    scale : str or `Scale`

    Returns
    -------
    n : int
        Each stamp once in the simulation, the features, the training of
        a head, each rule of each detector, and the packaged model.
    """
    scale = SCALES[scale] if isinstance(scale, str) else scale
    n_test = scale.n_stamps // 10
    work = scale.n_stamps + (1 + 1 + 1 + 4) * scale.n_realistic
    return work + sum(
        2 * scale.n_stamps + (1 + 2 * len(detectors_of(step))) * n_test
        for step in list_steps(scale))


def estimate_seconds(scale, *, per_feature, kind, n_cores):
    """
    Estimate how long a reproduction takes.

    Parameters
    ----------
    scale : `Scale`
    per_feature : float
        Measured seconds for the features of one stamp.
    kind : str
        Kind of the realistic set.
    n_cores : int

    Returns
    -------
    seconds : float
    """
    n_test = TEST_SHARE * scale.n_stamps
    n_steps = len(scale.sigmas) * scale.n_realisations
    simulation = (scale.n_stamps * SIMULATE['parametric']
                  + scale.n_realistic * SIMULATE[kind]) / n_cores
    network = per_feature * (
        n_steps * (scale.n_stamps + n_test) + 2 * scale.n_realistic)
    heads = n_steps * scale.n_stamps * HEAD
    detectors = (n_steps * n_test * SEP + scale.n_realistic * SEP
                 + (len(scale.sigmas) * n_test + scale.n_realistic)
                 * PHOTUTILS) / n_cores
    return simulation + network + heads + detectors
