"""The protocol of the release of PoseExaminer, on the same rig and journal as our own audit.

Search, growth, success rule and averaging are those of the public code of Liu et al., PoseExaminer, CVPR 2023 (arXiv
2303.07337), as `agents.published` and `examiner.published_growth` tell; what differs is listed in every result.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from agents.published import THRESHOLD
from examiner import seeds
from examiner.asking import ask_journal
from examiner.audit import begin, command, finish
from examiner.evaluate import CHUNK, Evaluator
from examiner.figures import predicted_points, true_points
from examiner.files import only_one, plain
from examiner.joints import Float
from examiner.journal import PassingJournal
from examiner.outcomes import Outcomes
from examiner.progress import Progress, Silence
from examiner.protocol_deviations import NOT_COMPARABLE, PUBLISHED, SOURCE, deviations
from examiner.protocol_figures import (
    AgentResult,
    Plan,
    agent_row,
    plan_growth,
    published_columns,
    verified_columns,
)
from examiner.protocol_search import SEARCH, Searched, person_of, released_errors, search
from examiner.protocol_tables import write_protocol
from examiner.protocols import DEAREST, EVALUATION, POSEEXAMINER_2023
from examiner.published_growth import ITERATION, grow_published
from examiner.regions import GROWTH, VERIFICATION, Regions
from examiner.regressed import RegressedEvaluator
from examiner.rig import Rig, assets
from examiner.subspace import PoseBox, point_box
from examiner.version import VERSION
from simulator import Scene

SCHEMA = "poseexaminer-2023/1"

EVALUATED = "evaluation"
"""The stage that draws in the final boxes."""

CHARGED = (SEARCH, GROWTH, EVALUATED)
"""Stages that the budget pays; verification is charged apart."""

PACE_CHUNKS = 3
"""Chunks of people whose evaluation tells the pace."""


@dataclass(frozen=True)
class Scoring:
    """What errors are, and why they are not the release's."""

    evaluator: Evaluator
    no_regressor: str
    """Why they are not of the 14 joints of LSP; empty where they are."""
    queries: int
    """Queries that it took to find out."""


def scoring_of(rig: Rig) -> Scoring:
    """Mpjpe on the 14 joints of LSP where the run has a regressor that fits both sides, else on the common joints."""
    if rig.regressor is None:
        return Scoring(rig.evaluator, "no --regressor was given", 0)
    batch = rig.simulator.render(rig.space.default(1))
    prediction = rig.evaluator.predict(batch)
    lacking = rig.regressor.shortfall(true_points(batch), predicted_points(prediction, rig.target.spec))
    evaluator = rig.evaluator if lacking else RegressedEvaluator(rig, rig.regressor.joint_set)
    return Scoring(evaluator, lacking, 1)


def opening(rig: Rig) -> str:
    """How many queries a run may take and about how long, by the pace of a few people."""
    evaluator, most = scoring_of(rig).evaluator, most_queries(rig)
    evaluator(rig.space.default(CHUNK))
    before = time.monotonic()
    evaluator(rig.space.default(PACE_CHUNKS * CHUNK))
    pace = PACE_CHUNKS * CHUNK / max(time.monotonic() - before, 1e-6)
    whole = rig.config.agents * DEAREST
    part = "" if most == whole else f" ({whole:,} as released)"
    return (
        f"{POSEEXAMINER_2023}: at most {most:,} queries{part}, about {_duration(most / pace)} at {pace:.0f} a second; "
        f"at most {EVALUATION * rig.config.agents:,} more, charged apart, verify the boxes"
    )


def most_queries(rig: Rig) -> int:
    """Queries that the budget pays at most."""
    return min(rig.config.budget, rig.config.agents * DEAREST)


