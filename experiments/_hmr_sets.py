"""The sets of people that `hmr-lite` is trained and measured on, and what draws them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from experiments._hmr_pictures import Draw, People, people_of, recorded, sampled
from experiments.fit_motion_range import load_splits
from simulator import (
    FULL_VIEW,
    REFERENCE_VIEW,
    Body,
    RasterSimulator,
    Simulator,
    ViewFactor,
    load_body,
    load_prior,
)
from targets import LANDMARK_FILES, fetch
from targets.hmr_features import Features

BODY = "neutral"
CACHE = Path("runs/hmr-lite")
MEASURED = 800
"""People a measured set."""


@dataclass(frozen=True)
class Study:
    """The parts of a training."""

    body: Body
    simulator: Simulator
    features: Features
    cache: Path

    def people(self, draw: Draw, simulator: Simulator | None = None) -> People:
        """The people of a set, drawn by the simulator or another one."""
        return people_of(draw, self.body, simulator or self.simulator, self.features, self.cache, print)


def draws(poses: Path, splits: Path, pictures: int, measured: int) -> dict[str, Draw]:
    """Every set by name: `train`, `validation`, and those that are only measured."""
    table, view = load_splits(poses, splits), ViewFactor()
    recordings = hashlib.sha256(poses.read_bytes() + splits.read_bytes()).hexdigest()[:12]

    def of(name: str, split: str, count: int, seed: int, view: ViewFactor = view) -> Draw:
        return Draw(name, recorded(table[split]), f"{split} of {recordings}", count, seed, view)

    prior = load_prior("default")
    sets = [
        of("train", "train", pictures, 0),
        of("validation", "validation", measured, 1),
        of("train-again", "train", measured, 2),
        of("test", "test", measured, 3),
        of("test-reference-view", "test", measured, 4, REFERENCE_VIEW),
        of("test-full-view", "test", measured, 5, FULL_VIEW),
        of("test-activities", "test_activities", measured, 6),
        of("extreme", "extreme", measured, 7),
        Draw("prior", sampled(prior), prior.sha256[:12], measured, 8, view),
    ]
    return {draw.name: draw for draw in sets}


def study_of(cache: Path) -> Study:
    """The body, the fast renderer and the frozen network."""
    body = load_body(BODY)
    features = Features(fetch(LANDMARK_FILES["full"], report=print))
    return Study(body, RasterSimulator(body), features, cache)
