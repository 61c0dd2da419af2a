"""Points of triangles nearest to other points, and sparse maps made of such shares."""

from __future__ import annotations

import numpy as np

from simulator.camera import Float


def nearest_shares(points: Float, triangles: Float) -> Float:
    """Barycentric coordinates (..., 3) of the point of each triangle (..., 3, 3) closest to points (..., 3)."""
    inside = _plane(points, triangles)
    sides = [_edge(points, triangles, a, b) for a, b in ((0, 1), (1, 2), (2, 0))]
    options = np.stack([np.where((inside >= 0).all(axis=-1, keepdims=True), inside, sides[0]), *sides])
    gaps = np.linalg.norm((options[..., None] * triangles).sum(axis=-2) - points, axis=-1)
    closest: Float = np.take_along_axis(options, gaps.argmin(axis=0)[None, ..., None], axis=0)[0]
    return closest


def _plane(points: Float, triangles: Float) -> Float:
    """Barycentric coordinates of the projections onto the triangles' planes; -1 for a triangle without area."""
    u, v = triangles[..., 1, :] - triangles[..., 0, :], triangles[..., 2, :] - triangles[..., 0, :]
    w = points - triangles[..., 0, :]
    uu, uv, vv, wu, wv = ((a * b).sum(axis=-1) for a, b in ((u, u), (u, v), (v, v), (w, u), (w, v)))
    area = uu * vv - uv * uv
    safe = np.where(area > 0, area, 1.0)
    b, c = (vv * wu - uv * wv) / safe, (uu * wv - uv * wu) / safe
    return np.where((area > 0)[..., None], np.stack([1 - b - c, b, c], axis=-1), -1.0)


def _edge(points: Float, triangles: Float, start: int, end: int) -> Float:
    along = triangles[..., end, :] - triangles[..., start, :]
    square = np.maximum((along * along).sum(axis=-1), np.finfo(float).tiny)
    share = np.clip(((points - triangles[..., start, :]) * along).sum(axis=-1) / square, 0.0, 1.0)
    result = np.zeros((*share.shape, 3))
    result[..., start], result[..., end] = 1 - share, share
    return result
