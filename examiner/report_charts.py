"""Charts of the report as inline SVG, coloured by the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from examiner.report_words import mm

Series = Sequence[tuple[str, Mapping[str, Any]]]
"""Names with a curve (`threshold_mm`, `share`) or with quantiles (`median`, `p90`, `p99`, `max`)."""

Counts = Sequence[tuple[str, Sequence[int], Sequence[int]]]
"""Names with query counts and what was found after so many, item for item."""

COLOURS = 9
"""Kinds of line in the style sheet, s0 to s8."""

LEAST_SHARE = 1e-4
QUANTILES = ("median", "p90", "p99", "max")


@dataclass(frozen=True)
class Axis:
    """A scale from values to the picture's units."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Place of a value, held inside the axis."""
        part = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(self.start + min(max(part, 0.0), 1.0) * (self.end - self.start), 1)

    def ticks(self, most: int) -> list[float]:
        """Round values, at most about so many."""
        raw = ((self.high - self.low) or 1.0) / most
        unit = 10.0 ** math.floor(math.log10(raw))
        step = next(unit * k for k in (1, 2, 5, 10) if unit * k >= raw)
        first = math.ceil(self.low / step)
        return [step * k for k in range(first, math.floor(self.high / step) + 1)]


def failure_curves(series: Series, threshold_mm: float) -> Markup:
    """Share of fair queries above each threshold, one line a method, the run's threshold marked.

    The share's axis is logarithmic: a search and its baselines may lie decades apart.
    """
    xs = [x for _, curve in series for x in curve["threshold_mm"]] or [0.0, 2 * threshold_mm]
    shares = [s for _, curve in series for s in curve["share"] if s is not None and s > 0]
    floor = math.floor(math.log10(max(min(shares, default=0.01), LEAST_SHARE)))
    x = Axis(min(xs), max(xs), 56, 530)
    y = Axis(min(floor, -1), 0, 250, 14)
    parts = [_grid(x, [(y.at(p), f"{100 * 10.0**p:g} %") for p in range(min(floor, -1), 1)], 250)]
    if x.low <= threshold_mm <= x.high:
        parts.append(_threshold(x.at(threshold_mm), 14, 250, f"threshold {mm(threshold_mm)}"))
    for index, (name, curve) in enumerate(series):
        pairs = zip(curve["threshold_mm"], curve["share"], strict=False)
        points = [(x.at(t), y.at(math.log10(s))) for t, s in pairs if s is not None and s >= LEAST_SHARE]
        parts.append(_line(index, name, points))
    parts.append(_text(293, 290, "error above which a query is called a failure, mm", "axis"))
    title = "Share of fair queries that fail, against the threshold; the numbers are in the table below it."
    return _svg(540, 296, title, parts)


def found_curves(counts: Counts, label: str) -> Markup:
    """What each method had found after so many search queries, one line a method."""
    ends = [queries[-1] for _, queries, _ in counts if queries]
    most = max((n for _, _, found in counts for n in found), default=0)
    x = Axis(0, max([1, *ends]), 56, 530)
    y = Axis(0, 1.04 * max(most, 1), 250, 14)
    levels = [(y.at(tick), f"{tick:,.0f}") for tick in y.ticks(5) if tick == int(tick)]
    parts = [_grid(x, levels, 250)]
    for index, (name, queries, found) in enumerate(counts):
        points = [(x.at(q), y.at(n)) for q, n in zip(queries, found, strict=False)]
        parts.append(_line(index, name, points))
    parts.append(_text(293, 290, "queries of the search", "axis"))
    return _svg(540, 296, f"Distinct fair failures {label}, against search queries, by method.", parts)


def nearness_curve(curve: Mapping[str, Any]) -> Markup:
    """Share of agents that found a failure within a distance from typical people."""
    x, y = Axis(0.0, max(curve["distance"]), 56, 530), Axis(0.0, 1.04, 250, 14)
    levels = [(y.at(part), f"{part:.0%}") for part in (0.0, 0.25, 0.5, 0.75, 1.0)]
    points = [
        (x.at(distance), y.at(share))
        for distance, share in zip(curve["distance"], curve["agents"], strict=True)
        if share is not None
    ]
    parts = [_grid(x, levels, 250), _line(0, "search", points)]
    parts.append(_text(293, 290, "allowed distance from a typical person", "axis"))
    return _svg(
        540, 296, "Share of agents that found a failure within a distance from typical people.", parts
    )


