"""Trains `hmr-lite`, our small regressor of SMPL-format parameters, on typical people alone.

usage: python -m experiments.train_hmr_lite POSES.npz SPLITS.json [--pictures 60000] [--judge 120]

Only poses of `train` are trained on; options were chosen on `validation`. People are drawn once and kept below
`runs/hmr-lite` as features and labels; a run that was stopped goes on from there. Writes the weights that ship
and experiments/results/hmr_lite.json. docs/hmr-lite.md has the figures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from experiments._hmr_figures import as_table, figures, pa_mpjpe
from experiments._hmr_pictures import Draw, People, people_of, recorded, sampled
from experiments._hmr_training import Options, Point, train
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
from targets.hmr_head import Head, save_head
from targets.hmr_lite import WEIGHTS
from targets.tflite_torch import TorchGraph

BODY = "neutral"
RESULTS = Path(__file__).parent / "results" / "hmr_lite.json"
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


def measure(study: Study, head: Head, sets: dict[str, Draw], judged: int) -> dict[str, Any]:
    """Figures of all sets, and of `judged` people of `test` in the judge's pictures."""
    measured = {
        name: figures(head, study.people(draw), study.body, own_body=True)
        for name, draw in sets.items()
        if name != "train"
    }
    if judged:
        from simulator.judge import JudgeSimulator  # deferred: needs mitsuba

        test = sets["test"]
        draw = Draw("judge", test.poses, test.source, judged, 9, test.view)
        people = study.people(draw, JudgeSimulator(study.body))
        measured["judge"] = figures(head, people, study.body, own_body=False)
    return as_table(measured)


def about(study: Study, options: Options, sets: dict[str, Draw]) -> dict[str, str]:
    """What the weight file says of itself."""
    return {
        "name": "hmr-lite",
        "licence": "Apache-2.0",
        "body": study.body.name,
        "body_sha256": study.body.sha256,
        "trained_on": study.simulator.version,
        "trunk_sha256": LANDMARK_FILES["full"].sha256,
        "poses": sets["train"].source,
        "pictures": str(sets["train"].count),
        "options": json.dumps(asdict(options)),
    }


def study_of(cache: Path, device: str) -> Study:
    """The body, the fast renderer and the frozen network."""
    body = load_body(BODY)
    graph = TorchGraph.from_tflite(fetch(LANDMARK_FILES["full"], report=print))
    return Study(body, RasterSimulator(body), Features(graph, device), cache)


def checked(study: Study, draw: Draw, device: str) -> Callable[[Head], float]:
    """The validation error of a head."""
    people = study.people(draw)
    return lambda head: pa_mpjpe(head, people, study.body, device)


def main() -> None:
    """Draw, train, measure, write."""
    given = arguments()
    torch.set_num_threads(1)
    options = Options(steps=given.steps, seed=given.seed)
    study, start = study_of(given.cache, given.device), time.process_time()
    sets = draws(given.poses, given.splits, given.pictures, given.measured)
    people = study.people(sets["train"])
    drawn = time.process_time() - start
    head, curve = train(
        people,
        study.body,
        options,
        seconds=given.seconds,
        device=given.device,
        check=checked(study, sets["validation"], given.device),
        said=print,
    )
    given.out.parent.mkdir(parents=True, exist_ok=True)
    save_head(head.cpu(), given.out, about(study, options, sets))
    trained = time.process_time() - start - drawn
    table = measure(study, head, sets, given.judge)
    print(json.dumps(table, indent=1))
    write(given.results, study, options, people, curve, table, (drawn, trained))


def write(
    path: Path,
    study: Study,
    options: Options,
    people: People,
    curve: list[Point],
    table: dict[str, Any],
    seconds: tuple[float, float],
) -> None:
    """The results file."""
    result = {
        "trained_on": study.simulator.version,
        "pictures": len(people),
        "options": asdict(options),
        "processor_seconds": {"drawing": round(seconds[0]), "training": round(seconds[1])},
        "curve": [{name: round(float(v), 3) for name, v in asdict(point).items()} for point in curve],
        "sets": table,
    }
    path.write_text(json.dumps(result, indent=1) + "\n")


def arguments() -> argparse.Namespace:
    """What the user wants."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("poses", type=Path)
    parser.add_argument("splits", type=Path)
    parser.add_argument("--pictures", type=int, default=60_000, help="people to train on")
    parser.add_argument("--measured", type=int, default=MEASURED, help="people a measured set")
    parser.add_argument("--judge", type=int, default=0, help="pictures of the path tracer, 2 s each; 0: none")
    parser.add_argument("--steps", type=int, default=Options.steps)
    parser.add_argument("--seconds", type=float, default=np.inf, help="training ends after so long")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--results", type=Path, default=RESULTS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
