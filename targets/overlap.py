"""How much of a box a person's points fill."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


def overlap(points: Float, box: Float) -> float:
    """Intersection over union, 0..1, of the box round points (P, 2) and a box (4,) x0, y0, x1, y1."""
    low, high = points.min(axis=0), points.max(axis=0)
    sides = np.minimum(high, box[2:]) - np.maximum(low, box[:2])
    shared = float(np.prod(np.maximum(sides, 0)))
    together = float(np.prod(high - low) + np.prod(box[2:] - box[:2])) - shared
    return shared / together if together > 0 else 0.0
