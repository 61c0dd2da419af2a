"""Gaussian policies trained by natural gradient: each agent's mean, step size and covariance."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_triangular

from agents.base import Float
from agents.places import FACE

COVARIANCES = ("full", "diagonal")

MOST_SIGMA, LEAST_SIGMA = 1.0, 0.02
"""Bounds of a policy's step size, in places."""


class Policies:
    """One Gaussian policy for each agent.

    The natural gradient of the expected rank utility, with step-size control and a covariance learned from the
    steps that paid and those that did not: CMA-ES (Hansen, The CMA Evolution Strategy: A Tutorial, 2016, figure 6 and
    table 1), which is natural policy gradient on Gaussian policies (Akimoto et al., PPSN 2010). Whitening is by the
    Cholesky factor. `diagonal` learns variances alone, faster by (D + 2) / 3 (Ros and Hansen, PPSN 2008).

    Args:
        agents: Number of policies K.
        dim: Dimensions D.
        actions: Actions a policy learns from at once.
        spread: Standard deviation that a policy starts with, in places.
        covariance: One of COVARIANCES.
    """

    def __init__(self, agents: int, dim: int, actions: int, spread: float, covariance: str) -> None:
        self._dim, self._spread0, self._full = dim, spread, covariance == "full"
        self._ranks = np.log((actions + 1) / 2) - np.log(np.arange(1, actions + 1))
        self.utility = rank_utilities(actions)
        mass = 1 / float((self.utility**2).sum())
        self._mass = mass
        self._c_path = (4 + mass / dim) / (dim + 4 + 2 * mass / dim)
        self._c_sigma = (mass + 2) / (dim + mass + 5)
        self._damping = 1 + 2 * max(0.0, np.sqrt((mass - 1) / (dim + 1)) - 1) + self._c_sigma
        c_one = 2 / ((dim + 1.3) ** 2 + mass)
        c_many = min(1 - c_one, 2 * (0.25 + mass - 2 + 1 / mass) / ((dim + 2) ** 2 + mass))
        faster = 1.0 if self._full else (dim + 2) / 3
        self._c_one, self._c_many = min(0.5, c_one * faster), min(0.5, c_many * faster)
        self._shares = self._signed(dim)
        self._length = np.sqrt(dim) * (1 - 1 / (4 * dim) + 1 / (21 * dim**2))
        self.mean = np.zeros((agents, dim))
        self.sigma = np.full(agents, spread)
        self.covariance = np.tile(np.eye(dim), (agents, 1, 1))
        self.path = np.zeros((agents, dim))
        self.trend = np.zeros((agents, dim))
        """Path of the whitened steps, which the step size follows."""

    def _signed(self, dim: int) -> Float:
        """Weights (n,) by which ranks reshape the covariance: steps that did not pay take away from it."""
        good, bad = self._ranks.clip(0.0), -self._ranks.clip(None, 0.0)
        if not bad.any() or not good.any():
            return self.utility
        spent = bad.sum() ** 2 / (bad**2).sum()
        most = min(
            1 + self._c_one / self._c_many,
            1 + 2 * spent / (self._mass + 2),
            (1 - self._c_one - self._c_many) / (dim * self._c_many),
        )
        return np.asarray(good / good.sum() - most * bad / bad.sum())

    def draw(self, agent: int, count: int, rng: np.random.Generator, reach: float = 1.0) -> Float:
        """Actions (count, D) of an agent, in places; steps are up to `reach` times as long as the policy's."""
        noise = rng.standard_normal((count, self._dim)) * reach ** rng.random((count, 1))
        factor = np.linalg.cholesky(self.covariance[agent])
        return np.asarray((self.mean[agent] + self.sigma[agent] * (noise @ factor.T)).clip(-FACE, FACE))

    def restart(self, agent: int, mean: Float) -> None:
        """Begin again round a mean (D,)."""
        self.mean[agent] = mean
        self.sigma[agent] = self._spread0
        self.covariance[agent] = np.eye(self._dim)
        self.path[agent] = self.trend[agent] = 0.0

    def train(self, agent: int, actions: Float, value: Float) -> None:
        """One natural-gradient step from actions (n, D) of values (n,)."""
        order = np.argsort(-value, kind="stable")
        steps = (actions[order] - self.mean[agent]) / self.sigma[agent]
        move = self.utility @ steps
        self.mean[agent] = self.mean[agent] + self.sigma[agent] * move
        self._resize(agent, move)
        self._reshape(agent, move, steps)

    def _resize(self, agent: int, move: Float) -> None:
        c = self._c_sigma
        white = self._whitened(agent, move[None])[0]
        self.trend[agent] = (1 - c) * self.trend[agent] + np.sqrt(c * (2 - c) * self._mass) * white
        pull = np.linalg.norm(self.trend[agent]) / self._length - 1
        grown = self.sigma[agent] * np.exp(min(1.0, c / self._damping * pull))
        self.sigma[agent] = np.clip(grown, LEAST_SIGMA, MOST_SIGMA)

    def _whitened(self, agent: int, steps: Float) -> Float:
        factor = np.linalg.cholesky(self.covariance[agent])
        return np.asarray(solve_triangular(factor, steps.T, lower=True).T)

    def _reshape(self, agent: int, move: Float, steps: Float) -> None:
        c, one, many = self._c_path, self._c_one, self._c_many
        calm = np.linalg.norm(self.trend[agent]) < (1.4 + 2 / (self._dim + 1)) * self._length
        self.path[agent] = (1 - c) * self.path[agent] + calm * np.sqrt(c * (2 - c) * self._mass) * move
        lengths = (self._whitened(agent, steps) ** 2).sum(axis=1)
        shares = np.where(self._shares < 0, self._shares * self._dim / lengths.clip(1e-9), self._shares)
        seen = one * np.outer(self.path[agent], self.path[agent]) + many * (steps.T * shares) @ steps
        grown = (1 - one - many * self._shares.sum()) * self.covariance[agent] + seen
        self.covariance[agent] = grown if self._full else np.diag(np.diag(grown))


def rank_utilities(count: int) -> Float:
    """Weights (count,) of the ranks, best first: log-linear, zero for the worse half, summing to 1.

    As in Hansen, The CMA Evolution Strategy: A Tutorial, 2016, equation 49.
    """
    raw = np.maximum(0.0, np.log(count / 2 + 0.5) - np.log(np.arange(1, count + 1)))
    return np.asarray(raw / raw.sum()) if raw.sum() > 0 else np.full(count, 1 / count)
