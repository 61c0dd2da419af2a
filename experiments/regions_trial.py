"""Do the regions hold, do the modes survive the judge, do the rules tell the truth, is the search complete?

A cell is one audit of one target and seed with `--preset full`, and then, asked anew and charged to nobody: 500 fresh
fair people of every success region, and inside every rule four times as many fresh draws of the methods that
learn nothing as it was scored on (200 to 1,000). Each
writes a small file in `experiments/results/regions_trial/`; a cell that is there is not computed again, and one that
was stopped goes on from its run folder. Completeness (are the modes of one seed found by another?) is read off all
cells.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examiner import Config, Examiner, build_rig, seeds
from examiner.config import with_values
from examiner.distinct import distance, signature
from examiner.explain import BLIND, Pool
from examiner.files import read_json, write_json
from examiner.journal import read_part, scene_columns, scene_from
from examiner.outcomes import Outcomes, join_outcomes
from examiner.population import build_population
from examiner.presets import PRESETS
from examiner.rig import Rig
from examiner.rules import Tally, tally
from examiner.show import mode_scene
from examiner.subspace import FailureSubspace, fair_points
from examiner.subspace_files import read_subspaces
from examiner.terminal import open_progress
from simulator import Scene, join_scenes, load_body

RESULTS = Path(__file__).parent / "results" / "regions_trial"
TARGETS = ("blazepose-lite", "blazepose-full")
FRESH_REGION, HOLDS = 500, 0.90
FRESH_RULE, TIMES = (200, 1000), 4
"""Fresh people in a rule: the least and the most, and times its support, so that the rule's interval is tested and not
the check's own."""
STREAM = 101
ROUNDS = 60
"""Most rounds of fresh draws that are looked through for people inside a rule."""

Kept = dict[str, Any]


def cell(target: str, seed: int, runs: Path, results: Path) -> Kept:
    """One audit and its checks: read back, or computed; a finished audit is read from its folder."""
    path = results / f"{target}-seed{seed}.json"
    if path.is_file():
        return _read(path)
    progress = open_progress()
    config = with_values(Config(target=target, seed=seed), dict(PRESETS["full"]), "the preset")
    rig = build_rig(config, progress)
    try:
        run = runs / path.stem
        if not (run / "results.json").is_file():
            Examiner(rig, run, progress, name="full").run()
        figures = checked(rig, run)
    finally:
        rig.close()
        progress.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, figures)
    return _read(path)


def checked(rig: Rig, run: Path) -> Kept:
    """What a finished run found, and what fresh people say of it."""
    found = read_json(run / "results.json")
    side = rig.config.image_size
    scenes = join_scenes([mode_scene(mode, "failure", side) for mode in found["modes"]])
    kept = zip(found["modes"], read_subspaces(run), strict=True)
    pool = Pool(rig, searches(run, (rig.config.algorithm, *rig.config.baselines)))
    return {
        "target": rig.config.target,
        "seed": rig.config.seed,
        "threshold_mm": rig.threshold,
        "seconds": found["timings"]["total_s"],
        "success_rate": found["methods"][0]["success_rate"],
        "diversity": found["diversity"],
        "modes": [_mode_row(row) for row in found["modes"]],
        "regions": [_region_row(rig, mode, stored.subspace) for mode, stored in kept if stored.success],
        "rules": _rule_rows(
            rig, pool, [scenes.rows(_one(i)) for i, m in enumerate(found["modes"]) if m["region"]]
        ),
        "scenes": _columns(scenes),
    }


def _one(row: int) -> slice:
    return slice(row, row + 1)


def searches(run: Path, methods: Sequence[str]) -> list[Search]:
    """What each method of a run asked in its search, from the journal."""
    parts = [read_part(path) for path in sorted((run / "parts").glob("part-*.npz"))]
    mine = {name: [part for part in parts if part.stage == f"{name}/search"] for name in methods}
    return [
        Search(name, join_outcomes([p.outcomes for p in some]), join_scenes([p.scene for p in some]))
        for name, some in mine.items()
    ]


@dataclass(frozen=True)
class Search:
    """The search of one method, as `Pool` reads it."""

    name: str
    search: Outcomes
    search_scene: Scene


def _read(path: Path) -> Kept:
    kept: Kept = read_json(path)
    return kept


def _columns(scene: Scene) -> Kept:
    return {"columns": scene_columns(scene), "image_size": scene.camera.image_size}


def _mode_row(row: Kept) -> Kept:
    return {
        "flags": row["flags"],
        "survives": None if row["judged"] is None else row["judged"]["survives"],
        "error_mm": row["error_mm"],
        "raw_error_mm": row["raw_error_mm"],
        "mildest": row["mildest"]["distance"],
        "tried": row["region"] is not None,
    }


