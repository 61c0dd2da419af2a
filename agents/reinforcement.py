"""Reinforcement learning inside ask and tell: one policy of stable-baselines3, shared by all agents.

The walkers of all agents are the parallel environments of one policy (parameter sharing). Episodes start at
draws that the critic likes best, or again at the best distinct points that anyone has seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from agents.base import Float, Setting
from agents.checks import check_population, check_told, load_rng, save_rng
from agents.policy_gradient import cube_distance
from agents.refinement import LOSS, REWARD, Float32, Rows, Walks, normal
from agents.sb3_common import Brain
from agents.sb3_leaders import Leaders
from agents.sb3_ppo import PpoBrain
from agents.sb3_sac import SacBrain
from agents.screening import Screen

TYPICAL = 0.75
"""Share of the draws as real people take them, where there are such."""

FREE = 2
CHOICE = 16
"""Draws of which the critic picks one to start from."""

IMITATED = 0.5
BOLD, CAUTION = 5, 0.7
"""Candidates of a step before it is shortened, and by how much each further one is."""

BONUS, PENALTY = 1.0, 0.5
"""Reward of a failure that is new, and of an unfair query."""


@dataclass(frozen=True)
class _Tried:
    """Candidates of one call of a screen."""

    rows: Rows
    units: Float
    start: Float
    seen: Float32
    action: Float

    def kept(self, units: Float) -> Rows:
        """Which candidates (indices) are among the units that were kept."""
        return np.flatnonzero((units[self.rows] == self.units).all(axis=1))


class _Refining:
    """A population that refines with one shared policy; `Ppo` and `Sac` say which."""

    _kind = ""

    def __init__(
        self, setting: Setting, batch: int, episode: int, step: float, seeded: float, patience: int
    ) -> None:
        check_population(setting.dim, setting.agents, batch)
        _check_options(episode, step, seeded, patience)
        self._setting, self._seeded = setting, seeded
        self._rng = np.random.default_rng(np.random.SeedSequence(setting.seed, spawn_key=(5,)))
        self._screen = Screen(setting.margin)
        self._walks = Walks(setting.agents, batch, setting.dim, episode, step)
        distance = setting.distance or cube_distance
        self._leaders = Leaders(setting.dim, max(64, 4 * setting.agents), patience, distance)
        self._count = setting.agents * batch
        self._told, self._level = 0, 0.0
        self._asked: Float | None = None
        self._margins = np.empty(0)
        self._inherited, self._imitated = np.empty((0, setting.dim)), IMITATED
        self._brain = self._make_brain()

    def _make_brain(self) -> Brain:
        raise NotImplementedError

    @property
    def screened(self) -> int:
        """Candidates judged so far."""
        return self._screen.screened

    @property
    def _scale(self) -> float:
        """The threshold, or the mean of what was told."""
        return self._setting.threshold or max(self._level, 1e-9)

    def ask(self) -> Float:
        """One step of every walker (agents * batch, D): row i belongs to agent i // batch."""
        tried: list[_Tried] = []
        self._asked, self._margins = self._screen.fill(self._count, self._proposals(tried))
        self._start, self._seen, self._action = self._kept(tried)
        return self._asked.copy()

    def observe(self, per_joint: Float) -> None:
        """The error (n, J) of each joint of the queries asked for; the policy sees it at its next step."""
        if per_joint.ndim != 2 or len(per_joint) != self._count:
            raise ValueError(
                f"expected joint errors of {self._count} queries (n, J), got shape {per_joint.shape}"
            )
        self._walks.watch(per_joint)

    def tell(self, units: Float, error: Float) -> None:
        """Reward every walker's step, train the policy, and end episodes."""
        check_told(self._asked, units, error)
        fair = self._margins >= 0
        self._level += (float(np.abs(error).mean()) - self._level) / (self._told + 1)
        self._told += 1
        reward = self._reward(units, error, fair)
        ended = self._walks.ended()
        self._restart(ended)
        rows = np.arange(self._count)
        then = self._walks.seen(rows, self._walks.at, self._scale)
        done = np.isin(rows, ended)
        self._brain.learn(self._seen, self._action, reward.astype(np.float32), done, then, self._rng)
        self._asked = None

    def state(self) -> dict[str, Any]:
        """The policy, its memory, walkers, leaders and the random generator."""
        return {
            "kind": self._kind,
            "dim": self._setting.dim,
            "brain": self._brain.state(),
            "walks": self._walks.state(),
            "leaders": self._leaders.state(),
            "starts": self._found(),
            "inherited": self._inherited.copy(),
            "rng": save_rng(self._rng),
            "told": self._told,
            "level": self._level,
            "screened": self.screened,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        self._brain.load_state(state["brain"])
        self._walks.load_state(state["walks"])
        self._leaders.load_state(state["leaders"])
        self._inherited = np.array(state["inherited"])
        self._rng = load_rng(state["rng"])
        self._told, self._level = int(state["told"]), float(state["level"])
        self._screen.screened = int(state["screened"])

    def start_from(self, state: dict[str, Any]) -> None:
        """Take the policy and its critics, and nothing else, of a population of the same kind from its `state()`.

        Raises:
            ValueError: if it is of another kind or searched another space.
        """
        if state.get("kind") != self._kind:
            raise ValueError(f"expected a policy of {self._kind}, got {state.get('kind', 'another kind')}")
        if int(state["dim"]) != self._setting.dim:
            raise ValueError(f"expected a policy for {self._setting.dim} dimensions, got {state['dim']}")
        self._brain.take_policy(state["brain"])
        self._inherited = np.array(state["starts"])

    def _proposals(self, tried: list[_Tried]) -> Callable[[Rows], Float]:
        """What screening draws from: the policy's steps, from a new start where a walker waits for one."""
        walks = self._walks
        standing = np.arange(self._count)
        seen = walks.seen(standing, walks.at, self._scale)
        mean, spread = self._brain.act(seen)

        def draw(rows: Rows) -> Float:
            bold = CAUTION ** max(0, len(tried) - BOLD)
            start, sight, centre, width = walks.at[rows], seen[rows], mean[rows], spread[rows]
            new = np.flatnonzero(walks.fresh[rows])
            if len(new):
                start[new], sight[new] = self._starts(rows[new], 1 if tried else CHOICE)
                centre[new], width[new] = self._brain.act(sight[new])
            action = bold * centre + width * self._rng.standard_normal(centre.shape)
            units = ndtr(walks.stepped(rows, start, np.tanh(action)))
            tried.append(_Tried(rows.copy(), units.copy(), start, sight, action))
            return units

        return draw

    def _starts(self, rows: Rows, choice: int) -> tuple[Float, Float32]:
        """For each walker the draw of `choice` that the critic likes best, and what is seen there."""
        each = np.repeat(rows, choice)
        drawn = normal(self._draw(len(each)))
        if len(self._inherited):
            again = np.repeat(self._rng.random(len(rows)) < self._imitated, choice)
            drawn[again] = normal(self._inherited[self._rng.integers(len(self._inherited), size=again.sum())])
        seen = self._walks.seen(each, drawn, self._scale)
        best = self._brain.value(seen).reshape(len(rows), choice).argmax(axis=1)
        best[rows % FREE == 0] = 0
        chosen = np.arange(len(rows)) * choice + best
        return drawn[chosen], seen[chosen]

    def _draw(self, count: int) -> Float:
        uniform = self._rng.random((count, self._setting.dim))
        if self._setting.typical is None:
            return uniform
        real = self._setting.typical(count, self._rng)
        return np.where(self._rng.random((count, 1)) < TYPICAL, real, uniform)

    def _found(self) -> Float:
        """What the start policy has learned: the best distinct points, failures where a threshold is known."""
        level = self._setting.threshold
        if level is None:
            return self._leaders.units[: self._setting.agents].copy()
        return self._leaders.units[self._leaders.error > level].copy()

    def _kept(self, tried: list[_Tried]) -> tuple[Float, Float32, Float]:
        """Starts, sights and actions of the candidates that screening kept."""
        assert self._asked is not None
        start, seen, action = tried[0].start.copy(), tried[0].seen.copy(), tried[0].action.copy()
        for some in tried[1:]:
            kept = some.kept(self._asked)
            rows = some.rows[kept]
            start[rows], seen[rows], action[rows] = some.start[kept], some.seen[kept], some.action[kept]
        return start, seen, action

    def _reward(self, units: Float, error: Float, fair: np.ndarray[Any, np.dtype[np.bool_]]) -> Float:
        first = self._walks.fresh.copy()
        gain = self._walks.settle(self._start, normal(units), error, fair) / self._scale
        reward = REWARD * np.where(gain > 0, gain, LOSS * gain)
        found = first & fair
        reward[found] = FIRST * (error[found] - self._level) / self._scale
        self._leaders.worked(self._setting.agents)
        row = np.flatnonzero(fair)
        new = row[self._leaders.add(units[fair], error[fair], self._scale)]
        if self._setting.threshold is not None:
            reward[new[error[new] > self._setting.threshold]] += BONUS
        return np.where(fair, reward, -PENALTY).clip(-SEEN, SEEN)

    def _restart(self, rows: Rows) -> None:
        """Begin episodes: a share at the leader of the walker's agent, the others at a draw."""
        at, error = np.zeros((len(rows), self._setting.dim)), np.full(len(rows), np.nan)
        open_leaders = self._leaders.open()[: self._setting.agents]
        again = self._rng.random(len(rows)) < self._seeded
        if len(open_leaders):
            agent = rows // (self._count // self._setting.agents)
            home = open_leaders[agent % len(open_leaders)]
            at[again] = normal(self._leaders.units[home[again]])
            error[again] = self._leaders.error[home[again]]
        self._walks.restart(rows, at, error)


FIRST = 1.0
SEEN = 5.0


def _check_options(episode: int, step: float, seeded: float, patience: int) -> None:
    if not 4 <= episode <= 16:
        raise ValueError(f"expected episode of 4 to 16 queries, got {episode}")
    if not step > 0:
        raise ValueError(f"expected step above 0, got {step}")
    if not 0 <= seeded <= 1:
        raise ValueError(f"expected seeded from 0 to 1, got {seeded}")
    if patience < 1:
        raise ValueError(f"expected patience of at least 1, got {patience}")


class Ppo(_Refining):
    """Proximal policy optimisation, one policy for all agents.

    Args:
        setting: the task.
        batch: walkers of each agent, each of which takes one step in a round.
        episode: queries of an episode, 4 to 16.
        step: length of a step, in normal quantiles.
        seeded: share of the episodes that start at the best distinct points seen.
        patience: rounds without progress after which such a point is left alone.
        learning_rate: of Adam.
        epochs: passes over a rollout.
    """

    _kind = "ppo"

    def __init__(
        self,
        setting: Setting,
        *,
        batch: int = 8,
        episode: int = 8,
        step: float = 0.15,
        seeded: float = 0.75,
        patience: int = 4,
        learning_rate: float = 1e-3,
        epochs: int = 10,
    ) -> None:
        self._learning_rate, self._epochs, self._episode = learning_rate, epochs, episode
        super().__init__(setting, batch, episode, step, seeded, patience)

    def _make_brain(self) -> Brain:
        walks = self._walks
        return PpoBrain(
            walks.sees, walks.acts, self._count, self._episode, self._learning_rate, self._epochs, self._rng
        )


class Sac(_Refining):
    """Soft actor-critic, one policy for all agents.

    Args:
        setting: the task.
        batch: walkers of each agent, each of which takes one step in a round.
        episode: queries of an episode, 4 to 16.
        step: length of a step, in normal quantiles.
        seeded: share of the episodes that start at the best distinct points seen.
        patience: rounds without progress after which such a point is left alone.
        learning_rate: of Adam.
        gradient_steps: gradient steps in a round.
        memory: steps that are remembered.
    """

    _kind = "sac"

    def __init__(
        self,
        setting: Setting,
        *,
        batch: int = 8,
        episode: int = 8,
        step: float = 0.15,
        seeded: float = 0.75,
        patience: int = 4,
        learning_rate: float = 1e-3,
        gradient_steps: int = 16,
        memory: int = 10_000,
    ) -> None:
        self._learning_rate, self._gradient_steps, self._memory = learning_rate, gradient_steps, memory
        super().__init__(setting, batch, episode, step, seeded, patience)

    def _make_brain(self) -> Brain:
        walks = self._walks
        return SacBrain(
            walks.sees,
            walks.acts,
            self._count,
            self._learning_rate,
            self._gradient_steps,
            self._memory,
            self._rng,
        )
