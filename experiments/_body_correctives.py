"""Pose correctives: what linear blend skinning loses against dual-quaternion skinning, linear in the pose.

L. Kavan et al., "Skinning with dual quaternions", 2007. A vertex only sees the joints that it, or a
neighbour, is bound to; ridge least squares over many poses.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial.transform import Rotation

from experiments._anny_rig import PARENTS, Array
from simulator.joint_names import SMPL_JOINTS as JOINTS

_RANDOM, _MOCAP, _HELD_OUT = 900, 900, 200
_CMU = ("cmu_", "x_")
"""Clips of the CMU database, whose terms are clear; others are left out."""
_RIDGE = 2.0
_DAMPING = 1e-2
_LARGEST = 0.05
"""Metres: no corrective moves a vertex further."""
_SMALLEST = 2e-5
"""Metres per feature; smaller entries are dropped."""

_RANGES: dict[str, tuple[tuple[float, float], ...]] = {
    "hip": ((-1.9, 0.3), (-0.5, 0.5), (-0.4, 0.7)), "knee": ((0.0, 2.3), (-0.15, 0.15), (-0.15, 0.15)),
    "ankle": ((-0.6, 0.6), (-0.3, 0.3), (-0.3, 0.3)), "spine1": ((-0.4, 0.4), (-0.3, 0.3), (-0.3, 0.3)),
    "spine2": ((-0.4, 0.4), (-0.3, 0.3), (-0.3, 0.3)), "spine3": ((-0.3, 0.3), (-0.3, 0.3), (-0.3, 0.3)),
    "neck": ((-0.4, 0.4), (-0.5, 0.5), (-0.4, 0.4)), "head": ((-0.4, 0.4), (-0.5, 0.5), (-0.3, 0.3)),
    "collar": ((-0.15, 0.15), (-0.25, 0.25), (-0.3, 0.3)), "shoulder": ((-0.8, 0.8), (-1.3, 0.8), (-1.4, 1.2)),
    "elbow": ((-1.0, 1.0), (-2.3, 0.0), (-0.15, 0.15)), "wrist": ((-0.7, 0.7), (-0.4, 0.4), (-1.0, 1.0)),
    "hand": ((0.0, 0.0), (0.0, 0.0), (-0.3, 0.3)),
}  # fmt: skip
"""Radians about x, y, z, left side (right: y and z negated); wide enough to cover everyday movement."""


@dataclass(frozen=True)
class Skeleton:
    """A rest body."""

    vertices: NDArray[np.float32]
    joints: Array
    weights: NDArray[np.float32]
    faces: NDArray[np.int64]


def fitting_poses(seed: int, poses: Path | None, splits: Path | None) -> Array:
    """Poses (N, 24, 3) axis-angle, shuffled: random ones, and motion capture of the training clips."""
    rng = np.random.default_rng(seed)
    chosen = [_random_poses(rng, _RANDOM if poses else _RANDOM + _MOCAP)]
    if poses is not None and splits is not None:
        with np.load(poses) as data:
            clips = [
                name for name, clip in json.loads(splits.read_text()).items() if clip["split"] == "train"
            ]
            cmu = [name for name in clips if name.startswith(_CMU)]
            mocap = data["body_pose"][np.isin(data["clip"], cmu)].astype(np.float64)
        mocap = rng.permutation(mocap)[:_MOCAP]
        chosen.append(np.pad(mocap, ((0, 0), (1, 2), (0, 0))))
    return rng.permutation(np.concatenate(chosen))


def _random_poses(rng: np.random.Generator, count: int) -> Array:
    poses = np.zeros((count, len(JOINTS), 3))
    for joint, name in enumerate(JOINTS):
        side, _, stem = name.rpartition("_")
        low, high = np.array(_RANGES.get(stem, ((0.0, 0.0),) * 3)).T
        sign = np.array([1.0, -1.0, -1.0]) if side == "right" else np.ones(3)
        poses[:, joint] = sign * rng.uniform(low, high, (count, 3))
    return poses


def fit_correctives(body: Skeleton, poses: Array) -> tuple[NDArray[np.float16], dict[str, Any]]:
    """Posedirs (V, 3, 207) and the gap to dual-quaternion skinning before and after, on held-out poses."""
    rotations = Rotation.from_rotvec(poses.reshape(-1, 3)).as_matrix().reshape(*poses.shape, 3)
    features = (rotations[:, 1:] - np.eye(3)).reshape(len(poses), -1).astype(np.float32)
    weights = sparse.csr_array(body.weights.astype(np.float64))
    gaps = np.stack([_unposed_gap(body, weights, turn) for turn in rotations]).astype(np.float32)
    fit, held = slice(_HELD_OUT, None), slice(_HELD_OUT)
    directions = _masked_ridge(features[fit], gaps[fit], _reach(body))
    directions[np.abs(directions) < _SMALLEST] = 0.0
    left = gaps[held] - np.einsum("nf,vcf->nvc", features[held], directions, optimize=True)
    before, after = np.linalg.norm(gaps[held], axis=2), np.linalg.norm(left, axis=2)
    large = before > 0.005
    return directions.astype(np.float16), {
        "poses_fitted": len(poses) - _HELD_OUT,
        "poses_held_out": _HELD_OUT,
        "gap_mm_where_over_5": [float(1e3 * before[large].mean()), float(1e3 * after[large].mean())],
        "gap_rms_mm": [float(1e3 * np.sqrt(np.mean(gap**2))) for gap in (before, after)],
        "posedirs_nonzero": float(np.mean(directions != 0)),
    }


def _unposed_gap(body: Skeleton, weights: Any, rotations: Array) -> Array:
    """Dual-quaternion minus linear blend skinning of one pose, in the rest pose's axes (V, 3), metres."""
    turns, shifts = _chain(rotations, body.joints)
    vertices = body.vertices.astype(np.float64)
    blended = (weights @ turns.reshape(len(turns), 9)).reshape(-1, 3, 3)
    linear = np.einsum("vij,vj->vi", blended, vertices) + weights @ shifts
    gap = _dual_quaternion(weights, turns, shifts, vertices) - linear
    normal = np.einsum("vki,vkj->vij", blended, blended) + _DAMPING * np.eye(3)
    offset = np.linalg.solve(normal, np.einsum("vki,vk->vi", blended, gap)[..., None])[..., 0]
    length = np.linalg.norm(offset, axis=1, keepdims=True)
    limited: Array = offset * np.minimum(1.0, _LARGEST / np.maximum(length, 1e-9))
    return limited


