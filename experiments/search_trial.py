"""Does the search beat its baselines? Whole audits over several seeds, and fresh draws of every success region.

Each seed is a cell: an audit (resumable) and 500 fresh fair draws of each success region of each method, written to
`experiments/results/search_trial/`. A cell that is there is not computed again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from examiner import Config, Examiner, build_rig, seeds
from examiner.files import write_json
from examiner.method import MethodResult, Mode
from examiner.rig import Rig
from examiner.subspace import fair_points
from examiner.terminal import open_progress

RESULTS = Path(__file__).parent / "results" / "search_trial"
HOLDS_DRAWS = 500
HOLDS_RATE = 0.90
HOLDS_STREAM = 100
LEVELS = ("1.0", "1.5", "2.0")


@dataclass(frozen=True)
class Trial:
    """What is tried."""

    target: str = "blazepose-full"
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    agents: int = 8
    budget: int = 1600
    runs: Path = Path("runs/search_trial")


def main(trial: Trial) -> list[dict[str, Any]]:
    """Compute the missing cells, print the table, return the cells."""
    cells = [cell(trial, seed) for seed in trial.seeds]
    print_table(cells)
    return cells


def cell(trial: Trial, seed: int) -> dict[str, Any]:
    """One seed: read back, or audited and checked."""
    path = RESULTS / f"{trial.target}-{trial.budget}-seed{seed}.json"
    if path.is_file():
        stored: dict[str, Any] = json.loads(path.read_text())
        return stored
    progress = open_progress()
    config = Config(target=trial.target, agents=trial.agents, budget=trial.budget, seed=seed)
    rig = build_rig(config, progress)
    try:
        examiner = Examiner(rig, trial.runs / path.stem, progress)
        results = examiner.run().results
        checks = [check for method in examiner.methods for check in hold_checks(rig, method)]
    finally:
        rig.close()
        progress.close()
    kept = {name: results[name] for name in ("protocol", "methods", "timings")}
    kept["protocol"] = {
        name: kept["protocol"][name] for name in ("target", "threshold_mm", "renderer", "budget")
    }
    found = {"seed": seed, **kept, "holds": checks}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, found)
    return found


def hold_checks(rig: Rig, method: MethodResult) -> list[dict[str, Any]]:
    """Fresh fair draws of every success region of a method."""
    proven = [m for m in method.modes if m.region is not None and m.region.proof.success]
    return [{"method": method.name, "query": mode.query, "rate": fresh_rate(rig, mode)} for mode in proven]


def fresh_rate(rig: Rig, mode: Mode) -> float:
    """Failure rate of HOLDS_DRAWS fresh fair people of a region, none of them seen before."""
    assert mode.region is not None
    box = mode.region.subspace
    rng = seeds.generator(rig.config.seed, HOLDS_STREAM, mode.query)
    points, _ = fair_points(
        box, HOLDS_DRAWS, lambda p: rig.fairness.margin(box.people(p, rig.space.frame)), rng
    )
    outcomes = rig.evaluator(rig.space.redress(box.people(points, rig.space.frame), rng))
    return float(outcomes.exceeds(rig.threshold).mean())


def print_table(cells: list[dict[str, Any]]) -> None:
    """Means over seeds, the ratio to each baseline, and how many success regions hold."""
    names = [method["name"] for method in cells[0]["methods"]]
    print("method            QD score     1x   1.5x     2x  modes  by pose  regions")
    for i, name in enumerate(names):
        rows = [c["methods"][i] for c in cells]
        rates = " ".join(f"{mean_of(r['yield_per_1000'][level] for r in rows):6.1f}" for level in LEVELS)
        qd, modes, poses = (mean_of(r[key] for r in rows) for key in ("qd_score", "modes", "modes_by_pose"))
        won, tried = (sum(r[key] for r in rows) for key in ("success_regions", "regions_tried"))
        print(f"{name:16s} {qd:9.0f} {rates} {modes:6.1f} {poses:8.1f} {won:6d}/{tried}")
    for i, name in enumerate(names[1:], start=1):
        ratios = [c["methods"][0]["qd_score"] / max(c["methods"][i]["qd_score"], 1e-9) for c in cells]
        print(f"QD score over {name}: " + ", ".join(f"{ratio:.2f}" for ratio in ratios))
    checks = [check for c in cells for check in c["holds"]]
    held = sum(check["rate"] >= HOLDS_RATE for check in checks)
    print(f"success regions that hold on {HOLDS_DRAWS} fresh fair draws: {held} of {len(checks)}")


def mean_of(values: Iterable[float]) -> float:
    """The mean as a plain number."""
    return float(np.mean(list(values)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default=Trial.target)
    parser.add_argument("--seeds", type=lambda text: tuple(map(int, text.split(","))), default=Trial.seeds)
    parser.add_argument("--budget", type=int, default=Trial.budget)
    given = parser.parse_args()
    main(Trial(target=given.target, seeds=given.seeds, budget=given.budget))
