"""Charts of the report, coloured by the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from examiner.report_svg import INK, SERIES, Frame, Tip, chart
from examiner.report_words import NBSP, mm

Series = Sequence[tuple[str, Mapping[str, Any]]]
"""Names with a curve (`threshold_mm`, `share`) or with quantiles (`median`, `p90`, `p99`, `max`)."""

Counts = Sequence[tuple[str, Sequence[int], Sequence[int]]]
"""Names with query counts and what was found after so many, item for item."""

LEAST_SHARE = 1e-4
QUANTILES = ("median", "p90", "p99", "max")
WIDE = Frame(540, 300, left=56, right=530, top=18, bottom=254)
ROW = 52


def failure_curves(series: Series, threshold_mm: float) -> Markup:
    """Share of fair queries above each threshold, one line a method, the run's threshold marked.

    The share's axis is logarithmic: a search and its baselines may lie decades apart.
    """
    xs = [x for _, curve in series for x in curve["threshold_mm"]] or [0.0, 2 * threshold_mm]
    shares = [s for _, curve in series for s in curve["share"] if s is not None and s > 0]
    decade = min(math.floor(math.log10(max(min(shares, default=0.01), LEAST_SHARE))), -1)
    lines = [(name, _pairs(c["threshold_mm"], c["share"], LEAST_SHARE)) for name, c in series]

    def draw(axes: Axes) -> dict[str, Tip]:
        axes.set(xlim=(min(xs), max(xs)), yscale="log", ylim=(10.0**decade, 1.0))
        _levels(axes, [10.0**power for power in range(decade, 1)], lambda share: f"{100 * share:g}{NBSP}%")
        _across(axes, "error above which a query is called a failure, mm")
        if min(xs) <= threshold_mm <= max(xs):
            _threshold(axes, threshold_mm)
        return _lines(axes, lines)

    title = "Share of fair queries that fail, against the threshold; the numbers are in the table below it."
    return chart("chart-curves", title, WIDE, draw)


def found_curves(counts: Counts, label: str, key: str) -> Markup:
    """What each method had found after so many search queries, one line a method."""
    ends = [queries[-1] for _, queries, _ in counts if queries]
    most = max((n for _, _, found in counts for n in found), default=0)
    lines = [(name, _pairs(queries, found)) for name, queries, found in counts]

    def draw(axes: Axes) -> dict[str, Tip]:
        axes.set(xlim=(0, max([1, *ends])), ylim=(0, 1.04 * max(most, 1)))
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
        _across(axes, "queries of the search")
        return _lines(axes, lines)

    return chart(key, f"Distinct fair failures {label}, against search queries, by method.", WIDE, draw)


def nearness_curve(curve: Mapping[str, Any]) -> Markup:
    """Share of agents that found a failure within a distance from typical people."""

    def draw(axes: Axes) -> dict[str, Tip]:
        axes.set(xlim=(0.0, max(curve["distance"])), ylim=(0.0, 1.04))
        _levels(axes, [0.0, 0.25, 0.5, 0.75, 1.0], lambda share: f"{100 * share:g}{NBSP}%")
        _across(axes, "allowed distance from a typical person")
        return _lines(axes, [("search", _pairs(curve["distance"], curve["agents"]))])

    title = "Share of agents that found a failure within a distance from typical people."
    return chart("chart-near", title, WIDE, draw)


def quantile_rows(rows: Series, threshold_mm: float) -> Markup:
    """Median, 90th and 99th percentile and maximum of the error, one row a method."""
    largest = max((row[q] or 0.0 for _, row in rows for q in QUANTILES if q in row), default=0.0)
    bottom = 20 + ROW * len(rows)
    frame = Frame(540, bottom + 46, left=128, right=530, top=18, bottom=bottom)

    def draw(axes: Axes) -> dict[str, Tip]:
        axes.set(xlim=(0.0, 1.05 * max(largest, threshold_mm)), ylim=(len(rows) - 0.5, -0.5))
        axes.set_yticks(range(len(rows)), [name for name, _ in rows])
        _across(axes, "error, mm")
        _threshold(axes, threshold_mm)
        tips: dict[str, Tip] = {}
        for place, (_, row) in enumerate(rows):
            tips |= _quantiles(axes, row, place)
        return tips

    return chart("chart-quantiles", "Error of all fair queries by method, and of the reference.", frame, draw)


def curve_table(series: Series) -> list[tuple[float, list[float | None]]]:
    """Rows of the curves' table: a threshold and each method's share there."""
    thresholds = sorted({t for _, curve in series for t in curve["threshold_mm"]})
    lookups = [dict(zip(c["threshold_mm"], c["share"], strict=False)) for _, c in series]
    return [(t, [lookup.get(t) for lookup in lookups]) for t in thresholds]


def _pairs(
    xs: Iterable[float], ys: Iterable[float | None], least: float = -math.inf
) -> list[tuple[float, float]]:
    return [(x, y) for x, y in zip(xs, ys, strict=False) if y is not None and y >= least]


def _across(axes: Axes, label: str) -> None:
    """The horizontal axis: round numbers, and what they are."""
    axes.xaxis.set_major_locator(MaxNLocator(7))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel(label)
    axes.grid(axis="x", clip_on=False)
    if axes.get_ylim()[0] <= axes.get_ylim()[1]:
        axes.grid(axis="y", clip_on=False)


def _levels(axes: Axes, levels: Sequence[float], words: Any) -> None:
    axes.set_yticks(levels, [words(level) for level in levels])
    axes.yaxis.set_minor_locator(NullLocator())


def _threshold(axes: Axes, threshold_mm: float) -> None:
    axes.axvline(threshold_mm, color=INK["mark"], linewidth=1.4, linestyle=(0, (2.2, 2.2)), clip_on=False)
    axes.annotate(
        f"threshold {mm(threshold_mm)}",
        (threshold_mm, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center",
        color=INK["mark"],
    )


def _lines(axes: Axes, lines: Sequence[tuple[str, list[tuple[float, float]]]]) -> dict[str, Tip]:
    tips = {}
    for index, (name, points) in enumerate(lines):
        if not points:
            continue
        kind, gid = f"s{index % SERIES}", f"series-{index}"
        xs, ys = zip(*points, strict=True)
        axes.plot(xs, ys, color=INK[kind], gid=gid, clip_on=False, zorder=3)
        tips[gid] = Tip(name, f"series {kind}")
    return tips


def _quantiles(axes: Axes, row: Mapping[str, Any], place: int) -> dict[str, Tip]:
    known = {q: row[q] for q in QUANTILES if row.get(q) is not None}
    if not known:
        axes.text(0.0, place, " not measured", va="center")
        return {}
    colour = INK[f"s{place % SERIES}"]
    low, high = min(known.values()), max(known.values())
    tips, label = {}, ", ".join(f"{q} {mm(value)}" for q, value in known.items())
    for width, end, alpha in ((2.0, high, 0.6), (6.0, known.get("p90", high), 0.55)):
        gid = f"row-{place}-{width:g}"
        axes.plot(
            (low, end), (place, place), color=colour, linewidth=width, alpha=alpha, gid=gid, clip_on=False
        )
        tips[gid] = Tip(label)
    for name, half in (("p90", 0.12), ("p99", 0.16), ("max", 0.08)):
        if name in known:
            at, ends = (known[name],) * 2, (place - half, place + half)
            axes.plot(at, ends, color=colour, linewidth=3.0, gid=f"stop-{place}-{name}", clip_on=False)
            tips[f"stop-{place}-{name}"] = Tip(label, "stop")
    if "median" in known:
        axes.scatter(
            [known["median"]],
            [place],
            s=80,
            facecolors=INK["card"],
            edgecolors=colour,
            linewidths=3.0,
            gid=f"dot-{place}",
            clip_on=False,
            zorder=4,
        )
        tips[f"dot-{place}"] = Tip(label, "median")
    return tips
