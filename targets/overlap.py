"""How much boxes have in common."""

from __future__ import annotations

import numpy as np

from targets.base import Float


def boxes_of(points: Float) -> Float:
    """(M, 4) x0, y0, x1, y1: the boxes round points (M, P, 2)."""
    return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)


def overlap(one: Float, other: Float) -> Float:
    """Intersection over union (M,), 0..1, of boxes (M, 4) with others, row by row, or with one box (4,).

    Two boxes without an area have 0 in common.
    """
    low, high = np.maximum(one[..., :2], other[..., :2]), np.minimum(one[..., 2:], other[..., 2:])
    shared = np.clip(high - low, 0.0, None).prod(axis=-1)
    areas = [(box[..., 2:] - box[..., :2]).prod(axis=-1) for box in (one, other)]
    return np.asarray(shared / np.maximum(areas[0] + areas[1] - shared, np.finfo(np.float64).tiny))
