"""From samples to fragments, and from coloured fragments to a picture.

A fragment is a surface in a pixel: it is shaded once, however many samples and small triangles make it up.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.body import Float32, Int32
from simulator.compiled import compiled_fast

Number = Any
"""A number inside compiled code: numba finds its type."""

PART_SHIFT = 25
"""The id of a face is `part << PART_SHIFT | face`."""

f32, i32, u32 = np.float32, np.int32, np.uint32

_ZERO, _ONE = f32(0), f32(1)


@compiled_fast
def read_depth(depths: Float32, spans: Int32, depth: Float32) -> None:
    """Metres (H, W) of the first sample of what has been drawn so far; the rest of `depth` stays."""
    for y in range(spans.shape[0]):
        for x in range(spans[y, 0], spans[y, 1]):
            w = depths[y, x, 0]
            depth[y, x] = _ONE / w if w > _ZERO else _ZERO


@compiled_fast
def collect(
    depths: Float32, ids: Int32, spans: Int32, alike: Number, fragments: Int32, depth: Float32
) -> Number:
    """Gather the fragments in the order of the pixels, and leave samples and spans as they were before drawing.

    Args:
        depths: (H, W, 4) 1/z, 0 for nothing; set to 0.
        ids: (H, W, 4) faces.
        spans: (H, 2) columns touched; emptied.
        alike: Samples whose 1/z differs by a smaller share show one surface.
        fragments: (3, >= 4 H W) to be filled: pixel, face, number of samples.
        depth: (H, W) to be filled in the spans: metres at the first sample.

    Returns:
        The number of fragments.
    """
    count, width = 0, spans.shape[0]
    width = ids.shape[1]
    for y in range(spans.shape[0]):
        for x in range(spans[y, 0], spans[y, 1]):
            w = depths[y, x, 0], depths[y, x, 1], depths[y, x, 2], depths[y, x, 3]
            high = max(w[0], w[1], w[2], w[3])
            if high == _ZERO:
                continue
            if w[0] > _ZERO:
                depth[y, x] = _ONE / w[0]
            face = ids[y, x, 0], ids[y, x, 1], ids[y, x, 2], ids[y, x, 3]
            count = _fragments(w, face, alike * high, i32(y * width + x), fragments, count)
            for s in range(4):
                depths[y, x, s] = _ZERO
        spans[y, 0], spans[y, 1] = width, 0
    return count


@compiled_fast
def _fragments(
    w: Number, face: Number, near: Number, pixel: Number, fragments: Int32, count: Number
) -> Number:
    """Add the fragments of one pixel."""
    low = min(w[0], w[1], w[2], w[3])
    high = max(w[0], w[1], w[2], w[3])
    part = face[0] >> PART_SHIFT
    same = part == face[1] >> PART_SHIFT and part == face[2] >> PART_SHIFT and part == face[3] >> PART_SHIFT
    if low > _ZERO and same and high - low <= near:
        fragments[0, count], fragments[1, count], fragments[2, count] = pixel, _typical(face), i32(4)
        return count + 1
    free0, free1, free2, free3 = w[0] > _ZERO, w[1] > _ZERO, w[2] > _ZERO, w[3] > _ZERO
    if free0:
        n = i32(1)
        if free1 and _joins(w[0], w[1], face[0], face[1], near):
            n, free1 = i32(n + 1), False
        if free2 and _joins(w[0], w[2], face[0], face[2], near):
            n, free2 = i32(n + 1), False
        if free3 and _joins(w[0], w[3], face[0], face[3], near):
            n, free3 = i32(n + 1), False
        fragments[0, count], fragments[1, count], fragments[2, count] = pixel, face[0], n
        count += 1
    if free1:
        n = i32(1)
        if free2 and _joins(w[1], w[2], face[1], face[2], near):
            n, free2 = i32(n + 1), False
        if free3 and _joins(w[1], w[3], face[1], face[3], near):
            n, free3 = i32(n + 1), False
        fragments[0, count], fragments[1, count], fragments[2, count] = pixel, face[1], n
        count += 1
    if free2:
        n = i32(1)
        if free3 and _joins(w[2], w[3], face[2], face[3], near):
            n, free3 = i32(n + 1), False
        fragments[0, count], fragments[1, count], fragments[2, count] = pixel, face[2], n
        count += 1
    if free3:
        fragments[0, count], fragments[1, count], fragments[2, count] = pixel, face[3], i32(1)
        count += 1
    return count


@compiled_fast
def _joins(w: Number, v: Number, face: Number, other: Number, near: Number) -> Number:
    """Whether two samples show one surface."""
    return face == other or (abs(w - v) <= near and face >> PART_SHIFT == other >> PART_SHIFT)


@compiled_fast
def _typical(face: Number) -> Number:
    """The face that covers two samples or more, or the first."""
    if face[1] == face[2] or face[1] == face[3]:
        return face[1]
    return face[2] if face[2] == face[3] else face[0]


@compiled_fast
def select(fragments: Int32, count: Number, part: Number, chosen: Int32) -> Number:
    """The numbers of the fragments of a part, in `chosen`; returns how many."""
    n = 0
    for i in range(count):
        chosen[n] = i
        n += fragments[1, i] >> PART_SHIFT == part
    return n


@compiled_fast
def resolve(fragments: Int32, count: Number, colours: NDArray[np.uint32], rgba: NDArray[np.uint32]) -> None:
    """The mean of the samples of every pixel.

    Args:
        fragments: (3, ...) pixel, face, number of samples.
        count: Of the fragments.
        colours: (...) of the fragments, RGBA packed in bytes, alpha 255.
        rgba: (H W) to be filled in where there are fragments.
    """
    halves, rounding = u32(0x00FF00FF), u32(0x00020002)
    i = 0
    while i < count:
        pixel, n, colour = fragments[0, i], fragments[2, i], colours[i]
        i += 1
        if n < 4:
            even, odd = u32((colour & halves) * n), u32(((colour >> 8) & halves) * n)
            while i < count and fragments[0, i] == pixel:
                even = u32(even + (colours[i] & halves) * fragments[2, i])
                odd = u32(odd + ((colours[i] >> 8) & halves) * fragments[2, i])
                i += 1
            even, odd = u32((even + rounding) >> 2) & halves, u32((odd + rounding) >> 2) & halves
            colour = u32(even | (odd << 8))
        rgba[pixel] = colour
