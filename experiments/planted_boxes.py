"""Does growth find a failure's box? Planted boxes over 63 angles and 3 of view, of which a few coordinates matter.

Every coordinate has a usual spread; along each that matters the failure ends half to twice that far from the centre, on
either side by its own distance, and along the others nowhere. Verdicts are right, or wrong now and then.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from examiner.box_growth import grow_box, start_box
from examiner.files import write_json
from examiner.subspace import FailureSubspace, PoseBox, beside_pose, point_box
from simulator import ParameterSpace, ViewFactor, load_body

RESULTS = Path(__file__).parent / "results" / "planted_boxes.json"
MATTER, NOISES, BUDGETS, SEEDS = (6, 12), (0.0, 0.03), (200, 1000), 20
REACH = 3.0
"""Usual spreads up to which people are fair."""

SAMPLES = 10_000
Float = NDArray[np.float64]


@dataclass(frozen=True)
class Planted:
    """A box of failures."""

    usual: Float
    """(d,) usual spread."""
    low: Float
    high: Float
    """(d,) ends, infinite where the coordinate does not matter."""

    @property
    def matters(self) -> NDArray[np.bool_]:
        """Which coordinates matter (d,)."""
        return np.isfinite(self.low)

    def fails(self, points: Float) -> NDArray[np.bool_]:
        """(n,) whether points (n, d) off the centre fail."""
        return np.asarray(((points >= self.low) & (points <= self.high)).all(axis=1))


@dataclass(frozen=True)
class Found:
    """What growth made of a planted box."""

    matter: int
    noise: float
    budget: int
    seed: int
    queries: int
    precision: float
    """Share of the found box that fails."""
    recall: float
    """Share of the planted box that is found, over the coordinates that matter."""
    f1: float
    """Of the coordinates that were cut against those that matter."""


def plant(dims: int, matter: int, rng: np.random.Generator) -> Planted:
    """A box in which `matter` of the coordinates matter."""
    usual = np.exp(rng.normal(-1.2, 0.4, dims))
    low, high = np.full(dims, -np.inf), np.full(dims, np.inf)
    chosen = rng.choice(dims, matter, replace=False)
    low[chosen] = -rng.uniform(0.5, 2.0, matter) * usual[chosen]
    high[chosen] = rng.uniform(0.5, 2.0, matter) * usual[chosen]
    return Planted(usual, low, high)


def find(point: PoseBox, matter: int, noise: float, budget: int, seed: int) -> Found:
    """Grow a box round the centre of a planted one."""
    rng = np.random.default_rng([seed, matter])
    planted = plant(len(point.centre), matter, rng)
    reach = REACH * planted.usual

    def judge(subspace: FailureSubspace, points: Float) -> Float:
        return np.asarray((reach - np.abs(points - point.centre)).min(axis=1))

    def fails(subspace: FailureSubspace, points: Float) -> NDArray[np.bool_]:
        return planted.fails(points - point.centre) ^ (rng.random(len(points)) < noise)

    limits = point.centre - reach, point.centre + reach
    grown = grow_box(start_box(point, planted.usual), budget, judge, fails, rng, limits)
    box, cut = grown.subspace, grown.cut.any(axis=0)
    within = np.minimum(box.phi_low, -planted.low) + np.minimum(box.phi_up, planted.high)
    share = (within / (planted.high - planted.low))[planted.matters]
    hits = int((cut & planted.matters).sum())
    points = box.sample(SAMPLES, rng) - point.centre
    return Found(
        matter=matter,
        noise=noise,
        budget=budget,
        seed=seed,
        queries=grown.queries,
        precision=float(planted.fails(points).mean()),
        recall=float(share.prod()),
        f1=2 * hits / max(1, int(cut.sum()) + matter),
    )


def table(found: Sequence[Found]) -> str:
    """Markdown: a line for each setting, means over seeds and the least precision."""
    lines = [
        "| coordinates that matter | wrong verdicts | budget | queries | precision (least) | recall | F1 |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for key in dict.fromkeys((one.budget, one.matter, one.noise) for one in found):
        rows = [one for one in found if (one.budget, one.matter, one.noise) == key]
        budget, matter, noise = key
        queries, precision, recall, f1 = np.mean(
            [[r.queries, r.precision, r.recall, r.f1] for r in rows], axis=0
        )
        least = min(one.precision for one in rows)
        told = f"{precision:.2f} ({least:.2f}) | {recall:.2f} | {f1:.2f}"
        lines.append(f"| {matter} of 66 | {noise:.0%} | {budget:,} | {queries:.0f} | {told} |")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run every setting, write the figures, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seeds", type=int, default=SEEDS, help=f"planted boxes of each setting, default {SEEDS}"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="file of the figures")
    options = parser.parse_args(argv)
    space = ParameterSpace([ViewFactor()], load_body("neutral"))
    point = point_box(space.default(1), beside_pose(space))
    found = [
        find(point, matter, noise, budget, 100 + seed)
        for budget in BUDGETS
        for matter in MATTER
        for noise in NOISES
        for seed in range(options.seeds)
    ]
    write_json(options.out, [asdict(one) for one in found])
    sys.stdout.write(table(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
