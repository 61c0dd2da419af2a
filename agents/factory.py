"""Names of the populations there are, and the one way to make them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from agents.base import Agents, Distance, Margin, Measures, Proposal, Setting
from agents.draws import make_random, make_sobol, make_typical
from agents.policy_gradient import PolicyGradient

Builder = Callable[..., Agents]
"""(setting, **options) -> a population."""


def _published() -> Builder:
    from agents.published import Published

    return Published


def _cma_es() -> Builder:
    from agents.cma_es import CmaEs

    return CmaEs


def _cma_mae() -> Builder:
    from agents.cma_mae import CmaMae

    return CmaMae


def _ppo() -> Builder:
    from agents.reinforcement import Ppo

    return Ppo


def _sac() -> Builder:
    from agents.reinforcement import Sac

    return Sac


POPULATIONS: Mapping[str, Callable[[], Builder]] = MappingProxyType(
    {
        "policy-gradient": lambda: PolicyGradient,
        "published": _published,
        "cma-es": _cma_es,
        "cma-mae": _cma_mae,
        "sobol": lambda: make_sobol,
        "random": lambda: make_random,
        "typical": lambda: make_typical,
        "ppo": _ppo,
        "sac": _sac,
    }
)
"""Every population by its name on the command line; the packages of one are imported when it is asked for."""


def make(
    name: str,
    *,
    dim: int,
    agents: int,
    seed: int,
    margin: Margin | None = None,
    typical: Proposal | None = None,
    distance: Distance | None = None,
    measures: Measures | None = None,
    threshold: float | None = None,
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
        measures: (n, D) -> (n, m) in 0 to 1, numbers with a meaning.
        threshold: error above which a query is a failure, mm.
        options: the population's own, see its class.

    Raises:
        ValueError: for an unknown name or option, naming those there are.
        ModuleNotFoundError: for a population whose package is not installed.
    """
    if name not in POPULATIONS:
        raise ValueError(f"unknown agents {name!r}: expected one of {_listed(name, list(POPULATIONS))}")
    builder = POPULATIONS[name]()
    known = option_names(builder)
    for option in options:
        if option not in known:
            raise ValueError(f"unknown option {option!r} of {name}: expected one of {_listed(option, known)}")
    setting = Setting(dim, agents, seed, margin, typical, distance, measures, threshold)
    return builder(setting, **options)


def option_names(builder: Builder) -> list[str]:
    """What a population can be told beside its setting."""
    parameters = inspect.signature(builder).parameters.values()
    return [p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]


def _listed(got: str, known: list[str]) -> str:
    near = get_close_matches(got, known, n=1)
    return ", ".join(known) + (f"; did you mean {near[0]!r}?" if near else "")
