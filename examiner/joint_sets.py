"""Joint sets by name, each with its root and, where it needs one, a regressor from the vertices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from examiner.joints import LIMB_JOINTS, ROOT, Float, Pair, pick
from simulator import SMPL_JOINTS
from simulator.linear import RowLinear

H36M_TO_LSP = (6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10)
"""Rows of a Human3.6M regressor that are the 14 joints of LSP: `H36M_TO_J14` of SPIN, Kolotouros et al., ICCV 2019."""

H36M_PELVIS = 0
"""Row of a Human3.6M regressor that is the pelvis, the root of SPIN's and PARE's evaluation."""

PARTS = {
    "arms": ("shoulder", "elbow", "wrist", "hand"),
    "legs": ("hip", "knee", "ankle", "foot"),
    "trunk": ("pelvis", "spine1", "spine2", "spine3", "collar", "neck"),
}
"""Joints of the body's parts, sides left out; joints of the head are in none."""


@dataclass(frozen=True, eq=False)
class JointSet:
    """Joints that an error is taken over, and the point that is held at the origin.

    A set without a regressor takes joints by their names. One with a regressor takes them from the vertices of both
    sides, so that both define a joint alike. A user's own regressor for another set:
    `dataclasses.replace(COCO_17, regressor=...)`.
    """

    name: str
    """As a protocol prints it, e.g. `lsp-14`."""
    joints: tuple[str, ...]
    """J names."""
    root: tuple[str, ...]
    """Joints whose mean is the root; they need not be among `joints`."""
    regressor: Float | None = None
    """(len(needed), V) weights of the vertices, a row for each of `needed`."""

    def __post_init__(self) -> None:
        if self.regressor is None:
            return
        shape = self.regressor.shape
        if len(shape) != 2 or shape[0] != len(self.needed):
            raise ValueError(
                f"expected a regressor of shape ({len(self.needed)}, V) for {self.name}, a row each for "
                f"{', '.join(self.needed)}, got {shape}"
            )

    @property
    def needed(self) -> tuple[str, ...]:
        """The joints, then those of the root that are not among them."""
        return (*self.joints, *(name for name in self.root if name not in self.joints))

    @cached_property
    def regress(self) -> RowLinear | None:
        """The regressor as a product whose bits do not depend on the batch."""
        return None if self.regressor is None else RowLinear(self.regressor.astype(np.float64))


@dataclass(frozen=True, eq=False)
class Points:
    """One side of a comparison, the truth or a prediction: what is known of N people, in camera axes."""

    names: tuple[str, ...]
    """K names of the joints."""
    joints: Float | None = None
    """(N, K, 3) metres."""
    vertices: Float | NDArray[np.float32] | None = None
    """(N, V, 3) metres."""

    def __post_init__(self) -> None:
        if self.joints is not None and self.joints.shape[1:] != (len(self.names), 3):
            raise ValueError(
                f"expected joints of shape (N, {len(self.names)}, 3), one a name, got {self.joints.shape}"
            )
        if self.vertices is not None and (self.vertices.ndim != 3 or self.vertices.shape[2] != 3):
            raise ValueError(f"expected vertices of shape (N, V, 3), got {self.vertices.shape}")


COMMON = JointSet("common", LIMB_JOINTS, ROOT)
"""The twelve joints that SMPL, COCO and BlazePose all have; root mid-hip."""

SMPL_24 = JointSet("smpl-24", SMPL_JOINTS, ("pelvis",))
"""SMPL's joints in their order (Loper et al. 2015); root pelvis, which counts as a joint."""

