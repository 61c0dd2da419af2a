"""Takes the grain out of pictures that were traced with few light paths.

Light divided by the surface's colour is smooth, so a filter that stops at edges of normal and place makes it clean (H.
Dammertz et al., "Edge-Avoiding A-Trous Wavelet Transform for fast Global Illumination Filtering", 2010); multiplied by
the colour, textures come back sharp.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import rank_filter

from simulator.body import Float32
from simulator.compiled import compiled

_SCALES = (1, 2, 4, 8)
_PALE = np.float32(0.02)
"""Added to colours, so that black can be divided by."""
_SPECK = 3
"""No pixel stays brighter than so manieth of the nine about it: single paths happen to meet a lamp."""
_FLAT = np.float32(0.002)
"""Metres off a plane that are always on it."""
_CONTRAST = np.float32(0.15)
_DARK = np.float32(1e-4)
_ALONE = np.float32(2.5)
"""Likeness that a pixel inside a surface finds round it at least; those of edges take the mean of all about them."""


def clean(
    light: Float32, colour: Float32, normal: Float32, place: Float32, person: Float32, pixel: Float32
) -> Float32:
    """Light with less grain.

    Args:
        light: (H, W, 3) linear.
        colour: (H, W, 3) share of the light that the surface sends back; black where there is none.
        normal: (H, W, 3) of the surface, not necessarily unit.
        place: (H, W, 3) metres.
        person: (H, W) share of the pixel that is the person.
        pixel: (H, W) metres that a pixel is wide there.
    """
    shaded = colour.max(axis=2) > 0
    paler = colour + _PALE
    ratio = light / paler
    ratio = np.minimum(ratio, rank_filter(ratio, rank=-_SPECK, size=(3, 3, 1)))
    guide = np.concatenate([normal, place, person[..., None], pixel[..., None]], axis=2).astype(np.float32)
    for step in _SCALES:
        smooth = np.zeros_like(ratio)
        _filter(ratio, shaded, guide, step, smooth)
        ratio = smooth
    return np.where(shaded[..., None], ratio * paler, light).astype(np.float32)


@compiled
def _filter(ratio: Float32, shaded: NDArray[np.bool_], guide: Float32, step: int, smooth: Float32) -> None:
    """One scale: means of 5 x 5 pixels that are `step` apart."""
    height, width = shaded.shape
    for y in range(height):
        for x in range(width):
            if shaded[y, x]:
                rows = range(max(y % step, y - 2 * step), min(height, y + 2 * step + 1), step)
                columns = range(max(x % step, x - 2 * step), min(width, x + 2 * step + 1), step)
                _mean(ratio, shaded, guide, step, (y, x), rows, columns, smooth[y, x])


@compiled
def _mean(
    ratio: Float32,
    shaded: NDArray[np.bool_],
    guide: Float32,
    step: int,
    at: tuple[int, int],
    rows: range,
    columns: range,
    mean: Float32,
) -> None:
    """Fill a pixel (3,) with the mean of those that are like it."""
    own, light = guide[at], ratio[at]
    total = np.float32(0.0)
    for j in rows:
        for i in columns:
            if shaded[j, i]:
                total += _likeness(own, guide[j, i], step)
    edge = step == 1 and total < _ALONE
    total = np.float32(0.0)
    for j in rows:
        for i in columns:
            if shaded[j, i]:
                weight = np.float32(1.0) if edge else _likeness(own, guide[j, i], step)
                if step > 1:
                    weight *= _as_bright(light, ratio[j, i])
                total += weight
                for channel in range(3):
                    mean[channel] += weight * ratio[j, i, channel]
    for channel in range(3):
        mean[channel] /= total


@compiled
def _as_bright(own: Float32, other: Float32) -> np.float32:
    """How alike two lights are, once the worst grain is out: shadows keep their edges."""
    here, there = own[0] + own[1] + own[2], other[0] + other[1] + other[2]
    apart = (here - there) / (_CONTRAST * (here + there) + _DARK)
    likeness: np.float32 = np.float32(1.0) / (np.float32(1.0) + apart * apart * apart * apart)
    return likeness


@compiled
def _likeness(own: Float32, other: Float32, step: int) -> np.float32:
    """How much two pixels show the same surface: 1 at best, 0 for other normals, planes or people."""
    facing, off = np.float32(0.0), np.float32(0.0)
    for axis in range(3):
        facing += own[axis] * other[axis]
        off += own[axis] * (own[3 + axis] - other[3 + axis])
    if facing <= np.float32(0.0):
        return np.float32(0.0)
    facing *= facing
    facing *= facing
    facing *= facing
    off /= np.float32(2.0) * np.float32(step) * own[7] + _FLAT
    off *= off
    person = np.float32(2.0) * (own[6] - other[6])
    likeness: np.float32 = facing / (np.float32(1.0) + np.float32(4.0) * off * off + person * person)
    return likeness
