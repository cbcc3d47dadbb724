"""The size of a reproduction of the paper, and how long it takes."""

from dataclasses import dataclass

from blendhunter.simulation.stamps import SIGMAS

__all__ = ['REALISTIC_SIGMA', 'SCALES', 'Scale', 'Step', 'detectors_of',
           'estimate_seconds', 'find_scale', 'list_steps']

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
    n_realizations : int
        Of the noise, each with a training of its own.
    n_realistic : int
        Stamps of the realistic test set.
    """

    name: str
    n_stamps: int
    sigmas: tuple
    n_realizations: int
    n_realistic: int


#: The paper's is 'full'.
SCALES = {
    'small': Scale('small', 4000, (5.0, 35.0), 1, 1000),
    'medium': Scale('medium', 20_000, SIGMAS, 2, 4000),
    'full': Scale('full', 80_000, SIGMAS, 10, 8000)}


def find_scale(scale):
    """Return a scale that may be given by name."""
    if isinstance(scale, str) and scale not in SCALES:
        msg = f'scale must be one of {list(SCALES)}, got {scale!r}'
        raise ValueError(msg)
    return SCALES[scale] if isinstance(scale, str) else scale


@dataclass(frozen=True)
class Step:
    """One training with its evaluation."""

    sigma: float
    realization: int

    @property
    def name(self):
        """Name of the results of this step."""
        return f'sigma{self.sigma:g}-{self.realization}'


def list_steps(scale):
    """List the trainings, all noise levels of a realization first."""
    return [Step(sigma, realization)
            for realization in range(scale.n_realizations)
            for sigma in scale.sigmas]


def detectors_of(step):
    """Return the detectors of a step: photutils, slow, once per noise."""
    return ('sep', 'photutils') if step.realization == 0 else ('sep',)


def estimate_seconds(scale, *, per_feature, kind, n_cores):
    """
    Estimate how long a reproduction takes.

    ``per_feature`` are measured seconds for the features of one stamp,
    ``kind`` is that of the realistic set.
    """
    n_test = TEST_SHARE * scale.n_stamps
    n_steps = len(scale.sigmas) * scale.n_realizations
    simulation = (scale.n_stamps * SIMULATE['parametric']
                  + scale.n_realistic * SIMULATE[kind]) / n_cores
    network = per_feature * (
        n_steps * (scale.n_stamps + n_test) + 2 * scale.n_realistic)
    heads = n_steps * scale.n_stamps * HEAD
    detectors = (n_steps * n_test * SEP + scale.n_realistic * SEP
                 + (len(scale.sigmas) * n_test + scale.n_realistic)
                 * PHOTUTILS) / n_cores
    return simulation + network + heads + detectors
