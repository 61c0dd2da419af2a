"""Painting on points of the T-pose: soft shapes laid over each other, and noise that looks like cloth.

A canvas may be the vertices of a body or the texels of its texture; what is painted knows neither. Colours
lie in planes, (3, P) float32, sRGB in 0..255.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from simulator.body import Body, Float32, Int32
from simulator.camera import Float

Colour = tuple[float, float, float]
"""sRGB in 0..255."""

_LATTICE = 24
"""Side of the cube of random values; noise repeats after as many periods."""

_VERTEX_RAMP = np.float32(0.7)
"""Share of the mean edge over which vertices still paint an edge without the teeth of the mesh."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """P points to be painted."""

    points: Float32
    """(P, 3) metres, T-pose: x to the body's left, y up, z forward."""
    spacing: Float32
    """(P,) metres between neighbouring points: how fine anything can be painted there."""
    vertex: Int32
    """(P,) a vertex of the body in the same piece of surface."""

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True, eq=False)
class Stencil:
    """A shape that is used again and again: the points that it touches."""

    index: NDArray[np.intp]
    """(K,) points."""
    coverage: Float32
    """(K,) 0..1."""


def vertex_canvas(body: Body) -> Canvas:
    """The canvas of a body without texture coordinates: its vertices."""
    spacing = _VERTEX_RAMP * vertex_spacing(body.v_template, body.faces).astype(np.float32)
    return Canvas(
        np.asarray(body.v_template, np.float32), spacing, np.arange(len(body.v_template), dtype=np.int32)
    )


def vertex_spacing(vertices: NDArray[Any], faces: NDArray[Any]) -> Float:
    """(V,) metres, mean length of the edges at each vertex."""
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).ravel()
    edges = np.asarray(vertices, np.float64)[ends.reshape(-1, 2)]
    lengths = np.linalg.norm(edges[:, 0] - edges[:, 1], axis=1).repeat(2)
    counts = np.maximum(np.bincount(ends, minlength=len(vertices)), 1)
    return np.asarray(np.bincount(ends, lengths, len(vertices)) / counts)


def inside(distance: Float32, softness: Float32) -> Float32:
    """Coverage 0..1 of a shape from the signed distance to its edge, metres, positive inside.

    The ramp is linear and as wide as `softness`; at the spacing of the points an edge is drawn straight,
    without the teeth of the mesh or of the texels.
    """
    return np.asarray((distance / softness + np.float32(0.5)).clip(0.0, 1.0), np.float32)


def over(colours: Float32, paint: Colour | Float32, coverage: Float32) -> None:
    """Lay paint, one colour or (3, P), over colours (3, P), in place."""
    paint = np.asarray(paint, np.float32)
    for plane, new in zip(colours, paint, strict=True):
        plane += (new - plane) * coverage


def stencil(coverage: Float32) -> Stencil:
    """The stencil of a coverage (P,)."""
    index = np.flatnonzero(coverage)
    return Stencil(index, coverage[index])


def stamp(colours: Float32, paint: Colour, shape: Stencil, strength: float = 1.0) -> None:
    """Lay one colour over colours (3, P) through a stencil, in place."""
    coverage = shape.coverage * np.float32(strength)
    for plane, new in zip(colours, paint, strict=True):
        before = plane[shape.index]
        plane[shape.index] = before + (np.float32(new) - before) * coverage


def noise(points: Float32, periods: tuple[float, float, float], seed: int) -> Float32:
    """Smooth random values, about -1..1, of points (P, 3); one period, metres, for each axis.

    Value noise: a cubic spline through random values on a lattice, the same on every machine.
    """
    lattice = np.random.default_rng((seed, 0xC107)).uniform(-1, 1, (_LATTICE,) * 3)
    places = np.asarray(points, np.float64) / np.asarray(periods)
    return map_coordinates(lattice, places.T, order=3, mode="grid-wrap").astype(np.float32)
