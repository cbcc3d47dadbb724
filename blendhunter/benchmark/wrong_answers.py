# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The stamps that the network classifies wrongly with high confidence."""

import numpy as np

from blendhunter.benchmark.metrics import surest_answers
from blendhunter.benchmark.whole_stamps import false_positives_by_galaxy

__all__ = ['WrongAnswers']


class WrongAnswers:
    """
    Collector of the n surest wrong answers: ``examine`` of `evaluate_stamps`.

    ``remarks`` says of how many real galaxies the false positives are.
    """

    def __init__(self, n):
        self.n = n
        self.remarks = []
        self.parts = {'missed': [], 'false positives': []}

    def __call__(self, spec, made, probability):
        """Keep those of one set, over their noise."""
        table = false_positives_by_galaxy(probability, made.truth)
        total = np.sum(table['false_positives'])
        if total:
            self.remarks.append(
                f'{spec.name}: {table["false_positives"][0]} of {total} '
                f'false positives are stamps of galaxy {table["index"][0]}, '
                f'one of {len(table)}')
        stamps = made.stamps
        companions = np.column_stack([made.truth['x_2'], made.truth['y_2']])
        surest = surest_answers(probability, np.asarray(made.truth['label']),
                                self.n)
        for kind, parts in self.parts.items():
            rows = surest[kind]
            parts.append((np.abs(probability[rows] - 0.5),
                          stamps[rows] / spec.sigma,
                          companions[rows][:, None]))

    def sheet(self):
        """
        Return stamps and companions of the n surest of each kind.

        Two dicts by kind, for `~blendhunter.plotting.plot_contact_sheet`.
        """
        rows, marks = {}, {}
        for kind, parts in self.parts.items():
            margin, stamps, companions = (
                np.concatenate(part) for part in zip(*parts, strict=True))
            order = np.argsort(-margin, kind='stable')[:self.n]
            if len(order):
                rows[kind], marks[kind] = stamps[order], companions[order]
        return rows, marks
