"""Rotations of body models: matrices, axis-angle vectors and six numbers.

Everything is done rotation by rotation, so that a row does not depend on the batch it came in.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Order = Literal["interleaved", "columns", "rows"]

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


def matrix_from_rot6d(rot6d: Float, order: Order) -> Float:
    """Rotation matrices (..., 3, 3) of six numbers (..., 6), by Gram and Schmidt (Y. Zhou et al., CVPR 2019).

    Args:
        rot6d: (..., 6), of any length.
        order: What the numbers are: `interleaved`, the first two columns of the matrix read row by row, as HMR and SPIN
            have it (`x.view(-1, 3, 2)`); `columns`, the first column and then the second, as in 4D-Humans; `rows`, the
            first row and then the second, as in PyTorch3D.

    Raises:
        ValueError: Another shape or order.
    """
    if order not in get_args(Order):
        raise ValueError(f"expected an order out of {', '.join(get_args(Order))}, got {order!r}")
    rot6d = np.asarray(rot6d, np.float64)
    if rot6d.shape[-1:] != (6,):
        raise ValueError(f"expected rot6d (..., 6), got {rot6d.shape}")
    if order == "interleaved":
        one, other = rot6d[..., 0::2], rot6d[..., 1::2]
    else:
        one, other = rot6d[..., :3], rot6d[..., 3:]
    first = _unit(one)
    second = _unit(other - _dot(first, other)[..., None] * first)
    return np.stack([first, second, _cross(first, second)], axis=-2 if order == "rows" else -1)


def nearest_rotation(matrix: Float) -> Float:
    """Rotation matrices (..., 3, 3) nearest to any matrices (..., 3, 3), by squared differences (W. Kabsch, 1976).

    NaN and infinity give NaN.
    """
    matrix = np.asarray(matrix, np.float64)
    usable = np.isfinite(matrix).all(axis=(-2, -1), keepdims=True)
    left, _, right = np.linalg.svd(np.where(usable, matrix, np.eye(3)))
    mirrored = np.linalg.det(left) * np.linalg.det(right) < 0
    left[..., 2] *= np.where(mirrored, -1.0, 1.0)[..., None]
    rows = [sum(left[..., i, k, None] * right[..., k, :] for k in range(3)) for i in range(3)]
    return np.asarray(np.where(usable, np.stack([np.asarray(row) for row in rows], axis=-2), np.nan))


def distance_from_rotation(matrix: Float) -> Float:
    """(...) the largest difference between the products of columns of matrices (..., 3, 3) and those of a rotation.

    A mirrored matrix counts as 2 at least.
    """
    columns = [np.asarray(matrix, np.float64)[..., i] for i in range(3)]
    products = [_dot(columns[i], columns[j]) - float(i == j) for i in range(3) for j in range(i + 1)]
    largest = np.abs(np.stack(products, axis=-1)).max(axis=-1)
    mirrored = _dot(_cross(columns[0], columns[1]), columns[2]) < 0
    return np.asarray(np.where(mirrored, np.maximum(largest, 2.0), largest))


def _unit(vector: Float) -> Float:
    return np.asarray(vector / np.maximum(np.sqrt(_dot(vector, vector)), 1e-12)[..., None])


def _dot(one: Float, other: Float) -> Float:
    return np.asarray(sum(one[..., i] * other[..., i] for i in range(3)))


def _cross(one: Float, other: Float) -> Float:
    a, b, c = (one[..., i] for i in range(3))
    d, e, f = (other[..., i] for i in range(3))
    return np.stack([b * f - c * e, c * d - a * f, a * e - b * d], axis=-1)


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
