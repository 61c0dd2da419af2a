"""The picture of the study on planted landscapes: regions against queries, a panel for each landscape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from examiner.lettering import FAINT, INK, PAPER, RULE, font
from experiments._planted_cells import Result
from experiments._planted_statistics import bootstrap, curve

Float = NDArray[np.float64]
Colour = tuple[int, int, int]

COLOURS: dict[str, Colour] = {
    "random": (150, 156, 164),
    "sobol": (196, 160, 20),
    "published": (168, 62, 146),
    "sac": (132, 86, 48),
    "ppo": (0, 158, 172),
    "cma-mae": (58, 150, 72),
    "cma-es": (222, 110, 28),
    "policy-gradient": (32, 84, 188),
}
"""Methods in the order in which they are drawn, the last on top."""

BANDED = "policy-gradient"
"""The method whose interval is drawn, below all lines."""

BAND: Colour = (214, 226, 246)
COLUMNS, WIDE, HIGH = 5, 300, 210
"""Panels in a row; pixels of a panel's axes."""
LEFT, TOP, ACROSS, DOWN, BOTTOM = 64, 166, 44, 84, 60
"""Pixels around and between panels."""
POINTS = 121
"""Query counts at which a curve is drawn."""
FINE = 3
"""Times that shapes are drawn larger than they end up: smooth edges."""
TITLE, HEAD, TEXT = 30, 20, 16


@dataclass(frozen=True)
class Panel:
    """The axes of one landscape."""

    left: int
    top: int
    budget: int
    regions: int

    def place(self, queries: float, regions: float) -> tuple[float, float]:
        """Where a point of a curve is in the picture."""
        x = self.left + WIDE * queries / self.budget
        return x, self.top + HIGH * (1 - regions / self.regions)

    def line(self, counts: Float, values: Float) -> list[tuple[float, float]]:
        """Where a curve is in the picture drawn FINE times larger."""
        places = (self.place(float(c), float(v)) for c, v in zip(counts, values, strict=True))
        return [(FINE * x, FINE * y) for x, y in places]


def draw_chart(results: Sequence[Result]) -> Image.Image:
    """Mean regions against queries of every method with a colour, with the interval of the default."""
    landscapes = list(dict.fromkeys(r.landscape for r in results))
    some = {r.landscape: r for r in results}
    panels = {name: _panel(index, some[name]) for index, name in enumerate(landscapes)}
    rows, columns = -(-len(panels) // COLUMNS), min(COLUMNS, len(panels))
    width = max(LEFT + columns * (WIDE + ACROSS), 3 * (WIDE + ACROSS))
    canvas = Image.new("RGB", (width, TOP + rows * (HIGH + DOWN) - DOWN + BOTTOM), PAPER)
    for name, panel in panels.items():
        _axes(ImageDraw.Draw(canvas), panel, name)
    large = canvas.resize((FINE * canvas.width, FINE * canvas.height), Image.Resampling.NEAREST)
    for name, panel in panels.items():
        _curves(ImageDraw.Draw(large), panel, [r for r in results if r.landscape == name])
    canvas = large.resize(canvas.size, Image.Resampling.BOX)
    _words(ImageDraw.Draw(canvas), results, canvas.width)
    return canvas


def _panel(index: int, some: Result) -> Panel:
    row, column = divmod(index, COLUMNS)
    return Panel(LEFT + column * (WIDE + ACROSS), TOP + row * (HIGH + DOWN), some.budget, some.regions)


def _axes(pen: ImageDraw.ImageDraw, panel: Panel, name: str) -> None:
    for level in np.linspace(0, panel.regions, 5):
        x, y = panel.place(0, float(level))
        pen.line((x, round(y), x + WIDE, round(y)), fill=RULE)
        pen.text((x - 8, y), f"{level:g}", fill=FAINT, font=font(TEXT), anchor="rm")
    for count in np.linspace(0, panel.budget, 4):
        x, y = panel.place(float(count), 0)
        anchor = "ra" if count == panel.budget else "ma"
        pen.text((x, y + 8), f"{count:,.0f}", fill=FAINT, font=font(TEXT), anchor=anchor)
    pen.text((panel.left, panel.top - 12), name, fill=INK, font=font(HEAD), anchor="ls")


def _curves(pen: ImageDraw.ImageDraw, panel: Panel, results: Sequence[Result]) -> None:
    counts = np.linspace(0, panel.budget, POINTS)
    curves = {m: np.array([curve(r, counts) for r in results if r.method == m]) for m in COLOURS}
    if len(curves[BANDED]):
        spread = [bootstrap(column) for column in curves[BANDED].T]
        high = panel.line(counts, np.array([s.high for s in spread]))
        low = panel.line(counts, np.array([s.low for s in spread]))
        pen.polygon(high + low[::-1], fill=BAND)
    for method, some in curves.items():
        if len(some):
            width = FINE * (4 if method == BANDED else 2)
            pen.line(panel.line(counts, some.mean(axis=0)), COLOURS[method], width, joint="curve")


def _words(pen: ImageDraw.ImageDraw, results: Sequence[Result], width: int) -> None:
    some = results[0]
    pen.text((LEFT, 20), "Planted landscapes: hidden regions found", fill=INK, font=font(TITLE))
    note = (
        f"of {some.regions}, against queries; mean over seeds, with the 95 % bootstrap interval of {BANDED}"
    )
    pen.text((LEFT, 58), note, fill=FAINT, font=font(TEXT))
    x, shown = LEFT, {r.method for r in results}
    for method, colour in reversed(COLOURS.items()):
        if method in shown:
            pen.rounded_rectangle((x, 93, x + 18, 105), 3, fill=colour)
            pen.text((x + 25, 99), method, fill=INK, font=font(TEXT), anchor="lm")
            x += 25 + round(font(TEXT).getlength(method)) + 26
