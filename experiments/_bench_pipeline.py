"""The search of an audit against what two cores could do: how much of them it uses."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import agents
from examiner import Config, build_rig, seeds
from examiner.evaluate import chunks_of
from examiner.progress import Silence
from examiner.rig import Rig
from experiments._bench_cpu import cpu_seconds
from simulator import Batch
from targets import Prediction

ROUNDS = 20
CORES = 2


def pipeline() -> dict[str, Any]:
    """Queries a second of the search over two cores divided by the processor seconds of a query's stages.

    The stages are measured alone, one after another, on the queries that the search asked.
    """
    rig = build_rig(Config(), Silence())
    try:
        seconds, costs = _search(rig)
    finally:
        rig.close()
    total = sum(costs.values())
    return {
        "pipeline_efficiency": round(total / CORES / seconds, 3),
        "pipeline_queries_per_second": round(1 / seconds, 1),
        "pipeline_stages_cpu_ms": {name: round(1000 * cost, 2) for name, cost in costs.items()},
        "pipeline_target_share": round(costs["predict"] / total, 3),
    }


def _search(rig: Rig) -> tuple[float, dict[str, float]]:
    """Seconds a query of the search, and processor seconds a query of each of its stages."""
    config = rig.config
    population = agents.make(
        config.algorithm,
        dim=rig.space.dim,
        agents=config.agents,
        seed=seeds.integer(config.seed, seeds.AGENTS, 0),
        margin=rig.margin,
        typical=rig.space.typical,
        distance=rig.distance,
        batch=8,
    )
    asked = [_round(rig, population, {}) for _ in range(2)]  # everything is compiled and loaded
    spent: dict[str, float] = {"propose and screen": 0.0, "learn": 0.0}
    before = time.perf_counter()
    asked = [_round(rig, population, spent) for _ in range(ROUNDS)]
    queries = sum(map(len, asked))
    seconds = (time.perf_counter() - before) / queries
    batches: list[Batch] = []
    predictions: list[Prediction] = []
    chunks = [chunk for scene in asked for chunk in chunks_of(scene)]

    def draw() -> None:
        batches.extend(map(rig.simulator.render, chunks))

    def predict() -> None:
        predictions.extend(map(rig.evaluator.predict, batches))

    def judge() -> None:
        for batch, prediction in zip(batches, predictions, strict=True):
            rig.evaluator.judge(batch, prediction)

    costs = {name: cost / queries for name, cost in spent.items()}
    for name, stage in (("draw", draw), ("predict", predict), ("judge", judge)):
        costs[name] = cpu_seconds(stage) / queries
    return seconds, costs


def _round(rig: Rig, population: agents.Agents, spent: dict[str, float]) -> Any:
    units: list[Any] = []
    _add(spent, "propose and screen", lambda: units.append(population.ask()))
    scene = rig.space.decode(units[0])
    outcomes = rig.evaluator(scene)
    _add(spent, "learn", lambda: population.tell(units[0], outcomes.told(rig.threshold)))
    return scene


def _add(spent: dict[str, float], name: str, step: Callable[[], Any]) -> None:
    spent[name] = spent.get(name, 0.0) + cpu_seconds(step)
