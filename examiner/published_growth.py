"""The released boundary rule of PoseExaminer (its second phase), for comparison with `growth`.

Facts from the public code of Liu et al., PoseExaminer, CVPR 2023 (arXiv 2303.07337), release of 2023: a box in the
63 body-pose angles widens a few faces at a time wherever the least error just outside them exceeds a threshold.
Nothing is verified, and the box never shrinks.

As written the faces are drawn anew at every third iteration. As run, they are drawn anew at every iteration after
which the last ten errors (those of the search count too) exceed the threshold by 10 mm, for the release then moves
the iteration from which it counts. So it is here. The release's loss amounts to a step of its own for each face,
which counts where the longest upward one is between 0.7 and 1.3 of the nominal step s(e); else all faces take the
nearer end, mostly 1.3 s(e). Both are reproduced.

What differs from the release: the error is the run's, the pose prior is the run's, the threshold may be the run's
(the ends of s(e) and all else that is relative to it move along), the centre stays where it is unless `centre` is
given, what is searched beside the pose stays as it is at the centre, and the budget ends growth (the release has
600 iterations less those of the search, each of 50 queries).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from agents.published import ABOVE, LAST, LEAST_STEPS, THRESHOLD
from examiner.joints import Bool, Float
from examiner.subspace import POSE, PoseBox

START = 0.03
"""First half width of every angle, radians."""

FACES, SAMPLES, KEPT = 5, 10, 3
"""Faces drawn at once, people asked for each, iterations for which the same faces are kept if nothing else happens."""

ITERATION = FACES * SAMPLES
"""Queries of an iteration."""

LEAST_STEP, MOST_STEP = 0.005, 0.05
"""Nominal steps of a face, radians."""

LEAST_AT, MOST_AT = 5.0, 30.0
"""Millimetres above the threshold up to which the step is the least, and from which it is the most."""

LEAST_SHARE, MOST_SHARE = 0.7, 1.3
"""Share of the nominal step that a face may take."""

RATE, COST = 1e-4, 20.0
"""Learning rate of the boundary, and cost of a millimetre and a radian."""

BEYOND, BEYOND_SHARE, BEYOND_SAMPLES = 2.0, 6 / 32, 2
"""A face is blocked where this many samples have this share of the latent beyond this many standard deviations."""

LEAST_SIZE = 0.6
"""A region is a success if it is larger than this, radians, whatever fails in it."""

RANGES = {
    "hip": ((-95, 60), (-60, 90), (-30, 90)),
    "spine1": ((-20, 90), (-45, 45), (-45, 45)),
    "knee": ((-5, 160), (-30, 30), (-10, 10)),
    "spine2": ((-5, 30), (-30, 30), (-30, 30)),
    "ankle": ((-45, 75), (-30, 30), (-15, 15)),
    "spine3": ((-15, 30), (-30, 30), (-30, 30)),
    "foot": ((-3, 3), (-3, 3), (-3, 3)),
    "neck": ((-60, 60), (-60, 60), (-30, 30)),
    "collar": ((-30, 30), (-60, 45), (-45, 45)),
    "head": ((-30, 30), (-45, 45), (-15, 15)),
    "shoulder": ((-60, 60), (-135, 45), (-135, 90)),
    "elbow": ((-45, 45), (-150, 0), (-5, 5)),
    "wrist": ((-90, 60), (-45, 45), (-90, 90)),
}
"""The release's ranges of the axis-angle components x, y, z, degrees; on the right y and z are mirrored."""

Errors = Callable[[PoseBox, Float], Float]
"""Box, points (n, d) -> error (n,), mm; every point is a query."""

Encode = Callable[[Float], Float]
"""Body poses (n, 63), radians -> latent codes (n, m), standard deviations."""

Centre = Callable[[np.random.Generator], Float]
"""A body pose (63,), radians: the one round which the next iteration takes the box."""


