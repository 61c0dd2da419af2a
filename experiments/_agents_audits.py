"""Cells that are whole audits by one method: what it found for its budget."""

from __future__ import annotations

import numpy as np

from examiner import Examiner
from examiner.method import MethodResult
from examiner.modes import Redraw, redraw_scene
from examiner.rig import Rig
from experiments._agents_cells import Bench, Cell, Kept, about

WORST = 5
"""Worst fair queries whose mean error over redraws is looked at where modes say little."""

SUMMARY = (
    "queries",
    "screened",
    "fair_share",
    "failures",
    "candidates",
    "fragile",
    "modes",
    "modes_by_pose",
    "yield_per_1000",
    "qd_score",
    "regions_tried",
    "success_regions",
    "error_mm",
    "found",
)
"""What is kept of a method's row in `results.json`."""


def audited(cell: Cell, bench: Bench) -> Kept:
    """The figures of an audit without baselines, resumed where it was stopped."""
    rig = bench.build(cell.config, bench.progress)
    try:
        examiner = Examiner(rig, bench.runs / cell.part / cell.stem, bench.progress, name=cell.stem)
        results = examiner.run().results
        worst = worst_mean(rig, examiner.methods[0])
    finally:
        rig.close()
    [row] = results["methods"]
    figures = {name: row[name] for name in SUMMARY}
    asked = row["fair_share"] * row["queries"]["search"]
    return {
        **about(rig),
        **figures,
        "above_share": row["failures"] / asked if asked else 0.0,
        "worst_mean_mm": worst,
        "seconds": results["timings"]["total_s"],
    }


def worst_mean(rig: Rig, result: MethodResult) -> float:
    """Largest mean error, mm, over the redraws of the WORST worst fair queries, uncharged; 0 where none is fair."""
    outcomes = result.search
    usable = np.flatnonzero(outcomes.fair & outcomes.found & outcomes.valid)
    rows = usable[np.argsort(-outcomes.severity[usable], kind="stable")[:WORST]]
    means = [0.0]
    for row in rows:
        drawn = redraw_scene(result.search_scene.rows(np.array([row])), rig.space)
        means.append(Redraw(int(row), int(row), rig.evaluator(drawn), rig.threshold).mean(0.0))
    return max(means)
