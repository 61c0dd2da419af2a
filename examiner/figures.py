"""Figures that a report prints for a case beside the run's own score, each with its protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from examiner.figures_2d import PCK_SHARE, finite_rows, mask_area, oks, pck_2d, pixels_of, sigmas_of
from examiner.joint_sets import (
    JointSet,
    Points,
    joint_pair,
    missing,
    parts_of,
    shortfall,
    vertex_pair,
    vertex_shortfall,
)
from examiner.joints import Float, Pair, pick
from examiner.scores import MPJPE, N_MPJPE, PA_MPJPE
from simulator import Batch
from simulator.rotation import angle_between
from targets import Prediction, TargetSpec

PCK_MM = 150.0
"""Distance within which a joint counts, Mehta et al., MPI-INF-3DHP, 3DV 2017."""

AUC_MM = np.arange(31) * 5.0
"""Distances whose pck is averaged: 0 to 150 mm, as in `mpii_compute_3d_pck.m` of MPI-INF-3DHP."""

POSE_WIDTHS = (63, 69)
"""Numbers of a body pose: SMPL's joints 1 to 21, or 1 to 23 with the hands."""


@dataclass(frozen=True)
class Figure:
    """One number about one person, and how it was measured."""

    name: str
    """`mpjpe`; of one joint or part of the body `mpjpe.left_knee`, `mpjpe.arms`."""
    value: float
    """In `unit`."""
    unit: str
    """`mm`, `degree`, `%`, or nothing for a similarity of 0 to 1."""
    protocol: str
    """One line of words: joint set, root, alignment, topology, threshold."""

    def __str__(self) -> str:
        value = f"{self.value:.3g}" if not self.unit else f"{self.value:.1f} {self.unit}"
        return f"{self.name} {value} ({self.protocol})"


def mpjpe(pair: Pair) -> Float:
    """Mean distance (N,) of rooted joints, mm (`MPJPE`); NaN where a row is not finite."""
    return _of_finite(MPJPE, pair)


def n_mpjpe(pair: Pair) -> Float:
    """As `mpjpe` after the best scale about the root (`N_MPJPE`)."""
    return _of_finite(N_MPJPE, pair)


def pa_mpjpe(pair: Pair) -> Float:
    """As `mpjpe` after the best similarity (`PA_MPJPE`); no reflection is undone."""
    return _of_finite(PA_MPJPE, pair)


def joint_errors(pair: Pair) -> Float:
    """Distance (N, J) of every rooted joint, mm; NaN where a row is not finite."""
    return _of_finite(MPJPE.per_joint, pair)


def part_errors(pair: Pair) -> dict[str, Float]:
    """Mean distance (N,) of the joints of the arms, legs and trunk, mm; parts without a joint are left out."""
    errors = joint_errors(pair)
    parts = parts_of(pair.names)
    return {part: np.asarray(pick(errors, pair.names, parts[part]).mean(axis=1)) for part in parts}


def pve(pair: Pair) -> Float:
    """Mean distance (N,) of rooted vertices (`vertex_pair`), mm; NaN where a row is not finite.

    Source: per-vertex error, Pavlakos et al., CVPR 2018; also called MVE or V2V.
    """
    return _of_finite(MPJPE, pair)


def pa_pve(pair: Pair) -> Float:
    """As `pve` after the best similarity of all vertices; no reflection is undone."""
    return _of_finite(PA_MPJPE, pair)


def pck(pair: Pair, threshold: float = PCK_MM) -> Float:
    """Percentage (N,) of the rooted joints nearer than `threshold` mm; NaN where a row is not finite.

    Source: 3D PCK of Mehta et al., MPI-INF-3DHP, 3DV 2017.
    """
    errors = joint_errors(pair)
    return np.where(np.isfinite(errors).all(axis=1), 100.0 * (errors < threshold).mean(axis=1), np.nan)


def auc(pair: Pair) -> Float:
    """Mean of `pck` (N,) over AUC_MM; no joint is nearer than 0 mm, so that the truth has 96.8 % (30 of 31).

    Source: Mehta et al., MPI-INF-3DHP, 3DV 2017.
    """
    return np.asarray(np.stack([pck(pair, float(t)) for t in AUC_MM], axis=1).mean(axis=1))


