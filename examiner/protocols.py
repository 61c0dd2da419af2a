"""Protocols: what `--protocol` settles, and the settings to which it leaves no choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from agents.published import CAP, LEAST_STEPS
from examiner.published_growth import ITERATION

VERIFIED, POSEEXAMINER_2023 = "verified", "poseexaminer-2023"
PROTOCOLS = (VERIFIED, POSEEXAMINER_2023)
"""Ours, and that of the release of PoseExaminer (Liu et al., CVPR 2023), whose facts `agents.published` tells."""

AGENTS, ITERATIONS, EVALUATION = 40, 600, 200
"""The release's agents, their iterations (steps of the search count), and draws in the final box."""

DEAREST = LEAST_STEPS + 1 + (ITERATIONS - LEAST_STEPS - 1) * ITERATION + EVALUATION
"""Most queries that an agent can take: 29,171, where its search is over as soon as it can be."""

LEAST = CAP + ITERATION + EVALUATION
"""Fewest queries for an agent: its search, one iteration, and the draws in its box."""


@dataclass(frozen=True)
class Settled:
    """A setting that a protocol leaves no choice of."""

    value: Any
    why: str
    """In words, after a colon."""


SETTLED: Mapping[str, Settled] = MappingProxyType(
    {
        "algorithm": Settled("published", "its agents search as in the release"),
        "agent_options": Settled((), "its agents search as in the release"),
        "agents_from": Settled("", "its agents start afresh"),
        "factors": Settled(("pose",), "it searches the pose alone"),
        "vary": Settled((), "nothing but the pose changes"),
        "fix": Settled(
            ("camera.field_of_view=2",), "its camera is nearly orthographic, all else the default"
        ),
        "view": Settled("default", "people are seen from the front"),
        "pose_space": Settled("latent", "it searches the latent of the pose prior"),
        "score": Settled("mpjpe", "its error is mpjpe"),
        "threshold": Settled("90", "its threshold is 90 mm"),
        "poses": Settled("", "it takes nothing from people's poses"),
        "backgrounds": Settled("", "its background is plain"),
        "judge": Settled(0, "it asks no judge"),
        "others": Settled((), "it asks no other target"),
        "baselines": Settled((), "it has no baselines"),
        "regions": Settled("published", "its regions grow as in the release"),
        "shares": Settled((0.5, 0.25, 0.25), "its budget is shared as in the release"),
    }
)
"""Of `poseexaminer-2023`, by the name of the setting."""


def settings_of(protocol: str) -> dict[str, Any]:
    """What a protocol sets before the user's own settings: what it settles, and its agents and budget."""
    if protocol != POSEEXAMINER_2023:
        return {}
    settled = {name: one.value for name, one in SETTLED.items()}
    return {**settled, "agents": AGENTS, "budget": AGENTS * DEAREST}


def check_protocol(protocol: str, values: Mapping[str, Any]) -> None:
    """Refuse an unknown protocol, settings that it leaves no choice of, and a budget that it cannot do with.

    Raises:
        ValueError: one sentence, with the fix.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"unknown protocol {protocol!r}: expected one of {', '.join(PROTOCOLS)}")
    if protocol == VERIFIED:
        return
    for name, settled in SETTLED.items():
        if values[name] != settled.value:
            raise ValueError(
                f"expected no --{name.replace('_', '-')} beside --protocol {protocol}, got {_text(values[name])}: "
                f"{settled.why}; leave one of the two out"
            )
    least = LEAST * values["agents"]
    if values["budget"] < least:
        raise ValueError(
            f"expected a budget of at least {LEAST} queries for each of {values['agents']} agents with --protocol "
            f"{protocol}, got {values['budget']}; use --budget {least} or more, or fewer --agents"
        )


def _text(value: Any) -> str:
    return ",".join(map(str, value)) or "none" if isinstance(value, tuple) else repr(value)
