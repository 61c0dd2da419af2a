"""The rules of the gymnasium environments: what a person, a move and a reward are, for any number of people at once.

Every person walks alone: rewards, observations and draws of one row never depend on the rows beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Box, Space
from numpy.typing import NDArray

from agents.screening import Screen
from examiner.env_walks import Failure, Float32, Rows, Step, Walks
from examiner.joints import Float
from examiner.journal import Part
from examiner.outcomes import Outcomes
from examiner.rig import Rig
from simulator import Scene, join_scenes, redraw

STEP = 0.1
"""Share of the unit cube's side that an action of 1 moves a unit."""

LENGTH = 8
"""Steps of an episode, each at most one query."""

PENALTY = 0.1
"""Reward of an unfair move for each unit of its (negative) margin."""

BONUS = 1.0
"""Reward of an episode's first fair failure."""

STAGE = "env/step"
"""What the history says that its queries were for."""


class Task:
    """The transition that all environments share, and the history of what it asked.

    Args:
        rig: whose space is walked and whose target is asked.
        step: share of the cube that an action of 1 moves a unit.
        length: steps of an episode.

    Raises:
        ValueError: if the step is not in (0, 1] or the length is below 1.
    """

    def __init__(self, rig: Rig, *, step: float = STEP, length: int = LENGTH) -> None:
        if not 0 < step <= 1:
            raise ValueError(f"expected a step above 0 and at most 1 of the cube, got {step}")
        if length < 1:
            raise ValueError(f"expected an episode of at least 1 step, got {length}")
        self.rig = rig
        self.history: list[Part] = []
        self.queries = 0
        self._step, self._length = step, length
        self._dim, self._joints = rig.space.dim, len(rig.evaluator.joints)

    def observation_space(self) -> Space[Float32]:
        """A new box: D units, the last error, J joint errors, the share of the episode; all in [0, 1]."""
        return _box(0.0, 1.0, self._dim + self._joints + 2)

    def action_space(self) -> Space[Float32]:
        """A new box: D moves in [-1, 1]."""
        return _box(-1.0, 1.0, self._dim)

    def unstarted(self, count: int) -> Walks:
        """People whose episode is over: the first step wants a start."""
        return replace(self._fresh(np.zeros((count, self._dim))), steps=np.full(count, self._length))

    def start(self, rngs: Sequence[np.random.Generator], units: NDArray[Any] | None = None) -> Walks:
        """New people: screened draws, typical or uniform, or the units (n, D) that are given.

        Costs no query: the first one is asked of the first fair move.

        Raises:
            ValueError: if the units are not (n, D) in [0, 1].
        """
        if units is None:
            units, _ = Screen(self.rig.margin).fill(
                len(rngs), lambda rows: np.stack([self._propose(rngs[int(row)]) for row in rows])
            )
        elif np.shape(units) != (len(rngs), self._dim):
            raise ValueError(f"expected units of shape ({len(rngs)}, {self._dim}), got {np.shape(units)}")
        starts = np.array(units, dtype=np.float64)
        self.rig.space.check(starts)
        return self._fresh(starts)

    def step(self, walks: Walks, actions: Any, rngs: Sequence[np.random.Generator]) -> Step:
        """Move everyone, and ask the target about all fair moves in one batch.

        A move to an unfair person is not made and costs no query, but it takes one of the episode's steps.

        Raises:
            ResetNeeded: if an episode has not begun or is over.
            ValueError: if the actions are not (n, D) finite numbers.
        """
        if (walks.steps >= self._length).any():
            raise ResetNeeded("expected reset() before step(): the episode has not begun or is over")
        proposed = self._moved(walks.units, actions)
        margin = self.rig.margin(proposed)
        reward = PENALTY * np.minimum(margin, 0.0)
        error, failure = np.full(len(margin), np.nan), np.zeros(len(margin), dtype=np.bool_)
        walks = replace(walks, steps=walks.steps + 1)
        rows = np.flatnonzero(margin >= 0)
        if len(rows):
            outcomes = self._ask(proposed[rows], rows, [rngs[int(row)] for row in rows])
            before = walks.rows(rows)
            after = self._after(before, proposed[rows], outcomes)
            error[rows] = self._told(outcomes)
            failure[rows] = outcomes.failures(self.rig.threshold)
            reward[rows] = (after.best - before.best) / self.rig.threshold
            reward[rows] += BONUS * (after.failed & ~before.failed)
            walks = walks.put(rows, after)
        return Step(walks, reward, walks.steps >= self._length, margin, error, failure)

    def observe(self, walks: Walks) -> Float32:
        """Observations (n, D + J + 2)."""
        share = walks.steps / self._length
        columns = [walks.units, walks.error[:, None], walks.per_joint, share[:, None]]
        return np.concatenate(columns, axis=1).astype(np.float32)

    def pictures(self, walks: Walks) -> NDArray[np.uint8]:
        """Pictures (n, H, W, 3) of the people; asks no target."""
        scene = self.rig.space.decode(walks.units)
        return np.concatenate([batch.images for batch in self.rig.evaluator.draw(scene)])

    def failures(self) -> list[Failure]:
        """Every fair query above the threshold, the worst first."""
        found = [self._failure(part, row) for part in self.history for row in self._failed(part)]
        return sorted(found, key=lambda failure: -float(failure.outcomes.severity[0]))

    def _failed(self, part: Part) -> list[int]:
        return [int(row) for row in np.flatnonzero(part.outcomes.failures(self.rig.threshold))]

    def _failure(self, part: Part, row: int) -> Failure:
        one = slice(row, row + 1)
        agent = int(part.state["agent"][row])
        return Failure(
            part.first_query + row, agent, part.units[row], part.scene.rows(one), part.outcomes.rows(one)
        )

    def _fresh(self, units: Float) -> Walks:
        count = len(units)
        return Walks(
            units=units,
            error=np.zeros(count),
            per_joint=np.zeros((count, self._joints)),
            best=np.zeros(count),
            failed=np.zeros(count, dtype=np.bool_),
            steps=np.zeros(count, np.int64),
            queries=np.zeros(count, np.int64),
        )

    def _propose(self, rng: np.random.Generator) -> Float:
        """One start: typical or uniform, evens."""
        draw = self.rig.space.typical if rng.random() < 0.5 else self.rig.space.sample
        return np.asarray(draw(1, rng)[0])

    def _moved(self, units: Float, actions: Any) -> Float:
        moves = np.asarray(actions, dtype=np.float64)
        if moves.shape != units.shape:
            raise ValueError(f"expected actions of shape {units.shape}, one row a person, got {moves.shape}")
        bad = np.argwhere(~np.isfinite(moves))
        if len(bad):
            row, column = bad[0]
            raise ValueError(
                f"expected finite actions, got {moves[row, column]} in row {row}; check the policy"
            )
        return np.clip(units + self._step * np.clip(moves, -1.0, 1.0), 0.0, 1.0)

    def _ask(self, units: Float, rows: Rows, rngs: Sequence[np.random.Generator]) -> Outcomes:
        scene = self._varied(self.rig.space.decode(units), rngs)
        outcomes = self.rig.evaluator(scene)
        self.history.append(Part(STAGE, self.queries, units, scene, outcomes, {"agent": rows}))
        self.queries += len(outcomes)
        return outcomes

    def _varied(self, scene: Scene, rngs: Sequence[np.random.Generator]) -> Scene:
        """The scene with what the configuration varies drawn anew, each person from its own generator."""
        if not self.rig.vary:
            return scene
        people = [redraw(scene.rows(slice(i, i + 1)), self.rig.vary, rng) for i, rng in enumerate(rngs)]
        return self.rig.space.frame(join_scenes(people))

    def _after(self, before: Walks, units: Float, outcomes: Outcomes) -> Walks:
        told, scale = self._told(outcomes), 2 * self.rig.threshold
        joints = np.where(np.isfinite(outcomes.per_joint), outcomes.per_joint, told[:, None])
        return Walks(
            units=units,
            error=np.minimum(told / scale, 1.0),
            per_joint=np.minimum(joints / scale, 1.0),
            best=np.maximum(before.best, np.where(outcomes.fair, told, 0.0)),
            failed=before.failed | outcomes.failures(self.rig.threshold),
            steps=before.steps,
            queries=before.queries + 1,
        )

    def _told(self, outcomes: Outcomes) -> Float:
        """(n,) what agents are told, each row as if it were alone: 0 for an invalid answer."""
        alone = [outcomes.rows(slice(i, i + 1)) for i in range(len(outcomes))]
        return np.concatenate([one.told(self.rig.threshold) for one in alone])


def _box(low: float, high: float, size: int) -> Space[Float32]:
    box: Space[Any] = Box(low, high, (size,), np.float32)
    return box
