"""What a population of search policies is: it sees a unit cube and a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Margin = Callable[[Float], Float]
"""units (n, D) -> (n,), >= 0 where the query would be a fair test."""
Distance = Callable[[Float, Float], Float]
"""units (n, D), units (m, D) -> (n, m), >= 1 where two points are distinct."""
Measures = Callable[[Float], Float]
"""units (n, D) -> (n, m) in 0 to 1: numbers with a meaning (how high the hands are), by which searches may spread."""
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
    measures: Measures | None = None
    """None takes the first dimensions of the cube."""
    threshold: float | None = None
    """Error above which a query is a failure, mm; None where nobody says."""


class Agents(Protocol):
    """A population of search policies, vectorised."""

    def ask(self) -> Float:
        """Units (n, D) float64 in [0, 1]: exactly what will be rendered and charged; no rows once the search is over.

        Row i belongs to agent `i * agents // n`, unless the population has `owners`, (n,) whole numbers.
        """

    def tell(self, units: Float, error: Float) -> None:
        """Learn from the error (n,) of the units that `ask` returned, row for row."""

    def state(self) -> dict[str, Any]:
        """Everything needed to go on: arrays, numbers, strings and dicts of these only."""

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""


@runtime_checkable
class Observer(Protocol):
    """A population that wants to see more than a number: it is shown this just before it is told."""

    def observe(self, per_joint: Float) -> None:
        """The error (n, J) of each scored joint, mm; NaN where there is none."""


@runtime_checkable
class Learner(Protocol):
    """A population whose policy can start the search of another target."""

    def start_from(self, state: dict[str, Any]) -> None:
        """Take the policy, and nothing else, of a population of the same kind from its `state()`.

        Raises:
            ValueError: if it searched another space.
        """
