"""Rotations as networks give them, turned into axis-angle vectors.

Everything is done rotation by rotation, so that a row does not depend on the batch it came in.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Order = Literal["interleaved", "columns", "rows"]

TINY = 1e-8
"""Radians; below it sin(t) / t is 1 to double precision."""


def axis_angle_from_rotmat(rotmat: Float) -> Float:
    """Axis-angle vectors (..., 3), radians, length at most pi, of rotation matrices (..., 3, 3).

    By quaternions, whose largest component is found first and divides the others (Shepperd 1978): full precision
    at half a turn, where the sine of the angle vanishes. NaN stays NaN.
    """
    return _axis_angle(_quaternion(np.asarray(rotmat, np.float64)))


def rotmat_from_rot6d(rot6d: Float, order: Order) -> Float:
    """Rotation matrices (..., 3, 3) of six numbers (..., 6), by Gram and Schmidt (Zhou et al., CVPR 2019).

    Args:
        rot6d: (..., 6), of any length and angle.
        order: What the numbers are: `interleaved`, the first two columns of the matrix read row by row, as HMR and SPIN
            have it (`x.view(-1, 3, 2)`); `columns`, the first column and then the second, as in Zhou's own code and
            4D-Humans; `rows`, the first row and then the second, as in PyTorch3D.

    Raises:
        ValueError: Another shape or order.
    """
    rot6d = np.asarray(rot6d, np.float64)
    if rot6d.ndim < 1 or rot6d.shape[-1] != 6:
        raise ValueError(f"expected rot6d (..., 6), got {rot6d.shape}")
    if order not in ("interleaved", "columns", "rows"):
        raise ValueError(f"expected an order out of interleaved, columns, rows, got {order!r}")
    if order == "interleaved":
        one, other = rot6d[..., 0::2], rot6d[..., 1::2]
    else:
        one, other = rot6d[..., :3], rot6d[..., 3:]
    first = _unit(one)
    second = _unit(other - _dot(first, other)[..., None] * first)
    axis = -2 if order == "rows" else -1
    return np.stack([first, second, _cross(first, second)], axis=axis)


def nearest_rotmat(matrix: Float) -> Float:
    """Rotation matrices (..., 3, 3) nearest to any matrices (..., 3, 3), by squared differences (Kabsch 1976).

    NaN stays NaN.
    """
    matrix = np.asarray(matrix, np.float64)
    usable = np.isfinite(matrix).all(axis=(-2, -1), keepdims=True)
    left, _, right = np.linalg.svd(np.where(usable, matrix, np.eye(3)))
    mirrored = np.linalg.det(left) * np.linalg.det(right) < 0
    left[..., 2] *= np.where(mirrored, -1.0, 1.0)[..., None]
    product = np.stack([_row_times(left, right, i) for i in range(3)], axis=-2)
    return np.asarray(np.where(usable, product, np.nan))


def distance_from_rotation(matrix: Float) -> Float:
    """(...) the largest difference between the products of the columns of matrices (..., 3, 3) and those of a rotation.

    A mirrored matrix counts as 2.
    """
    columns = [np.asarray(matrix, np.float64)[..., i] for i in range(3)]
    products = [_dot(columns[i], columns[j]) - float(i == j) for i in range(3) for j in range(i + 1)]
    largest = np.abs(np.stack(products, axis=-1)).max(axis=-1)
    mirrored = _dot(_cross(columns[0], columns[1]), columns[2]) < 0
    return np.asarray(np.where(mirrored, np.maximum(largest, 2.0), largest))


def _row_times(left: Float, right: Float, i: int) -> Float:
    """(..., 3): row i of left times right, elementwise so that bits do not vary."""
    return np.asarray(sum(left[..., i, k, None] * right[..., k, :] for k in range(3)))


def _quaternion(m: Float) -> Float:
    """Unit quaternions (..., 4), scalar first and not negative."""
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    a, b, c = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    d, e, f = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    rows = (
        (1.0 + xx + yy + zz, a, b, c),
        (a, 1.0 + xx - yy - zz, d, e),
        (b, d, 1.0 - xx + yy - zz, f),
        (c, e, f, 1.0 - xx - yy + zz),
    )
    candidates = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    squares = np.stack([row[i] for i, row in enumerate(rows)], axis=-1)
    largest = np.argmax(squares, axis=-1)[..., None, None]
    quaternion = np.take_along_axis(candidates, largest, axis=-2)[..., 0, :]
    quaternion = np.where(quaternion[..., :1] < 0.0, -quaternion, quaternion)
    length = np.sqrt(quaternion[..., 0] ** 2 + _dot(quaternion[..., 1:], quaternion[..., 1:]))
    return np.asarray(quaternion / np.maximum(length, 1e-300)[..., None])


def _axis_angle(quaternion: Float) -> Float:
    sine = np.sqrt(_dot(quaternion[..., 1:], quaternion[..., 1:]))
    small = sine < TINY
    angle = 2.0 * np.arctan2(sine, np.ascontiguousarray(quaternion[..., 0]))
    scale = np.where(small, 2.0, angle / np.where(small, 1.0, sine))
    return np.asarray(quaternion[..., 1:] * scale[..., None])


def _unit(vector: Float) -> Float:
    return np.asarray(vector / np.maximum(np.sqrt(_dot(vector, vector)), 1e-12)[..., None])


def _dot(first: Float, second: Float) -> Float:
    return np.asarray(
        first[..., 0] * second[..., 0] + first[..., 1] * second[..., 1] + first[..., 2] * second[..., 2]
    )


def _cross(first: Float, second: Float) -> Float:
    a, b, c = (first[..., i] for i in range(3))
    d, e, f = (second[..., i] for i in range(3))
    return np.stack([b * f - c * e, c * d - a * f, a * e - b * d], axis=-1)
