"""What a population of search policies is: it sees a unit cube and a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Margin = Callable[[Float], Float]
"""units (n, D) -> (n,), >= 0 where the query would be a fair test."""
Distance = Callable[[Float, Float], Float]
"""units (n, D), units (m, D) -> (n, m), >= 1 where two points are distinct."""
Proposal = Callable[[int, np.random.Generator], Float]
"""(n, rng) -> units (n, D): draws that a user would call typical."""


@dataclass(frozen=True)
class Setting:
    """What every population is told of its task."""

    dim: int
    """Dimensions D of the unit cube."""
    agents: int
    """Number of policies."""
    seed: int
    """Seed of every draw."""
    margin: Margin | None = None
    """None screens nothing."""
    typical: Proposal | None = None
    """None leaves uniform draws."""
    distance: Distance | None = None
    """None takes the distance in the cube."""


class Agents(Protocol):
    """A population of search policies, vectorised."""

    def ask(self) -> Float:
        """Units (n, D) float64 in [0, 1]: exactly what will be rendered and charged."""

    def tell(self, units: Float, error: Float) -> None:
        """Learn from the error (n,) of the units that `ask` returned, row for row."""

    def state(self) -> dict[str, Any]:
        """Everything needed to go on: arrays, numbers, strings and dicts of these only."""

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
