"""Names of the populations there are, and the one way to make them."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from agents.base import Agents, Distance, Margin, Proposal, Setting
from agents.draws import make_random, make_typical
from agents.policy_gradient import PolicyGradient

POPULATIONS: dict[str, Callable[..., Agents]] = {
    "policy-gradient": PolicyGradient,
    "random": make_random,
    "typical": make_typical,
}
"""Every population by its name on the command line."""


def make(
    name: str,
    *,
    dim: int,
    agents: int,
    seed: int,
    margin: Margin | None = None,
    typical: Proposal | None = None,
    distance: Distance | None = None,
    **options: Any,
) -> Agents:
    """A population of `agents` policies over the unit cube of `dim` dimensions.

    Args:
        name: one of POPULATIONS.
        dim: dimensions of the cube.
        agents: number of policies.
        seed: seed of every draw.
        margin: (n, D) -> (n,), >= 0 where fair: unfair proposals are rejected inside `ask`.
        typical: (count, rng) -> (count, D), draws as real people take them.
        distance: (n, D), (m, D) -> (n, m), >= 1 where distinct.
        options: the population's own, see its class.

    Raises:
        ValueError: for an unknown name, naming those there are.
    """
    if name not in POPULATIONS:
        near = get_close_matches(name, POPULATIONS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown agents {name!r}: expected one of {', '.join(POPULATIONS)}{hint}")
    return POPULATIONS[name](Setting(dim, agents, seed, margin, typical, distance), **options)
