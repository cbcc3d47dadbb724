# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Load weights, and use the network directly."""

from blendhunter.network.loading import load_model
from blendhunter.network.model import BlendModel
from blendhunter.network.weights import list_weights

__all__ = ['BlendModel', 'list_weights', 'load_model']
