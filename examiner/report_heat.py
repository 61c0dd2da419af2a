"""The maps of error in the report: charts, the words under them, and their table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.ticker import FuncFormatter, MaxNLocator

from examiner.joints import Float
from examiner.report_svg import INK, STEPS, Frame, Tip, chart
from examiner.report_words import NBSP, count, mm, share

SPARSE = 5
"""People below which a cell is struck through: its figure may be chance."""

FRAME = Frame(540, 400, left=76, right=442, top=12, bottom=350)
UNITS = {"degree": "degrees"}

Row = tuple[str, str, str, str, str]
"""A cell: ranges of both features, people, share who fail, median error."""


@dataclass(frozen=True)
class HeatMap:
    """One pair of features in the report."""

    title: str
    people: str
    """Whose people are drawn, in words."""
    failing: Markup
    median: Markup
    columns: tuple[str, str]
    table: list[Row]


@dataclass(frozen=True)
class _Layer:
    """What a chart shows in its cells."""

    kind: str
    title: str
    values: Float
    words: Callable[[float], str]


def heat_maps(maps: Sequence[Mapping[str, Any]]) -> list[HeatMap]:
    """What the section draws of `results.maps`: of each map the first grid that is there."""
    return [_heat_map(one, number) for number, one in enumerate(maps, start=1) if one["grids"]]


def _heat_map(one: Mapping[str, Any], number: int) -> HeatMap:
    grid, x, y = one["grids"][0], one["x"], one["y"]
    counts = np.array(grid["count"])
    layers = [
        _Layer(
            "failing",
            "Share of people who fail",
            _numbers(grid["failing"]),
            lambda value: f"{100 * value:.0f}{NBSP}%",
        ),
        _Layer("median", "Median error", _numbers(grid["median_mm"]), lambda value: f"{value:,.0f}{NBSP}mm"),
    ]
    failing, median = (_chart(layer, counts, x, y, f"chart-map-{number}-{layer.kind}") for layer in layers)
    return HeatMap(
        title=f"{x['name']} and {y['name']}",
        people=_people(grid),
        failing=failing,
        median=median,
        columns=(_label(x), _label(y)),
        table=_table(grid, counts, x, y),
    )


def _people(grid: Mapping[str, Any]) -> str:
    who = f"{count(grid['people'])} people of {' and '.join(grid['methods'])}"
    if grid["blind"]:
        return f"{who}, whose draws do not depend on what they found"
    return f"{who}, who gather where failures were found"


def _chart(layer: _Layer, counts: Any, x: Mapping[str, Any], y: Mapping[str, Any], key: str) -> Markup:
    x_edges, y_edges = np.array(x["edges"]), np.array(y["edges"])

    def draw(axes: Axes) -> dict[str, Tip]:
        cells = _cells(axes, layer.values, x_edges, y_edges)
        _strike(axes, counts, x_edges, y_edges)
        axes.set_xlabel(_label(x))
        axes.set_ylabel(_label(y), labelpad=14)
        axes.spines.bottom.set_visible(False)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(6))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        _scale(axes, cells, layer.words)
        return {}

    title = f"{layer.title}, by {x['name']} and {y['name']}; the numbers are in the table below."
    return chart(key, title, FRAME, draw)


def _cells(axes: Axes, values: Float, x: Float, y: Float) -> QuadMesh:
    """The coloured cells between edges; those without a value stay blank."""
    levels = _levels(values)
    steps = np.linspace(0, STEPS - 1, len(levels) - 1).round().astype(int)
    return axes.pcolormesh(
        x,
        y,
        np.ma.masked_invalid(values),
        cmap=ListedColormap([INK[f"h{step}"] for step in steps]),
        norm=BoundaryNorm(levels, len(levels) - 1),
        edgecolors=INK["card"],
        linewidth=1.0,
        clip_on=False,
    )


def _scale(axes: Axes, cells: QuadMesh, words: Callable[[float], str]) -> None:
    """The bar that says what the colours mean."""
    figure = axes.get_figure()
    assert figure is not None
    bar = figure.colorbar(
        cells,
        cax=axes.inset_axes((1.04, 0.0, 0.05, 1.0)),
        format=FuncFormatter(lambda value, _: words(value)),
    )
    bar.outline.set_visible(False)
    for solid in bar.ax.collections:
        solid.set_clip_on(False)
    bar.ax.tick_params(length=0)


def _strike(axes: Axes, counts: Any, x: Float, y: Float) -> None:
    """A stroke through every cell with few people."""
    for i, j in np.argwhere((counts > 0) & (counts < SPARSE)).tolist():
        axes.plot(x[j : j + 2], y[i : i + 2], color=INK["mark"], linewidth=0.9, alpha=0.55, clip_on=False)


def _levels(values: Float) -> Float:
    """At most STEPS round steps that hold all values."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if low == high:
        low, high = min(low, 0.0), max(high, low + 1.0)
    levels = np.asarray(MaxNLocator(STEPS - 1, steps=[1, 2, 4, 5, 10]).tick_values(low, high))
    return levels if len(levels) > 1 else np.array([low, high])


def _table(grid: Mapping[str, Any], counts: Any, x: Mapping[str, Any], y: Mapping[str, Any]) -> list[Row]:
    return [
        (
            _range(x["edges"], j),
            _range(y["edges"], i),
            count(counts[i, j]),
            share(grid["failing"][i][j]),
            mm(grid["median_mm"][i][j]),
        )
        for i, j in np.argwhere(counts > 0).tolist()
    ]


def _range(edges: Sequence[float], place: int) -> str:
    return f"{edges[place]:.3g} to {edges[place + 1]:.3g}"


def _label(axis: Mapping[str, Any]) -> str:
    return f"{axis['name']}, {UNITS.get(axis['unit'], axis['unit'])}"


def _numbers(rows: Sequence[Sequence[float | None]]) -> Float:
    return np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=np.float64)
