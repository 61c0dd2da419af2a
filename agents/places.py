"""Places: where policies live, the unit cube centred and scaled to unit variance."""

from __future__ import annotations

import numpy as np

from agents.base import Float

SCALE = float(np.sqrt(12.0))
"""Places a unit of the cube: uniform draws have a standard deviation of 1."""

FACE = SCALE / 2
"""The cube's faces are at -FACE and FACE."""


def places_of(units: Float) -> Float:
    """Places (n, D) of units (n, D)."""
    return np.asarray((units - 0.5) * SCALE)


def units_of(places: Float) -> Float:
    """Units (n, D) in [0, 1] of places (n, D); what lies outside comes to the nearest face."""
    return np.asarray((places / SCALE + 0.5).clip(0.0, 1.0))


def cube_distance(a: Float, b: Float) -> Float:
    """Distances (n, m) in the cube, 1 at a tenth of its diagonal."""
    difference = np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))
    return np.asarray(difference / (0.1 * np.sqrt(a.shape[1])))
