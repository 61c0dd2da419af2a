"""Where episodes begin: at draws, at the best that the critic sees among draws, or where a policy learned to begin."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from agents.base import Float, Proposal
from agents.refinement import Float32, Rows, normal
from agents.scouting import mostly_typical

CHOICE = 16
"""Draws of which the critic picks one, for every second walker; the others take what comes."""

Look = Callable[[Rows, Float], Float32]
"""(rows, normal quantiles) -> what walkers there would see."""


class Starts:
    """The start policy.

    Args:
        dim: dimensions of the cube.
        typical: draws as real people take them, if there are such.
        imitate: share of the draws that are made at learned places instead, once there are such.
    """

    def __init__(self, dim: int, typical: Proposal | None, imitate: float) -> None:
        self._dim, self._typical, self._imitate = dim, typical, imitate
        self.learned = np.empty((0, dim))
        """Places (m, D), units, that a policy trained elsewhere brought along."""

    def pick(
        self,
        rows: Rows,
        look: Look,
        value: Callable[[Float32], Float],
        rng: np.random.Generator,
        choice: int = CHOICE,
    ) -> tuple[Float, Float32]:
        """A start in normal quantiles (n, D) for each walker, and what is seen there."""
        each = np.repeat(rows, choice)
        drawn = normal(mostly_typical(len(each), self._dim, self._typical, rng))
        seen = look(each, drawn)
        best = value(seen).reshape(len(rows), choice).argmax(axis=1)
        best[rows % 2 == 0] = 0
        start = drawn[np.arange(len(rows)) * choice + best]
        known = self._remembers(len(rows), rng)
        start[known] = normal(self.learned[rng.integers(max(1, len(self.learned)), size=int(known.sum()))])
        return start, look(rows, start)

    def _remembers(self, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        share = self._imitate if len(self.learned) else 0.0
        return np.asarray(rng.random(count) < share)