def _region_row(rig: Rig, mode: Kept, subspace: FailureSubspace) -> Kept:
    """What FRESH_REGION fair people of a success region say, none of them seen before."""
    rng = seeds.generator(rig.config.seed, STREAM, mode["query"])
    frame = rig.space.frame
    points, _ = fair_points(
        subspace, FRESH_REGION, lambda p: rig.fairness.margin(subspace.people(p, frame)), rng
    )
    outcomes = rig.evaluator(rig.space.redress(subspace.people(points, frame), rng))
    return {
        "shape": subspace.shape,
        "size_rad": subspace.size,
        "rate": float(outcomes.exceeds(rig.threshold).mean()),
        "log_fair_volume": mode["region"]["log_fair_volume"],
    }


def _rule_rows(rig: Rig, pool: Pool, people: Sequence[Scene]) -> list[Kept]:
    """The rule of every person (one row each), once, with what fresh people inside it say."""
    scored = [pool.rule(person) for person in people]
    rows = []
    for rule in {one.words: one for one in scored if one is not None}.values():
        wanted = int(np.clip(TIMES * rule.inside.people, *FRESH_RULE))
        fresh = fresh_tally(rig, pool, rule.rule.holds, wanted)
        rows.append({**rule.plain(), "fresh": fresh.plain() if fresh.people else None})
    return rows


def fresh_tally(rig: Rig, pool: Pool, holds: Any, wanted: int) -> Tally:
    """Fresh draws of the blind baselines that a rule covers, as many of each as come, and how many of them fail."""
    rigged = replace(rig, config=replace(rig.config, seed=rig.config.seed + 1000))
    names = [name for name in rig.config.baselines if name in BLIND]
    populations = [build_population(name, i, rigged, rig.config.budget) for i, name in enumerate(names)]
    failed: list[NDArray[np.bool_]] = []
    for _ in range(ROUNDS):
        for population in populations:
            scene = rig.space.decode(population.ask())
            inside = np.flatnonzero(holds(pool.features(scene).values))
            if len(inside):
                outcomes = rig.evaluator(scene.rows(inside))
                usable = outcomes.fair & outcomes.found & outcomes.valid
                failed.append(outcomes.failures(rig.threshold)[usable])
        if sum(map(len, failed)) >= wanted:
            break
    return tally(np.concatenate(failed)) if failed else Tally(0, 0)


def report(cells: Sequence[Kept]) -> str:
    """Markdown: a line for each cell, then what all of them say."""
    lines = [
        "| target | seed | modes | judged | clean | success regions that hold | rules in their interval | "
        "median lift | minutes |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(_line(one) for one in cells),
    ]
    return "\n".join([*lines, "", *_completeness(cells)])


def _line(one: Kept) -> str:
    modes, regions = one["modes"], one["regions"]
    judged = [mode for mode in modes if mode["survives"]]
    clean = [m for m in judged if "ambiguous" not in m["flags"] and m["raw_error_mm"] > one["threshold_mm"]]
    held = sum(region["rate"] >= HOLDS for region in regions)
    asked = [rule for rule in one["rules"] if rule["fresh"]]
    inside = sum(rule["low"] <= rule["fresh"]["rate"] <= rule["high"] for rule in asked)
    lift = np.median([rule["lift"] for rule in one["rules"]]) if one["rules"] else float("nan")
    shares = " | ".join(f"{len(part) / max(1, len(modes)):.0%}" for part in (judged, clean))
    return (
        f"| {one['target']} | {one['seed']} | {len(modes)} | {shares} | {held} of {len(regions)} | "
        f"{inside} of {len(asked)} | {lift:.1f} | {one['seconds'] / 60:.1f} |"
    )


def _completeness(cells: Sequence[Kept]) -> list[str]:
    """How many modes of one seed another seed of the same target found too."""
    body = load_body(Config().body)
    lines = []
    for target in dict.fromkeys(one["target"] for one in cells):
        mine = [one for one in cells if one["target"] == target]
        marks = [signature(body, _scene(one["scenes"])) for one in mine]
        again = [float((distance(a, b) < 1).any(axis=1).mean()) for a, b in permutations(marks, 2)]
        if again:
            unseen = [one["diversity"]["estimated"] for one in mine]
            lines.append(
                f"- {target}: of the modes of one seed {np.mean(again):.0%} are found by another ({min(again):.0%} to "
                f"{max(again):.0%}); Chao1 estimates {min(unseen):.0f} to {max(unseen):.0f} in all."
            )
    return lines


def _scene(stored: Kept) -> Scene:
    columns = {name: np.array(values) for name, values in stored["columns"].items()}
    return scene_from(columns, tuple(stored["image_size"]))


def main(argv: Sequence[str] | None = None) -> int:
    """Compute the missing cells, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", nargs="+", default=TARGETS)
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    parser.add_argument("--runs", type=Path, default=Path("runs/regions_trial"))
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--tables", action="store_true", help="compute nothing, print what is there")
    options = parser.parse_args(argv)
    wanted = [(target, seed) for seed in options.seeds for target in options.targets]
    if options.tables:
        wanted = [w for w in wanted if (options.results / f"{w[0]}-seed{w[1]}.json").is_file()]
    cells = [cell(target, seed, options.runs, options.results) for target, seed in wanted]
    sys.stdout.write(report(sorted(cells, key=lambda one: (one["target"], one["seed"]))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
