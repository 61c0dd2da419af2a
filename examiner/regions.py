"""Regions: a subspace grown round a mode, by the verified or the published rule, and what fresh draws say of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from examiner import seeds
from examiner.asking import Ask
from examiner.box_growth import grow_box, start_box
from examiner.ellipsoid_growth import grow_ellipsoid, start_ellipsoid
from examiner.fair_volume import log_fair_volume
from examiner.growth import Fails, Grown, Limits, checked
from examiner.joints import Float
from examiner.outcomes import Outcomes
from examiner.published_growth import grow_published
from examiner.rig import Rig
from examiner.subspace import (
    DRAWS,
    FailureSubspace,
    PoseBox,
    Proof,
    beside_pose,
    fair_points,
    point_box,
    usual_spread,
)
from simulator import Scene

GROWTH, VERIFICATION = "growth", "verification"
"""Stages of a method in which regions ask."""

CHECK_SHARE = 0.4
"""Share of a region's growth that is kept for checking what was grown."""

MOST_GROWTH = {"verified": 200, "published": 500}
"""Most queries spent on growing one region, by rule; the released rule asks for 50 at a time and for 15,000 in all."""


@dataclass(frozen=True)
class Region:
    """A grown subspace and what fresh draws said of it."""

    subspace: FailureSubspace
    log_volume: float
    """Logarithm of its fair volume (`log_fair_volume`)."""
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
        rng = self._generator(seeds.GROWTH, rank)
        subspace: FailureSubspace
        if self._rig.config.regions == "published":
            subspace, used = self._published(person, budget, before.told(self._rig.threshold), rng)
        else:
            subspace, used = self._verified(person, budget, rng)
        return self.proven(subspace, used, rank, before)

    def proven(self, subspace: FailureSubspace, used: int, rank: int, before: Outcomes) -> Region:
        """The region of a subspace that took `used` queries to grow, proven by DRAWS fresh fair draws."""
        rng = self._generator(seeds.VERIFY, rank)
        points, share = fair_points(subspace, DRAWS, partial(self._judge, subspace), rng)
        people = self._dressed(subspace, points, rng)
        outcomes = self._ask(VERIFICATION, people) if len(points) else before.rows(slice(0, 0))
        failures = int(outcomes.exceeds(self._rig.threshold).sum())
        proof = Proof(len(points), failures, share, subspace.size)
        return Region(subspace, self._volume(subspace), used, proof, people, outcomes)

    def _verified(self, person: Scene, budget: int, rng: np.random.Generator) -> tuple[FailureSubspace, int]:
        """The better of an ellipsoid in the latent and a box, believed and of more fair volume, checked."""
        reserve = int(budget * CHECK_SHARE)
        fails, beside = self._fails(rng), beside_pose(self._rig.space)
        codes = start_ellipsoid(person, beside, self._rig.prior)
        ellipsoid = grow_ellipsoid(
            codes, (budget - reserve) // 2, self._judge, fails, rng, self._limits(codes)
        )
        angles = start_box(point_box(person, beside), self._scale())
        left = budget - reserve - ellipsoid.queries
        box = grow_box(angles, left, self._judge, fails, rng, self._limits(angles))
        grown: list[Grown[FailureSubspace]] = [ellipsoid, box]
        best = max(grown, key=lambda one: (one.believed, self._volume(one.subspace)))
        used = sum(one.queries for one in grown)
        found, asked = checked(best.subspace, budget - used, self._judge, fails, rng)
        return found, used + asked

    def _volume(self, subspace: FailureSubspace) -> float:
        """The logarithm of its fair volume."""
        return log_fair_volume(
            subspace,
            partial(self._judge, subspace),
            self._rig.space.frame,
            self._rig.prior,
            beside_pose(self._rig.space),
            seeds.generator(seeds.FIXED, seeds.VOLUME),
        )

    def _published(
        self, person: Scene, budget: int, before: Float, rng: np.random.Generator
    ) -> tuple[PoseBox, int]:
        def errors(box: FailureSubspace, points: Float) -> Float:
            return self._grown_outcomes(box, points, rng).told(self._rig.threshold)

        return grow_published(
            point_box(person, beside_pose(self._rig.space)),
            budget,
            errors,
            rng,
            before=before,
            encode=self._rig.prior.encode,
            threshold=self._rig.threshold,
        )

    def _generator(self, purpose: int, rank: int) -> np.random.Generator:
        return seeds.generator(self._rig.config.seed, purpose, self._stream, rank)

    def _judge(self, subspace: FailureSubspace, points: Float) -> Float:
        return self._rig.fairness.margin(subspace.people(points, self._rig.space.frame))

    def _fails(self, rng: np.random.Generator) -> Fails:
        """A verdict on points: each person in new clothing, background and light."""
        threshold = self._rig.threshold
        return lambda subspace, points: self._grown_outcomes(subspace, points, rng).exceeds(threshold)

    def _grown_outcomes(self, subspace: FailureSubspace, points: Float, rng: np.random.Generator) -> Outcomes:
        return self._ask(GROWTH, self._dressed(subspace, points, rng))

    def _dressed(self, subspace: FailureSubspace, points: Float, rng: np.random.Generator) -> Scene:
        return self._rig.space.redress(subspace.people(points, self._rig.space.frame), rng)

    def _limits(self, point: FailureSubspace) -> Limits:
        """What was searched bounds it; the pose is bounded by fairness."""
        searched = {d.name: (d.low, d.high) for d in self._rig.space.dimensions}
        bounds = [searched.get(name, (-np.inf, np.inf)) for name in point.names]
        return np.array([b[0] for b in bounds]), np.array([b[1] for b in bounds])

    def _scale(self) -> Float:
        """How much each dimension usually varies (d,): real poses; half an SD, 10 degrees of view, else a twelfth."""
        beside = [usual_spread(d) for d in beside_pose(self._rig.space)]
        return np.concatenate([self._rig.pose_spread, beside])
