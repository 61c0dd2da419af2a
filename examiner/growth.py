"""Growth: from a failure to the largest box whose fair people fail, face by face.

Every face has a half width and a pace. A round widens the faces at their pace, narrows those that unfair samples
point to (free of queries), and asks the target for a handful of fair people of the wider box. Where someone
succeeds, the faces that the successes lean on are slowed most, all others a little, and the widening is tried
again; a box is kept only when everyone asked in it fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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

STEP_BACK = 0.92
"""The grown box is narrowed by this in the end: its last widening was believed on few people."""

FAIR_SHARE = 0.93
"""Share of raw samples that growth keeps fair, with room above the 0.90 of a success region."""

FAIR_SAMPLES = 96
FAIR_ROUNDS = 8
WORST_FACES = 12
"""Faces narrowed at once."""

NARROWING = 0.8
"""What is left of a face's half width when it is drawn in."""

SLOWING = 0.7
"""What is left of every face's pace after a round in which somebody succeeded."""

MISSES = 6
"""Rounds in a row in which somebody succeeds after which growth ends."""


Judge = Callable[[FailureSubspace, Float], Float]
"""Box, points (n, d) -> margin (n,), >= 0 where fair; asks no target."""

Fails = Callable[[FailureSubspace, Float], Bool]
"""Box, points (n, d) -> whether each fails; every point is a query."""


def start_box(point: FailureSubspace, scale: Float) -> FailureSubspace:
    """The first box round a point: half widths in proportion to `scale` (d,), START_SIZE in all."""
    half = scale * START_SIZE / (2 * np.linalg.norm(scale[:POSE]))
    return replace(point, phi_low=half, phi_up=half.copy())


def grow(
    box: FailureSubspace,
    budget: int,
    judge: Judge,
    fails: Fails,
    rng: np.random.Generator,
    limits: tuple[Float, Float] | None = None,
) -> tuple[FailureSubspace, int]:
    """The grown box and the queries it took, at most `budget`; it stays within `limits`, low and high (d,)."""
    box = _within(box, limits)
    pace = np.full((2, len(box.centre)), PACE)
    asked, verdicts = np.empty((0, len(box.centre))), np.empty(0, dtype=np.bool_)
    kept, believed, spent, misses = box, False, 0, 0
    proposal = _fair_box(box, pace, judge, rng)
    while spent + SAMPLES <= budget and misses < MISSES:
        points, _ = fair_points(proposal, SAMPLES, partial(judge, proposal), rng)
        if len(points) < SAMPLES:
            break
        failed = fails(proposal, points)
        spent += SAMPLES
        asked, verdicts = np.concatenate([asked, points]), np.concatenate([verdicts, failed])
        if failed.all():
            kept, believed, misses = proposal, True, 0
        else:
            narrowed = _draw_in(proposal, _lean(proposal, asked, ~verdicts), pace, NARROWING)
            kept, misses = (kept if believed else narrowed), misses + 1
            pace *= SLOWING
        wider = _within(_widened(kept, pace), limits) if believed else kept
        proposal = _fair_box(wider, pace, judge, rng)
        if believed and proposal.size < 1.01 * kept.size:
            break
    return replace(kept, phi_low=STEP_BACK * kept.phi_low, phi_up=STEP_BACK * kept.phi_up), spent


def _widened(box: FailureSubspace, pace: Float) -> FailureSubspace:
    return replace(box, phi_low=box.phi_low * (1 + pace[0]), phi_up=box.phi_up * (1 + pace[1]))


def _within(box: FailureSubspace, limits: tuple[Float, Float] | None) -> FailureSubspace:
    if limits is None:
        return box
    low, high = limits
    down, up = np.maximum(box.centre - low, 0.0), np.maximum(high - box.centre, 0.0)
    return replace(box, phi_low=np.minimum(box.phi_low, down), phi_up=np.minimum(box.phi_up, up))


def _lean(box: FailureSubspace, points: Float, bad: Bool) -> Float:
    """How much farther out the bad points are than the good ones, towards each face (2, d), in half widths."""
    place = points - box.centre
    out = np.stack([-place / np.maximum(box.phi_low, 1e-12), place / np.maximum(box.phi_up, 1e-12)])
    out = np.maximum(out, 0.0)
    good = out[:, ~bad].mean(axis=1) if not bad.all() else 0.0
    return np.asarray(out[:, bad].mean(axis=1) - good)


def _fair_box(box: FailureSubspace, pace: Float, judge: Judge, rng: np.random.Generator) -> FailureSubspace:
    """The box with faces drawn in until FAIR_SHARE of its samples is fair; asks no target."""
    for _ in range(FAIR_ROUNDS):
        points = box.sample(FAIR_SAMPLES, rng)
        unfair = judge(box, points) < 0
        if unfair.mean() <= 1 - FAIR_SHARE:
            break
        box = _draw_in(box, _lean(box, points, unfair), pace, NARROWING)
    return box


def _draw_in(box: FailureSubspace, lean: Float, pace: Float, by: float) -> FailureSubspace:
    """Narrow and slow the WORST_FACES faces of (2, d) that lean the most; `pace` is changed in place."""
    worst = np.unravel_index(np.argsort(-lean, axis=None, kind="stable")[:WORST_FACES], lean.shape)
    widths = np.stack([box.phi_low, box.phi_up])
    widths[worst] *= by
    pace[worst] *= 0.5
    return replace(box, phi_low=widths[0], phi_up=widths[1])
