"""What follows from the silhouette: boxes, and depth at the edge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.camera import Float
from simulator.compiled import compiled

Depth = NDArray[np.float32]
Mask = NDArray[np.bool_]

_NOTHING = np.float32(0.0)

_RINGS = 2
"""Pixels from the nearest depth to the edge: usually one, two for what is thinner than a pixel."""


def boxes_round(mask: NDArray[np.bool_], shift: Float) -> Float:
    """Tight boxes in continuous pixels, so that one pixel (i, j) has the box (i, j, i + 1, j + 1).

    Args:
        mask: (N, H, W); where it is empty, the box is the whole picture.
        shift: (N, 2) pixels by which each box is moved.

    Returns:
        (N, 4) x0, y0, x1, y1.
    """
    x0, x1 = _extent(np.asarray(mask.any(axis=1)))
    y0, y1 = _extent(np.asarray(mask.any(axis=2)))
    return np.stack([x0, y0, x1, y1], axis=1) + np.tile(shift, 2)


def _extent(used: NDArray[np.bool_]) -> tuple[Float, Float]:
    """First and one past the last used cell of (N, L); 0 and L where none is."""
    empty = ~used.any(axis=1, keepdims=True)
    used = used | empty
    return used.argmax(axis=1).astype(np.float64), used.shape[1] - used[:, ::-1].argmax(axis=1).astype(
        np.float64
    )


def depth_to_the_edge(
    depth: NDArray[np.float32], mask: NDArray[np.bool_], fallback: Float
) -> NDArray[np.float32]:
    """Depth for every pixel of the mask.

    OpenGL gives the depth of one sample of a pixel, so pixels that the person touches at another sample only
    have none. They get the nearest depth of their neighbours, a pixel at a time.

    Args:
        depth: (N, H, W) metres, 0 for nothing.
        mask: (N, H, W) pixels that the person touches.
        fallback: (N,) metres, for specks without any depth near.

    Returns:
        (N, H, W) metres, positive exactly on the mask.
    """
    filled = np.zeros(depth.shape, np.float32)
    for row, (one, inside) in enumerate(zip(depth, mask, strict=True)):
        _fill(one, inside, np.float32(fallback[row]), filled[row])
    return filled


@compiled
def _fill(depth: Depth, mask: Mask, fallback: np.float32, filled: Depth) -> None:
    """One picture: rings outwards from what has depth, then the fallback."""
    rows, columns = depth.shape
    missing = np.empty(rows * columns, np.int32)
    count = 0
    for y in range(rows):
        for x in range(columns):
            if mask[y, x]:
                filled[y, x] = depth[y, x]
                missing[count] = y * columns + x
                count += depth[y, x] == _NOTHING
    nearest = np.empty(count, np.float32)
    for _ in range(_RINGS):
        for i in range(count):
            nearest[i] = _around(filled, missing[i] // columns, missing[i] % columns)
        for i in range(count):
            filled[missing[i] // columns, missing[i] % columns] = nearest[i]
    for i in range(count):
        if nearest[i] == _NOTHING:
            filled[missing[i] // columns, missing[i] % columns] = fallback


@compiled
def _around(filled: Depth, y: int, x: int) -> np.float32:
    """A pixel's depth; where it has none, the nearest of its eight neighbours', 0 where none has any."""
    if filled[y, x] > _NOTHING:
        return np.float32(filled[y, x])
    best = np.float32(np.inf)
    for row in range(max(y - 1, 0), min(y + 2, filled.shape[0])):
        for column in range(max(x - 1, 0), min(x + 2, filled.shape[1])):
            if filled[row, column] > _NOTHING:
                best = min(best, filled[row, column])
    return best if best < np.inf else _NOTHING
