"""Which joints are visible: exact on the mesh, without drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.body import Body, Float32, Int32
from simulator.camera import Camera, Float
from simulator.raycast import Hits, first_hits

_NEIGHBOURHOODS = (
    ("spine1", "spine2", "spine3"),
    *(("pelvis", "spine1", "spine2", f"{side}_hip") for side in ("left", "right")),
    *(("spine2", "spine3", "neck", f"{side}_collar", f"{side}_shoulder") for side in ("left", "right")),
)
"""Joints of the trunk that lie a few centimetres apart inside one solid. Which of them owns a piece of skin
is the skinning's accident: in front of a hip joint lies hip, pelvis or belly, in front of a neck chest,
collar or shoulder. A left and a right one share no neighbourhood: seen from the side, the far hip is
hidden."""


@dataclass(frozen=True, eq=False)
class Blocker:
    """A mesh that may stand before a joint."""

    vertices: Float32
    """(V, 3) metres, camera axes."""
    faces: Int32
    """(F, 3)."""
    closed: bool = False
    """Whether it encloses a solid: then its faces seen from behind hide nothing, as they are not drawn."""


class JointVisibility:
    """Tells which joints of posed bodies are visible.

    A joint is visible when it lies in the picture, and the first surface on the ray from the camera to it, if
    there is any before it, is its own or an adjacent body part. The part of a face is the joint with the largest
    sum of skinning weights at its corners; `adjacent_parts` says which parts are adjacent. What is not drawn hides
    nothing: what is nearer to the camera than `Z_NEAR`, and the inside of a solid that is cut there.

    Args:
        body: Its faces, weights, joint tree and joint names are used.
    """

    def __init__(self, body: Body) -> None:
        self._faces = np.ascontiguousarray(body.faces, np.int32)
        self._part = body.weights[self._faces].sum(axis=1).argmax(axis=1)
        self._adjacent = adjacent_parts(body)
        self._closed = body.closed

    def __call__(
        self,
        vertices: Float32,
        joints: Float,
        camera: Camera,
        joint_index: NDArray[np.intp] | None = None,
        blockers: Sequence[Sequence[Blocker]] = (),
    ) -> NDArray[np.bool_]:
        """Judge N people; row i depends on row i of the arguments only.

        Args:
            vertices: (N, V, 3) metres, OpenCV camera axes.
            joints: (N, J, 3) metres.
            camera: N cameras.
            joint_index: (K,) the joints to judge; all without it.
            blockers: For each of the N people what else stands there; nothing without it.

        Returns:
            (N, K) whether each is visible.

        Raises:
            ValueError: There are blockers, but not for N people.
        """
        if len(blockers) not in (0, len(joints)):
            raise ValueError(
                f"expected blockers for {len(joints)} people, got {len(blockers)}; give an empty list for a person "
                "with nothing in front"
            )
        index = np.arange(joints.shape[1]) if joint_index is None else np.asarray(joint_index, np.intp)
        points = joints[:, index]
        inside = _in_picture(points, camera)
        for row in np.flatnonzero(inside.any(axis=1)).tolist():
            seen = np.flatnonzero(inside[row])
            person = Blocker(vertices[row], self._faces, self._closed)
            others = blockers[row] if blockers else ()
            inside[row, seen] = self._visible(person, points[row, seen], index[seen], others)
        return inside

    def _visible(
        self, person: Blocker, points: Float, index: NDArray[np.intp], others: Sequence[Blocker]
    ) -> NDArray[np.bool_]:
        """Whether the first surface before each of (K, 3) points is of the person, and of an adjacent part."""
        own, there = _hits(person, points), 1.0 / points[:, 2]
        visible = (own.nearness <= there) | self._adjacent[index, self._part[own.face]]
        nearest = np.maximum(own.nearness, there)
        for other in others:
            seen = np.flatnonzero(visible)
            visible[seen] = _hits(other, points[seen]).nearness <= nearest[seen]
        return np.asarray(visible)


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


def _in_picture(points: Float, camera: Camera) -> NDArray[np.bool_]:
    """Whether points (N, K, 3) are before the camera and in its picture."""
    with np.errstate(divide="ignore", invalid="ignore"):
        pixels = camera.project(points)
    inside = (points[..., 2] > 0.0) & (pixels >= 0.0).all(-1) & (pixels < camera.image_size).all(-1)
    return np.asarray(inside)


def _hits(mesh: Blocker, points: Float) -> Hits:
    """What of a mesh is met first on the way to each of (K, 3) points, and beyond."""
    z = points[:, 2]
    return first_hits(mesh.vertices, mesh.faces, points[:, 0] / z, points[:, 1] / z, mesh.closed)
