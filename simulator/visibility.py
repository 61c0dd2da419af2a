"""Which joints are visible: exact on the mesh, without drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.body import Body
from simulator.camera import Camera, Float

_NEIGHBOURHOODS = (
    ("spine1", "spine2", "spine3"),
    *(("pelvis", "spine1", "spine2", f"{side}_hip") for side in ("left", "right")),
    *(("spine2", "spine3", "neck", f"{side}_collar", f"{side}_shoulder") for side in ("left", "right")),
)
"""Joints of the trunk that lie a few centimetres apart inside one solid. Which of them owns a piece of skin
is the skinning's accident: in front of a hip joint lies hip, pelvis or belly, in front of a neck chest,
collar or shoulder. A left and a right one share no neighbourhood: seen from the side, the far hip is
hidden."""

_OUTSIDE = np.float64(-1.0)


class JointVisibility:
    """Tells which joints of posed bodies are visible.

    A joint is visible when it lies in the picture and the first surface on the ray from the camera to it, if
    there is any before it, is its own or an adjacent body part. The part of a face is the joint with the
    largest sum of skinning weights at its corners; `adjacent_parts` says which parts are adjacent.

    Args:
        body: Its faces, weights, joint tree and joint names are used.
    """

    def __init__(self, body: Body) -> None:
        self._corners = tuple(np.ascontiguousarray(body.faces[:, i], np.intp) for i in range(3))
        a, b, c = self._corners
        self._part = (body.weights[a] + body.weights[b] + body.weights[c]).argmax(axis=1)
        self._adjacent = adjacent_parts(body)

    def __call__(
        self,
        vertices: NDArray[np.float32],
        joints: Float,
        camera: Camera,
        joint_index: NDArray[np.intp] | None = None,
    ) -> NDArray[np.bool_]:
        """Judge N people; row i depends on row i of the arguments only.

        Args:
            vertices: (N, V, 3) metres, OpenCV camera axes.
            joints: (N, J, 3) metres.
            camera: N cameras.
            joint_index: (K,) the joints to judge; all without it.

        Returns:
            (N, K) whether each is visible.
        """
        index = np.arange(joints.shape[1]) if joint_index is None else np.asarray(joint_index, np.intp)
        points = joints[:, index]
        with np.errstate(divide="ignore", invalid="ignore"):
            pixels = camera.project(points)
        inside: NDArray[np.bool_] = (
            (points[..., 2] > 0.0) & (pixels >= 0.0).all(-1) & (pixels < camera.image_size).all(-1)
        )
        for row in np.flatnonzero(inside.any(axis=1)):
            seen = np.flatnonzero(inside[row])
            hidden = self._hidden(vertices[row], points[row, seen], index[seen])
            inside[row, seen[hidden]] = False
        return inside

    def _hidden(
        self, vertices: NDArray[np.float32], points: Float, index: NDArray[np.intp]
    ) -> NDArray[np.bool_]:
        """Whether the first surface before each of (K, 3) points belongs to a part that is not adjacent."""
        x, y, inverse_z = _project(vertices)
        u, v = points[:, 0] / points[:, 2], points[:, 1] / points[:, 2]
        faces = self._crossing(_rank(x, u), _rank(y, v))
        a, b, c = (corner[faces] for corner in self._corners)
        faces, a, b, c = _before_camera(inverse_z, faces, a, b, c)
        nearness = _nearness(u[:, None], v[:, None], [(x[i], y[i], inverse_z[i]) for i in (a, b, c)])
        if not len(faces):
            return np.zeros(len(points), np.bool_)
        first = nearness.argmax(axis=1)
        before = nearness[np.arange(len(points)), first] > 1.0 / points[:, 2]
        return np.asarray(before & ~self._adjacent[index, self._part[faces[first]]])

    def _crossing(self, column: NDArray[np.uint8], line: NDArray[np.uint8]) -> NDArray[np.intp]:
        """Faces with some point's x between their corners' and some point's y too; few of all.

        A face has a point's x between its corners' x exactly when their ranks among the points' x differ.
        """
        (a, b, c), crossing = self._corners, None
        for rank in (column, line):
            at_a = rank[a]
            differ = (at_a != rank[b]) | (at_a != rank[c])
            crossing = differ if crossing is None else crossing & differ
        assert crossing is not None
        return np.flatnonzero(crossing)


def adjacent_parts(body: Body) -> NDArray[np.bool_]:
    """(J, J) which parts may lie before a joint without hiding it.

    Itself, its parent and its children; in the trunk, the parts of a neighbourhood too: hip, pelvis and lower
    spine; three vertebrae; shoulder, collar, neck and upper spine. A left and a right part never.
    """
    adjacent = np.eye(len(body.parents), dtype=np.bool_)
    child = np.arange(1, len(body.parents))
    adjacent[child, body.parents[1:]] = adjacent[body.parents[1:], child] = True
    for names in _NEIGHBOURHOODS:
        index = [body.joint_names.index(name) for name in names if name in body.joint_names]
        adjacent[np.ix_(index, index)] = True
    return adjacent


def _project(vertices: NDArray[np.float32]) -> tuple[Float, Float, Float]:
    """X / z, y / z and 1 / z; a vertex that is not before the camera gets a negative 1 / z."""
    x, y, z = np.ascontiguousarray(vertices.T, np.float64)
    before = z > 0.0
    inverse = 1.0 / np.where(before, z, 1.0)
    return x * inverse, y * inverse, np.where(before, inverse, _OUTSIDE)


def _before_camera(
    inverse_z: Float, faces: NDArray[np.intp], a: NDArray[np.intp], b: NDArray[np.intp], c: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Without the faces that reach behind the camera."""
    keep = (inverse_z[a] > 0.0) & (inverse_z[b] > 0.0) & (inverse_z[c] > 0.0)
    return faces[keep], a[keep], b[keep], c[keep]


def _rank(values: Float, points: Float) -> NDArray[np.uint8]:
    """How many of the points (at most 255) are smaller than each value."""
    return np.searchsorted(np.sort(points), values).astype(np.uint8)


def _nearness(u: Float, v: Float, corners: list[tuple[Float, Float, Float]]) -> Float:
    """1 / z at which rays through (K, 1) u, v meet F faces, -inf where they miss.

    Barycentric coordinates in the picture; 1 / z is linear there.
    """
    (xa, ya, wa), (xb, yb, wb), (xc, yc, wc) = corners
    at_a = (xb - u) * (yc - v) - (xc - u) * (yb - v)
    at_b = (xc - u) * (ya - v) - (xa - u) * (yc - v)
    at_c = (xa - u) * (yb - v) - (xb - u) * (ya - v)
    area = at_a + at_b + at_c
    hit = ((at_a >= 0) & (at_b >= 0) & (at_c >= 0)) | ((at_a <= 0) & (at_b <= 0) & (at_c <= 0))
    hit &= area != 0.0
    nearness = (at_a * wa + at_b * wb + at_c * wc) / np.where(hit, area, 1.0)
    return np.where(hit, nearness, -np.inf)
