"""Paint of fragments, from vertices or from a texture, and the bytes of a picture."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.body import Float32, Int32
from simulator.compiled import compiled_fast, inlined
from simulator.raster_pixels import FACE_MASK
from simulator.raster_shading import BLOCK, LIT, PAINT, SHARE, SHINE, TEXEL, light, meet
from simulator.raster_texture import fetch, mix, places, taps

Number = Any
"""A number inside compiled code: numba finds its type."""

f32, i32, u32 = np.float32, np.int32, np.uint32

_ZERO, _ONE, _HALF = f32(0), f32(1), f32(0.5)
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
        places(some, fragments, corners, size, rows)
        taps(count, size, rows)
        fetch(count, texels, rows)
        mix(count, rows)
        _encode(some, rows, colours)


@compiled_fast
def _vertex_colours(chosen: Int32, fragments: Int32, faces: Int32, colours: Float32, rows: Float32) -> None:
    """Fragments painted at vertices (V, 3), linear RGB: it tints what is mirrored too, as in pyrender."""
    for i in range(chosen.shape[0]):
        face = u32(fragments[1, chosen[i]] & FACE_MASK)
        a, b, c = u32(faces[face, 0]), u32(faces[face, 1]), u32(faces[face, 2])
        share_b, share_c = rows[SHARE + i], rows[SHARE + BLOCK + i]
        share_a = _ONE - share_b - share_c
        for k in range(3):
            paint = share_a * colours[a, k] + share_b * colours[b, k] + share_c * colours[c, k]
            at = k * BLOCK + i
            rows[PAINT + at] = paint * (rows[LIT + at] + rows[SHINE + at])


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