def _chain(rotations: Array, joints: Array) -> tuple[Array, Array]:
    turns, places = rotations.copy(), joints.copy()
    for joint in range(1, len(joints)):
        parent = PARENTS[joint]
        turns[joint] = turns[parent] @ rotations[joint]
        places[joint] = places[parent] + turns[parent] @ (joints[joint] - joints[parent])
    return turns, places - np.einsum("jik,jk->ji", turns, joints)


def _dual_quaternion(weights: Any, turns: Array, shifts: Array, vertices: Array) -> Array:
    real = Rotation.from_matrix(turns).as_quat()
    for joint in range(1, len(real)):
        if real[joint] @ real[PARENTS[joint]] < 0:
            real[joint] *= -1
    dual = np.empty_like(real)
    dual[:, :3] = 0.5 * (real[:, 3:] * shifts + np.cross(shifts, real[:, :3]))
    dual[:, 3] = -0.5 * (shifts * real[:, :3]).sum(axis=1)
    real, dual = weights @ real, weights @ dual
    length = np.linalg.norm(real, axis=1, keepdims=True)
    real, dual = real / length, dual / length
    axis, w = real[:, :3], real[:, 3:]
    turned = vertices + 2 * np.cross(axis, np.cross(axis, vertices) + w * vertices)
    shift = 2 * (w * dual[:, :3] - dual[:, 3:] * axis + np.cross(axis, dual[:, :3]))
    skinned: Array = turned + shift
    return skinned


def _reach(body: Skeleton) -> NDArray[np.bool_]:
    """(V, 24) joints that a vertex, or one within two edges, is bound to."""
    bound = body.weights > 0.01
    for _ in range(2):
        wider = bound.copy()
        for corner in range(3):
            np.logical_or.at(wider, body.faces[:, corner], bound[body.faces[:, (corner + 1) % 3]])
            np.logical_or.at(wider, body.faces[:, corner], bound[body.faces[:, (corner + 2) % 3]])
        bound = wider
    return bound


def _masked_ridge(
    features: NDArray[np.float32], gaps: NDArray[np.float32], reach: NDArray[np.bool_]
) -> Array:
    """Least squares per group of vertices with the same joints: a joint counts where its parent does too."""
    count, vertices = gaps.shape[:2]
    directions = np.zeros((vertices, 3, features.shape[1]))
    gram = (features.T @ features).astype(np.float64)
    patterns, group = np.unique(reach, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        joints = [j for j in range(1, len(pattern)) if pattern[j] and pattern[PARENTS[j]]]
        if not joints:
            continue
        columns = np.concatenate([9 * (j - 1) + np.arange(9) for j in joints])
        rows = np.flatnonzero(group.ravel() == number)
        right = features[:, columns].T @ gaps[:, rows].reshape(count, -1)
        solved = np.linalg.solve(gram[np.ix_(columns, columns)] + _RIDGE * np.eye(len(columns)), right)
        directions[rows[:, None], :, columns] = solved.reshape(len(columns), len(rows), 3).transpose(1, 0, 2)
    return directions
