"""Figures of the picture: what share of the joints lies near its place, and COCO's similarity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from examiner.joint_sets import JointSet, missing
from examiner.joints import Bool, Float, pick

PCK_SHARE = 0.05
"""Distance within which a joint counts, in longer sides of the box: PCK@0.05."""

_SIGMAS = {
    "shoulder": 0.079, "elbow": 0.072, "wrist": 0.062, "hip": 0.107, "knee": 0.087, "ankle": 0.089,
    "eye": 0.025, "ear": 0.035,
}  # fmt: skip

COCO_SIGMAS = {"nose": 0.026} | {
    f"{side}_{part}": sigma for part, sigma in _SIGMAS.items() for side in ("left", "right")
}
"""Spread of the annotators per joint, in square roots of the person's area: COCO's keypoint evaluation."""


def pixels_of(joint_set: JointSet, names: Sequence[str], joints2d: Float) -> Float:
    """The set's joints (N, J, 2), pixels, of joints (N, len(names), 2).

    Raises:
        ValueError: a wrong shape, a joint that is missing, or a set whose joints a regressor makes.
    """
    if joint_set.regressor is not None:
        raise ValueError(
            f"expected a set of joints by name, got {joint_set.name}, whose joints are regressed"
        )
    if joints2d.shape[1:] != (len(names), 2):
        raise ValueError(f"expected joints2d of shape (N, {len(names)}, 2), one a name, got {joints2d.shape}")
    if lacking := missing(joint_set.joints, names):
        raise ValueError(f"expected the joints of {joint_set.name}, got none called {', '.join(lacking)}")
    return pick(np.asarray(joints2d, np.float64), names, joint_set.joints)


def pck_2d(gt: Float, prediction: Float, boxes: Float, share: float = PCK_SHARE) -> Float:
    """Percentage of the joints within a share of the box's longer side, 0 to 100; NaN where a row is not finite.

    Source: PCK of Yang and Ramanan, PAMI 2013, whose reach is alpha * max(height, width) of the person's box.

    Args:
        gt: (N, J, 2) pixels.
        prediction: (N, J, 2) pixels.
        boxes: (N, 4) x0, y0, x1, y1 pixels.
        share: of the longer side, inclusive.

    Returns:
        (N,).

    Raises:
        ValueError: shapes that do not fit each other.
    """
    _check(gt, prediction, "boxes", boxes, (len(gt), 4))
    reach = share * np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    near = np.sqrt(_squares(gt, prediction)) <= reach[:, None]
    return np.where(finite_rows(gt, prediction), 100.0 * near.mean(axis=1), np.nan)


def oks(gt: Float, prediction: Float, area: Float, sigmas: Float) -> Float:
    """Object keypoint similarity, 0 to 1; NaN where a row is not finite or has no area.

    The mean over the joints of exp(-d^2 / (2 s^2 k^2)) with d the distance in pixels, s^2 the area and k = 2 sigma.
    Source: Lin et al., COCO, ECCV 2014, and its keypoint evaluation. All joints count, hidden ones too.

    Args:
        gt: (N, J, 2) pixels.
        prediction: (N, J, 2) pixels.
        area: (N,) square pixels of the person, in COCO those of the mask.
        sigmas: (J,) as in COCO_SIGMAS.

    Returns:
        (N,).

    Raises:
        ValueError: shapes that do not fit each other.
    """
    _check(gt, prediction, "area", area, (len(gt),))
    _check(gt, prediction, "sigmas", sigmas, (gt.shape[1],))
    usable = finite_rows(gt, prediction) & (area > 0)
    spread = 2.0 * np.where(usable, area, 1.0)[:, None] * (2.0 * sigmas) ** 2
    similarity = np.exp(-_squares(gt, prediction) / spread).mean(axis=1)
    return np.where(usable, similarity, np.nan)


def mask_area(mask: Bool) -> Float:
    """Square pixels (N,) of masks (N, H, W)."""
    return np.asarray(mask.sum(axis=(1, 2)), np.float64)


def sigmas_of(joint_set: JointSet) -> Float | None:
    """COCO's sigmas (J,) of a set; None where a joint has none."""
    if any(name not in COCO_SIGMAS for name in joint_set.joints):
        return None
    return np.array([COCO_SIGMAS[name] for name in joint_set.joints])


def finite_rows(gt: Float, prediction: Float) -> Bool:
    """Rows (N,) in which both sides (N, ...) are finite."""
    one, other = (np.isfinite(side).all(axis=tuple(range(1, side.ndim))) for side in (gt, prediction))
    return np.asarray(one & other)


def _squares(gt: Float, prediction: Float) -> Float:
    """(N, J) squared distances, 0 in rows that are not finite."""
    finite = finite_rows(gt, prediction)[:, None, None]
    difference = np.where(finite, gt, 0.0) - np.where(finite, prediction, 0.0)
    return np.asarray((difference**2).sum(axis=2))


def _check(gt: Float, prediction: Float, name: str, value: Float, shape: tuple[int, ...]) -> None:
    if gt.ndim != 3 or gt.shape[2] != 2 or prediction.shape != gt.shape:
        raise ValueError(f"expected joints (N, J, 2) on both sides, got {gt.shape} and {prediction.shape}")
    if value.shape != shape:
        raise ValueError(f"expected {name} of shape {shape}, got {value.shape}")
