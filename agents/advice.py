"""Advice: how much of what the agents do follows the model of the error, as far as it proves good."""

from __future__ import annotations

from typing import Any

import numpy as np

from agents.base import Float

CLEAR, DOUBTFUL = 1.5, 0.5
"""Standard errors by which advised rows must do better for more advice, and below which there is less."""

STEPS = 8
"""Rounds in which scouts go from all free to all advised."""


class Advice:
    """Counts of advised actions of each agent, and of agents whose scouts are advised; half at first.

    Args:
        agents: Agents K.
        actions: Actions of an agent in a round, scouts apart; the rows to be advised come first.
        scouts: Scouts of an agent in a round; all or none are advised.
    """

    def __init__(self, agents: int, actions: int, scouts: int) -> None:
        self._agents, self._most = agents, max(0, actions - 1)
        self._step = max(1, agents // STEPS)
        self.actions = min(self._most, max(1, actions // 2))
        """Actions of each agent that are advised."""
        self.leading = min((agents + 1) // 2, agents - 1) if scouts else 0
        """Agents whose scouts are advised, the first ones."""

    @property
    def proven(self) -> bool:
        """Whether nothing yet speaks against scouts that are advised."""
        return 2 * self.leading >= self._agents

    def learn(self, acted: Float, scouted: Float) -> None:
        """More or less advice, by the errors (K, actions) and (K, scouts) of a round; NaN does not count."""
        acted = acted[np.isfinite(acted).any(axis=1)]
        acted = acted - np.nanmean(acted, axis=1, keepdims=True)
        step = verdict(acted[:, : self.actions], acted[:, self.actions :])
        self.actions = int(np.clip(self.actions + step, min(1, self._most), self._most))
        if self.leading:
            step = self._step * verdict(scouted[: self.leading], scouted[self.leading :])
            self.leading = int(np.clip(self.leading + step, 1, self._agents - 1))

    def state(self) -> dict[str, Any]:
        """Both counts."""
        return {"advised": self.actions, "leading": self.leading}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        self.actions, self.leading = int(state["advised"]), int(state["leading"])


def verdict(advised: Float, free: Float) -> int:
    """1 where advised errors are clearly above free ones, -1 where that is doubtful, else 0; NaN does not count."""
    advised, free = (x[np.isfinite(x)] for x in (advised, free))
    if len(advised) < 2 or len(free) < 2:
        return 0
    spread = np.sqrt(advised.var() / len(advised) + free.var() / len(free))
    gain = (advised.mean() - free.mean()) / max(spread, 1e-12)
    return int(gain > CLEAR) - int(gain < DOUBTFUL)
