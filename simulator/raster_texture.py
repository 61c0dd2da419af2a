"""Textures: where fragments lie in them, and trilinear colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.body import Float32, Int32
from simulator.compiled import compiled_fast, inlined
from simulator.raster_pixels import FACE_MASK
from simulator.raster_shading import BLOCK, LIT, MIX, PAINT, SHARE, SHINE, SLOPE, TEXEL

Number = Any
"""A number inside compiled code: numba finds its type."""

f32, i32, u32 = np.float32, np.int32, np.uint32

_ZERO, _HALF = f32(0), f32(0.5)
_TINY = f32(1e-12)
_RED, _GREEN, _BLUE = PAINT, PAINT + BLOCK, PAINT + 2 * BLOCK


@compiled_fast
def pyramid(pixels: NDArray[np.uint8]) -> Int32:
    """A texture as the other functions want it, with its halvings.

    Args:
        pixels: (T, T, 3) sRGB, T a power of two, row 0 at v = 1.

    Returns:
        RGB packed in bytes: a single texel, 2 x 2, 4 x 4, ... T x T, row 0 at v = 0. The same numbers as
        `Texture.mips`.
    """
    size = pixels.shape[0]
    texels = np.empty((4 * size * size - 1) // 3, np.int32)
    first = (size * size - 1) // 3
    for y in range(size):
        for x in range(size):
            red, green, blue = pixels[size - 1 - y, x]
            texels[first + y * size + x] = i32(red) | i32(green) << 8 | i32(blue) << 16
    while size > 1:
        size, larger = size // 2, first
        first = (size * size - 1) // 3
        for y in range(size):
            for x in range(size):
                at = larger + 4 * y * size + 2 * x
                a, b, c, d = texels[at], texels[at + 1], texels[at + 2 * size], texels[at + 2 * size + 1]
                texels[first + y * size + x] = _mean(a, b, c, d)
    return texels


@compiled_fast
def _mean(a: Number, b: Number, c: Number, d: Number) -> Number:
    """The mean of four packed colours, halves up."""
    outer, inner = 0x00FF00FF, 0x0000FF00
    odd = (a & outer) + (b & outer) + (c & outer) + (d & outer) + 0x00020002
    even = (a & inner) + (b & inner) + (c & inner) + (d & inner) + 0x00000200
    return i32((odd >> 2) & outer | (even >> 2) & inner)


@compiled_fast
def places(chosen: Int32, fragments: Int32, corners: Float32, size: Number, rows: Float32) -> None:
    """Where fragments lie in a texture, and how dense it is there.

    Args:
        chosen: (n,) fragments.
        fragments: (3, ...) pixel, face, ...
        corners: (F, 6) u and v of three corners.
        size: Texels of a side.
        rows: Of `meet`; the rows of paint are filled: u, v, and the squared texels of a pixel's longer side.
    """
    area = f32(size) * f32(size)
    for i in range(chosen.shape[0]):
        face = u32(fragments[1, chosen[i]] & FACE_MASK)
        for k in range(6):
            rows[TEXEL + k * BLOCK + i] = corners[face, k]
    for i in range(min(chosen.shape[0], BLOCK)):
        u, v = rows[TEXEL + i], rows[TEXEL + BLOCK + i]
        bu, bv = rows[TEXEL + 2 * BLOCK + i] - u, rows[TEXEL + 3 * BLOCK + i] - v
        cu, cv = rows[TEXEL + 4 * BLOCK + i] - u, rows[TEXEL + 5 * BLOCK + i] - v
        share_b, share_c = rows[SHARE + i], rows[SHARE + BLOCK + i]
        bx, by = rows[SLOPE + i], rows[SLOPE + BLOCK + i]
        cx, cy = rows[SLOPE + 2 * BLOCK + i], rows[SLOPE + 3 * BLOCK + i]
        ux, uy, vx, vy = bx * bu + cx * cu, by * bu + cy * cu, bx * bv + cx * cv, by * bv + cy * cv
        rows[PAINT + i] = u + share_b * bu + share_c * cu
        rows[PAINT + BLOCK + i] = v + share_b * bv + share_c * cv
        rows[PAINT + 2 * BLOCK + i] = max(max(ux * ux + vx * vx, uy * uy + vy * vy) * area, _TINY)


@compiled_fast
def taps(count: Number, size: Number, rows: Float32) -> None:
    """Which texels show, and how they mix: linear between texels and between halvings, clamped to the edge.

    Args:
        count: Of the fragments.
        size: Texels of a side, a power of two.
        rows: Of `places`; the rows of texels and of the mix are filled.
    """
    whole = rows.view(np.int32)
    levels = 0
    while i32(size) >> levels > 1:
        levels += 1
    for i in range(min(count, BLOCK)):
        u, v = rows[PAINT + i], rows[PAINT + BLOCK + i]
        level = min(max(_HALF * _log2(whole[PAINT + 2 * BLOCK + i]), _ZERO), f32(levels))
        halvings = min(max(i32(level), i32(0)), i32(levels))  # whatever the bits of a broken number
        rows[MIX + i] = level - f32(halvings)
        fine = i32(i32(size) >> halvings)
        coarse = max(i32(fine >> 1), i32(1))
        for k, side in enumerate((fine, coarse)):
            first = i32(i32(side * side - 1) & 0x55555555)  # smaller levels lie before: 1 + 4 + 16 + ...
            column, along, next_column = _neighbours(u, side)
            row, up, next_row = _neighbours(v, side)
            at = i + k * 4 * BLOCK
            whole[TEXEL + at] = i32(first + i32(row * side) + column)
            whole[TEXEL + BLOCK + at] = i32(first + i32(row * side) + next_column)
            whole[TEXEL + 2 * BLOCK + at] = i32(first + i32(next_row * side) + column)
            whole[TEXEL + 3 * BLOCK + at] = i32(first + i32(next_row * side) + next_column)
            rows[MIX + (1 + 2 * k) * BLOCK + i], rows[MIX + (2 + 2 * k) * BLOCK + i] = along, up


@inlined
def _neighbours(place: Number, side: Number) -> Number:
    """The texel before a place in 0..1, how far behind it the place is, and the next texel."""
    x = min(max(place * f32(side) - _HALF, _ZERO), f32(side - 1))
    first = min(max(i32(x), i32(0)), i32(side - 1))
    return first, x - f32(first), min(i32(first + 1), i32(side - 1))


@compiled_fast
def fetch(count: Number, texels: Int32, rows: Float32) -> None:
    """Replace the numbers of texels with the texels."""
    whole = rows.view(np.int32)
    for k in range(8):
        for i in range(TEXEL + k * BLOCK, TEXEL + k * BLOCK + count):
            whole[i] = texels[u32(whole[i])]


@compiled_fast
def mix(count: Number, rows: Float32) -> None:
    """What is seen of fragments whose texels have been fetched: linear RGB in the rows of paint."""
    whole = rows.view(np.int32)
    for i in range(min(count, BLOCK)):
        red, green, blue = _mixed(rows, whole, i, 0), _mixed(rows, whole, i, 8), _mixed(rows, whole, i, 16)
        rows[_RED + i] = _linear(red) * rows[LIT + i] + rows[SHINE + i]
        rows[_GREEN + i] = _linear(green) * rows[LIT + BLOCK + i] + rows[SHINE + BLOCK + i]
        rows[_BLUE + i] = _linear(blue) * rows[LIT + 2 * BLOCK + i] + rows[SHINE + 2 * BLOCK + i]


@inlined
def _mixed(rows: Float32, whole: Int32, i: Number, shift: Number) -> Number:
    """One channel, 0..255, of eight texels."""
    fine = _bilinear(rows, whole, TEXEL + i, MIX + BLOCK + i, shift)
    coarse = _bilinear(rows, whole, TEXEL + 4 * BLOCK + i, MIX + 3 * BLOCK + i, shift)
    return fine + rows[MIX + i] * (coarse - fine)


@inlined
def _bilinear(rows: Float32, whole: Int32, texel: Number, mix: Number, shift: Number) -> Number:
    """One channel, 0..255, of four texels."""
    a = f32(i32(whole[texel] >> shift) & 255)
    b = f32(i32(whole[texel + BLOCK] >> shift) & 255)
    c = f32(i32(whole[texel + 2 * BLOCK] >> shift) & 255)
    d = f32(i32(whole[texel + 3 * BLOCK] >> shift) & 255)
    low, high = a + rows[mix] * (b - a), c + rows[mix] * (d - c)
    return low + rows[mix + BLOCK] * (high - low)


@inlined
def _log2(bits: Number) -> Number:
    """Of a positive float32, given as its bits, within 0.0003."""
    m = f32(i32(bits & 0x7FFFFF)) * f32(2**-23)
    tail = f32(-0.66952) + m * (f32(0.31222) + m * f32(-0.07915))
    return f32(i32(i32(bits >> 23) - 127)) + f32(0.0002) + m * (f32(1.4361) + m * tail)


@inlined
def _linear(value: Number) -> Number:
    """Linear light of sRGB in 0..255: ((x + 0.055) / 1.055)**2.4 within 0.2 %, below its threshold x / 12.92."""
    x = value * f32(1 / 255)
    y = (x + f32(0.055)) * f32(1 / 1.055)
    tail = f32(0.837995) + y * (f32(-0.378053) + y * f32(0.100686))
    bright = f32(0.000651748) + y * (f32(-0.0206857) + y * (f32(0.459468) + y * tail))
    return bright if x > f32(0.04045) else x * f32(1 / 12.92)
