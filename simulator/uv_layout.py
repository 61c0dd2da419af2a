"""Room for eyes: small islands of a texture that are drawn too coarsely move to its free corners, enlarged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_cdt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from simulator.atlas import covered_texels, texel_coordinates
from simulator.body import UV, Body
from simulator.camera import Float

_GRID = 128
"""Cells along a side in which free room is sought."""
_COARSE = 1.3
"""An island is moved if its texels are so many times as long on the body as the average one."""
_SMALL = 0.005
"""An island is moved if it is at most this share of the surface."""
_MARGIN = 5
"""Cells that stay free between islands, both sides together."""
_FINE = 3.0
"""Moved islands get texels up to so many times as fine as the average one."""


def with_room_for_eyes(body: Body) -> Body:
    """The body, in whose texture small islands have texels fine enough to paint a pupil, as far as room is free.

    Texture coordinates of all other islands stay as they are. A body without texture coordinates stays as it is.
    """
    if body.uv is None:
        return body
    island = _islands(body.uv)
    on_body, in_texture = _areas(body)
    face_island = island[body.uv.ft[:, 0]]
    metres, texels = (np.bincount(face_island, area) for area in (on_body, in_texture))
    average = np.sqrt(on_body.sum() / in_texture.sum())
    coarseness = np.sqrt(metres / np.maximum(texels, 1e-12)) / average
    small = metres < _SMALL * on_body.sum()
    coarse = np.flatnonzero(small & (coarseness > _COARSE))
    taken = covered_texels(body.uv, _GRID)
    vt = body.uv.vt.astype(np.float64)
    for number in coarse:
        vt[island == number] = _moved(vt[island == number], _FINE * coarseness[number], taken)
    return replace(body, uv=UV(vt.astype(np.float32), body.uv.ft))


def _moved(vt: Float, growth: float, taken: NDArray[np.bool_]) -> Float:
    """An island (K, 2), enlarged up to some growth in the largest free square, which is then marked as taken."""
    row, column, room = _free_square(taken)
    low, high = vt.min(axis=0), vt.max(axis=0)
    side = float((high - low).max())
    growth = min(growth, (2 * room - _MARGIN) / _GRID / side)
    if growth <= 1.0:
        return vt
    half = int(np.ceil(0.5 * growth * side * _GRID)) + 1
    taken[max(row - half, 0) : row + half + 1, max(column - half, 0) : column + half + 1] = True
    centre = np.array([column + 0.5, _GRID - row - 0.5]) / _GRID
    return np.asarray(centre + growth * (vt - 0.5 * (low + high)))


def _free_square(taken: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Row and column of the middle of the largest square of free cells, and the cells to its nearest neighbour."""
    room = distance_transform_cdt(np.pad(~taken, 1), metric="chessboard")[1:-1, 1:-1]
    row, column = np.unravel_index(room.argmax(), room.shape)
    return int(row), int(column), int(room.max())


def _islands(uv: UV) -> NDArray[np.int32]:
    """(T,) the number of the island of every row of vt."""
    edges = np.concatenate([uv.ft[:, :2], uv.ft[:, 1:]])
    count = len(uv.vt)
    graph = coo_array((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1])


def _areas(body: Body) -> tuple[Float, Float]:
    """(F,) areas of the faces on the body and (F,) in the texture, whose side is 1."""
    assert body.uv is not None
    corners = texel_coordinates(body.uv, 1)
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    points = body.v_template[body.faces].astype(np.float64)
    normals = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    return 0.5 * np.linalg.norm(normals, axis=1), 0.5 * np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
