"""Gaussian policies trained by natural gradient: each agent's mean, spreads and main direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from agents.base import Float

BOUND = 2.4
"""Largest mean in normal quantiles; the cube's face is at 2.5."""

LEAST_SPREAD, MOST_SPREAD = 0.05, 1.0


class Policies:
    """One Gaussian policy for each agent, in normal quantiles of the unit cube.

    The gradient is natural and rank-based: separable natural evolution strategy (Wierstra et al., Natural Evolution
    Strategies, JMLR 15, 2014) for the spreads, and one direction of its own for each policy, the path of its steps
    (rank-one covariance: Hansen, The CMA Evolution Strategy: A Tutorial, 2016, section 3.3).

    Args:
        agents: Number of policies K.
        dim: Dimensions D.
        spread: Standard deviation that a policy starts with.
        path: Share of the variance that lies along the path; 0 leaves the covariance diagonal.
    """

    def __init__(self, agents: int, dim: int, spread: float, path: float) -> None:
        self._spread0, self._share = spread, path
        self._rate = (3 + np.log(dim)) / (5 * np.sqrt(dim))
        self._decay = 4 / (dim + 4) if dim > 4 else 0.5
        self.mean = np.zeros((agents, dim))
        self.spread = np.full((agents, dim), spread)
        self.path = np.zeros((agents, dim))

    def draw(self, agent: np.ndarray[Any, np.dtype[np.intp]], rng: np.random.Generator) -> Float:
        """Actions (n, D), one for each row's agent (n,)."""
        noise = rng.standard_normal((len(agent), self.mean.shape[1]))
        if self._share > 0:
            along = rng.standard_normal((len(agent), 1)) * self.path[agent]
            noise = np.sqrt(1 - self._share) * noise + np.sqrt(self._share) * along
        return np.asarray((self.mean[agent] + self.spread[agent] * noise).clip(-2.5, 2.5))

    def restart(self, agent: int, mean: Float) -> None:
        """Begin again round a mean (D,)."""
        self.mean[agent] = mean.clip(-BOUND, BOUND)
        self.spread[agent] = self._spread0
        self.path[agent] = 0.0

    def train(self, agent: int, actions: Float, weights: Float) -> None:
        """One natural-gradient step from actions (n, D) with weights (n,) that sum to 1."""
        step = actions - self.mean[agent]
        scaled = (step / self.spread[agent]) ** 2 - 1
        move = weights @ step
        self._follow(agent, move / self.spread[agent], weights)
        self.mean[agent] = (self.mean[agent] + move).clip(-BOUND, BOUND)
        growth = 0.5 * self._rate * ((weights - 1 / len(weights)) @ scaled).clip(-2, 2)
        self.spread[agent] = (self.spread[agent] * np.exp(growth)).clip(LEAST_SPREAD, MOST_SPREAD)

    def _follow(self, agent: int, move: Float, weights: Float) -> None:
        c = self._decay
        self.path[agent] = (1 - c) * self.path[agent] + np.sqrt(c * (2 - c) / (weights**2).sum()) * move


def rank_utilities(count: int) -> Float:
    """Weights (count,) of the ranks, best first: log-linear, zero for the worse half, summing to 1.

    As in Hansen, The CMA Evolution Strategy: A Tutorial, 2016, equation 49.
    """
    raw = np.maximum(0.0, np.log(count / 2 + 0.5) - np.log(np.arange(1, count + 1)))
    return np.asarray(raw / raw.sum()) if raw.sum() > 0 else np.full(count, 1 / count)
