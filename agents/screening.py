"""Screening: unfair proposals are rejected before a query is spent on them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from agents.base import Float, Margin

TRIES = 20
"""Candidates for each returned row (definitions: screening)."""


class Screen:
    """Draws rows until each is fair, or keeps the least unfair of `tries` candidates."""

    def __init__(self, margin: Margin | None, tries: int = TRIES) -> None:
        self._margin, self._tries = margin, tries
        self.screened = 0
        """Candidates judged so far."""
        self._refused: list[Float] = []

    def fill(self, count: int, draw: Callable[[NDArray[np.intp]], Float]) -> tuple[Float, Float]:
        """Units (count, D) and their margins (count,); `draw(rows)` proposes one candidate for each row."""
        self._refused = []
        rows = np.arange(count)
        units = draw(rows)
        margins = self._judge(units)
        for _ in range(self._tries - 1):
            rows = np.flatnonzero(margins < 0)
            if not len(rows):
                break
            again = draw(rows)
            judged = self._judge(again)
            better = judged > margins[rows]
            units[rows[better]], margins[rows[better]] = again[better], judged[better]
        return units, margins

    def refused(self, dim: int) -> Float:
        """Candidates (n, D) that were not fair when rows were filled last."""
        return np.concatenate([np.empty((0, dim)), *self._refused])

    def _judge(self, units: Float) -> Float:
        self.screened += len(units)
        if self._margin is None:
            return np.zeros(len(units))
        margins = self._margin(units)
        self._refused.append(units[margins < 0])
        return margins
