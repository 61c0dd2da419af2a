"""Growth: from a failure to the largest box whose fair people fail, face by face.

Every face has a half width and a pace. A round widens the faces at their pace, narrows those that unfair samples
point to (free of queries), and asks the target for a handful of fair people of the wider box. Where someone
succeeds, the faces that the successes lean on are narrowed and slowed; a box is kept only while nearly all that
was seen inside it fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from examiner.joints import Bool, Float
from examiner.subspace import POSE, FailureSubspace, fair_points

START_SIZE = 0.45
"""Size of the first box, radians."""

PACE = 0.25
"""Share by which a face widens in a round."""

SAMPLES = 10
"""Fair people asked for in a round."""

KEEP_RATE = 0.97
"""Share of the people seen inside a box that must fail for it to be kept."""

FAIR_SHARE = 0.93
"""Share of raw samples that growth keeps fair, with room above the 0.90 of a success region."""

FAIR_SAMPLES = 96
WORST_FACES = 12
"""Faces narrowed at once."""

FAILED_ROUNDS = 3
"""Rounds without a kept box after which growth ends."""


@dataclass
class Evidence:
    """What growth has seen: points and whether each failed."""

    points: list[Float] = field(default_factory=list)
    failed: list[Bool] = field(default_factory=list)

    def inside(self, box: FailureSubspace) -> tuple[int, int]:
        """Count of people seen in the box, and of those who failed."""
        if not self.points:
            return 0, 0
        here = box.contains(np.concatenate(self.points))
        return int(here.sum()), int(np.concatenate(self.failed)[here].sum())

    def holds(self, box: FailureSubspace) -> bool:
        """Whether nearly all people seen in the box fail."""
        seen, failed = self.inside(box)
        return seen > 0 and failed >= KEEP_RATE * seen


Judge = Callable[[FailureSubspace, Float], Float]
"""Box, points (n, d) -> margin (n,), >= 0 where fair; asks no target."""

Fails = Callable[[FailureSubspace, Float], Bool]
"""Box, points (n, d) -> whether each fails; every point is a query."""


def start_box(point: FailureSubspace, scale: Float) -> FailureSubspace:
    """The first box round a point: half widths in proportion to `scale` (d,), START_SIZE in all."""
    half = scale * START_SIZE / (2 * np.linalg.norm(scale[:POSE]))
    return replace(point, phi_low=half, phi_up=half.copy())


def grow(
    box: FailureSubspace, budget: int, judge: Judge, fails: Fails, rng: np.random.Generator
) -> tuple[FailureSubspace, int]:
    """The grown box and the queries it took, at most `budget`."""
    evidence = Evidence()
    pace = np.full((2, len(box.centre)), PACE)
    kept, spent, misses = box, 0, 0
    proposal = _fair_box(box, box, pace, judge, rng)
    while spent + SAMPLES <= budget and misses < FAILED_ROUNDS:
        points, share = fair_points(proposal, SAMPLES, partial(judge, proposal), rng)
        if share < FAIR_SHARE / 2 or len(points) < SAMPLES:
            break
        failed = fails(proposal, points)
        spent += len(points)
        evidence.points.append(points)
        evidence.failed.append(failed)
        if not failed.all():
            proposal = _narrowed(proposal, points, failed, pace)
        if evidence.holds(proposal):
            kept, misses = proposal, 0
        else:
            pace *= 0.5
            misses += 1
        proposal = _fair_box(_widened(kept, pace), kept, pace, judge, rng)
        if np.linalg.norm(proposal.phi_low + proposal.phi_up) < 1.02 * np.linalg.norm(
            kept.phi_low + kept.phi_up
        ):
            break
    return kept, spent


def _widened(box: FailureSubspace, pace: Float) -> FailureSubspace:
    return replace(box, phi_low=box.phi_low * (1 + pace[0]), phi_up=box.phi_up * (1 + pace[1]))


def _narrowed(box: FailureSubspace, points: Float, failed: Bool, pace: Float) -> FailureSubspace:
    """The box with the faces drawn in that the successes lean on more than the failures do."""
    place = (points - box.centre) / np.maximum(box.phi_low + box.phi_up, 1e-12)
    lean = place[~failed].mean(axis=0) - (place[failed].mean(axis=0) if failed.any() else 0.0)
    return _draw_in(box, np.stack([-lean, lean]), pace, 0.8)


def _fair_box(
    box: FailureSubspace, inner: FailureSubspace, pace: Float, judge: Judge, rng: np.random.Generator
) -> FailureSubspace:
    """The box with faces drawn in until FAIR_SHARE of its samples is fair; asks no target."""
    for _ in range(6):
        points = box.sample(FAIR_SAMPLES, rng)
        unfair = judge(box, points) < 0
        if unfair.mean() <= 1 - FAIR_SHARE:
            return box
        place = (points - box.centre) / np.maximum(box.phi_low + box.phi_up, 1e-12)
        lean = place[unfair].mean(axis=0) - (place[~unfair].mean(axis=0) if not unfair.all() else 0.0)
        box = _draw_in(box, np.stack([-lean, lean]), pace, 0.6)
    return box if box is inner or box.size < inner.size else inner


def _draw_in(box: FailureSubspace, lean: Float, pace: Float, by: float) -> FailureSubspace:
    """Narrow and slow the WORST_FACES faces of (2, d) that lean the most; `pace` is changed in place."""
    worst = np.unravel_index(np.argsort(-lean, axis=None, kind="stable")[:WORST_FACES], lean.shape)
    widths = np.stack([box.phi_low, box.phi_up])
    widths[worst] *= by
    pace[worst] *= 0.5
    return replace(box, phi_low=widths[0], phi_up=widths[1])
