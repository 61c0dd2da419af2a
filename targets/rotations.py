"""Rotations of body models: matrices and axis-angle vectors, both ways."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

_TINY = 1e-8
"""Radians; below it sin(t) / t is 1 to double precision."""


def matrix_from_axis_angle(rotvec: Float) -> Float:
    """Rotation matrices (..., 3, 3) of axis-angle vectors (..., 3), radians. Formula of Rodrigues."""
    rotvec = np.asarray(rotvec, np.float64)
    angle = np.sqrt((rotvec**2).sum(axis=-1))[..., None, None]
    safe = np.maximum(angle, _TINY)
    x, y, z = (rotvec[..., i] for i in range(3))
    zero = np.zeros_like(x)
    rows = [[zero, -z, y], [z, zero, -x], [-y, x, zero]]
    cross = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    bent = np.where(angle < _TINY, 0.5, (1 - np.cos(safe)) / safe**2)
    return np.asarray(np.eye(3) + np.sin(safe) / safe * cross + bent * (cross @ cross))


def axis_angle_from_matrix(matrix: Float) -> Float:
    """Axis-angle vectors (..., 3), radians, length at most pi, of rotation matrices (..., 3, 3).

    By the largest of a quaternion's components, which keeps full precision at half a turn (S. W. Shepperd,
    "Quaternion from Rotation Matrix", 1978). A network's matrices that are only nearly orthonormal will do.
    """
    quaternion = _quaternion(np.asarray(matrix, np.float64))
    quaternion = np.where(quaternion[..., :1] < 0, -quaternion, quaternion)
    sine = np.sqrt((quaternion[..., 1:] ** 2).sum(axis=-1))
    small = sine < _TINY
    angle = 2 * np.arctan2(sine, quaternion[..., 0])
    scale = np.where(small, 2.0, angle / np.where(small, 1.0, sine))
    return np.asarray(quaternion[..., 1:] * scale[..., None])


def _quaternion(m: Float) -> Float:
    """Unit quaternions (..., 4), scalar first."""
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    a, b, c = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    d, e, f = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    rows = [
        [1 + xx + yy + zz, a, b, c],
        [a, 1 + xx - yy - zz, d, e],
        [b, d, 1 - xx + yy - zz, f],
        [c, e, f, 1 - xx - yy + zz],
    ]
    table = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    largest = np.argmax(np.diagonal(table, axis1=-2, axis2=-1), axis=-1)
    row = np.take_along_axis(table, largest[..., None, None], axis=-2)[..., 0, :]
    return np.asarray(row / np.sqrt((row**2).sum(axis=-1, keepdims=True)))
