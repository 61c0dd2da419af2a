"""Cells on transfer: how soon a policy that learned on other targets finds five failures of a new one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from examiner.distinct import Signature, distance, signature
from examiner.journal import Part
from examiner.modes import REDRAWS, Redraw, first_batch, redraw_scene, still_possible
from examiner.outcomes import join_outcomes
from examiner.rig import Rig
from experiments._agents_cells import Bench, Cell, Kept, about, run_name
from experiments._agents_search import SEARCHES, is_finished, search
from simulator import Scene

WANTED = 5
"""Failures after which a search has shown what it is for."""


class Milestones:
    """The first distinct failures of a search, and the first distinct ones that repeat.

    Distinct is by `examiner.distinct.distance`: by pose or by view.
    """

    def __init__(self, wanted: int = WANTED) -> None:
        self._wanted = wanted
        self._seen: list[Signature] = []
        self._kept: list[Signature] = []
        self.distinct: list[int] = []
        """Numbers of the queries, from 1, of the first failures distinct from those before."""
        self.modes: list[int] = []
        """The same of the first that repeat, distinct from those that repeat before."""

    @property
    def reached(self) -> bool:
        """Whether enough of both were found."""
        return min(len(self.distinct), len(self.modes)) >= self._wanted

    def see(self, marks: Signature, queries: Sequence[int], repeats: Callable[[int], bool]) -> None:
        """Take in fair failures in the order in which they were asked.

        Args:
            marks: of n failures.
            queries: (n,) number of each, from 1, ascending.
            repeats: whether the failure of a place among the n does; only asked where it decides something.
        """
        for place, query in enumerate(queries):
            mark = marks.rows(np.array([place]))
            if len(self.distinct) < self._wanted and _new(mark, self._seen):
                self._seen.append(mark)
                self.distinct.append(query)
            if len(self.modes) < self._wanted and _new(mark, self._kept) and repeats(place):
                self._kept.append(mark)
                self.modes.append(query)


def _new(mark: Signature, others: Sequence[Signature]) -> bool:
    return all(distance(mark, other)[0, 0] >= 1 for other in others)


def transferred(cell: Cell, bench: Bench) -> Kept:
    """Learn on the cell's other targets in order, then search its own until the milestones are reached."""
    before = learn(cell, bench)
    rig = bench.build(replace(cell.config, agents_from=before), bench.progress)
    stones = Milestones()
    try:
        folder = bench.runs / cell.part / cell.stem
        found = search(rig, folder, bench.progress, lambda part: _watch(rig, part, stones))
        asked = {
            "queries": len(found.outcomes),
            "failures": int(found.outcomes.failures(rig.threshold).sum()),
        }
        return {**about(rig), **asked, "distinct": stones.distinct, "modes": stones.modes}
    finally:
        rig.close()


def learn(cell: Cell, bench: Bench) -> str:
    """Whole searches of the targets that come before, each from the policy of the last; the last one's folder.

    Cells that learn or search the same share the runs.
    """
    before = ""
    for place, target in enumerate(cell.learned):
        config = replace(cell.config, target=target, agents_from=before)
        label = " after ".join([config.algorithm, *reversed(cell.learned[:place])])
        folder = bench.runs / SEARCHES / run_name(config, label)
        if not is_finished(folder, config):
            rig = bench.build(config, bench.progress)
            try:
                search(rig, folder, bench.progress)
            finally:
                rig.close()
        before = str(folder)
    return before


def _watch(rig: Rig, part: Part, stones: Milestones) -> bool:
    """Show a round to the milestones; whether to go on."""
    rows = np.flatnonzero(part.outcomes.failures(rig.threshold))
    if len(rows):
        scene = part.scene.rows(rows)
        queries = [part.first_query + int(row) + 1 for row in rows]
        stones.see(
            signature(rig.body, scene), queries, lambda place: verified(rig, scene.rows(np.array([place])))
        )
    return not stones.reached


def verified(rig: Rig, person: Scene) -> bool:
    """Whether a failure (one row) repeats, and exceeds the threshold on the reference renderer too; uncharged."""
    drawn = redraw_scene(person, rig.space)
    first = rig.evaluator(drawn.rows(slice(0, first_batch())))
    if not still_possible(int(first.exceeds(rig.threshold).sum()), first_batch()):
        return False
    rest = rig.evaluator(drawn.rows(slice(first_batch(), REDRAWS)))
    redraw = Redraw(0, 0, join_outcomes([first, rest]), rig.threshold)
    if rig.referee is None or not redraw.repeatable:
        return redraw.repeatable
    return bool(rig.referee(person).exceeds(rig.threshold)[0])
