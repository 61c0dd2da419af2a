"""The best distinct points that a population has seen: where episodes start again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.base import Distance, Float

LOOKED_AT = 64
"""Best rows of a round that may become leaders: what keeps the distances cheap."""

WORTH = 0.01
"""Gain, in units of the scale of errors, that counts as progress."""

APART = 2.0
"""Distance, in units of distinct, within which a leader is as stale as a better one: the flank of a hill is no hill."""

ARRAYS = ("units", "error", "stale")


class Leaders:
    """Points of which no two are nearer than distinct, best first.

    Args:
        dim: dimensions of the cube.
        most: how many are kept.
        patience: rounds at work without progress after which a leader is left alone.
        distance: see `agents.base`.
    """

    def __init__(self, dim: int, most: int, patience: int, distance: Distance) -> None:
        self._most, self._patience, self._distance = most, patience, distance
        self.units = np.empty((0, dim))
        self.error = np.empty(0)
        self.stale = np.empty(0, dtype=np.int64)
        """Rounds at work without progress."""

    def state(self) -> dict[str, Any]:
        """Copies of all arrays."""
        return {name: getattr(self, name).copy() for name in ARRAYS}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        for name in ARRAYS:
            setattr(self, name, np.array(state[name]))

    def open(self) -> NDArray[np.intp]:
        """Leaders that are worth a start, best first."""
        return np.flatnonzero(self.stale < self._patience)

    def worked(self, count: int) -> None:
        """Let a round pass at the best `count` open leaders."""
        self.stale[self.open()[:count]] += 1

    def add(self, units: Float, error: Float, scale: float) -> NDArray[np.intp]:
        """Let points (n, D) with errors (n,) join; rows of those that are distinct from all leaders there were."""
        rows = np.argsort(-error, kind="stable")[:LOOKED_AT]
        if not len(rows):
            return rows
        held = len(self.error)
        points = np.concatenate([self.units, units[rows]])
        errors = np.concatenate([self.error, error[rows]])
        distance = self._distance(units[rows], points)
        near, around = distance < 1, distance[:, :held] < APART
        kept = _distinct(errors, near, held)
        stale = np.concatenate([self.stale, np.zeros(len(rows), dtype=np.int64)])
        heirs = [i for i in kept if i >= held]
        for heir in heirs:
            i = heir - held
            self._inherit(heir, stale, np.flatnonzero(around[i]), errors[heir] - WORTH * scale)
        kept = kept[: self._most]
        self.units, self.error, self.stale = points[kept], errors[kept], stale[kept]
        new = [i - held for i in heirs if not near[i - held, :held].any()]
        return rows[np.array(new, dtype=np.intp)]

    def _inherit(self, heir: int, stale: NDArray[np.int64], others: NDArray[np.intp], level: float) -> None:
        """A leader beside others that are better, or as good, is as stale as they are."""
        better = others[self.error[others] > level]
        if len(better):
            stale[heir] = stale[better].max()


def _distinct(error: Float, near: NDArray[np.bool_], held: int) -> list[int]:
    """Points, best first, that are near no better one; `near` (n, held + n) is known for all but the first `held`."""
    kept: list[int] = []
    free = np.ones(len(error), dtype=np.bool_)
    for i in np.argsort(-error, kind="stable").tolist():
        if not free[i]:
            continue
        kept.append(i)
        if i >= held:
            free &= ~near[i - held]
        else:
            free[held:] &= ~near[:, i]
    return kept
