"""One method of an audit: search, confirm, grow, verify, all charged to one budget."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from examiner import seeds
from examiner.asking import ask_journal
from examiner.distinct import any_near, distance, pose_distance, signature
from examiner.evaluate import Evaluator
from examiner.joints import Float
from examiner.journal import Journal, Part
from examiner.modes import REDRAWS, Redraw, first_batch, redraw_scene, still_possible
from examiner.outcomes import Outcomes, join_outcomes
from examiner.population import SEARCH, Population, build_population
from examiner.progress import Progress
from examiner.regions import GROWTH, MOST_GROWTH, VERIFICATION, Region, Regions
from examiner.rig import Rig
from examiner.subspace import DRAWS
from simulator import Scene, join_scenes, redraw

STAGES = (SEARCH, "redraw", "confirmation", GROWTH, VERIFICATION)
"""What queries are spent on."""

POSE_SHARE = 0.6
"""Least share of the redrawn candidates that must differ by pose alone: half is needed of the modes."""

LEAST_GROWTH = 40
"""Fewest queries worth spending on growing a region."""


@dataclass(frozen=True)
class Mode:
    """A verified failure."""

    query: int
    agent: int
    scene: Scene
    """One row."""
    outcomes: Outcomes
    """One row."""
    redraw: Redraw
    region: Region | None


@dataclass(frozen=True)
class MethodResult:
    """All that a method did and found."""

    name: str
    queries: dict[str, int]
    screened: int
    search: Outcomes
    search_scene: Scene
    agent: np.ndarray[Any, np.dtype[np.intp]]
    """(n,) which agent asked each search query."""
    candidates: int
    """Distinct failures that were redrawn."""
    modes: tuple[Mode, ...]
    fragile: tuple[Redraw, ...]


@dataclass
class _Purse:
    """What may still be spent on each purpose; what one leaves, the next may use."""

    search: int
    growth: int
    verification: int
    spent: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))


class Method:
    """Runs one method; every query goes through the journal."""

    def __init__(self, name: str, stream: int, rig: Rig, journal: Journal, progress: Progress) -> None:
        self._name, self._stream, self._rig = name, stream, rig
        self._journal, self._progress = journal, progress
        config = rig.config
        self._total = config.budget
        search, growth = (int(config.budget * share) for share in config.shares[:2])
        self._purse = _Purse(search, growth, config.budget - search - growth)
        self._regions = Regions(rig, stream, self._ask)

    def run(self) -> MethodResult:
        """Search, confirm the best distinct failures, grow and verify regions round the worst."""
        search, screened = self._search()
        outcomes = join_outcomes([part.outcomes for part in search])
        scene = join_scenes([part.scene for part in search])
        agent = np.concatenate([part.state["owners"] for part in search])
        first = search[0].first_query
        redraws = self._confirm(scene, outcomes, first)
        verified = [r for r in redraws if r.verified]
        verified.sort(key=lambda r: -r.mean(self._rig.threshold))
        modes = [self._mode(r, k, scene, outcomes, agent, first) for k, r in enumerate(verified)]
        return MethodResult(
            name=self._name,
            queries={**self._purse.spent, "total": sum(self._purse.spent.values())},
            screened=screened,
            search=outcomes,
            search_scene=scene,
            agent=agent,
            candidates=len(redraws),
            modes=tuple(modes),
            fragile=tuple(r for r in redraws if not r.verified),
        )

    def _search(self) -> tuple[list[Part], int]:
        """Rounds of the population until the share is spent or it asks no more."""
        population = build_population(self._name, self._stream, self._rig, self._purse.search)
        parts: list[Part] = []
        while (part := self._step(population)) is not None:
            parts.append(part)
            self._charge(SEARCH, len(part.outcomes), _best(part.outcomes))
        if not parts:
            raise ValueError(
                f"expected {self._name} to ask for at most {self._purse.search} queries in a round, got more "
                "or none; use a larger --budget"
            )
        self._purse.verification += self._purse.search - self._purse.spent[SEARCH]
        return parts, population.screened

    def _step(self, population: Population) -> Part | None:
        """The next round, read back or asked; None where none is left."""
        left, stage = self._purse.search - self._purse.spent[SEARCH], f"{self._name}/{SEARCH}"
        if left < max(population.asked, 1):
            return None
        if self._journal.replaying:
            return self._recorded(population, stage)
        units = population.ask()
        if not 0 < len(units) <= left:
            return None
        return self._journal.step(stage, lambda: self._round(population, units))

    def _recorded(self, population: Population, stage: str) -> Part | None:
        if self._journal.upcoming != stage:
            return None
        part = self._journal.step(stage, lambda: self._round(population, population.ask()))
        population.resume(part, self._rig.threshold)
        self._rig.evaluator.count(part.outcomes)
        return part

    def _round(self, population: Population, units: Float) -> Part:
        scene = self._varied(self._rig.space.decode(units))
        outcomes = self._rig.evaluator(scene)
        population.tell(units, outcomes, self._rig.threshold)
        state = population.state(len(units))
        return Part(f"{self._name}/{SEARCH}", self._journal.queries, units, scene, outcomes, state)

    def _varied(self, scene: Scene) -> Scene:
        """The scene with what is drawn at random drawn anew, by the number of the round's first query."""
        if not self._rig.vary:
            return scene
        rng = seeds.generator(self._rig.config.seed, seeds.VARY, self._journal.queries)
        return self._rig.space.frame(redraw(scene, self._rig.vary, rng))

    def _confirm(self, scene: Scene, outcomes: Outcomes, first: int) -> list[Redraw]:
        """Redraw the worst fair failures that are distinct from those already redrawn."""
        failed = np.flatnonzero(outcomes.failures(self._rig.threshold))
        order = failed[np.argsort(-outcomes.severity[failed], kind="stable")]
        reserve = DRAWS if self._purse.verification >= 2 * DRAWS else 0
        marks = signature(self._rig.body, scene.rows(order)) if len(order) else None
        done: list[Redraw] = []
        tried: list[int] = []
        poses = 0
        for place, row in enumerate(order):
            spent = self._purse.spent["redraw"] + self._purse.spent["confirmation"]
            if self._purse.verification - spent - reserve <= REDRAWS:
                break
            if marks is None or any_near(marks, place, tried, distance):
                continue
            new_pose = not any_near(marks, place, tried, pose_distance)
            if not new_pose and poses < POSE_SHARE * (len(tried) + 1):
                continue
            poses += new_pose
            tried.append(place)
            done.append(self._redraw(scene.rows(np.array([row])), int(row), first))
        return done

    def _redraw(self, person: Scene, row: int, first: int) -> Redraw:
        """Draw the person anew; stop as soon as too few can still exceed the threshold."""
        parts: list[Outcomes] = []
        start = 0
        for stop in (first_batch(), REDRAWS):
            scene = redraw_scene(person, self._rig.space).rows(slice(start, stop))
            parts.append(self._ask("redraw", scene))
            exceed = int(join_outcomes(parts).exceeds(self._rig.threshold).sum())
            if not still_possible(exceed, stop):
                break
            start = stop
        redraw = Redraw(first + row, row, join_outcomes(parts), self._rig.threshold)
        if self._rig.referee is None or not redraw.repeatable:
            return redraw
        confirmed = self._ask("confirmation", person, self._rig.referee)
        return replace(redraw, confirmed=confirmed)

    def _mode(
        self, redraw: Redraw, rank: int, scene: Scene, outcomes: Outcomes, agent: Any, first: int
    ) -> Mode:
        person = scene.rows(np.array([redraw.row]))
        mine = np.flatnonzero(agent[: redraw.row + 1] == agent[redraw.row])
        return Mode(
            query=redraw.query,
            agent=int(agent[redraw.row]),
            scene=person,
            outcomes=outcomes.rows(np.array([redraw.row])),
            redraw=redraw,
            region=self._region(person, rank, outcomes.rows(mine)),
        )

    def _region(self, person: Scene, rank: int, before: Outcomes) -> Region | None:
        """A box grown round the person and proven; None where the budget is spent."""
        left = self._total - sum(self._purse.spent.values())
        most = MOST_GROWTH[self._rig.config.regions]
        planned = max(1, left // (DRAWS + most // 2))
        growth = min(most, left // planned - DRAWS, self._purse.growth - self._purse.spent[GROWTH])
        return None if growth < LEAST_GROWTH else self._regions.grown(person, rank, growth, before)

    def _ask(self, stage: str, scene: Scene, evaluator: Evaluator | None = None) -> Outcomes:
        stage_of = f"{self._name}/{stage}"
        outcomes = ask_journal(self._journal, stage_of, scene, evaluator or self._rig.evaluator)
        self._charge(stage, len(scene), "")
        return outcomes

    def _charge(self, stage: str, count: int, note: str) -> None:
        self._purse.spent[stage] += count
        self._progress.update(f"{self._name}: {stage}", sum(self._purse.spent.values()), self._total, note)


def _best(outcomes: Outcomes) -> str:
    fair = outcomes.severity[outcomes.fair & outcomes.found & outcomes.valid]
    return f"worst fair {fair.max():.0f} mm" if len(fair) else ""
