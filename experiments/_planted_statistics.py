"""What the results of planted landscapes say, with bootstrap intervals over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments._planted_cells import Result

Float = NDArray[np.float64]

RESAMPLES = 10_000
BETTER = {"regions": 1, "area": 1, "first": -1}
"""Measures, and whether more or less of each is better."""


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % percentile bootstrap interval."""

    mean: float
    low: float
    high: float


def curve(result: Result, counts: Float) -> Float:
    """Regions found after so many queries, same shape."""
    return np.searchsorted(np.array(result.hits), counts, side="right").astype(np.float64)


def area(result: Result) -> float:
    """Area under regions against queries: the mean over all queries of the share of regions found by then, 0 to 1."""
    after = sum(result.budget - hit + 1 for hit in result.hits)
    return after / (result.budget * result.regions)


def first(result: Result) -> float:
    """Queries to the first region; the budget where none was found."""
    return float(result.hits[0]) if result.hits else float(result.budget)


def measure(result: Result, name: str) -> float:
    """One of BETTER."""
    return {"regions": float(len(result.hits)), "area": area(result), "first": first(result)}[name]


def bootstrap(values: Iterable[float]) -> Interval:
    """The mean of values, resampled with replacement."""
    sample = np.array(list(values), dtype=np.float64)
    rng = np.random.default_rng(0)
    means = sample[rng.integers(len(sample), size=(RESAMPLES, len(sample)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(sample.mean()), float(low), float(high))


def paired(ours: Sequence[Result], theirs: Sequence[Result], name: str) -> Interval | None:
    """How much better ours is by a measure, over the landscapes and seeds that both have; None without any."""
    other = {(r.landscape, r.seed): measure(r, name) for r in theirs}
    both = [r for r in ours if (r.landscape, r.seed) in other]
    if not both:
        return None
    return bootstrap(BETTER[name] * (measure(r, name) - other[r.landscape, r.seed]) for r in both)


def pick(results: Sequence[Result], landscape: str, method: str) -> list[Result]:
    """The results of one landscape and method."""
    return [r for r in results if r.landscape == landscape and r.method == method]
