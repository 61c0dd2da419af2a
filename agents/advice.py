"""Advice: how much of what the agents do follows the model of the error, as far as it proves good."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.base import Float

CLEAR, DOUBTFUL = 1.5, 0.5
"""Standard errors by which advised actions must do better for more advice, and below which there is less."""

TRYING = 8
"""One agent in so many is advised on an action even where advice does not pay, lest nobody notice that it does."""


class Advice:
    """One level for all: advised actions of each agent, and in proportion the agents whose scouts are advised.

    Scouts have no level of their own: where the model does not help those that climb, what it likes best elsewhere
    is high but leads nowhere, as the rim of what is unfair.

    Args:
        agents: Agents K.
        actions: Actions of an agent in a round, scouts apart; the rows to be advised come first.
        scouts: Scouts of an agent in a round; all or none are advised.
    """

    def __init__(self, agents: int, actions: int, scouts: int) -> None:
        self._agents, self._scouts, self._most = agents, scouts, max(0, actions - 1)
        self._half = min(self._most, max(1, actions // 2))
        self.level = self._half
        """Advised actions of each agent but those that try, at least half of them at first."""

    @property
    def actions(self) -> NDArray[np.intp]:
        """(K,) advised actions of each agent, the first ones."""
        trying = np.arange(self._agents) < max(1, self._agents // TRYING)
        return np.asarray(np.maximum(self.level, trying * min(1, self._most)))

    @property
    def leading(self) -> int:
        """Agents whose scouts are advised, the first ones; never all."""
        if not self._scouts or not self._most:
            return 0
        return min(self._agents - 1, -(-self.level * self._agents // self._most))

    @property
    def proven(self) -> bool:
        """Whether nothing yet speaks against advised scouts."""
        return self.leading > 0 and self.level >= self._half

    def learn(self, acted: Float) -> None:
        """More or less advice, by the errors (K, actions) of a round; NaN does not count."""
        told = np.isfinite(acted).any(axis=1) & (self.actions > 0)
        advised = np.arange(acted.shape[1]) < self.actions[told, None]
        gain = acted[told] - np.nanmean(acted[told], axis=1, keepdims=True)
        self.level = int(np.clip(self.level + verdict(gain[advised], gain[~advised]), 0, self._most))

    def state(self) -> dict[str, Any]:
        """The level."""
        return {"advised": self.level}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        self.level = int(state["advised"])


def verdict(advised: Float, free: Float) -> int:
    """1 where advised errors are clearly above free ones, -1 where that is doubtful, else 0; NaN does not count."""
    advised, free = (x[np.isfinite(x)] for x in (advised, free))
    if len(advised) < 2 or len(free) < 2:
        return 0
    spread = np.sqrt(advised.var() / len(advised) + free.var() / len(free))
    gain = (advised.mean() - free.mean()) / max(spread, 1e-12)
    return int(gain > CLEAR) - int(gain < DOUBTFUL)
