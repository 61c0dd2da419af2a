"""The population of a method: a built-in one or the user's own, checked alike."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

import agents
from agents import POPULATIONS, Learner, Observer
from agents.factory import option_names
from examiner import seeds
from examiner.config import Config
from examiner.joints import Float
from examiner.journal import Part, read_part
from examiner.measures import measures_of
from examiner.outcomes import Outcomes
from examiner.rig import Rig
from targets import built_by_user

BATCH = 8
"""Queries of each agent in a round, where a population has a choice."""

SEARCH = "search"
"""The stage of a method in which its population asks."""


class Population:
    """Agents as a method drives them. Theirs are `ask` and `tell`; all else is optional.

    Args:
        members: The agents: a population of ours, or any object with the two methods.
        name: For messages.
        dim: Dimensions of the cube.
        agents: Number of policies.
    """

    def __init__(self, members: Any, name: str, dim: int, agents: int) -> None:
        self._members, self._name, self._dim, self._agents = members, name, dim, agents
        self.asked = 0
        """Rows of the last round."""

    @property
    def screened(self) -> int:
        """Candidates judged so far; 0 where nobody counts."""
        return int(getattr(self._members, "screened", 0))

    def ask(self) -> Float:
        """Units (n, D) float64; no rows once the search is over.

        Raises:
            ValueError: for anything but rows of the unit cube.
        """
        units = self._asked()
        if units.ndim != 2 or units.shape[1] != self._dim:
            raise ValueError(f"expected units (n, {self._dim}) from ask() of {self._name}, got {units.shape}")
        bad = np.argwhere(~((units >= 0) & (units <= 1)))
        if len(bad):
            row, column = bad[0]
            raise ValueError(
                f"expected units in [0, 1] from ask() of {self._name}, got {units[row, column]} in row {row}"
            )
        return units

    def _asked(self) -> Float:
        """A copy of what they ask for: theirs may change under way."""
        asked = self._members.ask()
        try:
            return np.array(asked, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(
                f"expected units (n, {self._dim}) of float64 from ask() of {self._name}, got "
                f"{type(asked).__name__} that is no such array; return all rows in one array"
            ) from None

    def tell(self, units: Float, outcomes: Outcomes, threshold: float) -> None:
        """Show and tell what came of the units."""
        self.asked = len(units)
        if isinstance(self._members, Observer):
            self._members.observe(outcomes.per_joint.copy())
        self._members.tell(units.copy(), outcomes.told(threshold))

    def state(self, count: int) -> dict[str, Any]:
        """What a part file keeps of the agents after a round of `count` rows."""
        state = self._members.state() if hasattr(self._members, "state") else {}
        return {**state, "owners": self._owners(count)}

    def resume(self, part: Part, threshold: float) -> None:
        """Go on from a recorded round: from its state, or for agents without one by asking and telling again.

        Raises:
            ValueError: if agents without a state ask for something else this time.
        """
        if hasattr(self._members, "load_state"):
            self._members.load_state({key: part.state[key] for key in part.state if key != "owners"})
            self.asked = len(part.units)
            return
        if not np.array_equal(self.ask(), part.units):
            raise ValueError(
                f"expected {self._name} to ask for the same again, got other units: a run can only be resumed "
                "with agents that draw from their seed alone, or that have state() and load_state()"
            )
        self.tell(part.units, part.outcomes, threshold)

    def _owners(self, count: int) -> NDArray[np.intp]:
        """(n,) which agent each row belongs to."""
        owners = getattr(self._members, "owners", None)
        if owners is None:
            return np.asarray(np.arange(count) * self._agents // max(count, 1), np.intp)
        owners = np.array(owners, np.intp)
        if owners.shape != (count,):
            raise ValueError(
                f"expected owners ({count},) of {self._name}, got {owners.shape}; one for each row"
            )
        bad = np.flatnonzero((owners < 0) | (owners >= self._agents))
        if len(bad):
            raise ValueError(
                f"expected owners from 0 to {self._agents - 1} of {self._name}, got {owners[bad[0]]} in row {bad[0]}"
            )
        return owners


def build_population(name: str, stream: int, rig: Rig, search: int) -> Population:
    """The population `name` for a search of so many queries; the run's algorithm gets the run's options.

    Raises:
        ValueError: for an unknown option, or a policy of another space.
        FileNotFoundError: if the run to start from is not there.
    """
    config = rig.config
    mine = name == config.algorithm
    options = agent_options(config.agent_options) if mine else {}
    setting: dict[str, Any] = {
        "dim": rig.space.dim,
        "agents": config.agents,
        "seed": seeds.integer(config.seed, seeds.AGENTS, stream),
        "margin": rig.margin,
        "typical": rig.space.typical,
        "distance": rig.distance if {"pose", "view"} & set(config.factors) else None,
        "measures": measures_of(rig.space, rig.marks),
        "threshold": rig.threshold,
    }
    if name not in POPULATIONS:
        members = _users(name, setting, options)
    else:
        if "batch" in option_names(POPULATIONS[name]()):
            options.setdefault("batch", max(1, min(BATCH, search // config.agents)))
        members = agents.make(name, **setting, **options)
    if mine and config.agents_from:
        _start(members, config)
    return Population(members, name, rig.space.dim, config.agents)


def agent_options(texts: tuple[str, ...]) -> dict[str, Any]:
    """Options by name from `name=value` texts, values as in YAML."""
    pairs = (text.partition("=") for text in texts)
    return {name: yaml.safe_load(value) for name, _, value in pairs}


def policy_of(run: Path, name: str) -> dict[str, Any]:
    """The state in which a run left its agents.

    Raises:
        FileNotFoundError: if there is no run.
        ValueError: if it has no search by these agents.
    """
    if not (run / "manifest.json").is_file():
        raise FileNotFoundError(f"expected a run in {run} to start agents from, found no manifest.json there")
    for path in sorted(run.glob("parts/part-*.npz"), reverse=True):
        part = read_part(path)
        if part.stage == f"{name}/{SEARCH}":
            return part.state
    raise ValueError(
        f"expected a search by {name} in {run}, found none; choose a run of the same --algorithm"
    )


def _start(members: Any, config: Config) -> None:
    if not isinstance(members, Learner):
        able = ", ".join(n for n in POPULATIONS if hasattr(POPULATIONS[n](), "start_from"))
        raise ValueError(
            f"expected agents that can start from another run ({able}), got {config.algorithm}; "
            "leave --agents-from out"
        )
    members.start_from(policy_of(Path(config.agents_from), config.algorithm))


def _users(name: str, setting: dict[str, Any], options: dict[str, Any]) -> Any:
    """What the user's factory builds of those of our keywords that it names, and of the options."""

    def call(factory: Any) -> Any:
        parameters = inspect.signature(factory).parameters.values()
        takes_all = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
        named = {p.name for p in parameters}
        return factory(**{k: v for k, v in setting.items() if takes_all or k in named}, **options)

    members = built_by_user(name, "agents", call=call)
    _check_methods(members, name)
    return members


def _check_methods(members: Any, name: str) -> None:
    """Refuse objects without the two methods, or that resume from what they never gave."""
    has = {m: callable(getattr(members, m, None)) for m in ("ask", "tell", "state", "load_state")}
    kind = type(members).__name__
    for method in ("ask", "tell"):
        if not has[method]:
            raise ValueError(
                f"expected {name} to build agents with ask() and tell(units, error), got {kind} without {method}"
            )
    if has["state"] != has["load_state"]:
        there, lacks = ("state", "load_state") if has["state"] else ("load_state", "state")
        raise ValueError(
            f"expected both state() and load_state(state) of {name}, or neither, got {kind} with {there} "
            f"and without {lacks}"
        )
