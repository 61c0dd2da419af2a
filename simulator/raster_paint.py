"""Paint of fragments, from vertices or from a texture, and the bytes of a picture."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.body import Float32, Int32
from simulator.compiled import compiled_fast
from simulator.raster_inline import inlined
from simulator.raster_pixels import PART_SHIFT
from simulator.raster_shading import BLOCK, LIT, MIX, PAINT, SHARE, SHINE, SLOPE, TEXEL, light, meet

Number = Any
"""A number inside compiled code: numba finds its type."""

f32, i32, u32 = np.float32, np.int32, np.uint32

_ZERO, _ONE, _HALF = f32(0), f32(1), f32(0.5)
_TINY = f32(1e-12)
_FACE = i32((1 << PART_SHIFT) - 1)
_RED, _GREEN, _BLUE = PAINT, PAINT + BLOCK, PAINT + 2 * BLOCK


@compiled_fast
def shade_coloured(
    chosen: Int32,
    fragments: Int32,
    vertices: Float32,
    normals: Float32,
    faces: Int32,
    paint: Float32,
    camera: Float32,
    lights: Float32,
    rows: Float32,
    colours: NDArray[np.uint32],
) -> None:
    """Colours of the chosen fragments of a part that is painted at its vertices.

    Args:
        chosen: (n,) fragments.
        fragments: (3, ...) pixel, face, number of samples.
        vertices: (V, 3) metres, camera axes.
        normals: (V, 3).
        faces: (F, 3).
        paint: (V, 3) linear RGB.
        camera: (3,) focal length and principal point, pixels.
        lights: (3, 6) of `raster_shading.light`.
        rows: (ROWS * BLOCK,) memory to work with.
        colours: (...) to be filled for the chosen: RGBA packed in bytes.
    """
    for start in range(0, chosen.shape[0], BLOCK):
        some = chosen[start : start + BLOCK]
        meet(some, fragments, vertices, normals, faces, camera, rows)
        light(some.shape[0], lights, rows)
        _vertex_colours(some, fragments, faces, paint, rows)
        _encode(some, rows, colours)


@compiled_fast
def shade_textured(
    chosen: Int32,
    fragments: Int32,
    vertices: Float32,
    normals: Float32,
    faces: Int32,
    corners: Float32,
    texels: Int32,
    size: Number,
    camera: Float32,
    lights: Float32,
    rows: Float32,
    colours: NDArray[np.uint32],
) -> None:
    """Colours of the chosen fragments of a part that is painted by a texture.

    The rest as `shade_coloured`; `corners` (F, 6) are u and v of three corners, `texels` RGB packed in bytes: a
    single texel, 2 x 2, 4 x 4, ... up to `size` a side, row 0 at v = 0.
    """
    for start in range(0, chosen.shape[0], BLOCK):
        some = chosen[start : start + BLOCK]
        count = some.shape[0]
        meet(some, fragments, vertices, normals, faces, camera, rows)
        light(count, lights, rows)
        _texture_places(some, fragments, corners, size, rows)
        _texture_taps(count, size, rows)
        _fetch(count, texels, rows)
        _texture_colours(count, rows)
        _encode(some, rows, colours)


@compiled_fast
def _vertex_colours(chosen: Int32, fragments: Int32, faces: Int32, colours: Float32, rows: Float32) -> None:
    """Fragments painted at vertices (V, 3), linear RGB: it tints what is mirrored too, as in pyrender."""
    for i in range(chosen.shape[0]):
        face = u32(fragments[1, chosen[i]] & _FACE)
        a, b, c = u32(faces[face, 0]), u32(faces[face, 1]), u32(faces[face, 2])
        share_b, share_c = rows[SHARE + i], rows[SHARE + BLOCK + i]
        share_a = _ONE - share_b - share_c
        for k in range(3):
            paint = share_a * colours[a, k] + share_b * colours[b, k] + share_c * colours[c, k]
            at = k * BLOCK + i
            rows[PAINT + at] = paint * (rows[LIT + at] + rows[SHINE + at])


@compiled_fast
def _texture_places(chosen: Int32, fragments: Int32, corners: Float32, size: Number, rows: Float32) -> None:
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
        face = u32(fragments[1, chosen[i]] & _FACE)
        u, v = corners[face, 0], corners[face, 1]
        bu, bv, cu, cv = (
            corners[face, 2] - u,
            corners[face, 3] - v,
            corners[face, 4] - u,
            corners[face, 5] - v,
        )
        share_b, share_c = rows[SHARE + i], rows[SHARE + BLOCK + i]
        bx, by = rows[SLOPE + i], rows[SLOPE + BLOCK + i]
        cx, cy = rows[SLOPE + 2 * BLOCK + i], rows[SLOPE + 3 * BLOCK + i]
        ux, uy, vx, vy = bx * bu + cx * cu, by * bu + cy * cu, bx * bv + cx * cv, by * bv + cy * cv
        rows[PAINT + i] = u + share_b * bu + share_c * cu
        rows[PAINT + BLOCK + i] = v + share_b * bv + share_c * cv
        rows[PAINT + 2 * BLOCK + i] = max(max(ux * ux + vx * vx, uy * uy + vy * vy) * area, _TINY)


@compiled_fast
def _texture_taps(count: Number, size: Number, rows: Float32) -> None:
    """Which texels show, and how they mix: linear between texels and between halvings, clamped to the edge.

    Args:
        count: Of the fragments.
        size: Texels of a side, a power of two.
        rows: Of `texture_places`; the rows of texels and of the mix are filled.
    """
    whole = rows.view(np.int32)
    levels = f32(np.log2(f32(size)))
    for i in range(min(count, BLOCK)):
        u, v = rows[PAINT + i], rows[PAINT + BLOCK + i]
        level = min(max(_HALF * _log2(whole[PAINT + 2 * BLOCK + i]), _ZERO), levels)
        halvings = i32(level)
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
    first = i32(x)
    return first, x - f32(first), min(i32(first + 1), i32(side - 1))


@compiled_fast
def _fetch(count: Number, texels: Int32, rows: Float32) -> None:
    """Replace the numbers of texels with the texels."""
    whole = rows.view(np.int32)
    for k in range(8):
        for i in range(TEXEL + k * BLOCK, TEXEL + k * BLOCK + count):
            whole[i] = texels[u32(whole[i])]


@compiled_fast
def _texture_colours(count: Number, rows: Float32) -> None:
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


@compiled_fast
def _encode(chosen: Int32, rows: Float32, colours: NDArray[np.uint32]) -> None:
    """The bytes of the colours: gamma 1 / 2.2, RGBA packed with alpha 255."""
    whole = rows.view(np.uint32)
    for i in range(min(chosen.shape[0], BLOCK)):
        red, green, blue = _byte(rows[_RED + i]), _byte(rows[_GREEN + i]), _byte(rows[_BLUE + i])
        whole[TEXEL + i] = u32(red | u32(green << 8) | u32(blue << 16) | u32(0xFF000000))
    for i in range(chosen.shape[0]):
        colours[u32(chosen[i])] = whole[TEXEL + i]


@inlined
def _byte(linear: Number) -> Number:
    """255 x**(1 / 2.2), rounded, within 0.06 before rounding: a polynomial in the fourth root of x."""
    t = sqrt(sqrt(min(max(linear, _ZERO), _ONE)))
    tail = f32(-0.63957) + t * (f32(0.445415) + t * f32(-0.1357455))
    power = f32(-0.000231987) + t * (f32(0.0309316) + t * (f32(1.299127) + t * tail))
    return u32(i32(max(power, _ZERO) * f32(255) + _HALF))
