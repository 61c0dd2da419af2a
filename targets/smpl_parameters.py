"""SMPL's parameters as a Prediction has them, from the forms in which networks give them."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from targets.rotations import axis_angle_from_matrix

Float = NDArray[np.float64]


class SmplParameters(TypedDict):
    """Fields of a Prediction."""

    global_orient: Float
    """(N, 3) axis-angle, radians."""
    body_pose: Float
    """(N, 69) axis-angle, radians; (N, 63) of SMPL-X."""
    betas: Float
    """(N, 10)."""


def from_matrices(rotations: Float, betas: Float) -> SmplParameters:
    """From rotation matrices of all joints (N, 24, 3, 3), the root first, and betas (N, 10 or more)."""
    return from_axis_angles(axis_angle_from_matrix(rotations), betas)


def from_axis_angles(pose: Float, betas: Float) -> SmplParameters:
    """From axis-angle vectors of all joints, the root first, (N, 72) or (N, 24, 3), and betas (N, 10 or more)."""
    flat = pose.reshape(len(pose), -1)
    return {
        "global_orient": np.ascontiguousarray(flat[:, :3]),
        "body_pose": np.ascontiguousarray(flat[:, 3:]),
        "betas": np.ascontiguousarray(betas[:, :10]),
    }
