"""Growth of a box: widen it until somebody in it succeeds, find out by which face, and cut that face there.

A person of the box whom the target gets right is beyond some face of the failure. Which one is found by halving: with
half of the coordinates set back to the centre, does the target still get them right? (Group testing: Dorfman, Annals
of Mathematical Statistics 14, 1943; halving a case to its cause: Zeller and Hildebrandt, IEEE TSE 28, 2002.) Where the
face is, is bisected along its axis. Where no single coordinate does it, several together do, and all faces are drawn
in. A face that was never cut is one at which nobody was found to succeed: what it bounds may not matter.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray

from examiner.growth import STEP_BACK, Fails, Grown, Judge, Limits, fair_part, scaled, within
from examiner.joints import Bool, Float
from examiner.subspace import POSE, PoseBox, fair_points

START_SIZE = 0.6
"""Size of the first box, radians."""

PACE = 0.5
"""Share by which faces that are not cut widen after a round in which everyone failed."""

SAMPLES = 8
"""Fair people asked for in a round."""

TRACED = 2
"""Of those who succeed in a round, how many are traced to a face."""

STEPS = 6
"""Halvings of the way to a face: it is known to a 64th of the way."""

TRIES = 2
"""Times that both halves are asked before it is believed that neither is enough by itself."""

DRAWN_IN = 0.85
"""What is left of all faces where several coordinates together let somebody succeed."""

CALM = 4
"""Rounds in a row in which everyone failed and nothing was left to widen, after which growth ends."""

MISSES = 6
"""Successes in a row that no single face explains, after which growth ends."""


def start_box(point: PoseBox, scale: Float) -> PoseBox:
    """The first box round a point: half widths in proportion to `scale` (d,), START_SIZE in all."""
    half = scale * START_SIZE / (2 * np.linalg.norm(scale[:POSE]))
    return replace(point, phi_low=half, phi_up=half.copy())


def grow_box(
    start: PoseBox, budget: int, judge: Judge, fails: Fails, rng: np.random.Generator, limits: Limits = None
) -> Grown[PoseBox]:
    """Grow a box for at most `budget` queries."""
    growing = _Growing(within(start, limits), fails, budget)
    with suppress(_BudgetSpentError):
        _grow(growing, judge, rng, limits)
    back = np.where(growing.cut, 1.0, 1.0 if growing.settled else STEP_BACK)
    return Grown(scaled(growing.result, back), growing.spent, growing.kept is not None, growing.cut)


class _BudgetSpentError(Exception):
    """More was asked for than is left."""


@dataclass
class _Growing:
    """A box under way."""

    box: PoseBox
    fails: Fails
    budget: int
    spent: int = 0
    kept: PoseBox | None = None
    """The last in which everyone failed."""
    settled: bool = False
    """Whether everyone failed in CALM rounds of it."""

    def __post_init__(self) -> None:
        self.cut: Bool = np.zeros((2, len(self.box.centre)), dtype=np.bool_)

    @property
    def result(self) -> PoseBox:
        """The box that was kept, less what was cut off since."""
        kept, now = self.kept or self.box, self.box
        low, up = np.minimum(kept.phi_low, now.phi_low), np.minimum(kept.phi_up, now.phi_up)
        return replace(now, phi_low=low, phi_up=up)

    def ask(self, points: Float) -> Bool:
        """Whether points (n, d) fail."""
        if self.spent + len(points) > self.budget:
            raise _BudgetSpentError
        self.spent += len(points)
        return self.fails(self.box, points)

    def succeeds(self, place: Float, dims: NDArray[np.intp]) -> bool:
        """Whether the centre, moved to a place (d,) off it in some coordinates, succeeds."""
        point = self.box.centre.copy()
        point[dims] += place[dims]
        return not self.ask(point[None])[0]


def _grow(growing: _Growing, judge: Judge, rng: np.random.Generator, limits: Limits) -> None:
    calm = misses = 0
    while misses < MISSES and not growing.settled:
        growing.box = fair_part(growing.box, np.ones_like(growing.cut, float), judge, rng)
        points, _ = fair_points(growing.box, SAMPLES, partial(judge, growing.box), rng)
        if len(points) < SAMPLES:
            return
        failed = growing.ask(points)
        if failed.all():
            growing.kept, misses = growing.box, 0
            growing.box = within(scaled(growing.box, np.where(growing.cut, 1.0, 1.0 + PACE)), limits)
            calm = calm + 1 if _alike(growing.box, growing.kept) else 0
            growing.settled = calm == CALM
            continue
        calm = 0
        for point in points[~failed][:TRACED]:
            misses = 0 if _traced(growing, point) else misses + 1


def _traced(growing: _Growing, point: Float) -> bool:
    """Cut the face beyond which a point (d,) succeeds; False where no single one is to blame."""
    place, everything = point - growing.box.centre, np.arange(len(point))
    if not growing.box.contains(point[None])[0] or not growing.succeeds(place, everything):
        return True
    dim = _responsible(growing, place)
    if dim is not None:
        return not growing.succeeds(place, np.array([dim])) or _cut(growing, place, dim)
    if not growing.succeeds(place, everything):
        return True
    growing.box = scaled(growing.box, DRAWN_IN)
    return False


def _responsible(growing: _Growing, place: Float) -> int | None:
    """The coordinate that by itself lets the person at a place (d,) off the centre succeed."""
    widths = np.where(place > 0, growing.box.phi_up, growing.box.phi_low)
    left = np.argsort(-np.abs(place) / np.maximum(widths, 1e-12), kind="stable")
    while len(left) > 1:
        halves = left[: len(left) // 2], left[len(left) // 2 :]
        tried = islice(cycle(halves), 2 * TRIES)
        found = next((half for half in tried if growing.succeeds(place, half)), None)
        if found is None:
            return None
        left = found
    return int(left[0])


def _cut(growing: _Growing, place: Float, dim: int) -> bool:
    """Bisect the face between the centre and a place (d,) along a coordinate; who succeeds there must do so twice.

    False, and nothing is cut, where people succeed all the way to the centre.
    """
    inside, outside, only = 0.0, 1.0, np.array([dim])
    for _ in range(STEPS):
        middle = (inside + outside) / 2
        if growing.succeeds(place * middle, only) and growing.succeeds(place * middle, only):
            outside = middle
        else:
            inside = middle
    if not inside:
        return False
    side = int(place[dim] > 0)
    widths = np.stack([growing.box.phi_low, growing.box.phi_up])
    widths[side, dim] = abs(place[dim]) * inside
    growing.cut[side, dim] = True
    growing.box = replace(growing.box, phi_low=widths[0], phi_up=widths[1])
    return True


def _alike(a: PoseBox, b: PoseBox) -> bool:
    return bool(np.allclose(a.phi_low, b.phi_low) and np.allclose(a.phi_up, b.phi_up))