def quantile_rows(rows: Series, threshold_mm: float) -> Markup:
    """Median, 90th and 99th percentile and maximum of the error, one row a method."""
    largest = max((row[q] or 0.0 for _, row in rows for q in QUANTILES if q in row), default=0.0)
    x = Axis(0.0, 1.05 * max(largest, threshold_mm), 128, 530)
    bottom = 20 + 52 * len(rows)
    parts = [
        _grid(x, [], bottom),
        _threshold(x.at(threshold_mm), 14, bottom, f"threshold {mm(threshold_mm)}"),
    ]
    for index, (name, row) in enumerate(rows):
        middle = 44 + 52 * index
        parts.append(_text(118, middle + 4, name, "row"))
        parts.append(_quantiles(row, x, middle, index))
    parts.append(_text(329, bottom + 38, "error, mm", "axis"))
    return _svg(540, bottom + 44, "Error of all fair queries by method, and of the reference.", parts)


def strip_plot(errors: Sequence[float | None], threshold_mm: float, high_mm: float) -> Markup:
    """One dot a redraw along the error: filled where it exceeds the threshold, hollow where it does not."""
    x = Axis(0.0, high_mm, 8, 312)
    parts = [Markup('<line class="base" x1="8" y1="48" x2="312" y2="48"/>')]
    for tick in x.ticks(4):
        parts.append(_text(x.at(tick), 62, f"{tick:g}", "tick"))
    parts.append(_threshold(x.at(threshold_mm), 14, 48, "threshold"))
    for index, error in enumerate(errors):
        kind = "over" if error is None or error > threshold_mm else "under"
        height = 23 + 7 * (index % 4)
        where = x.at(high_mm if error is None else error)
        parts.append(Markup('<circle class="{}" cx="{}" cy="{}" r="4"/>').format(kind, where, height))
    over = sum(error is None or error > threshold_mm for error in errors)
    return _svg(320, 66, f"{over} of {len(errors)} redraws exceed the threshold.", parts)


def curve_table(series: Series) -> list[tuple[float, list[float | None]]]:
    """Rows of the curves' table: a threshold and each method's share there."""
    thresholds = sorted({t for _, curve in series for t in curve["threshold_mm"]})
    lookups = [dict(zip(c["threshold_mm"], c["share"], strict=False)) for _, c in series]
    return [(t, [lookup.get(t) for lookup in lookups]) for t in thresholds]


def _svg(width: int, height: int, title: str, parts: Sequence[Markup]) -> Markup:
    head = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(width, height, title)
    return head + Markup("").join(parts) + Markup("</svg>")


def _text(x: float, y: float, text: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(kind, x, y, text)


def _grid(x: Axis, levels: Sequence[tuple[float, str]], bottom: float) -> Markup:
    parts = [
        Markup('<line class="base" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(x.start, bottom, x.end, bottom)
    ]
    for tick in x.ticks(7):
        place = x.at(tick)
        parts.append(Markup('<line class="grid" x1="{0}" y1="14" x2="{0}" y2="{1}"/>').format(place, bottom))
        parts.append(_text(place, bottom + 17, f"{tick:,g}", "tick"))
    for height, label in levels:
        parts.append(
            Markup('<line class="grid" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
                x.start, height, x.end, height
            )
        )
        parts.append(_text(x.start - 6, height + 4, label, "row"))
    return Markup("").join(parts)


def _threshold(x: float, top: float, bottom: float, label: str) -> Markup:
    line = Markup('<line class="threshold" x1="{0}" y1="{1}" x2="{0}" y2="{2}"/>').format(x, top, bottom)
    return line + _text(x, top - 3, label, "mark")


def _line(index: int, name: str, points: Sequence[tuple[float, float]]) -> Markup:
    places = " ".join(f"{x},{y}" for x, y in points)
    return Markup('<polyline class="series s{}" points="{}"><title>{}</title></polyline>').format(
        index % COLOURS, places, escape(name)
    )


def _quantiles(row: Mapping[str, Any], x: Axis, middle: float, index: int) -> Markup:
    places = {q: x.at(row[q]) for q in QUANTILES if row.get(q) is not None}
    if not places:
        return _text(x.start + 4, middle + 4, "not measured", "tick")
    low, high = min(places.values()), max(places.values())
    inner = places.get("p90", high)
    label = ", ".join(f"{q} {mm(row[q])}" for q in places)
    parts = [
        Markup('<g class="quantiles s{}"><title>{}</title>').format(index % COLOURS, label),
        Markup('<line class="thin" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(low, middle, high, middle),
        Markup('<line class="thick" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(low, middle, inner, middle),
    ]
    for name, place in places.items():
        if name == "median":
            parts.append(Markup('<circle cx="{}" cy="{}" r="5"/>').format(place, middle))
        else:
            half = {"p90": 6, "p99": 8, "max": 4}[name]
            parts.append(
                Markup('<line class="stop" x1="{0}" y1="{1}" x2="{0}" y2="{2}"/>').format(
                    place, middle - half, middle + half
                )
            )
    return Markup("").join([*parts, Markup("</g>")])
