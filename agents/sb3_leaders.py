"""The best distinct points that a population has seen: where episodes start again, and which agent works where."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.base import Distance, Float

Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]

LOOKED_AT = 64
"""Best rows of a round that may become leaders: what keeps the distances cheap."""

WORTH = 0.01
"""Gain, in units of the scale of errors, that counts as progress."""

APART = 2.0
"""Distance round an exhausted leader, 1 is distinct, where no smaller error leads: a flank is no hill."""

NOBODY = -1

ARRAYS = ("units", "error", "stale", "owner")


class Leaders:
    """Points of which no two are nearer than distinct, best first.

    Args:
        dim: dimensions of the cube.
        agents: number of agents; each owns a leader at most.
        most: how many are kept beside those owned and exhausted.
        patience: rounds of its owner without progress after which a leader is exhausted.
        distance: see `agents.base`.
    """

    def __init__(self, dim: int, agents: int, most: int, patience: int, distance: Distance) -> None:
        self._agents, self._most, self._patience, self._distance = agents, most, patience, distance
        self.units = np.empty((0, dim))
        self.error = np.empty(0)
        self.stale = np.empty(0, dtype=np.int64)
        """Rounds of an owner without progress."""
        self.owner = np.empty(0, dtype=np.int64)
        """The agent at work there, or NOBODY."""

    def state(self) -> dict[str, Any]:
        """Copies of all arrays."""
        return {name: getattr(self, name).copy() for name in ARRAYS}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        for name in ARRAYS:
            setattr(self, name, np.array(state[name]))

    def homes(self) -> Rows:
        """The leader of each agent (K,), NOBODY where it has none."""
        homes = np.full(self._agents, NOBODY, dtype=np.intp)
        owned = np.flatnonzero(self.owner != NOBODY)
        homes[self.owner[owned]] = owned
        return homes

    def assign(self, rng: np.random.Generator) -> None:
        """Give agents without a leader one: even agents the best that is free, odd ones any that is."""
        for agent in np.flatnonzero(self.homes() == NOBODY).tolist():
            free = np.flatnonzero((self.owner == NOBODY) & (self.stale < self._patience))
            if len(free):
                self.owner[free[0 if agent % 2 == 0 else rng.integers(len(free))]] = agent

    def age(self) -> None:
        """Let a round pass at the leaders that are owned, and clear the surroundings of those now exhausted."""
        self.stale[self.owner != NOBODY] += 1
        tired = np.flatnonzero((self.stale >= self._patience) & (self.owner != NOBODY))
        self.owner[tired] = NOBODY
        if len(tired):
            around = self._distance(self.units[tired], self.units) < APART
            beaten = around & (self.error[None] < self.error[tired, None])
            self._keep(np.flatnonzero(~(beaten.any(axis=0) & (self.stale < self._patience))))

    def add(self, units: Float, error: Float, scale: float) -> Rows:
        """Let points (n, D) with errors (n,) join; rows of those that are distinct from all leaders there were."""
        rows = np.argsort(-error, kind="stable")[:LOOKED_AT]
        if not len(rows):
            return rows
        held, distance = (
            len(self.error),
            self._distance(units[rows], np.concatenate([self.units, units[rows]])),
        )
        rows, distance = self._off_flanks(rows, error, distance, scale)
        near = distance < 1
        self._join(units[rows], error[rows])
        kept = _distinct(self.error, near, held)
        new = []
        for heir in (i for i in kept if i >= held):
            replaced = np.flatnonzero(near[heir - held, :held])
            self._inherit(heir, replaced, scale)
            new += [heir - held] * (len(replaced) == 0)
        self._keep(self._affordable(np.array(kept, dtype=np.intp)))
        return rows[np.array(new, dtype=np.intp)]

    def _off_flanks(self, rows: Rows, error: Float, distance: Float, scale: float) -> tuple[Rows, Float]:
        """Leave out points that lie round an exhausted leader and are no progress over it."""
        held = len(self.error)
        level = np.where(self.stale >= self._patience, self.error + WORTH * scale, -np.inf)
        off = ~((distance[:, :held] < APART) & (error[rows, None] < level)).any(axis=1)
        return rows[off], distance[off][:, np.append(np.ones(held, dtype=np.bool_), off)]

    def _join(self, units: Float, error: Float) -> None:
        self.units, self.error = np.concatenate([self.units, units]), np.concatenate([self.error, error])
        self.stale = np.append(self.stale, np.zeros(len(error), dtype=np.int64))
        self.owner = np.append(self.owner, np.full(len(error), NOBODY))

    def _inherit(self, heir: int, replaced: Rows, scale: float) -> None:
        """Take over the owner of the leaders replaced, and their staleness where this is no progress."""
        if not len(replaced):
            return
        self.owner[heir] = self.owner[replaced].max()
        if self.error[heir] < self.error[replaced].max() + WORTH * scale:
            self.stale[heir] = self.stale[replaced].max()

    def _affordable(self, kept: Rows) -> Rows:
        """All that are owned or exhausted, and the best of the others, in their order."""
        free = (self.owner[kept] == NOBODY) & (self.stale[kept] < self._patience)
        return np.asarray(kept[~free | (np.cumsum(free) <= self._most)])

    def _keep(self, rows: Rows) -> None:
        for name in ARRAYS:
            setattr(self, name, getattr(self, name)[rows])


def _distinct(error: Float, near: Mask, held: int) -> list[int]:
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
