"""Baselines without a memory: screened random, Sobol and typical draws."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from agents.base import Float, Proposal, Setting
from agents.checks import check_population, check_told, load_rng, save_rng
from agents.screening import Screen

SOBOL_BITS = 30
"""A sequence has two to this power points."""


class Draws:
    """Screened independent draws from one proposal; learns nothing.

    `random` draws from the unit cube, `typical` from what real people do.
    """

    def __init__(self, setting: Setting, proposal: Proposal, batch: int) -> None:
        check_population(setting.dim, setting.agents, batch)
        self._rng = np.random.default_rng(np.random.SeedSequence(setting.seed, spawn_key=(0,)))
        self._proposal = proposal
        self._count = setting.agents * batch
        self._screen = Screen(setting.margin)
        self._asked: Float | None = None

    @property
    def screened(self) -> int:
        """Candidates judged so far."""
        return self._screen.screened

    def ask(self) -> Float:
        """`agents * batch` fresh draws."""
        self._asked, _ = self._screen.fill(self._count, self._draw)
        return self._asked.copy()

    def tell(self, units: Float, error: Float) -> None:
        """Check the answer and forget it."""
        check_told(self._asked, units, error)
        self._asked = None

    def state(self) -> dict[str, Any]:
        """The random generator and the count of candidates."""
        return {"rng": save_rng(self._rng), "screened": self._screen.screened}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        self._rng = load_rng(state["rng"])
        self._screen.screened = int(state["screened"])

    def _draw(self, rows: NDArray[np.intp]) -> Float:
        return self._proposal(len(rows), self._rng)


def make_random(setting: Setting, *, batch: int = 8) -> Draws:
    """Uniform draws from the unit cube, `batch` for each agent in a round."""
    return Draws(setting, lambda count, rng: rng.random((count, setting.dim)), batch)


def make_typical(setting: Setting, *, batch: int = 8) -> Draws:
    """Draws as real people take poses, `batch` for each agent in a round.

    Raises:
        ValueError: if the setting has no `typical` proposal.
    """
    if setting.typical is None:
        raise ValueError("expected typical=, a proposal (count, rng) -> units, for the typical baseline")
    return Draws(setting, setting.typical, batch)


class Sobol(Draws):
    """Screened points of one scrambled Sobol sequence (Owen scrambling, scipy's direction numbers)."""

    def __init__(self, setting: Setting, batch: int) -> None:
        super().__init__(setting, self._next, batch)
        self._dim, self._seed, self._drawn = setting.dim, setting.seed, 0
        self._sequence = self._restarted()

    def state(self) -> dict[str, Any]:
        """The sequence's seed and place beside the generator and the count of candidates."""
        return {**super().state(), "seed": self._seed, "drawn": self._drawn}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        super().load_state(state)
        self._seed, self._drawn = int(state["seed"]), int(state["drawn"])
        self._sequence = self._restarted()
        if self._drawn:
            self._sequence.fast_forward(self._drawn)

    def _next(self, count: int, rng: np.random.Generator) -> Float:
        first = (
            [self._sequence.random(1)] if self._drawn == 0 else []
        )  # alone: scipy warns of any other count
        self._drawn += count
        points = np.concatenate([*first, self._sequence.random(count - len(first))])
        return np.asarray(
            rng.permutation(points)
        )  # else a row that is redrawn stays in its cell of the sequence

    def _restarted(self) -> qmc.Sobol:
        seed = np.random.SeedSequence(self._seed, spawn_key=(2,))
        return qmc.Sobol(self._dim, rng=np.random.default_rng(seed), bits=SOBOL_BITS)


def make_sobol(setting: Setting, *, batch: int = 8) -> Sobol:
    """The next points of a Sobol sequence, `batch` for each agent in a round."""
    return Sobol(setting, batch)
