"""Growth of an ellipsoid: widen it at a pace of each half axis, and slow those that successes lean on.

A round widens the ellipsoid, draws in the half axes that unfair samples point to (free of queries), and asks the target
for a handful of fair people. Where someone succeeds, the half axes that the successes lean on are slowed most, all
others a little, and the widening is tried again; an ellipsoid is kept only when everyone asked in it fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from examiner.ellipsoid import LatentEllipsoid
from examiner.growth import STEP_BACK, Fails, Grown, Judge, Limits, drawn_in, fair_part, scaled, within
from examiner.subspace import fair_points, usual_spread
from simulator import Dimension, PosePrior, Scene, physical_values

REACH = 3.0
"""Half axes of the first ellipsoid, in usual spreads. People gather near the middle of a ball of many dimensions: along
any one axis of 35 they vary by a sixth of it."""

LATENT_SPREAD = 1.0
"""Usual spread of a latent coordinate: the prior's codes are standard normal."""

PACE = 0.25
"""Share by which a half axis widens in a round."""

SAMPLES = 10
"""Fair people asked for in a round."""

SLOWING = 0.7
"""What is left of every pace after a round in which somebody succeeded."""

MISSES, HOPELESS = 6, 3
"""Rounds in a row in which somebody succeeded after which growth ends, and if there was no other before."""

LEAST_GAIN = 0.01
"""Share by which the half axes must widen in a round, or growth ends."""


def start_ellipsoid(person: Scene, beside: Sequence[Dimension], prior: PosePrior) -> LatentEllipsoid:
    """The first ellipsoid round a person (one row): REACH usual spreads in every coordinate."""
    names = [d.name for d in beside]
    values = physical_values(person, names)[0] if names else np.empty(0)
    half = REACH * np.array([LATENT_SPREAD] * prior.dim + [usual_spread(d) for d in beside])
    return LatentEllipsoid(
        names=(*(f"latent.{i}" for i in range(prior.dim)), *names),
        units=(*("SD",) * prior.dim, *(d.unit for d in beside)),
        centre=np.concatenate([prior.encode(person.body_pose)[0], values]),
        phi_low=half,
        phi_up=half.copy(),
        scene=person,
        prior=prior,
    )


def grow_ellipsoid(
    start: LatentEllipsoid,
    budget: int,
    judge: Judge,
    fails: Fails,
    rng: np.random.Generator,
    limits: Limits = None,
) -> Grown[LatentEllipsoid]:
    """Grow an ellipsoid for at most `budget` queries."""
    kept = within(start, limits)
    pace = np.full((2, len(kept.centre)), PACE)
    asked, verdicts = np.empty((0, len(kept.centre))), np.empty(0, dtype=np.bool_)
    believed, misses = False, 0
    proposal = fair_part(kept, pace, judge, rng)
    while len(asked) + SAMPLES <= budget and misses < (MISSES if believed else HOPELESS):
        points, _ = fair_points(proposal, SAMPLES, partial(judge, proposal), rng)
        if len(points) < SAMPLES:
            break
        failed = fails(proposal, points)
        asked, verdicts = np.concatenate([asked, points]), np.concatenate([verdicts, failed])
        if failed.all():
            kept, believed, misses = proposal, True, 0
        else:
            narrowed = drawn_in(proposal, asked, ~verdicts, pace)
            kept, misses = (kept if believed else narrowed), misses + 1
            pace *= SLOWING
        wider = within(scaled(kept, 1 + pace), limits) if believed else kept
        proposal = fair_part(wider, pace, judge, rng)
        if believed and _reach(proposal) < (1 + LEAST_GAIN) * _reach(kept):
            break
    return Grown(scaled(kept, STEP_BACK), len(asked), believed, np.zeros_like(pace, np.bool_))


def _reach(ellipsoid: LatentEllipsoid) -> float:
    """Mean width of the axes of the pose."""
    return float((ellipsoid.phi_low + ellipsoid.phi_up)[: ellipsoid.inner].mean())
