"""Skinning and vertex normals, compiled.

Skinning computes some people side by side: the person is the last axis of every table, so that one vector
instruction serves several. Each of them meets the same operations in the same order however many there are,
and the arithmetic is compiled as it is written, so a person's bits depend neither on the batch nor on the
number of threads. The compiled functions hold no lock of the interpreter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiled import compiled

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]

_SIDE_BY_SIDE = 64
"""People at a time: their tables stay within the second cache, and more gain nothing."""

_TINY = np.float32(np.finfo(np.float32).tiny)
_ONE = np.float32(1.0)


@dataclass(frozen=True, eq=False)
class SparseRows:
    """The entries of a matrix that are not zero, row after row: row r has `start[r]` to `start[r + 1]`.

    Rows are filled up with zero entries to a multiple of a step, at least one, so that a loop takes so many
    at once.
    """

    start: Int32
    """(R + 1,) number of the first entry of each row."""
    column: Int32
    """(E,) column of each entry."""
    value: Float32
    """(E,) or (E, 3)."""

    @classmethod
    def of(cls, dense: NDArray[np.float32], step: int) -> SparseRows:
        """The rows of a matrix (R, C) of numbers, or (R, C, 3) of vectors."""
        used = dense != 0.0 if dense.ndim == 2 else (dense != 0.0).any(axis=2)
        counts = used.sum(axis=1)
        start = np.concatenate([[0], np.cumsum(-(-np.maximum(counts, 1) // step) * step)])
        row, column = np.nonzero(used)
        place = start[row] + np.arange(len(row)) - (np.cumsum(counts) - counts)[row]
        columns, values = np.zeros(start[-1], np.int32), np.zeros((start[-1], *dense.shape[2:]), np.float32)
        columns[place], values[place] = column, dense[row, column]
        return cls(start.astype(np.int32), columns, values)


class Skinning:
    """Shape and pose offsets, then linear blend skinning (Loper et al. 2015, equations 2 to 9), of one body.

    Args:
        template: (V, 3) metres.
        directions: (V, 3, K) metres per unit of each of K coefficients.
        weights: (V, J) skinning weights.
    """

    def __init__(self, template: Float32, directions: Float32, weights: Float32) -> None:
        self._template = np.ascontiguousarray(template, np.float32)
        self._offsets = SparseRows.of(directions.transpose(0, 2, 1), step=4)
        self._weights = SparseRows.of(weights, step=2)

    def __call__(self, coefficients: NDArray[Any], moves: NDArray[Any]) -> Float32:
        """Vertices (N, V, 3), metres.

        Args:
            coefficients: (N, K).
            moves: (N, J, 3, 4) what each joint does with a point: a matrix and, last, a shift in metres.
        """
        vertices = np.empty((len(moves), len(self._template), 3), np.float32)
        for first in range(0, len(moves), _SIDE_BY_SIDE):
            people = slice(first, first + _SIDE_BY_SIDE)
            _skin(
                self._template,
                (self._offsets.start, self._offsets.column, self._offsets.value),
                (self._weights.start, self._weights.column, self._weights.value),
                _people_last(coefficients[people]),
                _people_last(moves[people].reshape(-1, moves.shape[1], 12)),
                vertices[people],
            )
        return vertices


def _people_last(table: NDArray[Any]) -> Float32:
    return np.ascontiguousarray(np.moveaxis(table, 0, -1), np.float32)


@compiled
def _skin(
    template: Float32,
    offsets: tuple[Int32, Int32, Float32],
    weights: tuple[Int32, Int32, Float32],
    coefficients: Float32,
    moves: Float32,
    vertices: Float32,
) -> None:
    """Fill vertices (n, V, 3) from coefficients (K, n) and moves (J, 12, n)."""
    point = np.empty((3, len(vertices)), np.float32)
    move = np.empty((12, len(vertices)), np.float32)
    first_offset, first_weight = offsets[0], weights[0]
    joint, weight = weights[1], weights[2]
    for v in range(len(template)):
        _offset(
            template[v], first_offset[v], first_offset[v + 1], offsets[1], offsets[2], coefficients, point
        )
        first = first_weight[v]
        if weight[first] == _ONE:
            _apply(moves[joint[first]], point)
        else:
            _blend(first, first_weight[v + 1], joint, weight, moves, move)
            _apply(move, point)
        for i in range(len(vertices)):
            vertices[i, v, 0], vertices[i, v, 1], vertices[i, v, 2] = point[0, i], point[1, i], point[2, i]


@compiled
def _offset(
    rest: Float32, first: int, last: int, column: Int32, value: Float32, coefficients: Float32, point: Float32
) -> None:
    """Fill the point (3, n) with its rest place and the offsets first..last, four at a time."""
    x, y, z = rest[0], rest[1], rest[2]
    for i in range(point.shape[1]):
        point[0, i], point[1, i], point[2, i] = x, y, z
    for e in range(first, last, 4):
        xa, ya, za = value[e, 0], value[e, 1], value[e, 2]
        xb, yb, zb = value[e + 1, 0], value[e + 1, 1], value[e + 1, 2]
        xc, yc, zc = value[e + 2, 0], value[e + 2, 1], value[e + 2, 2]
        xd, yd, zd = value[e + 3, 0], value[e + 3, 1], value[e + 3, 2]
        at_a, at_b = np.uint32(column[e]), np.uint32(column[e + 1])
        at_c, at_d = np.uint32(column[e + 2]), np.uint32(column[e + 3])
        for i in range(point.shape[1]):
            a, b = coefficients[at_a, i], coefficients[at_b, i]
            c, d = coefficients[at_c, i], coefficients[at_d, i]
            point[0, i] += xa * a + xb * b + xc * c + xd * d
            point[1, i] += ya * a + yb * b + yc * c + yd * d
            point[2, i] += za * a + zb * b + zc * c + zd * d


@compiled
def _blend(first: int, last: int, joint: Int32, weight: Float32, moves: Float32, move: Float32) -> None:
    """Fill the move (12, n) with the weighted sum of the joints' moves, two at a time."""
    a, b = np.uint32(joint[first]), np.uint32(joint[first + 1])
    s, t = weight[first], weight[first + 1]
    for i in range(move.shape[1]):
        for k in range(12):
            move[k, i] = s * moves[a, k, i] + t * moves[b, k, i]
    for e in range(first + 2, last, 2):
        a, b = np.uint32(joint[e]), np.uint32(joint[e + 1])
        s, t = weight[e], weight[e + 1]
        for i in range(move.shape[1]):
            for k in range(12):
                move[k, i] += s * moves[a, k, i] + t * moves[b, k, i]


