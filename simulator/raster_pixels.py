"""From samples to fragments, and from coloured fragments to a picture.

A fragment is a face in a pixel: it is shaded once, in the middle of the pixel, however many samples it covers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.body import Float32, Int32
from simulator.compiled import compiled_fast, inlined
from simulator.raster_lanes import LAST_ID

Number = Any
"""A number inside compiled code: numba finds its type."""

PART_SHIFT = 25
"""The id of a face is `part << PART_SHIFT | face`."""

MOST_PARTS = 1 << (30 - PART_SHIFT)
FACE_MASK = np.int32((1 << PART_SHIFT) - 1)

ROW_SHIFT = 16
"""The pixel of a fragment is `row << ROW_SHIFT | column`."""

f32, i32, u32 = np.float32, np.int32, np.uint32

_ZERO, _ONE = f32(0), f32(1)


@compiled_fast
def read_depth(depths: Float32, spans: Int32, depth: Float32) -> None:
    """Metres (H, W) at the first sample of what has been drawn so far; the rest of `depth` stays.

    Args:
        depths: (H, W, 8) samples: 1/z in every second place.
        spans: (H, 2) columns touched.
        depth: (H, W) to be filled in the spans.
    """
    for y in range(spans.shape[0]):
        for x in range(spans[y, 0], spans[y, 1]):
            w = depths[y, x, 1]
            depth[y, x] = _ONE / w if w > _ZERO else _ZERO


@compiled_fast
def collect(ranks: Int32, depths: Float32, spans: Int32, fragments: Int32, depth: Float32) -> Number:
    """Gather the fragments in the order of the pixels, and leave samples and spans as they were before drawing.

    Args:
        ranks: (H, W, 8) samples: `LAST_ID` minus the face in every first place; set to 0.
        depths: The same memory: 1/z in every second place, 0 for nothing.
        spans: (H, 2) columns touched; emptied.
        fragments: (3, >= 4 H W) to be filled: pixel, face, number of samples.
        depth: (H, W) to be filled in the spans: metres at the first sample.

    Returns:
        The number of fragments.
    """
    count, width = 0, ranks.shape[1]
    for y in range(spans.shape[0]):
        for x in range(spans[y, 0], spans[y, 1]):
            a, b, c, d = ranks[y, x, 0], ranks[y, x, 2], ranks[y, x, 4], ranks[y, x, 6]
            if a | b | c | d == 0:
                continue
            if a:
                depth[y, x] = _ONE / depths[y, x, 1]
            pixel = i32(y << ROW_SHIFT | x)
            count = _add(fragments, count, pixel, a, 1 + (b == a) + (c == a) + (d == a))
            if b != a:
                count = _add(fragments, count, pixel, b, 1 + (c == b) + (d == b))
            if c != a and c != b:
                count = _add(fragments, count, pixel, c, 1 + (d == c))
            if d != a and d != b and d != c:
                count = _add(fragments, count, pixel, d, 1)
            for s in range(8):
                ranks[y, x, s] = 0
        spans[y, 0], spans[y, 1] = width, 0
    return count


@inlined
def _add(fragments: Int32, count: Number, pixel: Number, rank: Number, samples: Number) -> Number:
    """Add a fragment, unless its rank is that of nothing."""
    fragments[0, count], fragments[1, count], fragments[2, count] = pixel, i32(LAST_ID - rank), i32(samples)
    return count + (rank != 0)


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
        rgba: (H, W) to be filled in where there are fragments.
    """
    i = 0
    while i < count:
        pixel, colour, samples = fragments[0, i], colours[i], fragments[2, i]
        i += 1
        if samples < 4:
            even, odd = _halves(colour, samples)
            while i < count and fragments[0, i] == pixel:
                more_even, more_odd = _halves(colours[i], fragments[2, i])
                even, odd = u32(even + more_even), u32(odd + more_odd)
                i += 1
            colour = u32(_quarter(even) | u32(_quarter(odd) << 8))
        rgba[pixel >> ROW_SHIFT, pixel & ((1 << ROW_SHIFT) - 1)] = colour


@inlined
def _halves(colour: Number, samples: Number) -> Number:
    """Red and blue, green and alpha, times samples: two bytes with room to grow."""
    return u32((colour & u32(0x00FF00FF)) * samples), u32((u32(colour >> 8) & u32(0x00FF00FF)) * samples)


@inlined
def _quarter(pair: Number) -> Number:
    return u32(u32(pair + u32(0x00020002)) >> 2) & u32(0x00FF00FF)
