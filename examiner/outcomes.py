"""Outcomes: what was measured on a batch of queries, row for row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from examiner.joints import Bool, Float


@dataclass(frozen=True)
class Outcomes:
    """Row i of every field belongs to query i. Distances are millimetres, positions metres."""

    error: Float
    """(n,) the score over all joints; NaN where nothing was found."""
    visible_error: Float
    """(n,) the same over the visible joints alone."""
    raw_error: Float
    """(n,) the score without calibration."""
    pa_mpjpe: Float
    """(n,) similarity-aligned, calibrated."""
    per_joint: Float
    """(n, J) the score of each joint."""
    visible: Bool
    """(n, J) joints that are in frame and not hidden by another body part."""
    fair: Bool
    """(n,) whether the query is a fair test."""
    found: Bool
    """(n,) whether the target found a person."""
    valid: Bool
    """(n,) whether the prediction is made of finite numbers."""
    confidence: Float
    """(n,) the target's own, NaN where it gives none."""
    gt: Float
    """(n, J, 3) root-relative, camera axes."""
    prediction: Float
    """(n, J, 3) calibrated, root-relative, camera axes, in the target's own scale."""
    gt2d: Float
    """(n, J, 2) pixels."""
    prediction2d: Float
    """(n, J, 2) pixels, NaN where the target gives none."""
    best_error: Float
    """(n,) the score of the best of the target's hypotheses, NaN where it makes one guess."""
    expected_error: Float
    """(n,) the mean score of its hypotheses."""

    def __len__(self) -> int:
        return len(self.error)

    def rows(self, index: slice | NDArray[np.intp] | Bool) -> Outcomes:
        """The outcomes of some rows."""
        return Outcomes(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @property
    def severity(self) -> Float:
        """(n,) millimetres: the smaller of the error over all and over the visible joints.

        A failure is fair only if both exceed the threshold, so this is what counts.
        """
        return np.fmin(self.error, self.visible_error)

    def exceeds(self, threshold: float) -> Bool:
        """(n,) fair or not, the error is above the threshold (mm) or nobody was found."""
        return ~self.found | (self.severity > threshold)

    def failures(self, threshold: float) -> Bool:
        """(n,) fair, found, and above the threshold (mm) over all and over the visible joints."""
        return self.fair & self.found & self.valid & (self.severity > threshold)

    def told(self, threshold: float) -> Float:
        """(n,) the number agents learn from: finite, twice the threshold where nobody was found."""
        errors = np.where(self.found, self.severity, 2 * threshold)
        usable = errors[self.valid & np.isfinite(errors)]
        return np.where(self.valid & np.isfinite(errors), errors, usable.min() if len(usable) else 0.0)


def join_outcomes(parts: Sequence[Outcomes]) -> Outcomes:
    """The rows of all parts, in order."""
    return Outcomes(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Outcomes)})