@compiled
def _apply(move: Float32, point: Float32) -> None:
    """Move the point (3, n)."""
    for i in range(point.shape[1]):
        x, y, z = point[0, i], point[1, i], point[2, i]
        point[0, i] = move[0, i] * x + move[1, i] * y + move[2, i] * z + move[3, i]
        point[1, i] = move[4, i] * x + move[5, i] * y + move[6, i] * z + move[7, i]
        point[2, i] = move[8, i] * x + move[9, i] * y + move[10, i] * z + move[11, i]


def vertex_normals(vertices: NDArray[Any], faces: Int32) -> Float32:
    """Area-weighted unit vertex normals.

    Args:
        vertices: (N, V, 3), any unit.
        faces: (F, 3), counter-clockwise seen from outside.

    Returns:
        (N, V, 3) float32; zero at a vertex without a face of any area.
    """
    points = np.ascontiguousarray(vertices, np.float32)
    normals = np.zeros(points.shape, np.float32)
    _normals(points, np.ascontiguousarray(faces, np.int32), normals)
    return normals


@compiled
def _normals(vertices: Float32, faces: Int32, normals: Float32) -> None:
    scale = np.empty(vertices.shape[1], np.float32)
    for i in range(len(vertices)):
        _add_faces(vertices[i], faces, normals[i])
        _make_unit(normals[i], scale)


@compiled
def _add_faces(points: Float32, faces: Int32, normals: Float32) -> None:
    """Add every face's normal, as long as twice its area, at its corners."""
    for f in range(len(faces)):
        a, b, c = np.uint32(faces[f, 0]), np.uint32(faces[f, 1]), np.uint32(faces[f, 2])
        ax, ay, az = points[a, 0], points[a, 1], points[a, 2]
        ux, uy, uz = points[b, 0] - ax, points[b, 1] - ay, points[b, 2] - az
        vx, vy, vz = points[c, 0] - ax, points[c, 1] - ay, points[c, 2] - az
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (a, b, c):
            normals[corner, 0] += x
            normals[corner, 1] += y
            normals[corner, 2] += z


@compiled
def _make_unit(normals: Float32, scale: Float32) -> None:
    """Divide by the length; three loops, because the one with the root is then done several at a time."""
    for v in range(len(normals)):
        x, y, z = normals[v, 0], normals[v, 1], normals[v, 2]
        scale[v] = x * x + y * y + z * z
    for v in range(len(scale)):
        length = np.sqrt(scale[v])
        scale[v] = _ONE / (length if length > _TINY else _TINY)
    for v in range(len(normals)):
        normals[v, 0] *= scale[v]
        normals[v, 1] *= scale[v]
        normals[v, 2] *= scale[v]
