"""Cells in the setting of the first trial: one final point for each agent, and what redraws say of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examiner.distinct import Signature, any_near, clusters, distance, signature
from examiner.joints import Bool, Float
from examiner.modes import Redraw, redraw_scene
from examiner.outcomes import Outcomes
from examiner.rig import Rig
from experiments._agents_cells import Bench, Cell, Kept, about
from experiments._agents_search import SEARCHES, Searched, search


@dataclass(frozen=True)
class Final:
    """Where an agent ended."""

    agent: int
    row: int
    """Row of the query, which is its number from 0."""
    distinct: bool
    """Whether it was distinct from all finals given before it."""


def final_points(
    severity: Float, usable: Bool, owners: NDArray[np.intp], near: Callable[[int, Sequence[int]], bool]
) -> list[Final]:
    """A final point for each agent that asked anything usable, by the same rule for every method.

    Agents are served in order of their own worst usable query, the worst first. Each gets the worst of its own that is
    distinct from all finals given before, or its worst one if none is.

    Args:
        severity: (n,) errors, mm.
        usable: (n,) queries that are fair, found and valid.
        owners: (n,) agent of each query.
        near: whether a row is not distinct from one of other rows.
    """
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(-severity[rows], kind="stable")]
    finals: list[Final] = []
    for agent in dict.fromkeys(owners[rows].tolist()):
        mine = rows[owners[rows] == agent].tolist()
        given = [final.row for final in finals]
        free = next((row for row in mine if not near(row, given)), None)
        finals.append(Final(agent, mine[0] if free is None else free, free is not None))
    return finals


def finals(cell: Cell, bench: Bench) -> Kept:
    """Search, give every agent its final point, and redraw each; the redraws are charged to nobody."""
    rig = bench.build(cell.config, bench.progress)
    try:
        found = search(rig, bench.runs / SEARCHES / cell.stem, bench.progress)
        return {**about(rig), **final_figures(rig, found)}
    finally:
        rig.close()


def final_figures(rig: Rig, found: Searched) -> Kept:
    """What the final points of a search are worth."""
    outcomes = found.outcomes
    marks = signature(rig.body, found.scene)
    usable = outcomes.fair & outcomes.found & outcomes.valid
    points = final_points(
        outcomes.severity, usable, found.owners, lambda row, given: any_near(marks, row, given, distance)
    )
    redraws = [_redraw(rig, found, point) for point in points]
    repeat = [p.row for p, r in zip(points, redraws, strict=True) if r.repeatable]
    rows = zip(points, redraws, strict=True)
    return {
        "queries": len(outcomes),
        "failure_share": float(outcomes.failures(rig.threshold).mean()),
        "repeatable": len(repeat),
        "distinct": count_distinct(marks.rows(np.array(repeat, np.intp))),
        "finals": [_final_row(point, redraw, outcomes, rig.threshold) for point, redraw in rows],
    }


def count_distinct(marks: Signature) -> int:
    """Clusters of people, mirrored twins merged."""
    return int(clusters(distance(marks, marks)).max()) if len(marks.joints) else 0


def _redraw(rig: Rig, found: Searched, point: Final) -> Redraw:
    """All redraws of a final point, hopeless ones too: their mean is a figure."""
    person = found.scene.rows(np.array([point.row]))
    return Redraw(point.row, point.row, rig.evaluator(redraw_scene(person, rig.space)), rig.threshold)


def _final_row(point: Final, redraw: Redraw, outcomes: Outcomes, threshold: float) -> dict[str, Any]:
    return {
        **asdict(point),
        "error_mm": float(outcomes.severity[point.row]),
        "exceed": redraw.exceed,
        "mean_mm": redraw.mean(threshold),
    }