class Protocol2023:
    """Runs the protocol in a folder; started again in the same folder, it goes on from where it was."""

    def __init__(
        self, rig: Rig, folder: Path, progress: Progress | None = None, *, name: str = POSEEXAMINER_2023
    ) -> None:
        self._rig, self._folder, self._name = rig, folder, name
        self._progress = progress or Silence()
        self._scoring = scoring_of(rig)
        self._most = most_queries(rig)
        self._spent = dict.fromkeys((*CHARGED, VERIFICATION), 0)

    def run(self) -> dict[str, Any]:
        """Search, grow and evaluate as released, prove by our rule, and write what a run leaves behind."""
        begin(self._folder, self._rig, self._name)
        with only_one(self._folder):
            self._journal = PassingJournal(self._folder / "parts")
            found = search(self._rig, self._journal, self._scoring.evaluator, partial(self._charge, SEARCH))
            plan = plan_growth(self._rig.config.budget, found.steps, found.gave_up)
            agents = [
                self._agent(found, agent, int(plan.iterations[agent])) for agent in range(len(found.steps))
            ]
            result: dict[str, Any] = plain(self._result(agents, plan))
            write_protocol(self._folder, result)
            finish(self._folder)
        return result

    def _agent(self, found: Searched, agent: int, iterations: int) -> AgentResult:
        """Grow, evaluate and prove the box of an agent; one that gave up keeps the first box, unasked."""
        box = self._grown(found, agent, iterations)
        errors, proof = np.empty(0), None
        if not found.gave_up[agent]:
            rng = seeds.generator(self._rig.config.seed, seeds.VERIFY, 1, agent)
            drawn = self._ask(EVALUATED, box.people(box.sample(EVALUATION, rng), self._rig.space.frame))
            errors = np.where(drawn.found & drawn.valid, drawn.error, np.nan)
            proof = Regions(self._rig, 0, self._ask).proven(box, iterations * ITERATION, agent, drawn).proof
        return AgentResult(
            agent=agent,
            steps=int(found.steps[agent]),
            gave_up=bool(found.gave_up[agent]),
            last_mm=float(found.last[agent]),
            iterations=iterations,
            box=box,
            errors=errors,
            proof=proof,
        )

    def _grown(self, found: Searched, agent: int, iterations: int) -> PoseBox:
        rig = self._rig

        def errors(box: PoseBox, points: Float) -> Float:
            return released_errors(self._ask(GROWTH, box.people(points, rig.space.frame)))

        def centre(rng: np.random.Generator) -> Float:
            return np.asarray(rig.prior.decode(found.draw(agent, rng))[0])

        box, _ = grow_published(
            point_box(person_of(rig, found.latent[[agent]]), ()),
            iterations * ITERATION,
            errors,
            seeds.generator(rig.config.seed, seeds.GROWTH, 0, agent),
            before=found.errors[agent],
            encode=rig.prior.encode,
            threshold=THRESHOLD,
            centre=centre,
        )
        return box

    def _ask(self, stage: str, scene: Scene) -> Outcomes:
        outcomes = ask_journal(self._journal, stage, scene, self._scoring.evaluator)
        self._charge(stage, len(scene))
        return outcomes

    def _charge(self, stage: str, count: int) -> None:
        self._spent[stage] += count
        charged = sum(self._spent[name] for name in CHARGED)
        self._progress.update(f"{POSEEXAMINER_2023}: {stage}", charged, self._most)

    def _result(self, agents: list[AgentResult], plan: Plan) -> dict[str, Any]:
        """What `protocol.json` holds."""
        rig, config = self._rig, self._rig.config
        charged = {name: self._spent[name] for name in CHARGED}
        return {
            "schema": SCHEMA,
            "run": {"version": VERSION, "seed": config.seed, "command": command(config)},
            "target": {"name": rig.target.spec.name, "weights_sha256": rig.target.spec.weights_sha256},
            "threshold_mm": THRESHOLD,
            "published": published_columns(agents),
            "verified": verified_columns(agents),
            "queries": {
                "budget": config.budget,
                **charged,
                "total": sum(charged.values()),
                "apart": {VERIFICATION: self._spent[VERIFICATION], "regressor": self._scoring.queries},
            },
            "growth": {
                "released_iterations": plan.wanted.sum(),
                "iterations": plan.iterations.sum(),
                "cut": plan.cut,
            },
            "agents": [agent_row(agent) for agent in agents],
            "deviations": [asdict(one) for one in deviations(rig, self._scoring.no_regressor, plan)],
            "published_table": {
                "source": SOURCE,
                "note": NOT_COMPARABLE,
                "rows": [asdict(row) for row in PUBLISHED],
            },
            "assets": assets(rig),
        }


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
