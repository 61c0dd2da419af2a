"""What follows from the silhouette: boxes, and depth at the edge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.camera import Float

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
    filled = np.pad(np.where(mask, depth, np.inf), ((0, 0), (1, 1), (1, 1)), constant_values=np.inf)
    filled[filled == 0.0] = np.inf
    inner = filled[:, 1:-1, 1:-1]
    for _ in range(_RINGS):
        row, y, x = np.nonzero(mask & np.isinf(inner))
        around = np.stack([filled[row, y + dy, x + dx] for dy in range(3) for dx in range(3)])
        inner[row, y, x] = around.min(axis=0, initial=np.inf)
    inner = np.where(np.isinf(inner), np.asarray(fallback, np.float32)[:, None, None], inner)
    return np.where(mask, inner, np.float32(0.0))
