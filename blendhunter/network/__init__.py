"""The VGG-16 network, its preprocessing, weights and training."""

from blendhunter.network.model import BlendModel, load_model
from blendhunter.network.training import train
from blendhunter.network.transfer import train_transfer

__all__ = ['BlendModel', 'load_model', 'train', 'train_transfer']
