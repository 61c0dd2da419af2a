"""Maps: the error over pairs of factors, of all people whom the searches of a run asked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from examiner.explain import Explanation, Pool
from examiner.features import Feature
from examiner.joints import Bool, Float

BINS = 10
"""Cells along each side of a map."""

VIEW = ("body turned to the left", "camera elevation")
"""The pair that is always drawn where the view varies."""

NAMED = 3
"""Features that rules or causes name most often, drawn against each other."""

CAUSES = 3
"""Causes of a mode that count, the largest first."""

CAUSED = {
    "view.azimuth": VIEW[0],
    "view.elevation": VIEW[1],
    **{
        f"{side}_{joint}": f"{side} {feature}"
        for side in ("left", "right")
        for joint, feature in (
            ("shoulder", "arm raised"),
            ("elbow", "elbow bent"),
            ("hip", "thigh raised"),
            ("knee", "knee bent"),
        )
    },
}
"""The feature that a cause is most about."""

LEAST_RANGE = 1e-9


@dataclass(frozen=True)
class Grid:
    """Cells of a map; row i is bin i of y, column j bin j of x."""

    methods: tuple[str, ...]
    """Whose people are counted."""
    blind: bool
    """Whether they all come from methods that learn nothing."""
    count: np.ndarray[Any, np.dtype[np.intp]]
    """(BINS, BINS) people."""
    median: Float
    """(BINS, BINS) mm, NaN where nobody is."""
    failing: Float
    """(BINS, BINS) share of people who fail, NaN where nobody is."""


@dataclass(frozen=True)
class ErrorMap:
    """The error over two features."""

    x: Feature
    y: Feature
    x_edges: Float
    """(BINS + 1,)"""
    y_edges: Float
    """(BINS + 1,)"""
    grids: tuple[Grid, ...]
    """Of the methods that learn nothing, where there are any; then of all, where there are others."""

    def plain(self) -> dict[str, Any]:
        """As it stands in `results.json`."""
        return {
            "x": _axis(self.x, self.x_edges),
            "y": _axis(self.y, self.y_edges),
            "grids": [
                {
                    "methods": list(grid.methods),
                    "blind": grid.blind,
                    "people": int(grid.count.sum()),
                    "count": grid.count.tolist(),
                    "median_mm": grid.median.tolist(),
                    "failing": grid.failing.tolist(),
                }
                for grid in self.grids
            ],
        }


def error_maps(pool: Pool, explained: Sequence[Explanation]) -> list[ErrorMap]:
    """Maps over the view, and over the features that the run's rules name most, else its causes."""
    names = [feature.name for feature in pool.crowd.people.names]
    view = [names.index(name) for name in VIEW if name in names]
    pairs = [(view[0], view[1]), *combinations(_ranked(pool, explained), 2)]
    kept = dict.fromkeys(
        pair for pair in pairs if all(_varies(pool, i) for i in pair) and not _alike(names, pair)
    )
    return [_map(pool, x, y) for x, y in kept]


def _ranked(pool: Pool, explained: Sequence[Explanation]) -> list[int]:
    """Features that most rules name, then those that most causes do."""
    names = [feature.name for feature in pool.crowd.people.names]
    rules = [one.rule.rule.conditions for one in explained if one.rule is not None]
    told = Counter(condition.feature for rule in rules for condition in rule)
    causes = [cause.name for one in explained for cause in one.causes[:CAUSES]]
    caused = Counter(names.index(CAUSED[name]) for name in causes if name in CAUSED)
    ranked = dict.fromkeys(i for counts in (told, caused) for i, _ in counts.most_common())
    return sorted([i for i in ranked if pool.crowd.people.names[i].unit][:NAMED])


def _varies(pool: Pool, feature: int) -> bool:
    values = pool.crowd.people.values[:, feature]
    return bool(len(values) and np.ptp(values) > LEAST_RANGE)


def _alike(names: Sequence[str], pair: tuple[int, int]) -> bool:
    """Whether one of two features says much of what the other says: either arm, and the left arm."""
    one, other = (names[i] for i in pair)
    if one.startswith("body turned") and other.startswith("body turned"):
        return True
    same = one.partition(" ")[2] == other.partition(" ")[2]
    return same and "either" in (one.partition(" ")[0], other.partition(" ")[0])


def _map(pool: Pool, x: int, y: int) -> ErrorMap:
    values, names = pool.crowd.people.values, pool.crowd.people.names
    edges = [np.linspace(values[:, i].min(), values[:, i].max(), BINS + 1) for i in (x, y)]
    cells = [
        np.clip(np.searchsorted(edge, values[:, i], side="right") - 1, 0, BINS - 1)
        for i, edge in zip((x, y), edges, strict=True)
    ]
    place = cells[1] * BINS + cells[0]
    everybody = np.ones_like(pool.blind)
    masks = [everybody] if pool.blind.all() or not pool.blind.any() else [pool.blind, everybody]
    grids = tuple(_grid(pool, place, mask) for mask in masks)
    return ErrorMap(names[x], names[y], edges[0], edges[1], grids)


def _grid(pool: Pool, place: np.ndarray[Any, np.dtype[np.intp]], mask: Bool) -> Grid:
    """Of the people of a mask (n,), by the number of their cell (n,)."""
    count = np.bincount(place[mask], minlength=BINS * BINS)
    median, failing = np.full(BINS * BINS, np.nan), np.full(BINS * BINS, np.nan)
    for cell in np.flatnonzero(count):
        there = mask & (place == cell)
        median[cell] = np.median(pool.error[there])
        failing[cell] = pool.crowd.failed[there].mean()
    methods = tuple(dict.fromkeys(pool.methods[mask].tolist()))
    shape = (BINS, BINS)
    blind = bool(pool.blind[mask].all())
    return Grid(methods, blind, count.reshape(shape), median.reshape(shape), failing.reshape(shape))


def _axis(feature: Feature, edges: Float) -> dict[str, Any]:
    return {"name": feature.name, "unit": feature.unit, "edges": edges.tolist()}
