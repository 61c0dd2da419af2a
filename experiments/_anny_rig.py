"""Anny's 104 bones as SMPL's 24 joints, and the T-pose: geometry only, no Anny import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from simulator.joint_names import SMPL_JOINTS as JOINTS

Array = NDArray[np.floating[Any]]

PARENTS = np.array([-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21])

_MIDDLE = {
    "root": "pelvis", "pelvis": "pelvis", "spine05": "pelvis", "spine04": "spine1", "spine03": "spine1",
    "spine02": "spine2", "spine01": "spine3", "neck01": "neck", "neck02": "neck", "neck03": "head", "head": "head",
    "eye": "head",
}  # fmt: skip
_SIDED = {
    "upperleg": "hip", "lowerleg": "knee", "foot": "ankle", "toe": "foot", "clavicle": "collar",
    "shoulder01": "collar", "upperarm": "shoulder", "lowerarm": "elbow", "wrist": "wrist", "metacarpal": "wrist",
    "finger": "hand",
}  # fmt: skip
_PELVIS = np.array([0.0, -0.22, 0.03])
"""SMPL's pelvis joint in its T-pose, metres."""
_PELVIS_RISE = 0.155
"""Pelvis joint above the middle of the hips, as a share of the hip-neck distance: 9 cm at 1.70 m, as in SMPL."""
_HIP_SHARE = 0.76
"""MakeHuman's hips are 22 cm apart, anatomical ones 17-18 cm."""


@dataclass(frozen=True)
class Rig:
    """Anny's bones and skinning."""

    labels: list[str]
    parents: list[int]
    weights: Array
    """(V, bones)."""

    def index(self, label: str) -> int:
        """Number of a bone."""
        return self.labels.index(label)


def joint_of(bone: str) -> str:
    """The SMPL joint that a bone of Anny merges into."""
    side = {".L": "left_", ".R": "right_"}.get(bone[-2:], "")
    stem = bone[:-2] if side else bone
    if stem in _MIDDLE:
        return _MIDDLE[stem]
    return side + next(joint for prefix, joint in _SIDED.items() if stem.startswith(prefix))


def merged_weights(rig: Rig, influences: int = 4) -> Array:
    """Skinning weights (V, 24): summed over merged bones, the largest few kept, rows sum to 1."""
    target = np.array([JOINTS.index(joint_of(bone)) for bone in rig.labels])
    weights = np.zeros((len(rig.weights), len(JOINTS)))
    np.add.at(weights.T, target, rig.weights.T)
    smallest = np.argsort(-weights, axis=1)[:, influences:]
    np.put_along_axis(weights, smallest, 0.0, axis=1)
    weights[weights < 2e-3] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def smpl_joints(rig: Rig, heads: Array) -> Array:
    """The 24 joints (N, 24, 3) of T-posed bone heads (N, bones, 3)."""

    def head(label: str) -> Array:
        bone: Array = heads[:, rig.index(label)]
        return bone

    hips = 0.5 * (head("upperleg01.L") + head("upperleg01.R"))
    joints = np.zeros((len(heads), len(JOINTS), 3))
    joints[:, 0] = hips + _PELVIS_RISE * (head("neck01") - hips)
    for joint, label in ((3, "spine03"), (6, "spine02"), (9, "spine01"), (12, "neck01"), (15, "head")):
        joints[:, joint] = head(label)
    for right, s in enumerate((".L", ".R")):
        joints[:, 1 + right] = hips + _HIP_SHARE * (head("upperleg01" + s) - hips)
        joints[:, 10 + right] = np.mean([head(f"toe{i}-1" + s) for i in range(1, 5)], axis=0)
        joints[:, 13 + right] = 0.5 * (head("clavicle" + s) + head("shoulder01" + s))
        joints[:, 22 + right] = np.mean([head(f"finger{i}-1" + s) for i in range(2, 6)], axis=0)
        for joint, label in (
            (4, "lowerleg01"),
            (7, "foot"),
            (16, "upperarm01"),
            (18, "lowerarm01"),
            (20, "wrist"),
        ):
            joints[:, joint + right] = head(label + s)
    return joints


