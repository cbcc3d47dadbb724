"""Inference: the network, its input, its weights and its probabilities."""

from blendhunter.network.model import BlendModel, load_model
from blendhunter.network.weights import list_weights

__all__ = ['BlendModel', 'list_weights', 'load_model']
