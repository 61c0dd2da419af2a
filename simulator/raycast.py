"""Rays from the camera against triangles, compiled: what a point in the picture shows first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.body import Float32, Int32
from simulator.camera import Float
from simulator.compiled import compiled
from simulator.drawing import Z_NEAR

_CELLS = 64
"""Strips in which points lie, in either direction; they only sort out triangles that pass no point."""
_MOST = 64
"""Points at a time: one bit each."""

_NOTHING = np.uint64(0)
_ONE = np.uint64(1)
_NEAREST = 1.0 / Z_NEAR

Bits = NDArray[np.uint64]


@dataclass(frozen=True)
class Hits:
    """The first surface on each of K rays."""

    nearness: Float
    """(K,) 1 / z there, 1 / metres; 0 where there is none."""
    face: NDArray[np.int64]
    """(K,) -1 where there is none."""


def first_hits(vertices: Float32, faces: Int32, u: Float, v: Float, closed: bool = False) -> Hits:
    """What rays from the camera meet first; nothing nearer than `Z_NEAR`, as nothing nearer is drawn.

    Args:
        vertices: (V, 3) metres, camera axes.
        faces: (F, 3).
        u: (K,) x / z of the rays.
        v: (K,) y / z of the rays.
        closed: Whether faces seen from behind are left out, as they are when closed meshes are drawn: they are
            met first only where a solid reaches nearer than `Z_NEAR`.
    """
    nearness, face = np.zeros(len(u)), np.full(len(u), -1, np.int64)
    for start in range(0, len(u), _MOST):
        some = slice(start, start + _MOST)
        _first_hits(vertices, faces, u[some], v[some], closed, nearness[some], face[some])
    return Hits(nearness, face)


@compiled
def _first_hits(
    vertices: Float32,
    faces: Int32,
    u: Float,
    v: Float,
    closed: bool,
    nearness: Float,
    face: NDArray[np.int64],
) -> None:
    """Fill in nearness and face."""
    flat = np.empty((len(vertices), 3))
    strips = np.empty((len(vertices), 4), np.uint64)
    _flatten(vertices, flat)
    _fill_strips(flat, u, v, strips)
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        left = _candidates(strips, a, b, c)
        if closed and left != _NOTHING and _volume(vertices[a], vertices[b], vertices[c]) >= 0.0:
            left = _NOTHING
        point = 0
        while left != _NOTHING:
            if left & _ONE:
                near = _nearness(u[point], v[point], flat, vertices, a, b, c)
                if nearness[point] < near <= _NEAREST:
                    nearness[point], face[point] = near, f
            left >>= _ONE
            point += 1


@compiled
def _flatten(vertices: Float32, flat: Float) -> None:
    """X / z, y / z and 1 / z; a vertex that is not before the camera gets a negative 1 / z."""
    for i in range(len(vertices)):
        z = np.float64(vertices[i, 2])
        inverse = 1.0 / z if z > 0.0 else -1.0
        flat[i, 0] = vertices[i, 0] * inverse
        flat[i, 1] = vertices[i, 1] * inverse
        flat[i, 2] = inverse


@compiled
def _fill_strips(flat: Float, u: Float, v: Float, strips: Bits) -> None:
    """For every vertex: the points not beyond its strip and those before it, in x, then in y."""
    at_x, scale_x, table_x = _table(u)
    at_y, scale_y, table_y = _table(v)
    for i in range(len(flat)):
        if flat[i, 2] > 0.0:
            x, y = _strip(flat[i, 0], at_x, scale_x), _strip(flat[i, 1], at_y, scale_y)
            strips[i, 0], strips[i, 1] = table_x[x, 0], table_x[x, 1]
            strips[i, 2], strips[i, 3] = table_y[y, 0], table_y[y, 1]
        else:
            strips[i, 0] = strips[i, 2] = table_x[-1, 0]
            strips[i, 1] = strips[i, 3] = _NOTHING


@compiled
def _table(values: Float) -> tuple[float, float, Bits]:
    """Where strips start, strips a unit, and for each strip the points not beyond it and before it."""
    low = values.min()
    scale = _CELLS / max(values.max() - low, 1e-9)
    table = np.zeros((_CELLS + 2, 2), np.uint64)
    for k in range(len(values)):
        own = _strip(values[k], low, scale)
        bit = _ONE << np.uint64(k)
        for cell in range(own, _CELLS + 2):
            table[cell, 0] |= bit
            if cell > own:
                table[cell, 1] |= bit
    return low, scale, table


@compiled
def _strip(value: float, low: float, scale: float) -> int:
    """The strip of a value; never falls as the value rises."""
    return int(min(max((value - low) * scale, -1.0), float(_CELLS)) + 1.0)


@compiled
def _candidates(strips: Bits, a: int, b: int, c: int) -> Any:
    """The points (a bit each) between the outermost strips of three vertices in x and in y."""
    x = (strips[a, 0] | strips[b, 0] | strips[c, 0]) & ~(strips[a, 1] & strips[b, 1] & strips[c, 1])
    y = (strips[a, 2] | strips[b, 2] | strips[c, 2]) & ~(strips[a, 3] & strips[b, 3] & strips[c, 3])
    return x & y


@compiled
def _nearness(u: float, v: float, flat: Float, vertices: Float32, a: int, b: int, c: int) -> float:
    """1 / z at which a ray meets a face, -1 where it misses.

    Barycentric coordinates in the picture; 1 / z is linear there.
    """
    wa, wb, wc = flat[a, 2], flat[b, 2], flat[c, 2]
    if wa < 0.0 or wb < 0.0 or wc < 0.0:
        if wa < 0.0 and wb < 0.0 and wc < 0.0:
            return -1.0
        return 1.0 / distance_along(u, v, 1.0, vertices[a], vertices[b], vertices[c])
    xa, ya, xb, yb, xc, yc = flat[a, 0], flat[a, 1], flat[b, 0], flat[b, 1], flat[c, 0], flat[c, 1]
    at_a = (xb - u) * (yc - v) - (xc - u) * (yb - v)
    at_b = (xc - u) * (ya - v) - (xa - u) * (yc - v)
    at_c = (xa - u) * (yb - v) - (xb - u) * (ya - v)
    area = at_a + at_b + at_c
    if area == 0.0 or (min(at_a, at_b, at_c) < 0.0 < max(at_a, at_b, at_c)):
        return -1.0
    return float((at_a * wa + at_b * wb + at_c * wc) / area)


@compiled
def distance_along(x: float, y: float, z: float, a: Float32, b: Float32, c: Float32) -> float:
    """How many times (x, y, z) a ray from the origin goes until it meets the triangle; -1 where it misses."""
    ax, ay, az = np.float64(a[0]), np.float64(a[1]), np.float64(a[2])
    bx, by, bz = np.float64(b[0]), np.float64(b[1]), np.float64(b[2])
    cx, cy, cz = np.float64(c[0]), np.float64(c[1]), np.float64(c[2])
    at_a = x * (by * cz - bz * cy) + y * (bz * cx - bx * cz) + z * (bx * cy - by * cx)
    at_b = x * (cy * az - cz * ay) + y * (cz * ax - cx * az) + z * (cx * ay - cy * ax)
    at_c = x * (ay * bz - az * by) + y * (az * bx - ax * bz) + z * (ax * by - ay * bx)
    whole = at_a + at_b + at_c
    if whole == 0.0 or (min(at_a, at_b, at_c) < 0.0 < max(at_a, at_b, at_c)):
        return -1.0
    distance = _volume(a, b, c) / whole
    return distance if distance > 0.0 else -1.0


@compiled
def _volume(a: Float32, b: Float32, c: Float32) -> float:
    """Six times the volume between a triangle and the origin, negative where its front is seen from there."""
    ax, ay, az = np.float64(a[0]), np.float64(a[1]), np.float64(a[2])
    ux, uy, uz = b[0] - ax, b[1] - ay, b[2] - az
    vx, vy, vz = c[0] - ax, c[1] - ay, c[2] - az
    return float(ax * (uy * vz - uz * vy) + ay * (uz * vx - ux * vz) + az * (ux * vy - uy * vx))
