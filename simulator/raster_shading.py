"""The look of fragments: what a face holds where a pixel's ray meets it, and pyrender's metallic-roughness light.

Fragments go through in blocks that stay in the first cache, one number after the other in rows of their own, so
that the loops run in vector registers.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from simulator.body import Float32, Int32
from simulator.compiled import compiled_fast, inlined
from simulator.drawing import ROUGHNESS
from simulator.raster_pixels import FACE_MASK, ROW_SHIFT

Number = Any
"""A number inside compiled code: numba finds its type."""

f32, i32, u32 = np.float32, np.int32, np.uint32

BLOCK = 240
"""Fragments that are shaded together: the length of a row. Rows a power of two apart would share few lines of the
cache."""

RAY = 0
"""First of the rows: x/z and y/z of the pixel."""
SHARE = 2 * BLOCK
"""Weights of the second and third corner."""
SLOPE = 4 * BLOCK
"""Their slopes along x and y: second corner's, third corner's."""
NORMAL = 8 * BLOCK
"""Three rows, of any length."""
LIT = 11 * BLOCK
"""Three: light that white paint sends back, RGB."""
SHINE = 14 * BLOCK
"""Three: light that the surface mirrors."""
PAINT = 17 * BLOCK
"""Three: the paint, or where it lies in a texture; at last what is seen."""
TEXEL = 20 * BLOCK
"""Eight: numbers of texels, then the texels."""
MIX = 28 * BLOCK
"""Five: how texels mix."""
CORNER = LIT
"""Eighteen, before there is light: positions of three corners, then their normals."""
ROWS = 33

_ZERO, _ONE = f32(0), f32(1)
_DARK = f32(0.001)
_F0 = f32(0.04)
"""Share that a surface mirrors head-on; it is not metal."""

_ROUGH = f32((ROUGHNESS + 1) ** 2 / 8)
_ALPHA = f32(ROUGHNESS**4)
_PER_PI = f32(1 / np.pi)

_TINY, _WIDE = f32(1e-20), f32(16)
"""The least of a divisor; the most of a weight outside the corners."""


@compiled_fast
def meet(
    chosen: Int32,
    fragments: Int32,
    vertices: Float32,
    normals: Float32,
    faces: Int32,
    camera: Float32,
    rows: Float32,
) -> None:
    """Where the rays of pixels meet the planes of faces (T. Möller, B. Trumbore, 1997), and the normal there.

    A face is met outside its corners too, as OpenGL does when the middle of a pixel is not covered.

    Args:
        chosen: (n,) fragments.
        fragments: (3, ...) pixel, face, ...
        vertices: (V, 3) metres, camera axes.
        normals: (V, 3).
        faces: (F, 3).
        camera: (3,) focal length and principal point, pixels.
        rows: (ROWS * BLOCK,) a block; the rows up to the normal are filled.
    """
    _corners(chosen, fragments, vertices, normals, faces, rows)
    inverse = _ONE / camera[0]
    for i in range(min(chosen.shape[0], BLOCK)):
        dx = (rows[RAY + i] - camera[1]) * inverse
        dy = (rows[RAY + BLOCK + i] - camera[2]) * inverse
        ax, ay, az = _three(rows, CORNER + i)
        px, py, pz = _three(rows, CORNER + 3 * BLOCK + i)
        qx, qy, qz = _three(rows, CORNER + 6 * BLOCK + i)
        px, py, pz, qx, qy, qz = px - ax, py - ay, pz - az, qx - ax, qy - ay, qz - az
        nx, ny, nz = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
        bx, by, bz = ay * qz - az * qy, az * qx - ax * qz, ax * qy - ay * qx
        cx, cy, cz = py * az - pz * ay, pz * ax - px * az, px * ay - py * ax
        against = nx * dx + ny * dy + nz
        scale = -_ONE / (against if abs(against) > _TINY else _TINY)
        share_b = min(max((bx * dx + by * dy + bz) * scale, -_WIDE), _WIDE)
        share_c = min(max((cx * dx + cy * dy + cz) * scale, -_WIDE), _WIDE)
        share_a = _ONE - share_b - share_c
        rows[RAY + i], rows[RAY + BLOCK + i], rows[SHARE + i], rows[SHARE + BLOCK + i] = (
            dx,
            dy,
            share_b,
            share_c,
        )
        a, b, c = CORNER + 9 * BLOCK + i, CORNER + 12 * BLOCK + i, CORNER + 15 * BLOCK + i
        for k in range(3):
            at = k * BLOCK
            rows[NORMAL + at + i] = share_a * rows[a + at] + share_b * rows[b + at] + share_c * rows[c + at]
        scale *= inverse
        rows[SLOPE + i] = (bx + share_b * nx) * scale
        rows[SLOPE + BLOCK + i] = (by + share_b * ny) * scale
        rows[SLOPE + 2 * BLOCK + i] = (cx + share_c * nx) * scale
        rows[SLOPE + 3 * BLOCK + i] = (cy + share_c * ny) * scale


@inlined
def _three(rows: Float32, at: Number) -> Number:
    return rows[at], rows[at + BLOCK], rows[at + 2 * BLOCK]


@compiled_fast
def _corners(
    chosen: Int32, fragments: Int32, vertices: Float32, normals: Float32, faces: Int32, rows: Float32
) -> None:
    """The middle of the pixels, and positions and normals of the corners of the faces."""
    for i in range(chosen.shape[0]):
        pixel, face = fragments[0, chosen[i]], u32(fragments[1, chosen[i]] & FACE_MASK)
        rows[RAY + i] = f32(i32(pixel & i32((1 << ROW_SHIFT) - 1))) + f32(0.5)
        rows[RAY + BLOCK + i] = f32(i32(pixel >> ROW_SHIFT)) + f32(0.5)
        for corner in range(3):
            vertex, at = u32(faces[face, corner]), CORNER + corner * 3 * BLOCK + i
            for k in range(3):
                rows[at + k * BLOCK] = vertices[vertex, k]
                rows[at + (9 + k) * BLOCK] = normals[vertex, k]


@compiled_fast
def light(count: Number, lights: Float32, rows: Float32) -> None:
    """What a surface sends back of two directional lights and the ambient one, as pyrender's mesh.frag has it.

    Args:
        count: Of the fragments.
        lights: (3, 3 + 3) two unit vectors towards the light with RGB; nothing, and the ambient RGB.
        rows: Of `meet`; the rows of light are filled.
    """
    for i in range(min(count, BLOCK)):
        x, y = rows[RAY + i], rows[RAY + BLOCK + i]
        nx, ny, nz = rows[NORMAL + i], rows[NORMAL + 1 * BLOCK + i], rows[NORMAL + 2 * BLOCK + i]
        size = _ONE / sqrt(nx * nx + ny * ny + nz * nz + _TINY)
        normal = nx * size, ny * size, nz * size
        size = -_ONE / sqrt(x * x + y * y + _ONE)
        view = x * size, y * size, size
        back0, mirrored0 = _one_light(normal, view, (lights[0, 0], lights[0, 1], lights[0, 2]))
        back1, mirrored1 = _one_light(normal, view, (lights[1, 0], lights[1, 1], lights[1, 2]))
        rows[LIT + i] = back0 * lights[0, 3] + back1 * lights[1, 3] + lights[2, 3]
        rows[LIT + 1 * BLOCK + i] = back0 * lights[0, 4] + back1 * lights[1, 4] + lights[2, 4]
        rows[LIT + 2 * BLOCK + i] = back0 * lights[0, 5] + back1 * lights[1, 5] + lights[2, 5]
        rows[SHINE + i] = mirrored0 * lights[0, 3] + mirrored1 * lights[1, 3]
        rows[SHINE + 1 * BLOCK + i] = mirrored0 * lights[0, 4] + mirrored1 * lights[1, 4]
        rows[SHINE + 2 * BLOCK + i] = mirrored0 * lights[0, 5] + mirrored1 * lights[1, 5]


@inlined
def _one_light(normal: Number, view: Number, towards: Number) -> Number:
    """Shares of a light that white paint sends back and that the surface mirrors (Schlick, Smith, GGX)."""
    hx, hy, hz = towards[0] + view[0], towards[1] + view[1], towards[2] + view[2]
    size = _ONE / sqrt(hx * hx + hy * hy + hz * hz + _TINY)
    half = hx * size, hy * size, hz * size
    nl = min(max(_dot(normal, towards), _DARK), _ONE)
    nv = min(max(abs(_dot(normal, view)), _DARK), _ONE)
    nh = min(max(_dot(normal, half), _ZERO), _ONE)
    away = _ONE - min(max(_dot(view, half), _ZERO), _ONE)
    fresnel = _F0 + (_ONE - _F0) * (away * away) * (away * away) * away
    smith = nv * nl / ((nv * (_ONE - _ROUGH) + _ROUGH) * (nl * (_ONE - _ROUGH) + _ROUGH))
    spread = nh * nh * (_ALPHA - _ONE) + _ONE
    mirrored = fresnel * smith * _ALPHA * _PER_PI / (spread * spread * (f32(4) * nl * nv + _DARK))
    return nl * (_ONE - fresnel) * (_ONE - _F0) * _PER_PI, nl * mirrored


@inlined
def _dot(a: Number, b: Number) -> Number:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
