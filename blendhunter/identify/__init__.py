"""Blend probabilities for the sources of a catalogue."""

from blendhunter.identify.checks import COLUMNS
from blendhunter.identify.identifier import BlendIdentifier

__all__ = ['COLUMNS', 'BlendIdentifier']
