"""A search alone: the rounds of a population on a rig, without redraws or regions, in a folder that resumes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from examiner.audit import begin, finish
from examiner.config import Config, config_dict
from examiner.files import only_one, read_json
from examiner.joints import Float
from examiner.journal import Journal, Part
from examiner.outcomes import Outcomes, join_outcomes
from examiner.population import SEARCH, Population, build_population
from examiner.progress import Progress
from examiner.rig import Rig
from simulator import Scene, join_scenes


@dataclass(frozen=True)
class Searched:
    """All that a search asked, row for row."""

    scene: Scene
    outcomes: Outcomes
    owners: NDArray[np.intp]
    """(n,) which agent asked each query."""


SEARCHES = "searches"
"""Folder of the searches that cells may share."""


def planned(config: Config) -> int:
    """Queries of the search of an audit of this configuration."""
    return int(config.budget * config.shares[0])


def go_on(part: Part) -> bool:
    """Watch nothing: search until the budget is spent."""
    return len(part.outcomes) > 0


def search(rig: Rig, folder: Path, progress: Progress, watch: Callable[[Part], bool] = go_on) -> Searched:
    """Rounds of the configured algorithm, until its search's share of the budget is spent or it asks no more.

    Args:
        rig: what is searched.
        folder: of this run; one that was stopped goes on.
        progress: is told of every round.
        watch: sees every round; the search ends where it says False.

    Raises:
        ValueError: if the folder holds another run, or not one round fits the budget.
    """
    begin(folder, rig, SEARCH)
    with only_one(folder):
        journal = Journal(folder / "parts")
        total = planned(rig.config)
        population = build_population(rig.config.algorithm, 0, rig, total)
        while (part := _step(rig, journal, population)) is not None:
            progress.update(f"{rig.config.algorithm}: {SEARCH} {rig.config.target}", journal.queries, total)
            if not watch(part):
                break
    if not journal.parts:
        raise ValueError(
            f"expected {total} queries to be enough for a round, got none; use a larger --budget"
        )
    finish(folder)
    return _joined(journal.parts)


def is_finished(folder: Path, config: Config) -> bool:
    """Whether a folder holds the finished search of a configuration."""
    path = folder / "manifest.json"
    if not path.is_file():
        return False
    manifest = read_json(path)
    return bool(manifest["status"] == "done" and manifest["config"] == config_dict(config))


def _step(rig: Rig, journal: Journal, population: Population) -> Part | None:
    """The next round, read back or asked; None where none is left."""
    left, stage = planned(rig.config) - journal.queries, f"{rig.config.algorithm}/{SEARCH}"
    if left < max(population.asked, 1):
        return None
    if journal.replaying:
        part = journal.step(stage, lambda: _round(rig, journal, population, population.ask()))
        population.resume(part, rig.threshold)
        rig.evaluator.count(part.outcomes)
        return part
    units = population.ask()
    if not 0 < len(units) <= left:
        return None
    return journal.step(stage, lambda: _round(rig, journal, population, units))


def _round(rig: Rig, journal: Journal, population: Population, units: Float) -> Part:
    scene = rig.space.decode(units)
    outcomes = rig.evaluator(scene)
    population.tell(units, outcomes, rig.threshold)
    stage = f"{rig.config.algorithm}/{SEARCH}"
    return Part(stage, journal.queries, units, scene, outcomes, population.state(len(units)))


def _joined(parts: list[Part]) -> Searched:
    return Searched(
        join_scenes([part.scene for part in parts]),
        join_outcomes([part.outcomes for part in parts]),
        np.concatenate([np.asarray(part.state["owners"], np.intp) for part in parts]),
    )
