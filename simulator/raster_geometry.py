"""Triangles onto samples: projection, cutting at the near plane, coverage and depth of four samples a pixel.

A sample holds 1/z, which is linear in the picture, of the nearest surface, and the id of its face.
Vertices are rounded to 1/256 pixel, as OpenGL drivers do; then the functions of the edges are whole numbers,
which floats hold exactly, and two triangles that share an edge neither overlap nor leave a gap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.body import Float32, Int32
from simulator.compiled import compiled_fast, inlined
from simulator.raster_lanes import cover

Number = Any
"""A number inside compiled code: numba finds its type."""

Int64 = NDArray[np.int64]

f32, f64, i32, u32 = np.float32, np.float64, np.int32, np.uint32

_STEP = f32(256)
"""Fractions of a pixel to which vertices are rounded."""

_FIRST, _LAST = f32(32), f32(224)
"""The outermost samples of a pixel, in fractions."""

_SMALL = f32(2000)
"""Fractions: the edge functions of triangles that are no larger stay below 2**24, exact in float32."""

_FAR_OUT = f32(2**29)
"""Fractions: points further out are moved in."""

_ZERO, _ONE = f32(0), f32(1)


@compiled_fast
def project(vertices: Float32, camera: Float32, near: Number, points: Float32) -> Number:
    """Vertices (V, 3), metres, onto the picture.

    Args:
        vertices: (V, 3) metres, camera axes.
        camera: (3,) focal length and principal point, pixels.
        near: Metres.
        points: (V, 4) to be filled: x and y in fractions of a pixel, 1/z, nothing.

    Returns:
        Whether all is beyond `near`. The points of vertices that are not mean nothing.
    """
    focal, cx, cy = _STEP * camera[0], _STEP * camera[1], _STEP * camera[2]
    nearest = f32(np.inf)
    for i in range(vertices.shape[0]):
        z = vertices[i, 2]
        w = _ONE / z
        points[i, 0] = _rounded(focal * vertices[i, 0] * w + cx)
        points[i, 1] = _rounded(focal * vertices[i, 1] * w + cy)
        points[i, 2] = w
        nearest = min(nearest, z)
    return nearest >= near


@compiled_fast
def rasterise(
    points: Float32, faces: Int32, first_id: Number, closed: Number, samples: Int64, spans: Int32
) -> None:
    """Draw triangles, all beyond the near plane.

    Args:
        points: (V, 4) of `project`.
        faces: (F, 3).
        first_id: Of face 0; the others follow.
        closed: Whether faces seen from behind are left out.
        samples: (H, W, 4) of `raster_lanes.cover`.
        spans: (H, 2) first column touched, and the one after the last; widened.
    """
    for f in range(faces.shape[0]):
        a, b, c = u32(faces[f, 0]), u32(faces[f, 1]), u32(faces[f, 2])
        ax, ay, bx, by, cx, cy = (
            points[a, 0],
            points[a, 1],
            points[b, 0],
            points[b, 1],
            points[c, 0],
            points[c, 1],
        )
        if closed and (cx - ax) * (by - ay) <= (bx - ax) * (cy - ay):
            continue
        _triangle(
            (ax, ay, points[a, 2]),
            (bx, by, points[b, 2]),
            (cx, cy, points[c, 2]),
            i32(first_id + f),
            closed,
            samples,
            spans,
        )


@compiled_fast
def rasterise_cut(
    vertices: Float32,
    camera: Float32,
    near: Number,
    faces: Int32,
    first_id: Number,
    closed: Number,
    samples: Int64,
    spans: Int32,
) -> None:
    """Draw triangles, cut where they come nearer than `near`; the rest as `rasterise`."""
    for f in range(faces.shape[0]):
        a, b, c = vertices[faces[f, 0]], vertices[faces[f, 1]], vertices[faces[f, 2]]
        if a[2] < near or (b[2] >= near and c[2] >= near):
            a, b, c = b, c, a
        if a[2] < near or (b[2] >= near and c[2] >= near):
            a, b, c = b, c, a
        if a[2] < near:
            continue
        # now a is in front; b and c both, none, or one of the two
        p, face = _seen(a, camera), i32(first_id + f)
        q = _seen(b, camera) if b[2] >= near else _seen_cut(a, b, near, camera)
        r = _seen(c, camera) if c[2] >= near else _seen_cut(a, c, near, camera)
        _lone_triangle(p, q, r, face, closed, samples, spans)
        if b[2] >= near and c[2] < near:
            _lone_triangle(q, _seen_cut(b, c, near, camera), r, face, closed, samples, spans)
        if b[2] < near and c[2] >= near:
            _lone_triangle(q, _seen_cut(c, b, near, camera), r, face, closed, samples, spans)


@inlined
def _rounded(fractions: Number) -> Number:
    return np.rint(min(max(fractions, -_FAR_OUT), _FAR_OUT))


@inlined
def _seen(vertex: Float32, camera: Float32) -> Number:
    """The point of a vertex."""
    w = _ONE / vertex[2]
    x = _rounded(_STEP * camera[0] * vertex[0] * w + _STEP * camera[1])
    y = _rounded(_STEP * camera[0] * vertex[1] * w + _STEP * camera[2])
    return x, y, w


@inlined
def _seen_cut(front: Float32, behind: Float32, near: Number, camera: Float32) -> Number:
    """The point where an edge crosses the near plane."""
    t = (front[2] - near) / (front[2] - behind[2])
    w = _ONE / near
    x = (front[0] + t * (behind[0] - front[0])) * w
    y = (front[1] + t * (behind[1] - front[1])) * w
    return (
        _rounded(_STEP * camera[0] * x + _STEP * camera[1]),
        _rounded(_STEP * camera[0] * y + _STEP * camera[2]),
        w,
    )


@inlined
def _triangle(
    a: Number, b: Number, c: Number, face: Number, closed: Number, samples: Int64, spans: Int32
) -> None:
    """Draw a triangle of three points (x, y, 1/z)."""
    area = (c[0] - a[0]) * (b[1] - a[1]) - (b[0] - a[0]) * (
        c[1] - a[1]
    )  # positive seen from outside: y is down
    if not (area > _ZERO):
        if closed or not (area < _ZERO):
            return
        b, c = c, b
    low_x, high_x = min(a[0], b[0], c[0]), max(a[0], b[0], c[0])
    low_y, high_y = min(a[1], b[1], c[1]), max(a[1], b[1], c[1])
    left, right = _pixels(low_x, high_x, samples.shape[1])
    top, bottom = _pixels(low_y, high_y, samples.shape[0])
    if left >= right or top >= bottom:
        return
    box = left, right, top, bottom
    if max(high_x - low_x, high_y - low_y) <= _SMALL:
        _fill(a[0], a[1], b[0], b[1], c[0], c[1], (a[2], b[2], c[2]), box, face, samples, spans)
    else:
        a0, a1, b0, b1, c0, c1 = f64(a[0]), f64(a[1]), f64(b[0]), f64(b[1]), f64(c[0]), f64(c[1])
        _fill(a0, a1, b0, b1, c0, c1, (a[2], b[2], c[2]), box, face, samples, spans)


@compiled_fast
def _lone_triangle(
    a: Number, b: Number, c: Number, face: Number, closed: Number, samples: Int64, spans: Int32
) -> None:
    """As `_triangle`, compiled once: it is called from several places, where speed does not matter."""
    _triangle(a, b, c, face, closed, samples, spans)


@inlined
def _pixels(low: Number, high: Number, count: Number) -> Number:
    """The first pixel with a sample between two fractions, and the one after the last."""
    scale = _ONE / _STEP
    first, last = np.ceil((low - _LAST) * scale), np.floor((high + (_STEP - _FIRST)) * scale)
    return max(i32(first), i32(0)), min(i32(last), i32(count))  # whole numbers hold what is broken in bounds


@inlined
def _fill(
    ax: Number,
    ay: Number,
    bx: Number,
    by: Number,
    cx: Number,
    cy: Number,
    w: Number,
    box: Number,
    face: Number,
    samples: Int64,
    spans: Int32,
) -> None:
    """Set the samples inside a triangle whose points run counter-clockwise as seen in the picture."""
    left, right, top, bottom = box
    x0, y0 = f32(left) * _STEP, f32(top) * _STEP
    ax, bx, cx, ay, by, cy = ax - x0, bx - x0, cx - x0, ay - y0, by - y0, cy - y0
    of_a, of_b, of_c = _edge(bx, by, cx, cy), _edge(cx, cy, ax, ay), _edge(ax, ay, bx, by)
    scale = _ONE / ((cx - ax) * (by - ay) - (bx - ax) * (cy - ay))
    to_b, to_c = (w[1] - w[0]) * scale, (w[2] - w[0]) * scale
    wx, wy = of_b[1] * to_b + of_c[1] * to_c, of_b[2] * to_b + of_c[2] * to_c
    value_w = w[0] - wx * ax - wy * ay
    for y in range(top, bottom):
        spans[y, 0], spans[y, 1] = min(spans[y, 0], left), max(spans[y, 1], right)
        down, row = f32(y - top) * _STEP, y * samples.shape[1]
        value_a, value_b, value_c = (
            of_a[0] + down * of_a[2],
            of_b[0] + down * of_b[2],
            of_c[0] + down * of_c[2],
        )
        here_w = value_w + down * wy
        for x in range(left, right):
            edges = (value_a, of_a[1], of_a[2]), (value_b, of_b[1], of_b[2]), (value_c, of_c[1], of_c[2])
            cover(samples, row + x, face, edges, (here_w, wx, wy))
            value_a, value_b, value_c = (
                value_a + _STEP * of_a[1],
                value_b + _STEP * of_b[1],
                value_c + _STEP * of_c[1],
            )
            here_w += _STEP * wx


@inlined
def _edge(px: Number, py: Number, qx: Number, qy: Number) -> Number:
    """The plane that is 0 on an edge p -> q and grows inward: value at 0, slopes along x and y.

    A sample on the edge belongs to one of the two triangles that share it, on the right or above, as in OpenGL:
    the plane of the other is lowered.
    """
    along_x, along_y = qy - py, px - qx
    value = -along_x * px - along_y * py
    mine = (along_x > _ZERO) | ((along_x == _ZERO) & (along_y < _ZERO))
    return (value if mine else value - _ONE), along_x, along_y
