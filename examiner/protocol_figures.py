"""The columns of `poseexaminer-2023`, averaged as released, and ours beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.published import THRESHOLD
from examiner.joints import Float
from examiner.protocols import EVALUATION, ITERATIONS
from examiner.published_growth import ITERATION, released_success
from examiner.subspace import PoseBox, Proof

Counts = NDArray[np.intp]

ERRORS = ("mean_mm", "min_mm", "max_mm", "median_mm", "per_c")
"""What is said of the errors in a final box."""


@dataclass(frozen=True)
class AgentResult:
    """What became of one agent."""

    agent: int
    steps: int
    """Queries of its search."""
    gave_up: bool
    last_mm: float
    """Error of its last draw; NaN where nobody was found."""
    iterations: int
    """Of growth."""
    box: PoseBox
    errors: Float
    """(n,) mm of uniform draws in the box, NaN where nobody was found; n is 0 where it gave up."""
    proof: Proof | None
    """Ours of the same box; None where it gave up."""

    @property
    def success(self) -> bool:
        """Whether the release counts its region."""
        return released_success(self.box)

    @property
    def verified(self) -> bool:
        """Whether it is a success region by our rule."""
        return self.proof is not None and self.proof.success


@dataclass(frozen=True)
class Plan:
    """How many iterations of growth the budget leaves to each agent."""

    wanted: Counts
    """(agents,) what the release would spend: the rest of its 600; 0 for who gave up."""
    iterations: Counts
    """(agents,) what is spent."""

    @property
    def cut(self) -> bool:
        """Whether the budget ends growth before the release would."""
        return bool((self.iterations < self.wanted).any())


def plan_growth(budget: int, steps: Counts, gave_up: NDArray[np.bool_]) -> Plan:
    """As many iterations as released where the budget reaches that far, else an even share for every agent.

    Args:
        budget: Queries of the whole run.
        steps: (agents,) queries that their searches took.
        gave_up: (agents,) who grows no region, and needs no draws in it either.
    """
    wanted = np.where(gave_up, 0, ITERATIONS - steps)
    left = budget - int(steps.sum()) - EVALUATION * int((~gave_up).sum())
    cost = np.minimum.outer(np.arange(ITERATIONS + 1), wanted).sum(axis=1) * ITERATION
    share = int(np.flatnonzero(cost <= left)[-1])
    return Plan(wanted, np.minimum(wanted, share))


def error_figures(errors: Float) -> dict[str, float]:
    """ERRORS of the draws (n,) in one box; people not found count in `per_c` alone, as failures."""
    found = errors[np.isfinite(errors)]
    if not len(found):
        return {**dict.fromkeys(ERRORS, float("nan")), "per_c": 0.0 if len(errors) else float("nan")}
    figures = (
        found.mean(),
        found.min(),
        found.max(),
        np.median(found),
        (found < THRESHOLD).sum() / len(errors),
    )
    return dict(zip(ERRORS, map(float, figures), strict=True))


def published_columns(agents: Sequence[AgentResult]) -> dict[str, float]:
    """The release's columns: sizes and errors averaged over successful agents only, the last error over all."""
    good = [agent for agent in agents if agent.success]
    figures = [error_figures(agent.errors) for agent in good]
    return {
        "success_rate": len(good) / len(agents),
        "region_size_rad": _mean([agent.box.size for agent in good]),
        **{name: _mean([row[name] for row in figures]) for name in ERRORS},
        "last_search_mm": _mean([agent.last_mm for agent in agents]),
    }


def verified_columns(agents: Sequence[AgentResult]) -> dict[str, float]:
    """Ours, over all agents: how many boxes are success regions, and the mean size, 0 where one is not."""
    return {
        "verified_success_rate": sum(agent.verified for agent in agents) / len(agents),
        "verified_region_size_rad": _mean([agent.box.size if agent.verified else 0.0 for agent in agents]),
    }


def agent_row(agent: AgentResult) -> dict[str, Any]:
    """An agent in `protocol.json`."""
    return {
        "agent": agent.agent,
        "steps": agent.steps,
        "gave_up": agent.gave_up,
        "last_search_mm": agent.last_mm,
        "iterations": agent.iterations,
        "region_size_rad": agent.box.size,
        "success": agent.success,
        **error_figures(agent.errors),
        "not_found": int(np.isnan(agent.errors).sum()),
        "verified": None if agent.proof is None else proof_row(agent.proof),
    }


def proof_row(proof: Proof) -> dict[str, Any]:
    """What our rule says of a box."""
    return {
        "success": proof.success,
        "why": "; ".join(proof.shortfalls()) or "fails on fresh fair draws",
        "draws": proof.draws,
        "failures": proof.failures,
        "rate": proof.rate,
        "lower_bound": proof.lower_bound,
        "fair_share": proof.fair_share,
    }


def _mean(values: Sequence[float]) -> float:
    """Mean of the finite ones, NaN where there is none."""
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")
