"""Diversity: how many different failures there are, whatever one calls different, and how many are unseen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from examiner.distinct import Signature, clusters, distance
from examiner.joints import Float

CUTS = (0.5, 1.0, 2.0)
"""Linkage distances at which modes are counted; 1 is what distinct means."""


@dataclass(frozen=True)
class Diversity:
    """How different the people of a set are."""

    counts: tuple[int, ...]
    """Clusters at each of CUTS."""
    effective: float
    """Vendi score: 1 where all are alike, their number where no two are."""


def diversity(marks: Signature) -> Diversity:
    """Of people (n), by `examiner.distinct.distance`."""
    between = distance(marks, marks)
    return Diversity(tuple(count_at(between, cut) for cut in CUTS), vendi(between))


def count_at(distances: Float, cut: float) -> int:
    """Clusters of symmetric distances (n, n): average linkage cut at `cut`."""
    return int(clusters(distances, cut).max(initial=0))


def vendi(distances: Float) -> float:
    """Effective number of different people of distances (n, n), similarity exp(-d^2); 0 of nobody.

    The exponential of the entropy of the eigenvalues of the similarity matrix over n (Friedman and Dieng, The Vendi
    Score, TMLR 2023).
    """
    if not len(distances):
        return 0.0
    shares = np.linalg.eigvalsh(np.exp(-(distances**2)) / len(distances)).clip(0.0)
    shares = shares[shares > 1e-12]
    return float(np.exp(-(shares * np.log(shares)).sum() / shares.sum()) if len(shares) else 0.0)


def found_again(modes: Signature, others: Signature) -> NDArray[np.bool_]:
    """(n,) whether each mode is not distinct from some of the others (m)."""
    if not len(others.joints):
        return np.zeros(len(modes.joints), dtype=np.bool_)
    return np.asarray((distance(modes, others) < 1).any(axis=1))


def chao1(counts: NDArray[np.intp]) -> float:
    """Estimated number of kinds, seen and unseen, where kind i was met `counts[i]` times (all at least once).

    The bias-corrected form (Chao, Scandinavian Journal of Statistics 11, 1984; Biometrics 43, 1987): kinds met once and
    twice tell of those not met. A lower bound, and only as good as encounters are independent.
    """
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    return float((counts > 0).sum() + once * (once - 1) / (2 * (twice + 1)))
