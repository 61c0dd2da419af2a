"""From units of the searched cube to physical values and back, and how values are written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from examiner.joints import Float
from simulator import NORMAL, Dimension, normal_quantile


def values_of(dimensions: Sequence[Dimension], units: Float) -> Float:
    """Physical values (N, D) of units (N, D)."""
    columns = [
        normal_quantile(column) if d.unit == NORMAL else d.low + column * (d.high - d.low)
        for d, column in zip(dimensions, units.T, strict=True)
    ]
    return np.stack(columns, axis=1) if columns else np.empty_like(units)


def number(value: float) -> str:
    """About three digits, no exponent."""
    digits = next((digits for limit, digits in ((100, 0), (10, 1), (1, 2)) if abs(value) >= limit), 3)
    rounded = round(value, digits) + 0.0  # no minus zero
    return f"{rounded:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{rounded:.0f}"


def worded(dimension: Dimension, value: float) -> str:
    """A value in words: the choice, or the number with a short unit."""
    if dimension.choices:
        return dimension.choice(value)
    short = {"degree": "°", "share": "", "factor": "", "number": ""}.get(
        dimension.unit, f" {dimension.unit.partition(' ')[0]}"
    )
    return f"{number(value)}{short}"
