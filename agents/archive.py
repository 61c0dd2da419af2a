"""The archive that all agents share: what was seen, by whom, and what is taken."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.base import Distance, Float
from agents.error_model import ErrorModel
from agents.places import places_of

Index = NDArray[np.intp]

MOST_REFUSED = 512
"""Latest unfair candidates that are remembered."""

MOST_POOL = 800
"""Most points that the overview is fitted on: half of them the worst, half the latest."""


class Archive:
    """Fair points with their errors, and the points where agents ended.

    Args:
        dim: Dimensions D.
        distance: (n, D), (m, D) -> (n, m), in the same units as `apart`.
        apart: Points nearer than this are not distinct; 0 lets everybody be anywhere.
    """

    def __init__(self, dim: int, distance: Distance, apart: float) -> None:
        self._distance, self._apart = distance, apart
        self.points = np.empty((0, dim))
        """Units (n, D)."""
        self.places = np.empty((0, dim))
        """The same in places."""
        self.error = np.empty(0)
        self.agent = np.empty(0, dtype=np.intp)
        """(n,) who saw it."""
        self.open = np.empty(0, dtype=np.bool_)
        """(n,) drawn at random, and no climb has begun there yet."""
        self.refused = np.empty((0, dim))
        """Units (r, D) of candidates that were not fair, the latest last."""
        self.taken = np.empty((0, dim))
        """Units (m, D) where climbs ended."""

    def __len__(self) -> int:
        return len(self.error)

    def add(self, units: Float, places: Float, error: Float, agent: Index, drawn: NDArray[np.bool_]) -> None:
        """Keep rows: units and places (n, D), errors, agents, and whether they were drawn at random."""
        self.points = np.concatenate([self.points, units])
        self.places = np.concatenate([self.places, places])
        self.error = np.concatenate([self.error, error])
        self.agent = np.concatenate([self.agent, agent])
        self.open = np.concatenate([self.open, drawn])

    def refuse(self, units: Float) -> None:
        """Remember candidates (n, D) that were not fair, and so have no error."""
        self.refused = np.concatenate([self.refused, units])[-MOST_REFUSED:]

    def take(self, point: Float) -> None:
        """Mark a point (D,) as where a climb ended."""
        self.taken = np.concatenate([self.taken, point[None]])

    def crowded(self, units: Float, held: Float) -> NDArray[np.bool_]:
        """(n,) whether units (n, D) are not distinct from what is taken or held (m, D)."""
        others = np.concatenate([self.taken, held])
        if not len(others) or not len(units) or self._apart == 0:
            return np.zeros(len(units), dtype=np.bool_)
        return np.asarray((self._distance(units, others) < self._apart).any(axis=1))

    def worst_free(self, rows: Index, held: Float) -> int | None:
        """Of some rows, the one with the largest error that is distinct from what is taken or held."""
        order = rows[np.argsort(-self.error[rows], kind="stable")]
        for begin in range(0, len(order), 32):
            some = order[begin : begin + 32]
            free = some[~self.crowded(self.points[some], held)]
            if len(free):
                return int(free[0])
        return None

    def model(self, place: Float, neighbours: int, rows: Index) -> ErrorModel:
        """A model of the error fitted on the rows nearest to a place (D,).

        The nearest unfair candidates, at most a quarter as many, are taken for mediocre, lest it advises the rim of
        what is bad but unfair.
        """
        rows = rows[_nearest(self.places[rows], place, neighbours)]
        unfair = places_of(self.refused)
        unfair = unfair[_nearest(unfair, place, neighbours // 4)]
        mediocre = np.full(len(unfair), self.error[rows].mean())
        points = np.concatenate([self.places[rows], unfair])
        return ErrorModel(points, np.concatenate([self.error[rows], mediocre]))

    def overview(self) -> ErrorModel:
        """A model of the error fitted on the worst and the latest rows."""
        worst = np.argsort(-self.error, kind="stable")[: MOST_POOL // 2]
        rows = np.union1d(worst, np.arange(len(self))[-MOST_POOL // 2 :])
        return ErrorModel(self.places[rows], self.error[rows])

    def state(self) -> dict[str, Any]:
        """Everything but the places, which follow from the units."""
        return {name: getattr(self, name).copy() for name in ARRAYS}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        for name in ARRAYS:
            setattr(self, name, np.array(state[name]))
        self.places = places_of(self.points)


ARRAYS = ("points", "error", "agent", "open", "refused", "taken")
"""What a state holds."""


def _nearest(places: Float, place: Float, most: int) -> Index:
    """Ascending rows of the places (n, D) that are nearest to a place (D,)."""
    if len(places) <= most:
        return np.arange(len(places))
    away = ((places - place) ** 2).sum(axis=1)
    return np.asarray(np.sort(np.argpartition(away, most)[:most]))
