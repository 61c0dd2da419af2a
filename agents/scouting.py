"""Scouting: draws that no policy made, as real people take them and uniform."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.base import Float, Proposal

TYPICAL = 0.75
"""Share of the draws as real people take them, where there are such."""


def mostly_typical(count: int, dim: int, typical: Proposal | None, rng: np.random.Generator) -> Float:
    """Units (count, D): each typical with a chance of TYPICAL, else uniform; all uniform where `typical` is None."""
    uniform = rng.random((count, dim))
    if typical is None:
        return uniform
    real = typical(count, rng)
    return np.where(rng.random((count, 1)) < TYPICAL, real, uniform)


def half_typical(
    rows: NDArray[np.intp], dim: int, typical: Proposal | None, rng: np.random.Generator
) -> Float:
    """Units (n, D) for rows (n,): those of even rows typical, the others uniform."""
    drawn = rng.random((len(rows), dim))
    real = rows % 2 == 0
    if typical is not None and real.any():
        drawn[real] = typical(int(real.sum()), rng)
    return drawn