def joint_angle_error(gt: Float, prediction: Float) -> Float:
    """Mean geodesic angle (N,) between the rotations of the joints that both poses have, degrees (MPJAE).

    Source: mean per joint angle error, Ionescu et al., Human3.6M, PAMI 2014, with the geodesic angle of the 3DPW
    challenge (ECCV 2020). The challenge turns nine parts from camera axes; here each joint turns from its parent.

    Args:
        gt: (N, 63 or 69) axis-angle, radians.
        prediction: (N, 63 or 69) axis-angle, radians.

    Returns:
        (N,), NaN where a row is not finite.

    Raises:
        ValueError: a wrong shape, or another number of people on either side.
    """
    if gt.ndim != 2 or gt.shape[1] not in POSE_WIDTHS:
        raise ValueError(f"expected a true body_pose of shape (N, 63 or 69), got {gt.shape}")
    if prediction.ndim != 2 or len(prediction) != len(gt) or prediction.shape[1] not in POSE_WIDTHS:
        raise ValueError(f"expected body_pose of shape ({len(gt)}, 63 or 69), got {prediction.shape}")
    width = min(gt.shape[1], prediction.shape[1])
    one, other = (np.ascontiguousarray(pose[:, :width], np.float64) for pose in (gt, prediction))
    finite = finite_rows(one, other)
    turns = (np.where(finite[:, None], pose, 0.0).reshape(-1, width // 3, 3) for pose in (one, other))
    return np.where(finite, np.degrees(angle_between(*turns)).mean(axis=1), np.nan)


def true_points(batch: Batch) -> Points:
    """The truth of a batch."""
    return Points(batch.joint_names, batch.joints, batch.vertices)


def predicted_points(prediction: Prediction, spec: TargetSpec) -> Points:
    """What a target predicted in space.

    Raises:
        ValueError: joints that are not one a name of the spec, or vertices of a wrong shape.
    """
    return Points(spec.joint_names, prediction.joints, prediction.vertices)


def figures_of(
    batch: Batch, prediction: Prediction, spec: TargetSpec, sets: Sequence[JointSet]
) -> list[list[Figure]]:
    """Every figure that the target's fields allow; what they do not allow is left out.

    Args:
        batch: N people with their truth.
        prediction: what the target said of them.
        spec: the target's, whose `joint_names` name the predicted joints.
        sets: joint sets; one that either side lacks joints of gives no figures.

    Returns:
        N lists. A person who was not found has none; a field with NaN or infinity gives that person none.

    Raises:
        ValueError: a field of a wrong shape.
    """
    if prediction.found.shape != (len(batch),):
        raise ValueError(f"expected found of shape ({len(batch)},), got {prediction.found.shape}")
    truth, predicted = true_points(batch), predicted_points(prediction, spec)
    usable = [s for s in sets if not (shortfall(s, truth) or shortfall(s, predicted))]
    columns = [
        *(c for s in usable for c in _joint_columns(s, joint_pair(s, truth, predicted), spec)),
        *_vertex_columns(usable, truth, predicted, spec),
        *_angle_columns(batch, prediction),
        *(c for s in sets for c in _pixel_columns(s, batch, prediction, spec)),
    ]
    return [_row(columns, row) if found else [] for row, found in enumerate(prediction.found)]


@dataclass(frozen=True)
class _Column:
    """One figure of all people."""

    name: str
    values: Float
    """(N,)."""
    unit: str
    protocol: str


def _row(columns: Sequence[_Column], row: int) -> list[Figure]:
    finite = (c for c in columns if np.isfinite(c.values[row]))
    return [Figure(c.name, float(c.values[row]), c.unit, c.protocol) for c in finite]


def _joint_columns(joint_set: JointSet, pair: Pair, spec: TargetSpec) -> Iterator[_Column]:
    joints, root = _set_words(joint_set), _root_words(joint_set)
    raw = f"{joints}, {root}, {_unaligned(spec)}"
    steps = f"mean of pck over {AUC_MM[0]:.0f} to {AUC_MM[-1]:.0f} mm in steps of {AUC_MM[1]:.0f} mm"
    yield _Column("mpjpe", mpjpe(pair), "mm", raw)
    yield _Column("n_mpjpe", n_mpjpe(pair), "mm", f"{joints}, {root}, least-squares scale")
    yield _Column("pa_mpjpe", pa_mpjpe(pair), "mm", f"{joints}, {PA_MPJPE.alignment}")
    yield _Column("pck", pck(pair), "%", f"{raw}, nearer than {PCK_MM:.0f} mm")
    yield _Column("auc", auc(pair), "%", f"{raw}, {steps}")
    for part, values in part_errors(pair).items():
        yield _Column(f"mpjpe.{part}", values, "mm", raw)
    for name, values in zip(pair.names, joint_errors(pair).T, strict=True):
        yield _Column(f"mpjpe.{name}", values, "mm", raw)


def _vertex_columns(
    sets: Sequence[JointSet], truth: Points, predicted: Points, spec: TargetSpec
) -> Iterator[_Column]:
    """Once for each root."""
    if vertex_shortfall(truth, predicted):
        return
    whole = vertex_pair(None, truth, predicted)
    vertices = f"{whole.gt.shape[1]} vertices of one topology"
    for root, joint_set in {_root_words(s): s for s in sets}.items():
        values = pve(vertex_pair(joint_set, truth, predicted))
        yield _Column("pve", values, "mm", f"{vertices}, {root}, {_unaligned(spec)}")
    yield _Column("pa_pve", pa_pve(whole), "mm", f"{vertices}, {PA_MPJPE.alignment}")


def _angle_columns(batch: Batch, prediction: Prediction) -> Iterator[_Column]:
    if prediction.body_pose is None:
        return
    gt = batch.scene.body_pose
    values = joint_angle_error(gt, prediction.body_pose)
    joints = min(gt.shape[1], prediction.body_pose.shape[1]) // 3
    protocol = f"SMPL joints 1 to {joints}, geodesic angle of each relative to its parent, no alignment"
    yield _Column("mpjae", values, "degree", protocol)


def _pixel_columns(
    joint_set: JointSet, batch: Batch, prediction: Prediction, spec: TargetSpec
) -> Iterator[_Column]:
    names = (batch.joint_names, spec.joint_names)
    named = joint_set.regressor is None and not any(missing(joint_set.joints, side) for side in names)
    if prediction.joints2d is None or not named:
        return
    gt, predicted = (
        pixels_of(joint_set, side, points)
        for side, points in zip(names, (batch.joints2d, prediction.joints2d), strict=True)
    )
    words = f"{_set_words(joint_set)}, in the picture, no root, no alignment, hidden joints count"
    reach = f"within {PCK_SHARE} of the longer side of the box"
    yield _Column("pck_2d", pck_2d(gt, predicted, batch.boxes), "%", f"{words}, {reach}")
    if (sigmas := sigmas_of(joint_set)) is not None:
        values = oks(gt, predicted, mask_area(batch.mask), sigmas)
        yield _Column("oks", values, "", f"{words}, COCO sigmas, area of the mask")


def _set_words(joint_set: JointSet) -> str:
    count, regressor = len(joint_set.joints), joint_set.regressor
    source = "by name" if regressor is None else f"regressed from {regressor.shape[1]} vertices"
    return f"{joint_set.name} ({count} joints {source})"


def _root_words(joint_set: JointSet) -> str:
    place = " and ".join(joint_set.root)
    place = place if len(joint_set.root) == 1 else f"middle of {place}"
    return f"root {place}" + ("" if joint_set.regressor is None else f" of {joint_set.name}")


def _unaligned(spec: TargetSpec) -> str:
    return "no further alignment" + ("" if spec.metric else " though the target's scale is not metric")


def _of_finite(measure: Callable[[Pair], Float], pair: Pair) -> Float:
    """The measure of every row, NaN where either side is not finite: one bad row spoils no other."""
    finite = finite_rows(pair.gt, pair.prediction)
    keep = finite[:, None, None]
    clean = Pair(np.where(keep, pair.gt, 0.0), np.where(keep, pair.prediction, 0.0), pair.names)
    values = measure(clean)
    return np.where(finite.reshape(-1, *(1,) * (values.ndim - 1)), values, np.nan)
