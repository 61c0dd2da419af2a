"""The search of `poseexaminer-2023`: every agent of the population `published` until it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from agents import Setting
from agents.published import SPREAD, THRESHOLD, Published, latent_of
from examiner import seeds
from examiner.evaluate import Evaluator
from examiner.joints import Bool, Float
from examiner.journal import Journal, Part
from examiner.outcomes import Outcomes
from examiner.rig import Rig
from simulator import Scene

SEARCH = "search"
"""The stage in which agents search."""


@dataclass(frozen=True)
class Searched:
    """Where the agents of a finished search stand."""

    latent: Float
    """(agents, m) the last draw of each, standard deviations: its final point, as released."""
    means: Float
    """(agents, m) the means of the frozen policies, standard deviations."""
    errors: tuple[Float, ...]
    """What each was told, mm, the latest last."""
    last: Float
    """(agents,) the last error of each, mm; NaN where nobody was found."""
    gave_up: Bool
    """(agents,) whether it ended without a failure; the release grows no region for it."""

    @property
    def steps(self) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        """(agents,) queries of each."""
        return np.array([len(errors) for errors in self.errors], np.intp)

    def draw(self, agent: int, rng: np.random.Generator) -> Float:
        """A new action (1, m) of an agent's frozen policy, standard deviations."""
        return np.asarray(self.means[[agent]] + SPREAD * rng.standard_normal((1, self.means.shape[1])))


def search(rig: Rig, journal: Journal, evaluator: Evaluator, charge: Callable[[int], None]) -> Searched:
    """Rounds of one query for each agent that still searches; each round is a step of the journal.

    Args:
        rig: The run's parts; the agents search the latent of its prior, unscreened.
        journal: Of the run.
        evaluator: Answers queries.
        charge: Told the queries of each round.
    """
    count, members = rig.config.agents, _population(rig)
    latent, last = np.zeros((count, rig.prior.dim)), np.full(count, np.nan)
    told: list[list[float]] = [[] for _ in range(count)]
    while len(units := members.ask()):
        owners = members.owners
        part = _round(rig, journal, evaluator, members, units)
        latent[owners], last[owners] = latent_of(units), part.outcomes.error
        for agent, error in zip(owners, released_errors(part.outcomes), strict=True):
            told[agent].append(float(error))
        charge(len(units))
    errors = tuple(np.array(row) for row in told)
    return Searched(latent, latent_of(members.centres), errors, last, members.gave_up)


def person_of(rig: Rig, latent: Float) -> Scene:
    """Default people (n) in the poses of latent codes (n, m)."""
    scene = rig.space.default(len(latent))
    return rig.space.frame(replace(scene, body_pose=rig.prior.decode(latent)))


def released_errors(outcomes: Outcomes) -> Float:
    """(n,) mm over all joints, hidden ones too, as agents and boxes are told; 180 where nobody was found."""
    return replace(outcomes, visible_error=outcomes.error).told(THRESHOLD)


def _population(rig: Rig) -> Published:
    seed = seeds.integer(rig.config.seed, seeds.AGENTS, 0)
    return Published(Setting(rig.prior.dim, rig.config.agents, seed, threshold=THRESHOLD))


def _round(rig: Rig, journal: Journal, evaluator: Evaluator, members: Published, units: Float) -> Part:
    def compute() -> Part:
        scene = person_of(rig, latent_of(units))
        outcomes = evaluator(scene)
        members.tell(units, released_errors(outcomes))
        return Part(SEARCH, journal.queries, units, scene, outcomes, members.state())

    recorded = journal.replaying
    part = journal.step(SEARCH, compute)
    if recorded:
        members.load_state(part.state)
        evaluator.count(part.outcomes)
    return part
