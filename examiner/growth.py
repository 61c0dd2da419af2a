"""What growing subspaces of every kind has in common: who is asked, what is fair, how faces move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

import numpy as np

from examiner.joints import Bool, Float
from examiner.subspace import FailureSubspace, fair_points

STEP_BACK = 0.92
"""What is grown is narrowed by this in the end: its last widening was believed on few people."""

CHECKED, MOST_SUCCEED = 25, 1
"""People of a grown subspace that are asked before it goes to its proof, and how many of them may succeed."""

TIGHTER = 0.85
"""What is left of its faces where more do."""

FAIR_SHARE = 0.93
"""Share of raw samples that growth keeps fair, with room above the 0.90 of a success region."""

FAIR_SAMPLES = 96
FAIR_ROUNDS = 16
WORST_FACES = 12
"""Faces narrowed at once."""

NARROWING = 0.8
"""What is left of their half width then, and of the pace at which they widen."""

UNFAIR_ALL = 0.97
"""What is left of every face after a round in which too few samples are fair."""

Judge = Callable[[FailureSubspace, Float], Float]
"""Subspace, points (n, d) -> margin (n,), >= 0 where fair; asks no target."""

Fails = Callable[[FailureSubspace, Float], Bool]
"""Subspace, points (n, d) -> whether each fails; every point is a query."""

Limits = tuple[Float, Float] | None
"""Low and high (d,) that a subspace stays within."""

S = TypeVar("S", bound=FailureSubspace)
GrownKind = TypeVar("GrownKind", bound=FailureSubspace, covariant=True)


@dataclass(frozen=True)
class Grown(Generic[GrownKind]):
    """What came of growing."""

    subspace: GrownKind
    queries: int
    believed: bool
    """Whether there was a round in which everyone failed."""
    cut: Bool
    """(2, d) faces, lower and upper, beyond which somebody was found to succeed by that coordinate alone."""


def scaled(subspace: S, by: Float | float) -> S:
    """The subspace with its half widths multiplied, all by one number or each of (2, d) by its own."""
    low, up = np.broadcast_to(by, (2, len(subspace.centre)))
    return replace(subspace, phi_low=subspace.phi_low * low, phi_up=subspace.phi_up * up)


def within(subspace: S, limits: Limits) -> S:
    """The subspace with its faces drawn in to the limits."""
    if limits is None:
        return subspace
    low, high = limits
    down, up = np.maximum(subspace.centre - low, 0.0), np.maximum(high - subspace.centre, 0.0)
    return replace(
        subspace, phi_low=np.minimum(subspace.phi_low, down), phi_up=np.minimum(subspace.phi_up, up)
    )


def checked(subspace: S, budget: int, judge: Judge, fails: Fails, rng: np.random.Generator) -> tuple[S, int]:
    """The subspace narrowed until hardly anybody of CHECKED succeeds, and the queries it took, at most `budget`."""
    spent = 0
    while spent + CHECKED <= budget:
        points, _ = fair_points(subspace, CHECKED, partial(judge, subspace), rng)
        if len(points) < CHECKED:
            break
        spent += CHECKED
        if (~fails(subspace, points)).sum() <= MOST_SUCCEED:
            break
        subspace = scaled(subspace, TIGHTER)
    return subspace, spent


def fair_part(subspace: S, pace: Float, judge: Judge, rng: np.random.Generator) -> S:
    """The subspace with faces drawn in until FAIR_SHARE of its samples is fair; asks no target.

    `pace` (2, d) of the faces that are drawn in is slowed in place.
    """
    for _ in range(FAIR_ROUNDS):
        points = subspace.sample(FAIR_SAMPLES, rng)
        unfair = judge(subspace, points) < 0
        if unfair.mean() <= 1 - FAIR_SHARE:
            break
        subspace = scaled(drawn_in(subspace, points, unfair, pace), UNFAIR_ALL)
    return subspace


def drawn_in(subspace: S, points: Float, bad: Bool, pace: Float) -> S:
    """Narrow the WORST_FACES faces that bad points (n, d) lean on more than the others, and slow their pace (2, d)."""
    lean = _lean(subspace, points, bad)
    worst = np.unravel_index(np.argsort(-lean, axis=None, kind="stable")[:WORST_FACES], lean.shape)
    by = np.ones_like(pace)
    by[worst] = NARROWING
    pace *= by**2
    return scaled(subspace, by)


def _lean(subspace: FailureSubspace, points: Float, bad: Bool) -> Float:
    """How much farther out the bad points are than the good ones, towards each face (2, d), in half widths."""
    place = points - subspace.centre
    low, up = np.maximum(subspace.phi_low, 1e-12), np.maximum(subspace.phi_up, 1e-12)
    out = np.maximum(np.stack([-place / low, place / up]), 0.0)
    good = out[:, ~bad].mean(axis=1) if not bad.all() else 0.0
    return np.asarray(out[:, bad].mean(axis=1) - good)
