"""The strip of a mode's redraws, in numbers that the page's style sheet draws.

It stands once in every mode: drawn by matplotlib, forty of them would double the time that a report takes, for
nothing but dots on a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator

ROWS = 4
"""Dots are spread over so many heights, in turn, so that equal errors stay apart."""


@dataclass(frozen=True)
class Dot:
    """One redraw."""

    at: float
    """Place along the strip, percent."""
    row: int
    kind: str
    """`over` or `under` the threshold."""


@dataclass(frozen=True)
class Strip:
    """One dot a redraw along the error."""

    words: str
    threshold: float
    """Place, percent."""
    ticks: tuple[tuple[float, str], ...]
    """Places, percent, and what stands there."""
    dots: tuple[Dot, ...]


def strip_of(errors: Sequence[float | None], threshold_mm: float, high_mm: float) -> Strip:
    """The strip from nothing to an error; nobody found (None) is at its end, and counts as over the threshold."""
    over = [error is None or error > threshold_mm for error in errors]
    at = [high_mm if error is None else error for error in errors]
    dots = [
        Dot(round(100 * min(where / high_mm, 1.0), 1), row % ROWS, "over" if above else "under")
        for row, (where, above) in enumerate(zip(at, over, strict=True))
    ]
    marks = [tick for tick in MaxNLocator(4).tick_values(0.0, high_mm) if tick <= high_mm]
    return Strip(
        f"{sum(over)} of {len(errors)} redraws exceed the threshold.",
        round(100 * threshold_mm / high_mm, 1),
        tuple((round(100 * tick / high_mm, 1), f"{tick:g}") for tick in marks),
        tuple(dots),
    )
