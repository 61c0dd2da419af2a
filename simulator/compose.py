"""Putting a drawing over its background, and telling which pixels show the person; compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.body import Float32
from simulator.compiled import compiled

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_HALF, _WHOLE = np.uint32(127), np.uint32(255)


def over(rgba: Bytes, behind: Bytes) -> Bytes:
    """A picture (H, W, 3) of RGBA (H, W, 4), already multiplied by alpha, over a background (H, W, 3)."""
    picture = np.empty(behind.shape, np.uint8)
    _over(rgba, behind, picture)
    return picture


def touched(rgba: Bytes) -> Mask:
    """Pixels (H, W) of which at least one sample is covered."""
    return np.asarray(rgba[..., 3] > 0)


def nearest(depth: Float32, person: Float32, same: float) -> Mask:
    """Pixels (H, W) at whose depth sample the person is nearest; depths within `same` metres are one surface."""
    return np.asarray((person > 0) & (person <= depth + np.float32(same)))


@compiled
def _over(rgba: Bytes, behind: Bytes, picture: Bytes) -> None:
    rows, columns = rgba.shape[:2]
    for y in range(rows):
        for x in range(columns):
            through = _WHOLE - rgba[y, x, 3]
            for channel in range(3):
                light = (through * np.uint32(behind[y, x, channel]) + _HALF) // _WHOLE
                picture[y, x, channel] = rgba[y, x, channel] + np.uint8(light)
