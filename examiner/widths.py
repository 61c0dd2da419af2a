"""Widths: by how much what a region leaves free may vary."""

from __future__ import annotations

from typing import Any

import numpy as np

from examiner.joints import Float
from examiner.subspace import POSE, Ranges, told_angles

SHOWN = 4
"""Tightest, and widest, of the pose angles and of the other searched numbers that are listed."""


def widths_of(ranges: Ranges, scale: Float) -> list[dict[str, Any]]:
    """Ranges of what a region holds tightest and leaves widest, in `results.json`.

    Angles are in degrees, everything else in its own unit. Choices are left out: they have no width.

    Args:
        ranges: The region's.
        scale: (d,) how much each dimension usually varies, in their units.
    """
    width = (ranges.high - ranges.low) / scale
    beside = [i for i in range(POSE, len(ranges.names)) if ranges.units[i] != "choice"]
    chosen = [*_ends(width, told_angles(scale)), *_ends(width, np.array(beside, dtype=np.intp))]
    return [_row(ranges, float(scale[i]), i) for i in chosen]


def _ends(width: Float, rows: np.ndarray[Any, np.dtype[np.intp]]) -> list[int]:
    """The tightest and the widest of some dimensions, from tight to wide."""
    order: list[int] = rows[np.argsort(width[rows], kind="stable")].tolist()
    return order if len(order) <= 2 * SHOWN else order[:SHOWN] + order[-SHOWN:]


def _row(ranges: Ranges, usual: float, i: int) -> dict[str, Any]:
    angle = ranges.units[i] == "rad"
    factor = 180.0 / np.pi if angle else 1.0
    return {
        "name": ranges.names[i].replace("_", " ").replace(".", " "),
        "unit": "degree" if angle else ranges.units[i],
        "low": float(factor * ranges.low[i]),
        "high": float(factor * ranges.high[i]),
        "usual": factor * usual,
    }
