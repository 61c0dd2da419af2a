"""Paint of fragments, from vertices or from a texture, and the bytes of a picture."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.body import Float32, Int32
from simulator.compiled import compiled_fast
from simulator.raster_pixels import PART_SHIFT
from simulator.raster_shading import LIT, PAINT, SHARE_B, SHARE_C, SHINE, SLOPES

Number = Any
"""A number inside compiled code: numba finds its type."""

f32, i32, u32 = np.float32, np.int32, np.uint32

_ZERO, _ONE, _HALF = f32(0), f32(1), f32(0.5)
_TINY = f32(1e-12)


@compiled_fast
def vertex_colours(chosen: Int32, fragments: Int32, faces: Int32, colours: Float32, rows: Float32) -> None:
    """Colour of fragments from vertices (V, 3), linear RGB: it tints what is mirrored too, as in pyrender."""
    mask = i32((1 << PART_SHIFT) - 1)
    for i in range(chosen.shape[0]):
        face = u32(fragments[1, chosen[i]] & mask)
        a, b, c = u32(faces[face, 0]), u32(faces[face, 1]), u32(faces[face, 2])
        share_b, share_c = rows[SHARE_B, i], rows[SHARE_C, i]
        share_a = _ONE - share_b - share_c
        for k in range(3):
            paint = share_a * colours[a, k] + share_b * colours[b, k] + share_c * colours[c, k]
            rows[PAINT + k, i] = paint * (rows[LIT + k, i] + rows[SHINE + k, i])


@compiled_fast
def texture_places(chosen: Int32, fragments: Int32, corners: Float32, size: Number, rows: Float32) -> None:
    """Where fragments lie in a texture, and how dense it is there.

    Args:
        chosen: (n,) fragments.
        fragments: (3, ...) pixel, face, ...
        corners: (F, 6) u and v of three corners.
        size: Texels of a side.
        rows: Of `meet`; the rows of paint are filled: u, v, and the squared texels of a pixel's longer side.
    """
    mask, area = i32((1 << PART_SHIFT) - 1), f32(size) * f32(size)
    for i in range(chosen.shape[0]):
        face = u32(fragments[1, chosen[i]] & mask)
        u, v = corners[face, 0], corners[face, 1]
        bu, bv, cu, cv = (
            corners[face, 2] - u,
            corners[face, 3] - v,
            corners[face, 4] - u,
            corners[face, 5] - v,
        )
        share_b, share_c = rows[SHARE_B, i], rows[SHARE_C, i]
        bx, by, cx, cy = rows[SLOPES, i], rows[SLOPES + 1, i], rows[SLOPES + 2, i], rows[SLOPES + 3, i]
        ux, uy, vx, vy = bx * bu + cx * cu, by * bu + cy * cu, bx * bv + cx * cv, by * bv + cy * cv
        rows[PAINT, i] = u + share_b * bu + share_c * cu
        rows[PAINT + 1, i] = v + share_b * bv + share_c * cv
        rows[PAINT + 2, i] = max(max(ux * ux + vx * vx, uy * uy + vy * vy) * area, _TINY)


@compiled_fast
def texture_colours(
    count: Number, texels: NDArray[np.uint32], starts: Int32, size: Number, rows: Float32
) -> None:
    """Colour of fragments from a texture, between texels and between its halvings.

    Args:
        count: Of the fragments.
        texels: RGB packed in bytes of the texture and its halvings, one after the other, row 0 at v = 0.
        starts: (levels + 1,) first texel of each; the last one again.
        size: Texels of a side, a power of two.
        rows: Of `texture_places`; the rows of paint are filled with linear RGB.
    """
    bits = rows[PAINT + 2].view(np.int32)
    last = f32(starts.shape[0] - 2)
    for i in range(count):
        u, v = rows[PAINT, i], rows[PAINT + 1, i]
        level = min(max(_HALF * _log2(bits[i]), _ZERO), last)
        whole = i32(level)
        more = level - f32(whole)
        u, v = u - np.floor(u), v - np.floor(v)
        r0, g0, b0 = _bilinear(texels, starts[u32(whole)], i32(size >> whole), u, v)
        small = max(i32(size >> i32(whole + 1)), i32(1))
        r1, g1, b1 = _bilinear(texels, starts[u32(whole + 1)], small, u, v)
        rows[PAINT, i] = _linear(r0 + more * (r1 - r0)) * rows[LIT, i] + rows[SHINE, i]
        rows[PAINT + 1, i] = _linear(g0 + more * (g1 - g0)) * rows[LIT + 1, i] + rows[SHINE + 1, i]
        rows[PAINT + 2, i] = _linear(b0 + more * (b1 - b0)) * rows[LIT + 2, i] + rows[SHINE + 2, i]


@compiled_fast
def _bilinear(texels: NDArray[np.uint32], start: Number, size: Number, u: Number, v: Number) -> Number:
    """RGB in 0..255 between four texels of one level."""
    x, y = u * f32(size) - _HALF, v * f32(size) - _HALF
    left, low = np.floor(x), np.floor(y)
    x, y = x - left, y - low
    mask = i32(size - 1)
    column0, row0 = i32(i32(left) & mask), i32(start + i32((i32(low) & mask) * size))
    column1, row1 = i32(i32(i32(left) + 1) & mask), i32(start + i32((i32(i32(low) + 1) & mask) * size))
    t00, t01 = texels[u32(row0 + column0)], texels[u32(row0 + column1)]
    t10, t11 = texels[u32(row1 + column0)], texels[u32(row1 + column1)]
    return (
        _between(t00 & 255, t01 & 255, t10 & 255, t11 & 255, x, y),
        _between((t00 >> 8) & 255, (t01 >> 8) & 255, (t10 >> 8) & 255, (t11 >> 8) & 255, x, y),
        _between((t00 >> 16) & 255, (t01 >> 16) & 255, (t10 >> 16) & 255, (t11 >> 16) & 255, x, y),
    )


@compiled_fast
def _between(t00: Number, t01: Number, t10: Number, t11: Number, x: Number, y: Number) -> Number:
    c00, c10 = f32(i32(t00)), f32(i32(t10))
    low = c00 + x * (f32(i32(t01)) - c00)
    high = c10 + x * (f32(i32(t11)) - c10)
    return low + y * (high - low)


@compiled_fast
def _log2(bits: Number) -> Number:
    """Of a positive float32, given as its bits, within 0.0003."""
    m = f32(bits & 0x7FFFFF) * f32(2**-23)
    tail = f32(-0.66952) + m * (f32(0.31222) + m * f32(-0.07915))
    return f32(i32(bits >> 23) - 127) + f32(0.0002) + m * (f32(1.4361) + m * tail)


@compiled_fast
def _linear(value: Number) -> Number:
    """Linear light of sRGB in 0..255: ((x + 0.055) / 1.055)**2.4 within 0.2 %, below its threshold x / 12.92."""
    x = value * f32(1 / 255)
    y = (x + f32(0.055)) * f32(1 / 1.055)
    tail = f32(0.837995) + y * (f32(-0.378053) + y * f32(0.100686))
    bright = f32(0.000651748) + y * (f32(-0.0206857) + y * (f32(0.459468) + y * tail))
    return bright if x > f32(0.04045) else x * f32(1 / 12.92)


@compiled_fast
def encode(chosen: Int32, rows: Float32, colours: NDArray[np.uint32]) -> None:
    """The bytes of the colours: gamma 1 / 2.2, RGBA packed with alpha 255."""
    for i in range(chosen.shape[0]):
        red, green, blue = _byte(rows[PAINT, i]), _byte(rows[PAINT + 1, i]), _byte(rows[PAINT + 2, i])
        colours[u32(chosen[i])] = u32(red | green << 8 | blue << 16 | 0xFF000000)


@compiled_fast
def _byte(linear: Number) -> Number:
    """255 x**(1 / 2.2), rounded, within 0.06 before rounding: a polynomial in the fourth root of x."""
    t = sqrt(sqrt(min(max(linear, _ZERO), _ONE)))
    tail = f32(-0.63957) + t * (f32(0.445415) + t * f32(-0.1357455))
    power = f32(-0.000231987) + t * (f32(0.0309316) + t * (f32(1.299127) + t * tail))
    return u32(max(power, _ZERO) * f32(255) + _HALF)
