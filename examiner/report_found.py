"""What each method had found, query by query: the charts, the table and the words of that section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from markupsafe import Markup

from examiner.report_charts import Counts, found_curves
from examiner.report_words import count

LABELS = {"1.0": "above the threshold", "1.5": "above 1.5\u00d7 the threshold"}
"""Levels that are drawn, in order."""

MOST_SPANS = 3
"""Stretches in which a baseline was ahead that are named one by one."""

Method = Mapping[str, Any]
Rows = list[tuple[int, list[int | None]]]
"""A number of queries and what each method had found after it; None where a method has no such count."""


@dataclass(frozen=True)
class Level:
    """One chart of the section."""

    label: str
    chart: Markup
    ends: list[tuple[str, int]]
    """Each method's name and what it had found at the end."""
    verdict: str
    table: Rows


def found_levels(methods: Sequence[Method]) -> list[Level]:
    """The charts of all methods with counts, the search first; none where nothing was counted."""
    counted = [method for method in methods if "found" in method]
    levels = []
    for key, label in LABELS.items():
        rows = [(m["name"], m["found"]["queries"], m["found"]["distinct"].get(key, [])) for m in counted]
        rows = [row for row in rows if row[2]]
        if rows:
            ends = [(name, found[-1]) for name, _, found in rows]
            levels.append(
                Level(
                    label, found_curves(rows, label, f"chart-found-{key}"), ends, verdict(rows), table(rows)
                )
            )
    return levels


def table(rows: Counts) -> Rows:
    """Lines of the table: a number of queries and what each method had found after it."""
    found = [dict(zip(queries, counts, strict=False)) for _, queries, counts in rows]
    return [(q, [one.get(q) for one in found]) for q in sorted(set().union(*found))]


def verdict(rows: Counts) -> str:
    """Who has found most at the end, and where a baseline was ahead of the search, the first row."""
    names, ends = [row[0] for row in rows], [row[2][-1] for row in rows]
    if len(rows) == 1:
        return f"{names[0]} ends with {count(ends[0])}; no baseline was run."
    best = max(range(1, len(rows)), key=lambda i: ends[i])
    return f"{_ending(names[0], ends[0], names[best], ends[best])}; {_ahead(rows)}."


def _ending(search: str, ours: int, baseline: str, theirs: int) -> str:
    if ours == theirs:
        return f"{search} and the best baseline, {baseline}, end level with {count(ours)} each"
    if ours > theirs:
        return f"{search} leads at the end, {count(ours)} to {count(theirs)} of the best baseline, {baseline}"
    return f"the baseline {baseline} leads at the end, {count(theirs)} to {count(ours)} of {search}"


def _ahead(rows: Counts) -> str:
    """Where a baseline's line was above the search's; a method that has stopped keeps what it found."""
    leaders = []
    for asked in sorted(set().union(*(queries for _, queries, _ in rows))):
        ours, *theirs = (np.interp(asked, queries, found) for _, queries, found in rows)
        leaders.append((asked, {row[0] for row, n in zip(rows[1:], theirs, strict=True) if n > ours}))
    runs = [(bool(key), list(run)) for key, run in groupby(leaders, key=lambda line: bool(line[1]))]
    spans = [(run[0][0], run[-1][0]) for ahead, run in runs if ahead]
    if not spans:
        return "no baseline was ahead at any point drawn"
    who = [name for name, _, _ in rows[1:] if any(name in ahead for _, ahead in leaders)]
    return f"{_listed(who, 'or')} was ahead {_where(spans)}"


def _where(spans: Sequence[tuple[int, int]]) -> str:
    if len(spans) > MOST_SPANS:
        return f"{len(spans)} times between {count(spans[0][0])} and {count(spans[-1][1])} queries"
    parts = [f"at {count(a)}" if a == b else f"from {count(a)} to {count(b)}" for a, b in spans]
    return f"{_listed(parts, 'and')} queries"


def _listed(parts: Sequence[str], last: str) -> str:
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
