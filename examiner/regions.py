"""Regions: a box grown round a mode, by the verified or the published rule, and what fresh draws say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from examiner import seeds
from examiner.asking import Ask
from examiner.growth import grow, start_box
from examiner.joints import Bool, Float
from examiner.outcomes import Outcomes
from examiner.published_growth import grow_published
from examiner.rig import Rig
from examiner.subspace import (
    DRAWS,
    FailureSubspace,
    Proof,
    beside_pose,
    fair_points,
    point_box,
    usual_spread,
)
from simulator import Scene

GROWTH, VERIFICATION = "growth", "verification"
"""Stages of a method in which regions ask."""

MOST_GROWTH = {"verified": 160, "published": 500}
"""Most queries spent on growing one region, by rule; the released rule asks for 50 at a time and for 15,000 in all."""


@dataclass(frozen=True)
class Region:
    """A grown box and what fresh draws said of it."""

    box: FailureSubspace
    growth_queries: int
    proof: Proof
    people: Scene
    """Those of the proof."""
    outcomes: Outcomes
    """Theirs, row by row."""


class Regions:
    """Grows and proves the regions of one method.

    Args:
        rig: The run's parts.
        stream: Number of the method among those of the run.
        ask: Answers queries.
    """

    def __init__(self, rig: Rig, stream: int, ask: Ask) -> None:
        self._rig, self._stream, self._ask = rig, stream, ask

    def grown(self, person: Scene, rank: int, budget: int, before: Outcomes) -> Region:
        """The region of the mode of a rank: grown for at most `budget` queries, then proven by DRAWS.

        Args:
            person: The mode (one row).
            rank: Its place among the method's modes.
            budget: Queries for growing.
            before: Outcomes of the agent that found it, the latest last.
        """
        point = point_box(person, beside_pose(self._rig.space), self._rig.body.joint_names)
        rng = self._generator(seeds.GROWTH, rank)
        if self._rig.config.regions == "published":
            box, used = self._published(point, budget, before.told(self._rig.threshold), rng)
        else:
            box, used = self._verified(point, budget, rng)
        return self.proven(box, used, rank, before)

    def proven(self, box: FailureSubspace, used: int, rank: int, before: Outcomes) -> Region:
        """The region of a box that took `used` queries to grow, proven by DRAWS fresh fair draws."""
        rng = self._generator(seeds.VERIFY, rank)
        points, share = fair_points(box, DRAWS, partial(self._judge, box), rng)
        people = self._dressed(box, points, rng)
        outcomes = self._ask(VERIFICATION, people) if len(points) else before.rows(slice(0, 0))
        failures = int(outcomes.exceeds(self._rig.threshold).sum())
        return Region(box, used, Proof(len(points), failures, share, box.size), people, outcomes)

    def _verified(
        self, point: FailureSubspace, budget: int, rng: np.random.Generator
    ) -> tuple[FailureSubspace, int]:
        box = start_box(point, self._scale())
        return grow(box, budget, self._judge, self._fails(rng, GROWTH), rng, self._limits(point))

    def _published(
        self, point: FailureSubspace, budget: int, before: Float, rng: np.random.Generator
    ) -> tuple[FailureSubspace, int]:
        def errors(box: FailureSubspace, points: Float) -> Float:
            return self._outcomes(GROWTH, box, points, rng).told(self._rig.threshold)

        return grow_published(
            point,
            budget,
            errors,
            rng,
            before=before,
            encode=self._rig.prior.encode,
            threshold=self._rig.threshold,
        )

    def _generator(self, purpose: int, rank: int) -> np.random.Generator:
        return seeds.generator(self._rig.config.seed, purpose, self._stream, rank)

    def _judge(self, box: FailureSubspace, points: Float) -> Float:
        return self._rig.fairness.margin(box.people(points, self._rig.space.frame))

    def _fails(self, rng: np.random.Generator, stage: str) -> Callable[[FailureSubspace, Float], Bool]:
        """A verdict on points: each person in new clothing, background and light."""
        threshold = self._rig.threshold
        return lambda box, points: self._outcomes(stage, box, points, rng).exceeds(threshold)

    def _outcomes(
        self, stage: str, box: FailureSubspace, points: Float, rng: np.random.Generator
    ) -> Outcomes:
        return self._ask(stage, self._dressed(box, points, rng))

    def _dressed(self, box: FailureSubspace, points: Float, rng: np.random.Generator) -> Scene:
        return self._rig.space.redress(box.people(points, self._rig.space.frame), rng)

    def _limits(self, point: FailureSubspace) -> tuple[Float, Float]:
        """What was searched bounds the box; the pose is bounded by fairness."""
        searched = {d.name: (d.low, d.high) for d in self._rig.space.dimensions}
        bounds = [searched.get(name, (-np.inf, np.inf)) for name in point.names]
        return np.array([b[0] for b in bounds]), np.array([b[1] for b in bounds])

    def _scale(self) -> Float:
        """How much each dimension usually varies (d,): real poses; half an SD, 10 degrees of view, else a twelfth."""
        beside = [usual_spread(d) for d in beside_pose(self._rig.space)]
        return np.concatenate([self._rig.pose_spread, beside])
