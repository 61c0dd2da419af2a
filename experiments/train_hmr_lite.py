"""Trains `hmr-lite`, our small regressor of SMPL-format parameters, on typical people alone.

usage: python -m experiments.train_hmr_lite POSES.npz SPLITS.json [--pictures 40000] [--seconds N]

Only poses of `train` are trained on; options were chosen on `validation`. People are drawn once and kept below
`runs/hmr-lite` as features and labels; a run that was stopped goes on from there, and a longer one too. Writes the
weights that ship and experiments/results/hmr_lite_training.json; `measure_hmr_lite` comes next.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch

from experiments._hmr_figures import pa_mpjpe
from experiments._hmr_pictures import Draw
from experiments._hmr_sets import CACHE, MEASURED, Study, draws, study_of
from experiments._hmr_training import Options, Point, train
from targets import LANDMARK_FILES
from targets.hmr_head import Head, save_head
from targets.hmr_lite import WEIGHTS

RESULTS = Path(__file__).parent / "results" / "hmr_lite_training.json"


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


def checked(study: Study, draw: Draw, device: str) -> Callable[[Head], float]:
    """The validation error of a head."""
    people = study.people(draw)
    return lambda head: pa_mpjpe(head, people, study.body, device)


def main() -> None:
    """Draw, train, write."""
    given = arguments()
    torch.set_num_threads(1)
    options = Options(steps=given.steps, seed=given.seed)
    study, start = study_of(given.cache), time.process_time()
    sets = draws(given.poses, given.splits, given.pictures, given.measured)
    people = study.people(sets["train"])
    check = checked(study, sets["validation"], given.device)
    drawn = time.process_time()
    head, curve = train(
        people,
        study.body,
        options,
        seconds=given.seconds,
        device=given.device,
        check=check,
        said=lambda text: print(text, flush=True),
    )
    given.out.parent.mkdir(parents=True, exist_ok=True)
    save_head(head.cpu(), given.out, about(study, options, sets))
    write(given.results, options, sets["train"], curve, (drawn - start, time.process_time() - drawn))


def write(path: Path, options: Options, draw: Draw, curve: list[Point], seconds: tuple[float, float]) -> None:
    """The results file."""
    result = {
        "pictures": draw.count,
        "options": asdict(options),
        "processor_seconds": {"drawing": round(seconds[0]), "training": round(seconds[1])},
        "curve": [asdict(point) for point in curve],
    }
    path.write_text(json.dumps(result, indent=1) + "\n")


def arguments() -> argparse.Namespace:
    """What the user wants."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("poses", type=Path)
    parser.add_argument("splits", type=Path)
    parser.add_argument("--pictures", type=int, default=40_000, help="people to train on")
    parser.add_argument("--measured", type=int, default=MEASURED, help="people of the validation set")
    parser.add_argument("--steps", type=int, default=Options.steps)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="training ends after so long")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--results", type=Path, default=RESULTS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