COCO_17 = JointSet(
    "coco-17",
    (
        *("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
        *(f"{side}_{part}" for part in ("shoulder", "elbow", "wrist") for side in ("left", "right")),
        *(f"{side}_{part}" for part in ("hip", "knee", "ankle") for side in ("left", "right")),
    ),
    ROOT,
)
"""COCO's keypoints in their order (Lin et al., ECCV 2014); root mid-hip."""

LSP_JOINTS = (
    *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle"),
    *("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist"),
    *("neck", "head_top"),
)
"""Names of the 14 joints of LSP, in the order of H36M_TO_LSP."""


def lsp_14(regressor: Float) -> JointSet:
    """The 14 joints on which the literature reports SMPL models on 3DPW and Human3.6M; root the regressed pelvis.

    Args:
        regressor: (17, V) Human3.6M joints from vertices, rows as in SPIN's `J_regressor_h36m.npy`: 0 the pelvis,
            1 to 3 the left leg, 4 to 6 the right. (Some files have the right leg first; their hips, knees and ankles
            would bear the name of the other side.)

    Raises:
        ValueError: a wrong shape.
    """
    regressor = np.asarray(regressor, np.float64)
    if regressor.ndim != 2 or len(regressor) != 17:
        raise ValueError(f"expected a Human3.6M regressor of shape (17, V), got {regressor.shape}")
    rows = [*H36M_TO_LSP, H36M_PELVIS]
    return JointSet("lsp-14", LSP_JOINTS, ("pelvis",), regressor[rows])


def missing(wanted: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Joints that are wanted and not among the names."""
    return tuple(name for name in wanted if name not in names)


def shortfall(joint_set: JointSet, points: Points) -> str:
    """Why the set's joints cannot be had from these points, in one sentence; empty where they can."""
    if joint_set.regressor is not None:
        return _regressor_shortfall(joint_set.name, joint_set.regressor, points)
    if points.joints is None:
        return f"expected joints, by whose names {joint_set.name} takes its own, got none"
    if lacking := missing(joint_set.needed, points.names):
        return (
            f"expected the joints of {joint_set.name}, got none called {', '.join(lacking)}; "
            "name them so, or give the set a regressor"
        )
    return ""


def rooted_joints(joint_set: JointSet, points: Points) -> Float:
    """The set's joints (N, J, 3) relative to its root, metres.

    Raises:
        ValueError: naming the joints that are missing, or the vertices that a regressor wants.
    """
    placed = _placed(joint_set, points)
    return np.ascontiguousarray(placed[:, : len(joint_set.joints)] - _root(joint_set, placed))


def root_of(joint_set: JointSet, points: Points) -> Float:
    """The set's root (N, 1, 3), metres.

    Raises:
        ValueError: as `rooted_joints`.
    """
    return _root(joint_set, _placed(joint_set, points))


def joint_pair(joint_set: JointSet, truth: Points, prediction: Points) -> Pair:
    """Both sides' joints of a set, each relative to its own root.

    Raises:
        ValueError: as `rooted_joints`, or another number of people on either side.
    """
    gt, predicted = (rooted_joints(joint_set, points) for points in (truth, prediction))
    _check_people(gt, predicted)
    return Pair(gt, predicted, joint_set.joints)


def vertex_shortfall(truth: Points, prediction: Points) -> str:
    """Why the vertices of two sides cannot be compared, in one sentence; empty where they can."""
    if truth.vertices is None or prediction.vertices is None:
        return "expected vertices on both sides, got none on one"
    wanted, got = truth.vertices.shape[1], prediction.vertices.shape[1]
    if wanted != got:
        return f"expected vertices of the truth's topology ({wanted}), got {got}; draw a body of the target's"
    return ""


def vertex_pair(joint_set: JointSet | None, truth: Points, prediction: Points) -> Pair:
    """Both sides' vertices, each relative to its own root of the set, or as they are; they have no names.

    Raises:
        ValueError: as `root_of`; or vertices missing, of different topologies, or of another number of people.
    """
    if reason := vertex_shortfall(truth, prediction):
        raise ValueError(reason)
    gt, predicted = (_rooted_vertices(joint_set, points) for points in (truth, prediction))
    _check_people(gt, predicted)
    return Pair(gt, predicted, ())


def parts_of(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Names by part of the body (arms, legs, trunk), parts without any left out."""
    found = {part: tuple(name for name in names if _plain(name) in PARTS[part]) for part in PARTS}
    return {part: joints for part, joints in found.items() if joints}


def _plain(name: str) -> str:
    return name.removeprefix("left_").removeprefix("right_")


def _regressor_shortfall(name: str, regressor: Float, points: Points) -> str:
    if points.vertices is None:
        return f"expected vertices, from which the regressor of {name} takes its joints, got none"
    wanted, got = regressor.shape[1], points.vertices.shape[1]
    if wanted != got:
        return (
            f"expected the {wanted} vertices that the regressor of {name} was made for, got {got}; "
            "use a body of its topology"
        )
    return ""


def _placed(joint_set: JointSet, points: Points) -> Float:
    """(N, len(needed), 3) metres, not rooted."""
    if reason := shortfall(joint_set, points):
        raise ValueError(reason)
    if joint_set.regress is None:
        assert points.joints is not None
        return pick(np.asarray(points.joints, np.float64), points.names, joint_set.needed)
    assert points.vertices is not None
    people, count = points.vertices.shape[:2]
    columns = joint_set.regress.columns(points.vertices.transpose(1, 0, 2).reshape(count, 3 * people))
    return np.ascontiguousarray(columns.reshape(len(joint_set.needed), people, 3).transpose(1, 0, 2))


def _root(joint_set: JointSet, placed: Float) -> Float:
    return np.asarray(pick(placed, joint_set.needed, joint_set.root).mean(axis=1, keepdims=True))


def _rooted_vertices(joint_set: JointSet | None, points: Points) -> Float:
    vertices = np.ascontiguousarray(points.vertices, np.float64)
    return vertices if joint_set is None else vertices - root_of(joint_set, points)


def _check_people(gt: Float, prediction: Float) -> None:
    if len(gt) != len(prediction):
        raise ValueError(f"expected a prediction of {len(gt)} people, got {len(prediction)}")
