"""Found: how many distinct fair failures a search had seen after so many queries, before any redraw."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from examiner.distinct import Signature, distance, signature
from examiner.method import MethodResult
from examiner.rig import Rig

LEVELS = (1.0, 1.5)
"""Multiples of the threshold at which a failure is counted, each on its own."""

STEPS = 24
"""Even steps of the search's share of the budget at which the count is given."""


def found_curve(result: MethodResult, rig: Rig) -> dict[str, Any]:
    """Distinct fair failures against search queries: `found` of a method in `results.json`."""
    planned = int(rig.config.budget * rig.config.shares[0])
    queries = query_counts(planned, len(result.search))
    failed = np.flatnonzero(result.search.failures(rig.threshold))
    severity = result.search.severity[failed]
    marks = signature(rig.body, result.search_scene.rows(failed))
    distinct = {}
    for level in LEVELS:
        severe = np.flatnonzero(severity > level * rig.threshold)
        counted = failed[severe[newcomers(marks.rows(severe))]]
        distinct[f"{level:.1f}"] = seen(counted, queries)
    return {"queries": queries, "distinct": distinct}


def query_counts(planned: int, asked: int) -> list[int]:
    """Even steps from 0 to the planned queries, as far as they were asked, and the end.

    Methods of a run share the steps, wherever each of them stopped.
    """
    steps = np.linspace(0, planned, STEPS + 1).round().astype(int)
    return sorted({*steps[steps <= asked].tolist(), asked})


def newcomers(marks: Signature) -> NDArray[np.intp]:
    """Places of the people that are distinct from every one counted before them, in order."""
    counted: list[int] = []
    left = np.arange(len(marks.joints))
    while len(left):
        counted.append(int(left[0]))
        new = distance(marks, marks.rows(np.array([0])))[:, 0] >= 1
        new[0] = False
        left, marks = left[new], marks.rows(np.flatnonzero(new))
    return np.array(counted, np.intp)


def seen(rows: NDArray[np.intp], queries: list[int]) -> list[int]:
    """How many of the rows, rising, were among the first so many queries."""
    return [int(n) for n in np.searchsorted(rows, queries, side="left")]
