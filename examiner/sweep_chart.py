"""The picture of a sweep: the curve, the shares, and a strip of one person at every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from examiner.joints import Float
from examiner.lettering import FAINT, INK, PAPER, RULE, font, shortened

Colour = tuple[int, int, int]

LINE: Colour = (36, 92, 184)
BAND: Colour = (205, 221, 245)
LIMIT: Colour = (196, 48, 43)
ABOVE: Colour = (214, 106, 28)

LEFT, RIGHT, TOP = 96, 40, 136
PLOT, SHARES, SPACE = 380, 120, 44
"""Heights in pixels of the curve, of the shares, and between them."""
WIDEST, NARROWEST, ALL = 220, 84, 1800
"""Pixels of a picture of the strip, at most and at least, and of all together."""
DOT = 3.0
"""Width of a line that the dots of choices would have."""
FINE = 3
"""Times that shapes are drawn larger than they end up: smooth edges."""
TITLE, TEXT = 30, 18


@dataclass(frozen=True)
class Curve:
    """What there is to draw, one value a step."""

    title: str
    note: str
    score: str
    threshold: float
    """Millimetres."""
    labels: tuple[str, ...]
    median: Float
    """(S,) millimetres, NaN where nobody was found; so are low and high, the quartiles."""
    low: Float
    high: Float
    above: Float
    """(S,) share of the people above the threshold, or not found; NaN where nobody can be seen."""
    fair: Float
    """(S,) share of the people who are fair."""
    ordered: bool = True
    """Whether steps follow each other; choices do not, so that nothing joins them."""


@dataclass(frozen=True)
class Panel:
    """A pair of axes: where values are in the picture."""

    left: int
    top: int
    cell: int
    """Pixels from step to step."""
    height: int
    limit: float
    """Value at the upper end; 0 is the lower one."""

    def x(self, step: float) -> float:
        """Pixel column of the middle of a step."""
        return self.left + (step + 0.5) * self.cell

    def y(self, value: float) -> float:
        """Pixel row of a value."""
        return self.top + self.height * (1 - min(value / self.limit, 1.0))

    def points(self, values: Float) -> list[tuple[float, float]]:
        """Where the finite values of all steps are."""
        return [(self.x(i), self.y(float(v))) for i, v in enumerate(values) if np.isfinite(v)]


def draw_curve(curve: Curve, pictures: Sequence[Image.Image]) -> Image.Image:
    """The curve of a sweep over its pictures, each below its step.

    Args:
        curve: S steps.
        pictures: S pictures.
    """
    steps = len(curve.labels)
    cell = int(np.clip(ALL / steps, NARROWEST, WIDEST))
    errors = Panel(LEFT, TOP, cell, PLOT, _ceiling(curve))
    shares = Panel(LEFT, TOP + PLOT + SPACE, cell, SHARES, 1.0)
    strip_top = shares.top + SHARES + SPACE
    width = max(LEFT + steps * cell + RIGHT, 900)
    canvas = Image.new("RGB", (width, strip_top + cell + 56), PAPER)
    _grid(canvas, errors, steps, _ticks(errors.limit), "{:.0f}")
    _grid(canvas, shares, steps, [0.0, 0.5, 1.0], "{:.0%}")
    canvas = _shapes(canvas, curve, errors, shares)
    _words(canvas, curve, errors, shares)
    _strip(canvas, curve.labels, pictures, errors, strip_top)
    return canvas


def _ceiling(curve: Curve) -> float:
    values = np.concatenate([curve.high, [curve.threshold]])
    highest = 1.12 * float(np.nanmax(values))
    step = _tick_step(highest)
    return float(np.ceil(highest / step) * step)


def _tick_step(limit: float) -> float:
    rough = limit / 5
    power = 10.0 ** np.floor(np.log10(rough))
    return float(next(power * step for step in (1, 2, 2.5, 5, 10) if power * step >= rough))


def _ticks(limit: float) -> list[float]:
    step = _tick_step(limit)
    return [step * i for i in range(int(limit / step + 1e-6) + 1)]


def _grid(canvas: Image.Image, panel: Panel, steps: int, ticks: Sequence[float], form: str) -> None:
    pen = ImageDraw.Draw(canvas)
    right = panel.left + steps * panel.cell
    for tick in ticks:
        y = round(panel.y(tick))
        pen.line((panel.left, y, right, y), fill=RULE)
        pen.text((panel.left - 12, y), form.format(tick), fill=FAINT, font=font(TEXT), anchor="rm")


def _shapes(canvas: Image.Image, curve: Curve, errors: Panel, shares: Panel) -> Image.Image:
    """Band, lines and dots, drawn large and made small."""
    large = canvas.resize((FINE * canvas.width, FINE * canvas.height), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(large)
    _band(pen, curve, errors)
    _dashes(pen, errors, len(curve.labels), curve.threshold)
    for panel, values, colour, width in (
        (errors, curve.median, LINE, 3.0),
        (shares, curve.fair, FAINT, 2.0),
        (shares, curve.above, ABOVE, 3.0),
    ):
        points = _fine(panel.points(values))
        if curve.ordered and len(points) > 1:
            pen.line(points, fill=colour, width=round(FINE * width), joint="curve")
        for x, y in points:
            radius = FINE * 1.6 * (width if curve.ordered else DOT)
            pen.ellipse(
                (x - radius, y - radius, x + radius, y + radius), fill=colour, outline=PAPER, width=FINE
            )
    return large.resize(canvas.size, Image.Resampling.BOX)


def _band(pen: ImageDraw.ImageDraw, curve: Curve, panel: Panel) -> None:
    """From quartile to quartile: one area, or a bar for each choice."""
    high, low = panel.points(curve.high), panel.points(curve.low)
    if not curve.ordered:
        half = panel.cell / 6
        for (x, top), (_, bottom) in zip(high, low, strict=True):
            pen.rectangle((FINE * (x - half), FINE * top, FINE * (x + half), FINE * bottom), fill=BAND)
    elif len(high) > 1:
        pen.polygon(_fine(high + low[::-1]), fill=BAND)


def _dashes(pen: ImageDraw.ImageDraw, panel: Panel, steps: int, value: float) -> None:
    y, right = FINE * panel.y(value), panel.left + steps * panel.cell
    for x in range(panel.left, right, 16):
        pen.line((FINE * x, y, FINE * min(x + 10, right), y), fill=LIMIT, width=2 * FINE)


def _fine(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(FINE * x, FINE * y) for x, y in points]


def _words(canvas: Image.Image, curve: Curve, errors: Panel, shares: Panel) -> None:
    pen, room = ImageDraw.Draw(canvas), canvas.width - LEFT - RIGHT
    pen.text((LEFT, 24), shortened(curve.title, font(TITLE), room), fill=INK, font=font(TITLE))
    pen.text((LEFT, 64), shortened(curve.note, font(TEXT), room), fill=FAINT, font=font(TEXT))
    _legend(
        pen,
        (LEFT, TOP - 10),
        [
            (f"median {curve.score}, mm", LINE),
            ("quartiles", BAND),
            (f"threshold {curve.threshold:.0f}", LIMIT),
        ],
    )
    _legend(
        pen,
        (LEFT, shares.top - 8),
        [("share above the threshold or not found", ABOVE), ("share fair", FAINT)],
    )


def _legend(pen: ImageDraw.ImageDraw, at: tuple[int, int], entries: Sequence[tuple[str, Colour]]) -> None:
    """Words over a panel, a patch of colour before each."""
    x, y = at
    for word, colour in entries:
        pen.rounded_rectangle((x, y - 14, x + 18, y - 2), 3, fill=colour)
        pen.text((x + 25, y - 8), word, fill=INK, font=font(TEXT), anchor="lm")
        x += 25 + round(font(TEXT).getlength(word)) + 28


def _strip(
    canvas: Image.Image, labels: Sequence[str], pictures: Sequence[Image.Image], panel: Panel, top: int
) -> None:
    pen, side = ImageDraw.Draw(canvas), panel.cell - 6
    for step, (label, picture) in enumerate(zip(labels, pictures, strict=True)):
        x = panel.left + step * panel.cell + 3
        canvas.paste(picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS), (x, top))
        word = shortened(label, font(TEXT), panel.cell)
        pen.text((panel.x(step), top - 8), word, fill=INK, font=font(TEXT), anchor="ms")
    note = "the first of the people: truth green, prediction magenta where somebody was found"
    pen.text((panel.left, top + side + 10), note, fill=FAINT, font=font(TEXT))
