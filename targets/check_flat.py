"""Checks of 2D joints: against the true ones, and against the target's own joints in space."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from targets.base import Float, Prediction, TargetSpec
from targets.truth import Truth

FAR_OFF = 0.25
"""Median distance from the true 2D joints, in longer sides of the person, above which they lie somewhere else."""
ALIKE = 0.1
"""The same after the best scale and shift, below which it is the right person in other coordinates."""
APART = 0.15
"""Root mean square distance between 2D joints and the joints in space seen from far, above which they disagree."""
LEAST_COMMON = 4


def flat_findings(prediction: Prediction, spec: TargetSpec, truth: Truth | None) -> list[str]:
    """One sentence for each way in which 2D joints cannot be right; none where there are no such joints."""
    if prediction.joints2d is None or len(spec.joint_names) < LEAST_COMMON or not prediction.found.any():
        return []
    return [*_against_truth(prediction, spec, truth), *_against_space(prediction)]


def _against_truth(prediction: Prediction, spec: TargetSpec, truth: Truth | None) -> Iterator[str]:
    if truth is None or truth.joints2d is None:
        return
    common = [name for name in spec.joint_names if name in truth.joint_names]
    if len(common) < LEAST_COMMON:
        return
    assert prediction.joints2d is not None
    sides = ((prediction.joints2d, spec.joint_names), (truth.joints2d, truth.joint_names))
    given, wanted = (
        points[prediction.found][:, [names.index(name) for name in common]] for points, names in sides
    )
    size = np.ptp(wanted, axis=1).max(axis=1)
    off = float(np.median(np.linalg.norm(given - wanted, axis=2).mean(axis=1) / size))
    fitted = float(np.median(_left_over(given, wanted) / size))
    if off > FAR_OFF and fitted < ALIKE:
        yield (
            f"expected joints2d in pixels of the whole picture, got the right person {off:.0%} of its size away: are "
            "they of the crop? bring them back with Crop.to_picture"
        )


def _against_space(prediction: Prediction) -> Iterator[str]:
    """Joints in space, seen from far away, must look like the 2D ones up to scale and place."""
    if prediction.joints is None or prediction.joints2d is None:
        return
    space, flat = prediction.joints[prediction.found][..., :2], prediction.joints2d[prediction.found]
    apart = float(np.median(_left_over(space, flat) / np.ptp(flat, axis=1).max(axis=1).clip(1e-9)))
    if apart > APART:
        yield (
            f"expected joints2d to be where joints project to, got them {apart:.0%} of the person's size apart: is "
            "their order another, or one of the two mirrored or turned?"
        )


def _left_over(one: Float, other: Float) -> Float:
    """(N,) root mean square distance after the best positive scale and shift of points (N, J, 2) onto others."""
    a, b = (points - points.mean(axis=1, keepdims=True) for points in (one, other))
    scale = np.maximum((a * b).sum(axis=(1, 2)), 0.0) / np.maximum((a**2).sum(axis=(1, 2)), 1e-12)
    return np.asarray(np.sqrt(((scale[:, None, None] * a - b) ** 2).sum(axis=2).mean(axis=1)))