def grow_published(
    point: PoseBox,
    budget: int,
    errors: Errors,
    rng: np.random.Generator,
    limits: tuple[Float, Float] | None = None,
    *,
    before: Float,
    encode: Encode,
    threshold: float = THRESHOLD,
    centre: Centre | None = None,
) -> tuple[PoseBox, int]:
    """The grown box and the queries it took, at most `budget`: as many iterations of 50 as there is room for.

    Args:
        point: where to start; its centre counts, not its half widths.
        budget: most queries.
        errors: what a query is answered with.
        rng: of every draw.
        limits: low and high (63,) of the angles, radians; the release's own where None.
        before: (n,) errors of the searching agent, mm, the latest last: it sets the first step.
        encode: of the pose prior, for the test of plausibility.
        threshold: error above which faces move, mm.
        centre: draws the centre of each iteration anew, as the release does (the decoded draw of the frozen policy).

    Raises:
        ValueError: without an error before, or for errors that are not finite or not one for each point.
    """
    if not len(before):
        raise ValueError(
            "expected the errors of the searching agent in before, got none; pass at least the last one"
        )
    half = np.where(np.arange(len(point.centre)) < POSE, START, 0.0)
    box = replace(point, phi_low=half, phi_up=half.copy())
    ends = joint_limits(point.names[:POSE]) if limits is None else limits
    record = [float(error) for error in before]
    chances, drawn, counted_from = np.full(2 * POSE, 1 / (2 * POSE)), np.zeros((2, POSE), np.bool_), 0
    for turn in range(budget // ITERATION):
        if (turn - counted_from) % KEPT == 0:
            drawn = _drawn(chances, rng)
        if centre is not None:
            box = replace(box, centre=np.concatenate([centre(rng), box.centre[POSE:]]))
        points = slabs(box, drawn, step_size(record[-1], threshold), rng)
        inside = np.stack([_upper(box, drawn) < ends[1], _lower(box, drawn) > ends[0]])
        least = float(_checked(errors(box, points), len(points)).min())
        if least > threshold:
            allowed = drawn & inside.all(axis=0) & ~blocked(drawn, encode(points[:, :POSE]))
            box = _grown(box, growth(box, drawn, allowed, least, threshold))
        chances *= np.where(inside, 1.0, 0.5).ravel()
        chances /= chances.sum()
        record.append(least)
        if len(record) > LEAST_STEPS and min(record[-LAST:]) > threshold + ABOVE:
            counted_from = turn + 1
    return box, budget // ITERATION * ITERATION


def released_success(box: PoseBox) -> bool:
    """Whether the release counts a region as a success."""
    return box.size > LEAST_SIZE


def joint_limits(names: Sequence[str]) -> tuple[Float, Float]:
    """Low and high (n,) of body-pose angles like `left_knee.x` in the release, radians."""
    table = np.radians([_range(name) for name in names])
    return table[:, 0], table[:, 1]


def step_size(error: float, threshold: float = THRESHOLD) -> float:
    """The nominal step s(e) of a face, radians, for an error in mm."""
    ends = (threshold + LEAST_AT, threshold + MOST_AT)
    return float(np.interp(error, ends, (LEAST_STEP, MOST_STEP)))


def slabs(box: PoseBox, drawn: Bool, step: float, rng: np.random.Generator) -> Float:
    """Points (50, d) just outside the drawn faces (2, 63), upper ones first, ten for each.

    Every other angle fills the box, but only the half from the centre outwards where one of its faces is drawn too.
    """
    high = np.concatenate([_upper(box, drawn), box.centre[POSE:]])
    low = np.concatenate([_lower(box, drawn), box.centre[POSE:]])
    points = []
    for lower_side, angle in np.argwhere(drawn):
        bottom, top = low.copy(), high.copy()
        if lower_side:
            bottom[angle], top[angle] = low[angle] - step, low[angle]
        else:
            bottom[angle], top[angle] = high[angle], high[angle] + step
        points.append(bottom + rng.random((SAMPLES, len(low))) * (top - bottom))
    return np.concatenate(points)


def blocked(drawn: Bool, latent: Float) -> Bool:
    """(63,) the angles of drawn faces (2, 63) whose samples, encoded (50, m), are implausible."""
    implausible = (np.abs(latent) > BEYOND).sum(axis=1) >= BEYOND_SHARE * latent.shape[1]
    faces = implausible.reshape(-1, SAMPLES).sum(axis=1) >= BEYOND_SAMPLES
    stopped = np.zeros(POSE, dtype=np.bool_)
    stopped[np.argwhere(drawn)[faces, 1]] = True
    return stopped


def growth(box: PoseBox, drawn: Bool, allowed: Bool, error: float, threshold: float = THRESHOLD) -> Float:
    """Radians (2, 63) by which the upper and lower faces move out, for the least error of an iteration, in mm.

    The slope of the release's loss, the mean log density of the samples in the drawn angles times its cost: that
    of a face counts in the slabs of other angles, four of five, or three of five (and four times, as written) where
    both faces of an angle are drawn.
    """
    widths = np.stack([box.phi_up, box.phi_low])[:, :POSE]
    cost = (error - threshold) * widths.sum(axis=0).mean() * COST
    both = drawn.all(axis=0)
    slope = np.where(both, 4 * (FACES - 2) / widths.sum(axis=0), (FACES - 1) / widths) / FACES
    moves = np.where(allowed, RATE * cost * slope, 0.0)
    step, longest = step_size(error, threshold), float(moves[0].max())
    if LEAST_SHARE * step < longest < MOST_SHARE * step:
        return moves
    return np.where(allowed, np.clip(longest, LEAST_SHARE * step, MOST_SHARE * step), 0.0)


def _drawn(chances: Float, rng: np.random.Generator) -> Bool:
    """Five of the faces (2, 63): upper, lower."""
    faces = np.zeros(2 * POSE, dtype=np.bool_)
    faces[rng.choice(2 * POSE, FACES, replace=False, p=chances)] = True
    return faces.reshape(2, POSE)


def _upper(box: PoseBox, drawn: Bool) -> Float:
    """(63,) the box's upper ends, the centre of angles of which the lower face alone is drawn."""
    return np.asarray(box.centre[:POSE] + np.where(drawn[1] & ~drawn[0], 0.0, box.phi_up[:POSE]))


def _lower(box: PoseBox, drawn: Bool) -> Float:
    """(63,) the box's lower ends, the centre of angles of which the upper face alone is drawn."""
    return np.asarray(box.centre[:POSE] - np.where(drawn[0] & ~drawn[1], 0.0, box.phi_low[:POSE]))


def _grown(box: PoseBox, moves: Float) -> PoseBox:
    beside = np.zeros(len(box.centre) - POSE)
    up, low = (np.concatenate([side, beside]) for side in moves)
    return replace(box, phi_up=box.phi_up + up, phi_low=box.phi_low + low)


def _checked(error: Float, count: int) -> Float:
    if error.shape != (count,):
        raise ValueError(f"expected one error for each of {count} points, got shape {error.shape}")
    bad = np.flatnonzero(~np.isfinite(error))
    if len(bad):
        raise ValueError(f"expected finite errors, got {error[bad[0]]} in row {bad[0]}")
    return error


def _range(name: str) -> tuple[float, float]:
    """Degrees."""
    joint, _, axis = name.partition(".")
    side, _, kind = joint.rpartition("_")
    low, high = RANGES[kind]["xyz".index(axis)]
    return (-high, -low) if side == "right" and axis != "x" else (low, high)
