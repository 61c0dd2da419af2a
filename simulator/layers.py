"""Painting on vertices: soft shapes laid over each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.camera import Float

Colour = tuple[float, float, float]
"""sRGB in 0..255."""


def vertex_spacing(vertices: NDArray[Any], faces: NDArray[Any]) -> Float:
    """(V,) mean length of the edges at each vertex: how fine anything can be painted there."""
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).ravel()
    edges = np.asarray(vertices, np.float64)[ends.reshape(-1, 2)]
    lengths = np.linalg.norm(edges[:, 0] - edges[:, 1], axis=1).repeat(2)
    counts = np.maximum(np.bincount(ends, minlength=len(vertices)), 1)
    return np.asarray(np.bincount(ends, lengths, len(vertices)) / counts)


def inside(distance: Float, softness: Float) -> Float:
    """Coverage 0..1 of a shape from the signed distance to its edge, metres, positive inside.

    The ramp is linear and as wide as `softness`; at the spacing of the vertices an edge is drawn straight,
    without the teeth of the mesh.
    """
    return np.clip(distance / softness + 0.5, 0.0, 1.0)


def over(colours: Float, paint: Colour | Float, coverage: Float) -> None:
    """Lay paint, one colour or (V, 3), over colours (V, 3), in place."""
    colours += (np.asarray(paint, np.float64) - colours) * coverage[:, None]
