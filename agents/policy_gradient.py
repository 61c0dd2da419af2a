"""The default search: a population of Gaussian policies trained by natural policy gradient.

Each agent is a Gaussian policy with a bounded mean and a learned spread, in the normal quantiles of the
unit cube. One round is a batch of actions for each agent; the gradient is natural and rank-based (separable
natural evolution strategy: Wierstra et al., Natural Evolution Strategies, JMLR 15, 2014; the policy-gradient
view: Williams, Machine Learning 8, 1992). The agents work together: all share one pool of what was seen and one
cheap model of the error fitted on it, act on the most promising of several draws, start from the best distinct
points, keep away from one another and from what was taken, and restart when their climb is over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from agents.base import Float, Setting
from agents.checks import check_population, check_told, load_rng, save_rng
from agents.error_model import ErrorModel, choose
from agents.screening import Screen

BOUND = 2.4
"""Largest mean in normal quantiles; the cube's face is at 2.5."""

LEAST_SPREAD = 0.05
LEAST_POOL = 32
"""Points seen before a model is fitted."""

SHORT_LIST = 4
"""Most promising draws of an action among which one that is not crowded is looked for."""

NEVER = -np.inf


class PolicyGradient:
    """A population of Gaussian policies; see the module's text.

    Args:
        setting: the task.
        batch: actions of each agent in a round.
        explore: rounds of pure exploration at the start.
        scouts: actions of each batch that go on exploring afterwards.
        spread: initial standard deviation of a policy, in normal quantiles.
        patience: rounds without a better action after which an agent restarts.
        candidates: draws of each action, of which the model's worst prediction is acted on; 1 asks no model.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        batch: int = 8,
        explore: int = 2,
        scouts: int = 2,
        spread: float = 0.35,
        patience: int = 3,
        candidates: int = 128,
    ) -> None:
        check_population(setting.dim, setting.agents, batch)
        dim, agents = setting.dim, setting.agents
        scouts = min(scouts, batch // 4)
        self._dim, self._agents, self._batch, self._scouts = dim, agents, batch, scouts
        self._explore, self._spread0, self._patience = explore, spread, patience
        self._candidates = candidates
        self._typical = setting.typical
        self._distance = setting.distance or cube_distance
        self._rng = np.random.default_rng(np.random.SeedSequence(setting.seed, spawn_key=(1,)))
        self._screen = Screen(setting.margin)
        self._utility = rank_utilities(batch - scouts + 1)
        self._rate = (3 + np.log(dim)) / (5 * np.sqrt(dim))
        self._round = 0
        self._mean = np.zeros((agents, dim))
        self._spread = np.full((agents, dim), spread)
        self._best = np.full((agents, dim), 0.5)
        self._best_error = np.full(agents, NEVER)
        self._stale = np.zeros(agents, dtype=np.int64)
        self._pool = np.empty((0, dim))
        self._pool_error = np.empty(0)
        self._taken = np.empty((0, dim))
        self._chosen = np.zeros(3)
        self._asked: Float | None = None
        self._margins = np.empty(0)

    @property
    def screened(self) -> int:
        """Candidates judged so far."""
        return self._screen.screened

    def ask(self) -> Float:
        """A batch (agents * batch, D): row i belongs to agent i // batch, its scouts last."""
        self._asked, self._margins = self._screen.fill(self._agents * self._batch, self._proposals())
        return self._asked.copy()

    def tell(self, units: Float, error: Float) -> None:
        """Share what was seen, then train or restart every agent."""
        check_told(self._asked, units, error)
        fair = self._margins >= 0
        self._pool = np.concatenate([self._pool, units[fair]])
        self._pool_error = np.concatenate([self._pool_error, error[fair]])
        value = np.where(fair, error, NEVER).reshape(self._agents, self._batch)
        acted = units.reshape(self._agents, self._batch, self._dim)
        if self._round >= self._explore:
            policy = slice(0, self._batch - self._scouts)
            for agent in range(self._agents):
                self._train(agent, acted[agent, policy], value[agent, policy])
        self._round += 1
        if self._round >= self._explore:
            idle = (self._stale >= self._patience) | (self._best_error == NEVER)
            for agent in np.flatnonzero(idle).tolist():
                self._restart(agent)
        self._asked = None

    def state(self) -> dict[str, Any]:
        """Arrays, counters and the random generator."""
        arrays = {name: getattr(self, "_" + name).copy() for name in ARRAYS}
        return {**arrays, "rng": save_rng(self._rng), "round": self._round, "screened": self.screened}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        for name in ARRAYS:
            setattr(self, "_" + name, np.array(state[name]))
        self._rng = load_rng(state["rng"])
        self._round = int(state["round"])
        self._screen.screened = int(state["screened"])

    def _model(self) -> ErrorModel | None:
        """The common model, once there is something to fit and a choice to make."""
        if self._candidates < 2 or self._round == 0 or len(self._pool) < LEAST_POOL:
            return None
        points = normal(self._pool)
        if len(points) >= 2 * self._chosen[2]:
            self._chosen = np.array([*choose(points, self._pool_error), len(points)])
        return ErrorModel(points, self._pool_error, *self._chosen[:2].tolist())

    def _proposals(self) -> Callable[[NDArray[np.intp]], Float]:
        """What screening draws from: most promising of `candidates`, of half as many at each further try."""
        model, choice = self._model(), self._candidates

        def draw(rows: NDArray[np.intp]) -> Float:
            nonlocal choice
            drawn = self._draw(rows) if model is None or choice < 2 else self._promising(rows, model, choice)
            choice //= 2
            return drawn

        return draw

    def _promising(self, rows: NDArray[np.intp], model: ErrorModel, choice: int) -> Float:
        """For each row the draw with the largest predicted error that is not crowded."""
        drawn = self._draw(np.repeat(rows, choice))
        predicted = model(normal(drawn)).reshape(len(rows), choice)
        order = np.argsort(-predicted, axis=1, kind="stable")[:, :SHORT_LIST]
        drawn = drawn.reshape(len(rows), choice, self._dim)
        each = np.arange(len(rows))
        listed = drawn[each[:, None], order]
        crowded = self._crowded_lists(rows, listed)
        chosen = listed[each, crowded.argmin(axis=1)]
        free_scout = (rows % self._batch == self._batch - 1) & (self._scouts > 0)
        return np.where(free_scout[:, None], drawn[:, 0], chosen)

    def _crowded_lists(self, rows: NDArray[np.intp], listed: Float) -> NDArray[np.bool_]:
        """Whether draws (n, list, D) are crowded for the agents of their rows; nobody's scouts mind everybody."""
        held = self._best_error > NEVER
        others = np.concatenate([self._taken, self._best[held]])
        if not len(others):
            return np.zeros(listed.shape[:2], dtype=np.bool_)
        near = self._distance(listed.reshape(-1, self._dim), others) < 1
        owner = np.concatenate([np.full(len(self._taken), -1), np.flatnonzero(held)])
        agent = np.where(rows % self._batch >= self._batch - self._scouts, -2, rows // self._batch)
        minds = owner[None] != agent[:, None]
        return np.asarray((near.reshape(*listed.shape[:2], -1) & minds[:, None]).any(axis=2))

    def _draw(self, rows: NDArray[np.intp]) -> Float:
        agent, slot = rows // self._batch, rows % self._batch
        noise = self._rng.standard_normal((len(rows), self._dim))
        drawn = ndtr((self._mean[agent] + self._spread[agent] * noise).clip(-2.5, 2.5))
        scouting = (slot >= self._batch - self._scouts) | (self._round < self._explore)
        drawn[scouting] = self._scout(int(scouting.sum()))
        return drawn

    def _scout(self, count: int) -> Float:
        uniform = self._rng.random((count, self._dim))
        if self._typical is None:
            return uniform
        real = self._typical(count, self._rng)
        return np.where(self._rng.random((count, 1)) < 0.75, real, uniform)

    def _train(self, agent: int, units: Float, value: Float) -> None:
        """One natural-gradient step on ranks; the best action so far takes part as an elder."""
        value = np.where(self._crowded(agent, units), NEVER, value)
        pool = np.concatenate([units, self._best[agent : agent + 1]])
        order = np.argsort(-np.append(value, self._best_error[agent]), kind="stable")
        weights = np.empty(len(pool))
        weights[order] = self._utility
        step = normal(pool) - self._mean[agent]
        scaled = (step / self._spread[agent]) ** 2 - 1
        self._mean[agent] = (self._mean[agent] + weights @ step).clip(-BOUND, BOUND)
        growth = 0.5 * self._rate * ((weights - 1 / len(pool)) @ scaled).clip(-2, 2)
        self._spread[agent] = (self._spread[agent] * np.exp(growth)).clip(LEAST_SPREAD, 1.0)
        self._remember(agent, units, value)

    def _remember(self, agent: int, units: Float, value: Float) -> None:
        top = int(value.argmax())
        if value[top] > self._best_error[agent]:
            self._best[agent], self._best_error[agent] = units[top], value[top]
            self._stale[agent] = 0
        else:
            self._stale[agent] += 1

    def _crowded(self, agent: int, units: Float) -> NDArray[np.bool_]:
        """Whether units are not distinct from what was taken or is held by another agent."""
        others = self._others(agent)
        if not len(others):
            return np.zeros(len(units), dtype=np.bool_)
        return np.asarray((self._distance(units, others) < 1).any(axis=1))

    def _others(self, agent: int) -> Float:
        held = (self._best_error > NEVER) & (np.arange(self._agents) != agent)
        return np.concatenate([self._taken, self._best[held]])

    def _restart(self, agent: int) -> None:
        """Take what the agent found and start at the best distinct point that anyone has seen."""
        if self._best_error[agent] > NEVER:
            self._taken = np.concatenate([self._taken, self._best[agent : agent + 1]])
        self._best_error[agent] = NEVER
        start = self._best_free(agent)
        if start is None:
            return
        self._best[agent], self._best_error[agent] = self._pool[start], self._pool_error[start]
        self._mean[agent] = normal(self._pool[start]).clip(-BOUND, BOUND)
        self._spread[agent] = self._spread0
        self._stale[agent] = 0

    def _best_free(self, agent: int) -> int | None:
        order = np.argsort(-self._pool_error, kind="stable")
        for begin in range(0, len(order), 32):
            some = order[begin : begin + 32]
            free = some[~self._crowded(agent, self._pool[some])]
            if len(free):
                return int(free[0])
        return None


ARRAYS = ("mean", "spread", "best", "best_error", "stale", "pool", "pool_error", "taken", "chosen")
"""What a state holds beside the counters."""


def normal(units: Float) -> Float:
    """Normal quantiles of units, finite at the faces of the cube."""
    return np.asarray(ndtri(units)).clip(-2.5, 2.5)


def rank_utilities(count: int) -> Float:
    """Weights (count,) of the ranks, best first: log-linear, zero for the worse half, summing to 1.

    As in Hansen, The CMA Evolution Strategy: A Tutorial, 2016, equation 49.
    """
    raw = np.maximum(0.0, np.log(count / 2 + 0.5) - np.log(np.arange(1, count + 1)))
    return np.asarray(raw / raw.sum()) if raw.sum() > 0 else np.full(count, 1 / count)


def cube_distance(a: Float, b: Float) -> Float:
    """Distances (n, m) in the cube, 1 at a tenth of its diagonal."""
    difference = np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))
    return np.asarray(difference / (0.1 * np.sqrt(a.shape[1])))
