"""A population of refining walkers with one policy for all: what PPO and SAC have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from agents.base import Float, Setting
from agents.checks import check_population, check_told, load_rng, save_rng
from agents.places import cube_distance
from agents.refinement import LOSS, REWARD, SEEN, Float32, Rows, Walks, normal
from agents.sb3_common import Brain
from agents.sb3_leaders import Leaders
from agents.sb3_starts import CHOICE, Starts
from agents.screening import Screen

BOLD, CAUTION = 5, 0.7
"""Candidates of a step after which each further one shrinks the policy's mean, and by how much."""

FIRST = 1.0
"""Reward of an episode's first query whose error is above the mean by the scale of errors."""

BONUS, PENALTY = 1.0, 0.5
"""Reward of a failure that is distinct from all before, and loss by an unfair query."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Episodes:
    """How walkers refine; the fields are options of `Ppo` and `Sac`.

    Raises:
        ValueError: naming an option that is out of its range.
    """

    batch: int
    episode: int
    step: float
    seeded: float
    patience: int
    imitate: float

    def __post_init__(self) -> None:
        if not 4 <= self.episode <= 16:
            raise ValueError(f"expected episode of 4 to 16 queries, got {self.episode}")
        if not self.step > 0:
            raise ValueError(f"expected step above 0, got {self.step}")
        for name in ("seeded", "imitate"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"expected {name} from 0 to 1, got {getattr(self, name)}")
        if self.patience < 1:
            raise ValueError(f"expected patience of at least 1, got {self.patience}")


@dataclass(frozen=True)
class Tried:
    """Candidates (m, ...) of one call of a screen."""

    rows: Rows
    units: Float
    start: Float
    seen: Float32
    action: Float


MakeBrain = Callable[[int, int, int, np.random.Generator], Brain]
"""(length of an observation, length of an action, walkers, rng) -> brain."""


class SharedPolicy:
    """Walkers of all agents that refine by one policy.

    Args:
        setting: the task.
        kind: name of the population.
        episodes: how walkers refine.
        brain: makes the policy.
    """

    def __init__(self, setting: Setting, kind: str, episodes: Episodes, brain: MakeBrain) -> None:
        check_population(setting.dim, setting.agents, episodes.batch)
        self._setting, self._kind, self._seeded = setting, kind, episodes.seeded
        self._rng = np.random.default_rng(np.random.SeedSequence(setting.seed, spawn_key=(5,)))
        self._screen = Screen(setting.margin)
        self._batch, self._count = episodes.batch, setting.agents * episodes.batch
        self._walks = Walks(setting.agents, episodes.batch, setting.dim, episodes.episode, episodes.step)
        self._starts = Starts(setting.dim, setting.typical, episodes.imitate)
        most, distance = max(64, 4 * setting.agents), setting.distance or cube_distance
        self._leaders = Leaders(setting.dim, setting.agents, most, episodes.patience, distance)
        self._brain = brain(self._walks.sees, self._walks.acts, self._count, self._rng)
        self._told, self._level = 0, 0.0
        self._asked: Float | None = None

    @property
    def screened(self) -> int:
        """Candidates judged so far."""
        return self._screen.screened

    def ask(self) -> Float:
        """One step of every walker (agents * batch, D): row i belongs to agent i // batch."""
        tried: list[Tried] = []
        self._asked, margins = self._screen.fill(self._count, self._proposals(tried))
        self._fair = margins >= 0
        self._start, self._seen, self._action = _kept(tried, self._asked)
        self._walks.unwatch()
        return self._asked.copy()

    def observe(self, per_joint: Float) -> None:
        """Show the error (n, J) of each joint of the queries asked for; the policy sees it at its next step.

        Raises:
            ValueError: if there is not one row for each query.
        """
        if per_joint.ndim != 2 or len(per_joint) != self._count:
            raise ValueError(
                f"expected joint errors (n, J) of {self._count} queries, got shape {per_joint.shape}"
            )
        self._walks.watch(per_joint)

    def tell(self, units: Float, error: Float) -> None:
        """Reward every walker's step, end episodes, and train the policy."""
        check_told(self._asked, units, error)
        self._told += 1
        self._level += (float(error.mean()) - self._level) / self._told
        reward = self._rewards(units, error)
        ended = self._walks.ended()
        self._restart(ended)
        done = np.isin(np.arange(self._count), ended)
        self._brain.learn(self._seen, self._action, reward, done, self._look(), self._rng)
        self._asked = None

    def state(self) -> dict[str, Any]:
        """The policy and its memory, walkers, leaders, and the random generator."""
        return {
            "kind": self._kind,
            "dim": self._setting.dim,
            "brain": self._brain.state(),
            "walks": self._walks.state(),
            "leaders": self._leaders.state(),
            "places": self._places(),
            "learned": self._starts.learned.copy(),
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
        self._starts.learned = np.array(state["learned"])
        self._rng = load_rng(state["rng"])
        self._told, self._level = int(state["told"]), float(state["level"])
        self._screen.screened = int(state["screened"])

    def start_from(self, state: dict[str, Any]) -> None:
        """Take the networks and the places to begin at, no errors, of a population of the same kind.

        Raises:
            ValueError: if it is of another kind or searched another space.
        """
        if state.get("kind") != self._kind:
            raise ValueError(f"expected a policy of {self._kind}, got one of {state.get('kind')}")
        if int(state["dim"]) != self._setting.dim:
            raise ValueError(f"expected a policy for {self._setting.dim} dimensions, got {state['dim']}")
        self._brain.take_policy(state["brain"])
        self._starts.learned = np.array(state["places"])

    def _scale(self) -> float:
        """The threshold, or the mean of what was told."""
        return self._setting.threshold or max(abs(self._level), 1e-9)

    def _look(self) -> Float32:
        return self._see(np.arange(self._count), self._walks.at)

    def _see(self, rows: Rows, at: Float) -> Float32:
        return self._walks.seen(rows, at, self._scale())

    def _proposals(self, tried: list[Tried]) -> Callable[[Rows], Float]:
        """What screening draws from: the policy's steps, from a new start where a walker waits for one."""
        sight = self._look()
        centre, width = self._brain.act(sight)

        def draw(rows: Rows) -> Float:
            start, seen, mean, spread = self._walks.at[rows], sight[rows], centre[rows], width[rows]
            new = np.flatnonzero(self._walks.fresh[rows])
            if len(new):
                choice = 1 if tried else CHOICE
                pick = self._starts.pick(rows[new], self._see, self._brain.value, self._rng, choice)
                start[new], seen[new] = pick
                mean[new], spread[new] = self._brain.act(seen[new])
            bold = CAUTION ** max(0, len(tried) - BOLD)
            action = bold * mean + spread * self._rng.standard_normal(mean.shape)
            units = ndtr(self._walks.stepped(rows, start, np.tanh(action)))
            tried.append(Tried(rows, units.copy(), start, seen, action))
            return np.asarray(units)

        return draw

    def _rewards(self, units: Float, error: Float) -> Float32:
        """Move the walkers, let what they reached join the leaders, and say what each step was worth (n,)."""
        fair, first, scale = self._fair, self._walks.fresh & self._fair, self._scale()
        gain = self._walks.settle(self._start, normal(units), error, fair) / scale
        reward = REWARD * np.where(gain > 0, gain, LOSS * gain)
        reward[first] = FIRST * (error[first] - self._level) / scale
        reward[self._new_failures(units, error)] += BONUS
        return np.where(fair, reward, -PENALTY).clip(-SEEN, SEEN).astype(np.float32)

    def _new_failures(self, units: Float, error: Float) -> Rows:
        rows = np.flatnonzero(self._fair)
        self._leaders.age()
        new = rows[self._leaders.add(units[rows], error[rows], self._scale())]
        return new[error[new] > self._limit()]

    def _limit(self) -> float:
        """Error of a failure; without a threshold nothing is one."""
        return np.inf if self._setting.threshold is None else self._setting.threshold

    def _restart(self, rows: Rows) -> None:
        """Begin episodes: a share at the leader of the walker's agent, the others at a draw."""
        at, error = np.zeros((len(rows), self._setting.dim)), np.full(len(rows), np.nan)
        self._leaders.assign(self._rng)
        home = self._leaders.homes()[rows // self._batch]
        again = np.flatnonzero((self._rng.random(len(rows)) < self._seeded) & (home >= 0))
        at[again] = normal(self._leaders.units[home[again]])
        error[again] = self._leaders.error[home[again]]
        self._walks.restart(rows, at, error)

    def _places(self) -> Float:
        """Where the policy learned to begin: distinct failures, without a threshold the best distinct points."""
        if self._setting.threshold is None:
            return self._leaders.units[: self._setting.agents].copy()
        failing = self._leaders.error > self._limit()
        return (self._leaders.units[failing] if failing.any() else self._starts.learned).copy()


def _kept(tried: list[Tried], units: Float) -> tuple[Float, Float32, Float]:
    """Starts, sights and actions of those candidates that screening kept as `units` (n, D)."""
    start, seen, action = tried[0].start.copy(), tried[0].seen.copy(), tried[0].action.copy()
    for some in tried[1:]:
        kept = (units[some.rows] == some.units).all(axis=1)
        rows = some.rows[kept]
        start[rows], seen[rows], action[rows] = some.start[kept], some.seen[kept], some.action[kept]
    return start, seen, action
