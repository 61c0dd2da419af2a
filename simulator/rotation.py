"""Rotations as axis-angle vectors, matrices, 6D columns and quaternions.

Everything is elementwise numpy, never a product or a reduction over the batch, so that a row's result
does not depend on the batch it came in. Only exactly rounded operations touch strided views; angles go
through trigonometric functions as contiguous arrays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.camera import Float

_TINY = 1e-8
"""Radians; below it sin(t) / t is 1 to double precision."""


def quaternion_from_axis_angle(rotvec: Float) -> Float:
    """Unit quaternions (..., 4), scalar first, of axis-angle vectors (..., 3) in radians."""
    rotvec = np.asarray(rotvec, np.float64)
    angle = norm(rotvec)
    small = angle < _TINY
    scale = np.where(small, 0.5, np.sin(angle * 0.5) / np.where(small, 1.0, angle))
    return np.concatenate([np.cos(angle * 0.5)[..., None], rotvec * scale[..., None]], axis=-1)


def axis_angle_from_quaternion(quaternion: Float) -> Float:
    """Axis-angle vectors (..., 3), radians, length at most pi, of unit quaternions (..., 4)."""
    quaternion = np.where(quaternion[..., :1] < 0.0, -quaternion, quaternion)
    sine = norm(quaternion[..., 1:])
    small = sine < _TINY
    angle = 2.0 * np.arctan2(sine, np.ascontiguousarray(quaternion[..., 0]))
    scale = np.where(small, 2.0, angle / np.where(small, 1.0, sine))
    return np.asarray(quaternion[..., 1:] * scale[..., None])


def multiply_quaternions(first: Float, second: Float) -> Float:
    """Products first * second (..., 4): the rotation that applies `second`, then `first`."""
    a, b, c, d = (first[..., i] for i in range(4))
    e, f, g, h = (second[..., i] for i in range(4))
    return np.stack(
        [
            a * e - b * f - c * g - d * h,
            a * f + b * e + c * h - d * g,
            a * g - b * h + c * e + d * f,
            a * h + b * g - c * f + d * e,
        ],
        axis=-1,
    )


def matrix_from_axis_angle(rotvec: Float) -> Float:
    """Rotation matrices (..., 3, 3) of axis-angle vectors (..., 3) in radians."""
    return matrix_from_quaternion(quaternion_from_axis_angle(rotvec))


def matrix_from_quaternion(quaternion: Float) -> Float:
    """Rotation matrices (..., 3, 3) of unit quaternions (..., 4), scalar first."""
    w, x, y, z = (quaternion[..., i] for i in range(4))
    rows = [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def quaternion_from_matrix(matrix: Float) -> Float:
    """Unit quaternions (..., 4), scalar first and not negative, of rotation matrices (..., 3, 3).

    The largest of the four components is found first and the others divided by it (Shepperd 1978), which
    keeps full precision at half a turn.
    """
    m = np.asarray(matrix, np.float64)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    a, b, c = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    d, e, f = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    rows = [
        np.stack(row, axis=-1)
        for row in (
            [1.0 + xx + yy + zz, a, b, c],
            [a, 1.0 + xx - yy - zz, d, e],
            [b, d, 1.0 - xx + yy - zz, f],
            [c, e, f, 1.0 - xx - yy + zz],
        )
    ]
    squares = np.stack([row[..., i] for i, row in enumerate(rows)], axis=-1)
    largest = np.argmax(squares, axis=-1)[..., None]
    quaternion = np.select([largest == i for i in range(4)], rows)
    quaternion = np.where(quaternion[..., :1] < 0.0, -quaternion, quaternion)
    return np.asarray(quaternion / _norm4(quaternion)[..., None])


def axis_angle_from_matrix(matrix: Float) -> Float:
    """Axis-angle vectors (..., 3), radians, length at most pi, of rotation matrices (..., 3, 3)."""
    return axis_angle_from_quaternion(quaternion_from_matrix(matrix))


def rot6d_from_matrix(matrix: Float) -> Float:
    """The first two columns of rotation matrices (..., 3, 3), flattened row by row to (..., 6)."""
    return np.ascontiguousarray(matrix[..., :2]).reshape(*matrix.shape[:-2], 6)


def matrix_from_rot6d(rot6d: Float) -> Float:
    """Rotation matrices (..., 3, 3) of any six numbers (..., 6) by Gram-Schmidt.

    The layout is that of a row-major (3, 2) matrix, whose columns become the first two columns of the
    rotation: the continuous representation of Zhou et al. 2019, laid out as VPoser lays it out.
    """
    pairs = np.asarray(rot6d, np.float64).reshape(*rot6d.shape[:-1], 3, 2)
    first = _normalised(pairs[..., 0])
    second = pairs[..., 1] - dot(first, pairs[..., 1])[..., None] * first
    second = _normalised(second)
    return np.stack([first, second, _cross(first, second)], axis=-1)


def dot(first: Float, second: Float) -> Float:
    """Scalar products (...) of vectors (..., 3)."""
    return np.asarray(
        first[..., 0] * second[..., 0] + first[..., 1] * second[..., 1] + first[..., 2] * second[..., 2]
    )


def norm(vector: Float) -> Float:
    """Lengths (...) of vectors (..., 3)."""
    return np.sqrt(dot(vector, vector))


def angle_between(first: Float, second: Float) -> Float:
    """Angles (...), radians in [0, pi], between rotations given as axis-angle vectors (..., 3)."""
    inverse = quaternion_from_axis_angle(-np.asarray(first, np.float64))
    relative = multiply_quaternions(inverse, quaternion_from_axis_angle(second))
    return norm(axis_angle_from_quaternion(relative))


def _normalised(vector: Float) -> Float:
    return np.asarray(vector / np.maximum(norm(vector), 1e-12)[..., None])


def _cross(first: Float, second: Float) -> Float:
    a, b, c = (first[..., i] for i in range(3))
    d, e, f = (second[..., i] for i in range(3))
    return np.stack([b * f - c * e, c * d - a * f, a * e - b * d], axis=-1)


def _norm4(quaternion: NDArray[np.float64]) -> Float:
    w = quaternion[..., 0]
    return np.sqrt(w * w + dot(quaternion[..., 1:], quaternion[..., 1:]))
