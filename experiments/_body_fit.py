"""From T-posed samples to a SMPL-format body: shape directions, joint regressor, named vertices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments._anny_rig import PARENTS, Array, Rig
from experiments._anny_samples import Samples
from simulator.joint_names import SMPL_JOINTS as JOINTS

_BETAS = 10
_CANDIDATES = 500
"""Vertices in the regressor of a joint: more of them make its weights smaller."""


@dataclass(frozen=True)
class Shape:
    """The linear shape space."""

    v_template: NDArray[np.float32]
    """(V, 3)."""
    shapedirs: NDArray[np.float16]
    """(V, 3, 10) metres per standard deviation."""
    betas: Array
    """(N, 10) of the samples."""
    explained: Array
    """(10,) cumulative share of the variance."""
    residual_rms: float
    """Metres per vertex that 10 betas leave."""


def fit_shape(samples: Samples) -> Shape:
    """Principal components by the Gram matrix; betas have unit variance; + is taller, else heavier."""
    count = len(samples.vertices)
    mean = samples.vertices.mean(axis=0, dtype=np.float64).astype(np.float32)
    flat = (samples.vertices - mean).reshape(count, -1)
    values, vectors = np.linalg.eigh((flat @ flat.T).astype(np.float64))
    values, vectors = values[::-1], vectors[:, ::-1]
    betas = vectors[:, :_BETAS] * np.sqrt(count - 1)
    betas *= _signs(betas, np.ptp(samples.vertices[:, :, 1], axis=1), samples.phenotypes["weight"])
    directions = (flat.T @ (betas / (count - 1)).astype(np.float32)).reshape(*mean.shape, _BETAS)
    return Shape(
        mean,
        directions.astype(np.float16),
        betas,
        np.cumsum(values[:_BETAS]) / values.sum(),
        float(np.sqrt(values[_BETAS:].sum() / (count * len(mean)))),
    )


def _signs(betas: Array, stature: Array, weight: Array) -> Array:
    def correlation(values: Array) -> Array:
        return np.array([np.corrcoef(column, values)[0, 1] for column in betas.T])

    tall, heavy = correlation(stature), correlation(weight)
    return np.where(np.where(np.abs(tall) > 0.3, tall, heavy) < 0, -1.0, 1.0)


def fit_joints(samples: Samples, shape: Shape) -> tuple[Array, float]:
    """Joints affine in the betas: (11, 24, 3), first the template's, and the RMS error in metres."""
    design = np.c_[np.ones(len(shape.betas)), shape.betas]
    wanted = samples.joints.reshape(len(design), -1)
    joints = np.linalg.lstsq(design, wanted, rcond=None)[0]
    error = float(np.sqrt(np.mean((design @ joints - wanted) ** 2)))
    return joints.reshape(1 + _BETAS, -1, 3), error


def fit_regressor(shape: Shape, joints: Array, weights: Array) -> NDArray[np.float32]:
    """J_regressor (24, V): for each joint the smallest weights that meet its 34 equations exactly.

    A joint is affine in the betas, so a regressor is exact for all shapes once it sums to one and
    gives the joint of the template (3 equations) and of each of ten shape directions (30).
    """
    template, directions = shape.v_template.astype(np.float64), shape.shapedirs.astype(np.float64)
    regressor = np.zeros((len(JOINTS), len(template)), np.float32)
    for joint in range(len(JOINTS)):
        near = _around(joint, template, joints[0, joint], weights)
        columns = directions[near].transpose(2, 1, 0).reshape(-1, len(near))
        equations = np.concatenate([np.ones((1, len(near))), template[near].T, columns])
        wanted = np.concatenate([[1.0], joints[0, joint], joints[1:, joint].ravel()])
        scale = np.r_[np.ones(4), np.full(len(wanted) - 4, 8.0)]
        start = np.full(len(near), 1.0 / len(near))
        change = np.linalg.lstsq(
            equations * scale[:, None], (wanted - equations @ start) * scale, rcond=None
        )[0]
        regressor[joint, near] = start + change
    return regressor


def _around(joint: int, template: Array, place: Array, weights: Array) -> NDArray[np.intp]:
    """The crease round a joint: vertices bound to it and to its parent, near ones first."""
    distance = np.linalg.norm(template - place, axis=1)
    if joint == 0:
        return np.argsort(distance)[:_CANDIDATES]
    shared = weights[:, joint] * weights[:, PARENTS[joint]]
    return np.argsort(distance / 0.25 - shared / shared.max())[:_CANDIDATES]


def named_vertices(template: Array, weights: Array, rig: Rig) -> dict[str, int]:
    """The 21 vertices that smplx names (nose, eyes, ears, toes, heels, finger tips), found by geometry."""
    head = np.flatnonzero(weights[:, JOINTS.index("head")] > 0.5)

    def extreme(rows: NDArray[np.intp], score: Array) -> int:
        return int(rows[score[rows].argmax()])

    def bound(bone: str, share: float) -> NDArray[np.intp]:
        return np.flatnonzero(rig.weights[:, rig.index(bone)] > share)

    x, y, z = template.T
    found = {"nose": extreme(head, z - 8 * np.abs(x))}
    for s, side, sign in (("l", "L", 1.0), ("r", "R", -1.0)):
        found[s + "eye"] = extreme(bound("eye." + side, 0.5), z)
        level = head[np.abs(y[head] - y[found[s + "eye"]]) < 0.035]
        found[s + "ear"] = extreme(level, sign * x)
        found[side + "BigToe"] = extreme(bound("toe1-2." + side, 0.6), z)
        found[side + "SmallToe"] = extreme(bound("toe5-3." + side, 0.6), z)
        found[side + "Heel"] = extreme(bound("foot." + side, 0.3), -z - 0.3 * y)
        for finger, name in enumerate(("thumb", "index", "middle", "ring", "pinky"), start=1):
            forward = z if name == "thumb" else 0.0 * z
            found[s + name] = extreme(bound(f"finger{finger}-3.{side}", 0.6), sign * x + forward)
    return found
