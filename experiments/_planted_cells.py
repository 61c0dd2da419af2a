"""Cells of the study on planted landscapes: one search each, kept in a small file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import agents
from agents import POPULATIONS, Agents
from agents.factory import option_names
from examiner.files import read_json, write_json
from experiments.landscapes import LANDSCAPES, THRESHOLD, Float, Planted

AGENTS = 40
BATCH = 8
"""Queries of each agent in a round, where a population has a choice."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Cell:
    """One search: a landscape, a method and the seed of both."""

    landscape: str
    method: str
    """A population, with options in brackets if any: `policy-gradient[candidates=1]`."""
    seed: int
    budget: int
    """Queries."""

    def path(self, folder: Path) -> Path:
        """Where its result lies."""
        method = self.method.replace("[", "_").replace("]", "").replace(",", "_")
        return folder / f"{self.landscape}-{method}-seed{self.seed}.json"


@dataclass(frozen=True)
class Result:
    """What came of a cell."""

    landscape: str
    method: str
    seed: int
    budget: int
    queries: int
    """Queries that were asked; fewer than the budget where the search ended by itself."""
    regions: int
    """Regions there are."""
    hits: tuple[int, ...]
    """Number of the query, from 1, that first failed in each region that was found, ascending."""
    unfair_share: float
    """Share of the queries that were not fair."""
    overhead_ms: float
    """Processor time of `ask` and `tell` for a returned row, margins included."""


def parse_method(method: str) -> tuple[str, dict[str, Any]]:
    """Name and options of `name` or `name[key=value,key=value]`, values as in YAML.

    Raises:
        ValueError: for an unknown population, or brackets that hold something else.
    """
    name, bracket, rest = method.partition("[")
    known = [other for other in POPULATIONS if other != "typical"]
    if name not in known:
        raise ValueError(f"unknown method {name!r}: expected one of {', '.join(known)}")
    pairs = [pair.partition("=") for pair in rest.removesuffix("]").split(",")] if bracket else []
    if bracket and not (rest.endswith("]") and all(key and equals for key, equals, _ in pairs)):
        raise ValueError(f"expected a method such as {name}[key=value,key=value], got {method!r}")
    return name, {key.strip(): yaml.safe_load(value) for key, _, value in pairs}


def find_landscape(name: str) -> Planted:
    """The landscape of a name.

    Raises:
        ValueError: naming those there are.
    """
    for landscape in LANDSCAPES:
        if landscape.name == name:
            return landscape
    raise ValueError(f"unknown landscape {name!r}: expected one of {', '.join(x.name for x in LANDSCAPES)}")


def build(landscape: Planted, method: str, seed: int) -> Agents:
    """The population of a method for a landscape.

    Raises:
        ValueError: for an unknown method or option.
        ModuleNotFoundError: for a population whose package is not installed.
    """
    name, options = parse_method(method)
    if "batch" in option_names(POPULATIONS[name]()):
        options.setdefault("batch", BATCH)
    margin = landscape.margin if landscape.unfair else None
    return agents.make(
        name, dim=landscape.dim, agents=AGENTS, seed=seed, margin=margin, threshold=THRESHOLD, **options
    )


def search(cell: Cell) -> Result:
    """Spend the budget of a cell."""
    landscape = find_landscape(cell.landscape).with_seed(cell.seed)
    with threadpool_limits(1):
        population = build(landscape, cell.method, cell.seed)
        units, busy = _asked(population, landscape, cell)
    found, unfair = landscape.found(units), landscape.margin(units) < 0
    return Result(
        **asdict(cell),
        queries=len(units),
        regions=landscape.regions,
        hits=first_hits(found),
        unfair_share=round(float(unfair.mean()), 4) if len(units) else 0.0,
        overhead_ms=round(1000 * busy / max(1, len(units)), 3),
    )


def _asked(population: Agents, landscape: Planted, cell: Cell) -> tuple[Float, float]:
    """Units (n, D) of the whole search, at most the budget, and processor seconds for each of them."""
    noise = np.random.default_rng(np.random.SeedSequence(cell.seed, spawn_key=(9,)))
    rounds, rows, busy = [np.empty((0, landscape.dim))], 0, 0.0
    while rows < cell.budget:
        begun = time.process_time()
        units = population.ask()
        busy += time.process_time() - begun
        if not len(units):
            break
        error = landscape.noisy(units, noise)
        begun = time.process_time()
        population.tell(units, error)
        busy += time.process_time() - begun
        rounds.append(units)
        rows += len(units)
    share = min(1.0, cell.budget / max(1, rows))
    return np.concatenate(rounds)[: cell.budget], busy * share


def first_hits(found: NDArray[np.bool_]) -> tuple[int, ...]:
    """Numbers, from 1 and ascending, of the queries that first hit each column of found (n, K)."""
    return tuple(sorted(int(column.argmax()) + 1 for column in found.T if column.any()))


def read_result(cell: Cell, folder: Path) -> Result | None:
    """The kept result of a cell, if there is one.

    Raises:
        ValueError: if the file is of another budget.
    """
    path = cell.path(folder)
    if not path.is_file():
        return None
    stored = read_json(path)
    result = Result(**{**stored, "hits": tuple(stored["hits"])})
    if result.budget != cell.budget:
        raise ValueError(
            f"expected {path} of {cell.budget} queries, got {result.budget}; delete it or name another --results"
        )
    return result


def compute(cell: Cell, folder: Path) -> Result:
    """Search and keep the result."""
    result = search(cell)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(cell.path(folder), asdict(result))
    return result


def compute_all(cells: Sequence[Cell], folder: Path, jobs: int) -> Iterator[Result]:
    """Results in the order in which they are ready, from `jobs` processes of one thread each."""
    if jobs == 1 or len(cells) < 2:
        yield from (compute(cell, folder) for cell in cells)
        return
    os.environ.update(dict.fromkeys(THREADS, "1"))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(compute, cell, folder) for cell in cells]
        try:
            for future in as_completed(waiting):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
