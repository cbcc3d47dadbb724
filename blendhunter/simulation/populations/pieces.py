# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Gaussian pieces of discs: lopsidedness, bars, arms, clumps, dust lanes."""

import functools
from typing import NamedTuple

import numpy as np

from blendhunter.simulation.populations.model import B_DISC

__all__ = ['Piece', 'arms', 'bar', 'clumps', 'dust_lane', 'gaussian',
           'lopsided_part']

# All lengths are in half-light radii of the disc, seen face-on
BAR_SIGMA, BAR_WIDTH = 0.6, 0.2
# of the lopsided part
LENGTH, WIDTH = (0.4, 0.8), (0.25, 0.5)
# Arms: shares of one, two and three arms; where they begin and end; pitch
# angle in degrees (of Sa to Sc galaxies; Kennicutt 1981, AJ 86, 1847)
ARM_NUMBERS = (0.25, 0.6, 0.15)
ARM_ENDS = (0.6, 2.0)
PITCH = (10.0, 35.0)
ARM_WIDTH = (0.12, 0.25)
# scatter of the natural logarithm of the light of pieces and clumps
PIECE_SCATTER, CLUMP_SCATTER = 0.4, 0.7
CLUMP_WIDTH = (0.08, 0.3)
MAX_RADIUS = 1.7
# Dust lanes: length and width (sigma), distance from the major axis
LANE_LENGTH, LANE_WIDTH, LANE_OFFSET = (0.4, 1.0), (0.08, 0.2), (0.1, 0.5)


class Piece(NamedTuple):
    """A Gaussian in the plane of the disc; ``angle`` is of its long axis."""

    flux: float
    x: float
    y: float
    length: float
    width: float
    angle: float


@functools.cache
def _unit():
    """Return the Gaussian that all pieces are made of."""
    import galsim

    return galsim.Gaussian(sigma=1.0)


def gaussian(piece, *, matrix, size):
    """
    Return a piece as it is seen.

    ``matrix`` is that of the shear that inclines the disc, ``size`` the
    half-light radius of the disc in arcsec.
    """
    import galsim

    cos, sin = np.cos(piece.angle), np.sin(piece.angle)
    own = np.array([[piece.length * cos, -piece.width * sin],
                    [piece.length * sin, piece.width * cos]])
    jacobian = size * matrix @ own
    # a Transformation conserves surface brightness
    return galsim.Transformation(
        _unit(), jac=jacobian, offset=size * matrix @ [piece.x, piece.y],
        flux_ratio=piece.flux / abs(np.linalg.det(jacobian)))


def bar(flux, angle):
    """Return a bar through the center."""
    return Piece(flux, 0.0, 0.0, BAR_SIGMA, BAR_WIDTH, angle)


def lopsided_part(flux, offset, rng):
    """Return the light on one side of the disc, long across the radius."""
    angle = rng.uniform(0, 2 * np.pi)
    return Piece(flux, offset * np.cos(angle), offset * np.sin(angle),
                 rng.uniform(*LENGTH), rng.uniform(*WIDTH),
                 angle + np.pi / 2 + rng.normal(0, 0.4))


def arms(flux, n_pieces, rng):
    """Return the pieces of one to three logarithmic arms."""
    number = 1 + int(rng.choice(len(ARM_NUMBERS), p=ARM_NUMBERS))
    each = max(n_pieces // number, 2)
    pitch = np.tan(np.deg2rad(rng.uniform(*PITCH))) * rng.choice([-1, 1])
    start, width = rng.uniform(0, 2 * np.pi), rng.uniform(*ARM_WIDTH)
    winding = np.log(ARM_ENDS[1] / ARM_ENDS[0]) / abs(pitch)
    edges = np.linspace(0, min(winding, 1.2 * np.pi), each + 1)
    pieces = []
    for arm in range(number):
        phase = 0.5 * (edges[:-1] + edges[1:]) + rng.normal(0, 0.1)
        radius = ARM_ENDS[0] * np.exp(abs(pitch) * phase)
        angle = (start + 2 * np.pi * arm / number
                 + np.sign(pitch) * phase)
        # along the arm; the pieces overlap
        length = 0.5 * np.diff(edges) * radius * np.sqrt(1 + pitch**2)
        light = (radius * length * np.exp(-B_DISC * radius)
                 * np.exp(PIECE_SCATTER * rng.normal(size=each)))
        pieces += zip(light, radius * np.cos(angle), radius * np.sin(angle),
                      length.clip(min=width), np.full(each, width),
                      angle + np.sign(pitch) * (np.pi / 2
                                                - np.arctan(abs(pitch))),
                      strict=True)
    return _shared(flux, pieces)


def clumps(flux, n_pieces, rng):
    """Return round clumps that are placed as the disc's light is."""
    number = int(rng.integers(2, n_pieces + 1))
    radius = (rng.gamma(2, 1 / B_DISC, number)).clip(max=MAX_RADIUS)
    angle = rng.uniform(0, 2 * np.pi, number)
    light = np.exp(CLUMP_SCATTER * rng.normal(size=number))
    width = rng.uniform(*CLUMP_WIDTH, number)
    return _shared(flux, zip(light, radius * np.cos(angle),
                             radius * np.sin(angle), width, width,
                             np.zeros(number), strict=True))


def dust_lane(row, index, rng):
    """
    Return a lane that takes light from a disc of unit flux.

    It lies beside the major axis. At its darkest place it takes
    ``dust_depth`` of the surface brightness of the smooth disc, a Sersic
    profile of ``index``, so that no light is negative.
    """
    angle = np.deg2rad(row['position_angle'])
    length, width, offset = (rng.uniform(*limits) for limits in (
        LANE_LENGTH, LANE_WIDTH, LANE_OFFSET))
    offset *= rng.choice([-1, 1])
    u = np.linspace(-4, 4, 33)[:, None]
    v = np.linspace(-4, 4, 17)
    radius = np.hypot(length * u, offset + width * v)
    shape = np.exp(-0.5 * (u**2 + v**2))
    largest = np.min(surface_brightness(radius, index) / shape)
    flux = row['dust_depth'] * 2 * np.pi * length * width * largest
    return Piece(-flux, -offset * np.sin(angle), offset * np.cos(angle),
                 length, width, angle)


def surface_brightness(radius, index):
    """Return that of a Sersic profile of unit flux, by half-light radii."""
    from scipy.special import gamma, gammaincinv

    b = gammaincinv(2 * index, 0.5)
    total = 2 * np.pi * index * b ** (-2 * index) * gamma(2 * index)
    return np.exp(-b * radius ** (1 / index)) / total


def _shared(flux, pieces):
    """Return pieces that have a flux together."""
    pieces = list(pieces)
    total = sum(piece[0] for piece in pieces)
    return [Piece(flux * piece[0] / total, *piece[1:]) for piece in pieces]
