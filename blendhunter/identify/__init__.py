"""Blend probabilities for the sources of a catalog."""

from blendhunter.identify.identifier import BlendIdentifier

__all__ = ['BlendIdentifier']
