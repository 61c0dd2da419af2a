"""Measures the weights of `hmr-lite` that ship: errors on people of every kind, and in the judge's pictures.

usage: python -m experiments.measure_hmr_lite POSES.npz SPLITS.json [--judge 120]

Nothing is chosen here. Writes experiments/results/hmr_lite.json; docs/hmr-lite.md has the figures.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from experiments._hmr_figures import as_table, figures
from experiments._hmr_pictures import Draw
from experiments._hmr_sets import CACHE, MEASURED, Study, draws, study_of
from simulator.judge import JudgeSimulator
from targets.hmr_head import Head, load_head
from targets.hmr_lite import WEIGHTS

RESULTS = Path(__file__).parent / "results" / "hmr_lite.json"


def measure(
    study: Study, head: Head, sets: dict[str, Draw], judged: int
) -> dict[str, dict[str, float | None]]:
    """Figures of all sets but `train`, and of `judged` people of `test` in the judge's pictures."""
    measured = {}
    for name, draw in sets.items():
        if name != "train":
            measured[name] = figures(head, study.people(draw), study.body, own_body=True)
            print(name, measured[name])
    if judged:
        test = sets["test"]
        draw = Draw("judge", test.poses, test.source, judged, 9, test.view)
        people = study.people(draw, JudgeSimulator(study.body))
        measured["judge"] = figures(head, people, study.body, own_body=False)
        print("judge", measured["judge"])
    return as_table(measured)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("poses", type=Path)
    parser.add_argument("splits", type=Path)
    parser.add_argument("--measured", type=int, default=MEASURED, help="people a measured set")
    parser.add_argument("--judge", type=int, default=0, help="pictures of the path tracer, 2 s each; 0: none")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    head, about = load_head(given.weights)
    study = study_of(given.cache)
    table = measure(study, head, draws(given.poses, given.splits, 0, given.measured), given.judge)
    result = {"trained_on": about["trained_on"], "measured_on": study.simulator.version, "sets": table}
    given.results.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
