"""What the gymnasium environments keep of the people who walk: arrays, row i for person i."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examiner.joints import Bool, Float
from examiner.outcomes import Outcomes
from simulator import Scene

Float32 = NDArray[np.float32]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Walks:
    """Where n people are in their episodes."""

    units: Float
    """(n, D) in [0, 1]."""
    error: Float
    """(n,) of the last query, as a share of twice the threshold; 0 before the first."""
    per_joint: Float
    """(n, J) the same of each scored joint."""
    best: Float
    """(n,) largest fair error of the episode, mm; 0 before the first."""
    failed: Bool
    """(n,) whether the episode has found a fair failure."""
    steps: NDArray[np.int64]
    """(n,) steps taken in the episode."""
    queries: NDArray[np.int64]
    """(n,) asked of the target in the episode."""

    def put(self, rows: Rows, other: Walks) -> Walks:
        """These people with some rows replaced by those of `other`."""
        return Walks(
            **{f.name: _put(getattr(self, f.name), rows, getattr(other, f.name)) for f in fields(self)}
        )

    def rows(self, rows: Rows) -> Walks:
        """Some of the people."""
        return Walks(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@dataclass(frozen=True)
class Step:
    """What one step did to n people."""

    walks: Walks
    """Afterwards."""
    reward: Float
    """(n,)"""
    done: Bool
    """(n,) whether the episode has had all its steps."""
    margin: Float
    """(n,) of the proposed move; where it is below 0 nothing was asked and nobody moved."""
    error: Float
    """(n,) mm, twice the threshold where nobody was found; NaN where nothing was asked."""
    failure: Bool
    """(n,) whether this query was a fair failure."""

    def info(self, row: int) -> dict[str, Any]:
        """What gymnasium's `info` says of one person; `error_mm` only where the target was asked."""
        asked = bool(self.margin[row] >= 0)
        return {
            "queries": int(self.walks.queries[row]),
            "asked": asked,
            "margin": float(self.margin[row]),
            "failure": bool(self.failure[row]),
            **({"error_mm": float(self.error[row])} if asked else {}),
        }


@dataclass(frozen=True)
class Failure:
    """A fair query above the threshold; not yet redrawn, so it may be fragile."""

    query: int
    agent: int
    units: Float
    """(D,)"""
    scene: Scene
    """One row."""
    outcomes: Outcomes
    """One row."""


def _put(values: NDArray[Any], rows: Rows, others: NDArray[Any]) -> NDArray[Any]:
    changed = values.copy()
    changed[rows] = others
    return changed
