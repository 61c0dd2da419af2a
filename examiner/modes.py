"""Modes: which failures are repeatable when everything but pose, shape and view is drawn anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from examiner import seeds
from examiner.outcomes import Outcomes
from simulator import ParameterSpace, Scene

REDRAWS = 20
"""Redraws of a candidate (definitions: redraw)."""

REPEATABLE = 18
"""Redraws that must exceed the threshold."""


@dataclass(frozen=True)
class Redraw:
    """A candidate drawn anew; fewer than REDRAWS rows where it could no longer be repeatable."""

    query: int
    """Query number of the candidate."""
    row: int
    """Its row among the search queries of its method."""
    outcomes: Outcomes
    threshold: float
    """Millimetres."""
    confirmed: Outcomes | None = None
    """The candidate itself (one row) on the reference renderer, where the run draws with a faster one."""

    @property
    def exceed(self) -> int:
        """Redraws above the threshold or not found."""
        return int(self.outcomes.exceeds(self.threshold).sum())

    @property
    def repeatable(self) -> bool:
        """Whether at least REPEATABLE of REDRAWS exceed the threshold."""
        return len(self.outcomes) == REDRAWS and self.exceed >= REPEATABLE

    @property
    def verified(self) -> bool:
        """Whether it is repeatable, and above the threshold on the reference renderer too."""
        agreed = self.confirmed is None or bool(self.confirmed.exceeds(self.threshold)[0])
        return self.repeatable and agreed

    def mean(self, otherwise: float) -> float:
        """Mean error of the redraws in which a person was found, mm; `otherwise` if in none."""
        errors = self.outcomes.severity[self.outcomes.found & self.outcomes.valid]
        return float(errors.mean()) if len(errors) else otherwise


def redraw_scene(person: Scene, space: ParameterSpace) -> Scene:
    """The person (one row) REDRAWS times, in the same fixed appearances for every candidate of every run."""
    rng = seeds.generator(seeds.FIXED, seeds.REDRAW)
    return space.redress(person.rows(np.zeros(REDRAWS, dtype=np.intp)), rng)


def first_batch() -> int:
    """Redraws after which a hopeless candidate is given up: enough misses to decide, twice over."""
    return 2 * (REDRAWS - REPEATABLE + 1)


def still_possible(exceed: int, drawn: int) -> bool:
    """Whether a candidate can still be repeatable."""
    return drawn - exceed <= REDRAWS - REPEATABLE
