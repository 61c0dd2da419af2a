"""Confidence: whether a target knows when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from examiner.joints import Bool, Float
from examiner.outcomes import Outcomes

LEAST = 5
"""Fewest people on either side of whom anything is said."""


@dataclass(frozen=True)
class Confidence:
    """What a target's confidence tells about its failures."""

    auroc: float
    """Chance that a failure has the lower confidence of a failure and a success; 0.5 tells nothing."""
    usual: float
    """Median confidence of people who do not fail."""
    failures: int
    people: int


def confidence_of(searches: Sequence[Outcomes], threshold: float) -> Confidence | None:
    """Over the fair people of searches; None where the target gives no confidence, or nothing to compare."""
    usable = [o.fair & o.found & o.valid & np.isfinite(o.confidence) for o in searches]
    told = np.concatenate([o.confidence[k] for o, k in zip(searches, usable, strict=True)])
    failed = np.concatenate([o.failures(threshold)[k] for o, k in zip(searches, usable, strict=True)])
    if min(int(failed.sum()), int((~failed).sum())) < LEAST:
        return None
    return Confidence(auroc(-told, failed), float(np.median(told[~failed])), int(failed.sum()), len(failed))


def auroc(values: Float, positive: Bool) -> float:
    """Area under the ROC curve: chance that a positive has the larger value, ties counting half.

    By ranks (Hanley and McNeil, Radiology 143, 1982).
    """
    ranks, n = rankdata(values), int(positive.sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(values) - n)))
