"""Which share of every body part the picture shows, judged against the rendered depth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.body import Body, Float32, Int32
from simulator.camera import Camera, Float
from simulator.compiled import compiled
from simulator.drawing import Z_NEAR
from simulator.raycast import distance_along

SAMPLES = 32
"""Points a part, at most."""

TOLERANCE = 0.03
"""Metres by which a surface may be nearer than a point without hiding it: clothes and hair lie on the skin."""

_PIXELS = 2.0
"""Pixels' widths that are tolerated where they are more than `TOLERANCE`: depth changes inside a pixel."""
_CANDIDATES = 3 * SAMPLES
_ROOM = 0.05
"""Metres before a point at rest that must be free: no mouth, no armpit, no skin between fingers."""
_LIFT = 1e-3
"""Metres above the skin where a ray starts."""


class VisibleShare:
    """Tells which share of the camera-facing surface of each joint's part is in the picture and not hidden.

    The part of a joint are the vertices of which it has the largest skinning weight, or if there are none those
    with the largest. At most `SAMPLES` of them, spread evenly, stand for it; those in folds of the rest pose
    are left out.

    Args:
        body: Its rest pose and weights are used.
    """

    def __init__(self, body: Body) -> None:
        rest = np.asarray(body.v_template, np.float32)
        normals = body.normals(rest[None])[0]
        parts = [_spread(rest, _part(body.weights, joint)) for joint in range(body.weights.shape[1])]
        free = _free(rest, normals, body.faces, np.unique(np.concatenate(parts)))
        chosen = [_chosen(part, free) for part in parts]
        self._index = np.array([np.resize(part, SAMPLES) for part in chosen])
        self._used = np.arange(SAMPLES) < np.array([len(part) for part in chosen])[:, None]

    def points(self, joint: int) -> NDArray[np.intp]:
        """The vertices that stand for a joint's part."""
        return np.asarray(self._index[joint, self._used[joint]])

    def __call__(self, vertices: Float32, normals: Float32, depth: Float32, camera: Camera) -> Float:
        """Judge N people; row i depends on row i of the arguments only.

        Args:
            vertices: (N, V, 3) metres, OpenCV camera axes.
            normals: (N, V, 3) outward.
            depth: (N, H, W) metres along z of the nearest surface of all that is drawn, 0 for nothing.
            camera: N cameras.

        Returns:
            (N, J) in 0..1; 0 too where nothing of a part faces the camera.
        """
        points = vertices[:, self._index].astype(np.float64)
        toward = (points * normals[:, self._index]).sum(axis=-1) < 0.0
        facing = toward & self._used
        shown = facing & _shown(points, depth, camera)
        return np.asarray(shown.sum(axis=-1) / np.maximum(facing.sum(axis=-1), 1))


def _shown(points: Float, depth: Float32, camera: Camera) -> NDArray[np.bool_]:
    """Whether points (N, J, S, 3) are in the picture with nothing before them."""
    count, *shape, _ = points.shape
    z = points[..., 2]
    before = z > Z_NEAR
    safe = np.where(before[..., None], points, 1.0)
    pixels = camera.project(safe.reshape(count, -1, 3)).reshape(count, *shape, 2)
    inside = before & (pixels >= 0.0).all(axis=-1) & (pixels < camera.image_size).all(axis=-1)
    column, line = np.where(inside[..., None], pixels, 0.0).astype(np.intp).transpose(3, 0, 1, 2)
    nearest = depth[np.arange(count)[:, None, None], line, column]
    tolerance = np.maximum(TOLERANCE, _PIXELS * z / camera.focal_length[:, None, None])
    return np.asarray(inside & ((nearest <= 0.0) | (nearest >= z - tolerance)))


def _part(weights: Float32, joint: int) -> NDArray[np.intp]:
    """The vertices of a joint's part."""
    own = np.flatnonzero(weights.argmax(axis=1) == joint)
    return own if len(own) else np.argsort(-weights[:, joint], kind="stable")[:SAMPLES]


def _spread(vertices: Float32, part: NDArray[np.intp]) -> NDArray[np.intp]:
    """Vertices of a part by farthest point sampling, the most telling first."""
    points = vertices[part].astype(np.float64)
    nearest = ((points - points.mean(axis=0)) ** 2).sum(axis=1)
    order = []
    for _ in range(min(_CANDIDATES, len(part))):
        order.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, ((points - points[order[-1]]) ** 2).sum(axis=1))
    return part[order]


def _chosen(part: NDArray[np.intp], free: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The first free vertices of a part; any where none is."""
    good = part[free[part]]
    return (good if len(good) else part)[:SAMPLES]


def _free(vertices: Float32, normals: Float32, faces: Int32, index: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(V,) whether there is room before a vertex; false where it is not asked for."""
    free = np.zeros(len(vertices), np.bool_)
    corners = vertices[faces]
    reach = _ROOM + float(np.abs(corners - np.roll(corners, 1, axis=1)).max())
    for vertex in index:
        start = vertices[vertex] + np.float32(_LIFT) * normals[vertex]
        free[vertex] = not _meets_any(corners, start, normals[vertex], reach)
    return free


@compiled
def _meets_any(corners: Float32, start: Float32, ray: Float32, reach: float) -> bool:
    """Whether a ray meets one of (F, 3, 3) triangles, no corner of which is further than reach, within `_ROOM`."""
    x, y, z = np.float64(ray[0]), np.float64(ray[1]), np.float64(ray[2])
    for i in range(len(corners)):
        away = 0.0
        for axis in range(3):
            away = max(away, abs(corners[i, 0, axis] - start[axis]))
        if away <= reach:
            a, b, c = corners[i, 0] - start, corners[i, 1] - start, corners[i, 2] - start
            if 0.0 < distance_along(x, y, z, a, b, c) < _ROOM:
                return True
    return False
