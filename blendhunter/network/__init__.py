"""Inference: the network, its input, its weights and its probabilities."""

from blendhunter.network.loading import load_model
from blendhunter.network.model import BlendModel
from blendhunter.network.weights import list_weights

__all__ = ['BlendModel', 'list_weights', 'load_model']