def canonical(rig: Rig, vertices: Array, heads: Array) -> tuple[Array, Array]:
    """T-posed vertices (N, V, 3) and the 24 joints (N, 24, 3), pelvis where SMPL has it."""
    vertices, heads = _t_pose(rig, vertices, heads)
    joints = smpl_joints(rig, heads)
    shift = (_PELVIS - joints[:, 0])[:, None]
    return vertices + shift, joints + shift


def _t_pose(rig: Rig, vertices: Array, heads: Array) -> tuple[Array, Array]:
    turns = np.tile(np.eye(3), (len(heads), len(rig.labels), 1, 1))
    for side, sign in ((".L", 1.0), (".R", -1.0)):
        limbs = _arm_turns(rig, heads, side, sign) | _leg_turns(rig, heads, side, sign)
        for bone, label in enumerate(rig.labels):
            prefix = next((p for p in limbs if label.endswith(side) and label.startswith(p)), None)
            if prefix is not None:
                turns[:, bone] = limbs[prefix]
    placed = heads.copy()
    for bone, parent in enumerate(rig.parents):
        if parent >= 0:
            placed[:, bone] = placed[:, parent] + _apply(turns[:, parent], heads[:, bone] - heads[:, parent])
    shifts = placed - np.einsum("nbij,nbj->nbi", turns, heads)
    affine = np.einsum("vb,nbij->nvij", rig.weights, turns, optimize=True)
    moved = np.einsum("nvij,nvj->nvi", affine, vertices)
    return moved + np.einsum("vb,nbi->nvi", rig.weights, shifts, optimize=True), placed


def _arm_turns(rig: Rig, heads: Array, side: str, sign: float) -> dict[str, Array]:
    """World rotations that put an arm on the x axis, palm down; the clavicle takes a fifth of the lift."""
    axis = np.array([sign, 0.0, 0.0])

    def bone(start: str, end: str) -> Array:
        return heads[:, rig.index(end + side)] - heads[:, rig.index(start + side)]

    upper, lower = bone("upperarm01", "lowerarm01"), bone("lowerarm01", "wrist")
    collar = _fraction(_between(upper, axis), 0.2)
    shoulder = _between(_apply(collar, upper), axis) @ collar
    elbow = _between(_apply(shoulder, lower), axis) @ shoulder
    wrist = _between(_apply(elbow, bone("wrist", "finger3-1")), axis) @ elbow
    knuckles = _apply(wrist, bone("finger5-1", "finger2-1"))
    twist = -np.arctan2(-knuckles[:, 1], knuckles[:, 2])
    hand = _about_x(twist) @ wrist
    return {
        "clavicle": collar, "shoulder01": collar, "upperarm": shoulder, "lowerarm01": _about_x(0.1 * twist) @ elbow,
        "lowerarm02": _about_x(0.55 * twist) @ elbow, "wrist": hand, "metacarpal": hand, "finger": hand,
    }  # fmt: skip


def _leg_turns(rig: Rig, heads: Array, side: str, sign: float) -> dict[str, Array]:
    """World rotations that stand a leg nearly upright, the knee bent by about 5 degrees; the feet stay."""
    hip, knee, ankle = (heads[:, rig.index(name + side)] for name in ("upperleg01", "lowerleg01", "foot"))
    return {
        "upperleg": _between(knee - hip, np.array([0.055 * sign, -1.0, -0.005])),
        "lowerleg": _between(ankle - knee, np.array([0.02 * sign, -1.0, -0.075])),
    }


def _apply(turns: Array, vectors: Array) -> Array:
    result: Array = np.einsum("nij,nj->ni", turns, vectors)
    return result


def _between(start: Array, end: Array) -> Array:
    """Smallest rotations (N, 3, 3) that take the directions of start (N, 3) to the direction of end (3,)."""
    a = start / np.linalg.norm(start, axis=1, keepdims=True)
    b = np.broadcast_to(end / np.linalg.norm(end), a.shape)
    axis = np.cross(a, b)
    sine = np.linalg.norm(axis, axis=1, keepdims=True)
    angle = np.arctan2(sine, (a * b).sum(axis=1, keepdims=True))
    return Rotation.from_rotvec(axis * angle / np.maximum(sine, 1e-12)).as_matrix()


def _fraction(turns: Array, share: float) -> Array:
    return Rotation.from_rotvec(share * Rotation.from_matrix(turns).as_rotvec()).as_matrix()


def _about_x(angle: Array) -> Array:
    return Rotation.from_euler("x", angle[:, None]).as_matrix()
