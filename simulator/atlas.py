"""The texels of a body's texture: where in the T-pose each one lies.

Every texel of an island, and of the ring round it that bilinear sampling touches, becomes one point of a
canvas; all other texels take the colour of the nearest point, so that no seam shows with mip maps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from simulator.body import UV, Body
from simulator.camera import Float
from simulator.drawing import Texture
from simulator.layers import Canvas

_RING = 1.5
"""Texels outside of an island whose points are extrapolated: bilinear sampling reaches 1.42 at most."""

_STEP = 2.0
"""How far beyond its triangle a point is extrapolated at most, in spacings: slivers point anywhere."""

_UNEVEN = 4.0
"""Spacings are cut at this multiple of their median, and at its inverse."""


class Atlas:
    """The texture of one body.

    Args:
        body: A body with texture coordinates.
        size: Texels along a side, a power of two.

    Raises:
        ValueError: The size is no power of two.
    """

    def __init__(self, body: Body, size: int) -> None:
        assert body.uv is not None
        if size < 1 or size & (size - 1):
            raise ValueError(f"expected a texture size that is a power of two, got {size}; take 256 or 512")
        self.size = size
        texel, face, weights = _covered(body.uv, size)
        triangles = np.asarray(body.v_template, np.float64)[body.faces]
        border = weights.clip(0.0) / weights.clip(0.0).sum(axis=1, keepdims=True)
        spacing = (border * _spacing(body, triangles, size)[body.faces[face]]).sum(axis=1)
        points = _mixed(border, triangles[face])
        step = _mixed(weights, triangles[face]) - points
        step *= np.minimum(1.0, _STEP * spacing / np.maximum(np.linalg.norm(step, axis=1), 1e-12))[:, None]
        self.canvas = Canvas(
            points=(points + step).astype(np.float32),
            spacing=spacing.astype(np.float32),
            vertex=body.faces[face, 0],
        )
        self.point = _nearest(texel, size)
        """(T, T) the point of the canvas whose colour each texel takes."""

    def texture(self, colours: NDArray[np.uint8]) -> Texture:
        """The texture that bears the colours (P, 3) of the canvas's points."""
        return Texture(colours[self.point])


def covered_texels(uv: UV, size: int) -> NDArray[np.bool_]:
    """(T, T) texels of an island or of the ring round it."""
    covered = np.zeros(size * size, bool)
    covered[_covered(uv, size)[0]] = True
    return covered.reshape(size, size)


def _covered(uv: UV, size: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Float]:
    """Texels (K,), ascending, that have a point, the face of each, and its weights (K, 3) for the corners."""
    corners = texel_coordinates(uv, size)
    face, x, y = _candidates(corners, size)
    weights, distance = _weights(corners[face], np.stack([x, y], axis=1))
    near = np.flatnonzero(distance <= _RING)
    order = near[np.lexsort((distance[near], y[near] * size + x[near]))]
    texel, first = np.unique(y[order] * size + x[order], return_index=True)
    return texel, face[order[first]], weights[order[first]]


def _mixed(weights: Float, triangles: Float) -> Float:
    return np.asarray((weights[:, :, None] * triangles).sum(axis=1))


def texel_coordinates(uv: UV, size: int) -> Float:
    """(F, 3, 2) column and row of the faces' corners; whole numbers are the centres of texels."""
    corners = np.asarray(uv.vt, np.float64)[uv.ft]
    return np.stack([corners[..., 0], 1.0 - corners[..., 1]], axis=-1) * size - 0.5


def _candidates(corners: Float, size: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Faces and texels (column, row) that may touch: all in the box of each face and one or two round it."""
    low = (np.floor(corners.min(axis=1)).astype(np.intp) - 1).clip(0, size - 1)
    high = (np.ceil(corners.max(axis=1)).astype(np.intp) + 1).clip(0, size - 1)
    width, height = (high - low + 1).T
    count = width * height
    face = np.repeat(np.arange(len(corners)), count)
    number = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return face, low[face, 0] + number % width[face], low[face, 1] + number // width[face]


def _weights(triangles: Float, points: NDArray[np.intp]) -> tuple[Float, Float]:
    """Barycentric coordinates (K, 3), and how far outside of its triangle each point lies (K,), texels."""
    a, b, c = (triangles[:, corner] for corner in range(3))
    area = _cross(b - a, c - a)
    flat = np.abs(area) < 1e-9
    area = np.where(flat, 1.0, area)
    weights, heights = np.empty((2, len(points), 3))
    for corner, (start, end) in enumerate(((b, c), (c, a), (a, b))):
        weights[:, corner] = _cross(end - start, points - start) / area
        heights[:, corner] = np.abs(area) / np.maximum(np.hypot(*(end - start).T), 1e-12)
    distance = np.maximum(-(weights * heights).min(axis=1), 0.0)
    return weights, np.where(flat, np.inf, distance)


def _cross(u: Float, v: Float) -> Float:
    return np.asarray(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])


def _spacing(body: Body, triangles: Float, size: int) -> Float:
    """(V,) metres between texels at each vertex: the root of the ratio of areas on the body and in the texture."""
    assert body.uv is not None
    corners = texel_coordinates(body.uv, size)
    texels = np.abs(_cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    edges = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    metres = np.linalg.norm(np.cross(*edges), axis=1)
    totals = [
        np.bincount(body.faces.ravel(), area.repeat(3), len(body.v_template)) for area in (metres, texels)
    ]
    spacing = np.sqrt(totals[0] / np.maximum(totals[1], 1e-12))
    median = np.median(spacing)
    return np.asarray(spacing.clip(median / _UNEVEN, median * _UNEVEN))


def _nearest(texel: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """(T, T) the nearest point of every texel."""
    point = np.full(size * size, -1, np.intp)
    point[texel] = np.arange(len(texel))
    grid = point.reshape(size, size)
    rows, columns = distance_transform_edt(grid < 0, return_distances=False, return_indices=True)
    return np.asarray(grid[rows, columns])
