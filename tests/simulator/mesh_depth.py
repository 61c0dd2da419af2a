"""Self-penetration of a posed mesh, the slow and exact way: the judge of the capsules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from simulator.body import Body, Float32, Int32
from simulator.camera import Float
from simulator.compiled import compiled


@dataclass(frozen=True)
class Part:
    """A part of the mesh, closed by a lid on each of its rims."""

    vertices: NDArray[np.intp]
    faces: Int32
    """(F, 3) its own faces, vertices of the body."""
    rims: tuple[NDArray[np.intp], ...]
    lids: Int32
    """(L, 3) V + r is the middle of rim r."""


class MeshDepth:
    """Depth to which vertices of a part lie inside another, for pairs of parts that do not share a joint."""

    def __init__(self, body: Body, owner: NDArray[np.intp], pairs: NDArray[np.bool_]) -> None:
        self._body, self._pairs = body, pairs
        face_owner = owner[body.faces[:, 0]]
        self._parts = [part(body.faces[face_owner == j], len(owner)) for j in range(len(pairs))]

    def __call__(self, vertices: Float32) -> Float:
        """(P, P) mm: the deepest vertex of part i in part j of posed vertices (V, 3)."""
        depth = np.zeros(self._pairs.shape)
        for j, solid in enumerate(self._parts):
            for i in np.flatnonzero(self._pairs[:, j]):
                depth[i, j] = 1000 * inside(vertices, self._parts[i], solid)
        return depth


def part(faces: Int32, count: int) -> Part:
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    there, back = edges[:, 0] * count + edges[:, 1], edges[:, 1] * count + edges[:, 0]
    open_edges = edges[~np.isin(there, back)]
    graph = coo_array((np.ones(len(open_edges)), open_edges.T), shape=(count, count))
    label = connected_components(graph, directed=False)[1][open_edges[:, 0]]
    names = np.unique(label)
    rims = tuple(np.unique(open_edges[label == name]) for name in names)
    middle = count + np.searchsorted(names, label)
    lids = np.column_stack([open_edges[:, 1], open_edges[:, 0], middle]).astype(np.int32)
    return Part(np.unique(faces), faces, rims, lids)


def inside(vertices: Float32, one: Part, solid: Part) -> float:
    """Metres from the deepest vertex of `one` inside `solid` to the skin of `solid`."""
    if not len(one.vertices) or not len(solid.faces):
        return 0.0
    skin = vertices[solid.faces].astype(np.float64)
    points = vertices[one.vertices].astype(np.float64)
    low, high = skin.min(axis=(0, 1)), skin.max(axis=(0, 1))
    points = points[((points > low) & (points < high)).all(axis=1)]
    if not len(points):
        return 0.0
    middles = [vertices[rim].mean(axis=0) for rim in solid.rims]
    every = np.concatenate([vertices, np.reshape(middles, (-1, 3))]).astype(np.float64)
    closed = np.concatenate([solid.faces, solid.lids])
    within = points[winding(every[closed], points) > 0]
    dense = np.concatenate(
        [skin.reshape(-1, 3), skin.mean(axis=1), (skin + np.roll(skin, 1, 1)).reshape(-1, 3) / 2]
    )
    return float(cKDTree(dense).query(within)[0].max(initial=0.0)) if len(within) else 0.0


@compiled
def winding(triangles: Float, points: Float) -> NDArray[np.int64]:
    """How often a closed mesh (F, 3, 3) goes round each of (K, 3) points: signed crossings along z."""
    count = np.zeros(len(points), np.int64)
    for f in range(len(triangles)):
        ax, ay, az = triangles[f, 0]
        bx, by, bz = triangles[f, 1]
        cx, cy, cz = triangles[f, 2]
        for k in range(len(points)):
            x, y, z = points[k]
            if not (min(ax, bx, cx) <= x <= max(ax, bx, cx) and min(ay, by, cy) <= y <= max(ay, by, cy)):
                continue
            a = (bx - x) * (cy - y) - (cx - x) * (by - y)
            b = (cx - x) * (ay - y) - (ax - x) * (cy - y)
            c = (ax - x) * (by - y) - (bx - x) * (ay - y)
            area = a + b + c
            if area != 0.0 and min(a, b, c) * max(a, b, c) >= 0.0 and (a * az + b * bz + c * cz) / area > z:
                count[k] += 1 if area > 0.0 else -1
    return count
