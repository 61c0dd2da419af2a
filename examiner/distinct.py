"""Distinct: how far apart two people are, in pose and in view (definitions: distinct)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from examiner.joints import Float
from simulator import Body, Scene, camera_direction

POSE_UNIT = 0.150
"""Metres of mean joint distance that make two poses distinct."""

VIEW_UNIT = np.radians(30.0)
"""Angle between camera directions that makes two views distinct."""

BODY_JOINTS = 22
"""Joints compared: pelvis to wrists, without hands."""


@dataclass(frozen=True)
class Signature:
    """What distinguishes people: canonical joints and the direction of the camera, in body axes."""

    joints: Float
    """(N, 22, 3) metres, pelvis at the origin, body axes."""
    direction: Float
    """(N, 3) unit vectors from person to camera, body axes."""
    mirror: NDArray[np.intp]
    """(22,) index of each joint's twin on the other side."""

    def rows(self, index: slice | NDArray[np.intp]) -> Signature:
        """The signatures of some rows."""
        return Signature(self.joints[index], self.direction[index], self.mirror)

    def mirrored(self) -> Signature:
        """The same people seen in a mirror."""
        flip = np.array([-1.0, 1.0, 1.0])
        return Signature(self.joints[:, self.mirror] * flip, self.direction * flip, self.mirror)


Metric = Callable[[Signature, Signature], Float]
"""(n) and (m) people -> distances (n, m), >= 1 where distinct."""


def signature(body: Body, scene: Scene) -> Signature:
    """Signatures of the people of a scene; shape and orientation play no part."""
    still = np.zeros((len(scene), 3))
    joints = body.joints(np.zeros_like(scene.betas), scene.body_pose, still, still)[:, :BODY_JOINTS]
    names = body.joint_names[:BODY_JOINTS]
    twins = np.array([names.index(_twin(name)) for name in names])
    return Signature(joints - joints[:, :1], camera_direction(scene.global_orient), twins)


class Remembered:
    """Signatures of points of a space, remembered: agents ask about the same ones round after round.

    Args:
        body: Of the people.
        decode: From units (n, D) to a scene.
        kept: How many points are remembered, the latest asked for.
    """

    def __init__(self, body: Body, decode: Callable[[Float], Scene], kept: int = 4096) -> None:
        self._body, self._decode, self._most = body, decode, kept
        self._known: dict[bytes, tuple[Float, Float]] = {}
        self._mirror = np.empty(0, np.intp)

    def __call__(self, units: Float) -> Signature:
        """Signatures of units (n, D), n at least 1."""
        keys = [row.tobytes() for row in units]
        fresh = [i for i, key in enumerate(keys) if key not in self._known]
        if fresh:
            marks = signature(self._body, self._decode(units[fresh]))
            self._mirror = marks.mirror
            self._known |= {keys[i]: (marks.joints[k], marks.direction[k]) for k, i in enumerate(fresh)}
        found = [self._known.pop(key) for key in dict.fromkeys(keys)]
        self._known |= dict(zip(dict.fromkeys(keys), found, strict=True))
        for key in list(self._known)[: max(0, len(self._known) - self._most)]:
            del self._known[key]
        place = {key: i for i, key in enumerate(dict.fromkeys(keys))}
        rows = [place[key] for key in keys]
        joints, direction = (np.stack([found[i][part] for i in rows]) for part in (0, 1))
        return Signature(joints, direction, self._mirror)


def mirror_pose(poses: Float) -> Float:
    """Body poses (N, 63) of the people in a mirror: sides swapped, y and z negated."""
    joints = poses.reshape(-1, 21, 3)[:, TWINS]
    return np.asarray((joints * np.array([1.0, -1.0, -1.0])).reshape(-1, 63))


TWINS = np.array([1, 0, 2, 4, 3, 5, 7, 6, 8, 10, 9, 11, 13, 12, 14, 16, 15, 18, 17, 20, 19])
"""Index of each of the 21 body joints' twin on the other side."""


def pose_distance(a: Signature, b: Signature) -> Float:
    """(n, m) mean joint distance over 150 mm, the nearer of the pose and its mirror image."""
    return np.minimum(_pose(a, b), _pose(a, b.mirrored()))


def distance(a: Signature, b: Signature) -> Float:
    """(n, m) the larger of pose distance / 150 mm and view angle / 30 degrees; twins count as one."""
    other = b.mirrored()
    return np.minimum(np.maximum(_pose(a, b), _angle(a, b)), np.maximum(_pose(a, other), _angle(a, other)))


def any_near(marks: Signature, place: int, others: Sequence[int], metric: Metric) -> bool:
    """Whether the signature at a place is not distinct from one of those at other places."""
    if not others:
        return False
    here = marks.rows(np.array([place]))
    return bool((metric(here, marks.rows(np.array(others))) < 1).any())


def clusters(distances: Float, cut: float = 1.0) -> NDArray[np.int32]:
    """Cluster label (n,) of each row of symmetric distances (n, n): average linkage cut at `cut`."""
    if len(distances) < 2:
        return np.ones(len(distances), dtype=np.int32)
    condensed = squareform(distances, checks=False)
    return np.asarray(fcluster(linkage(condensed, "average"), t=cut, criterion="distance"), dtype=np.int32)


def _pose(a: Signature, b: Signature) -> Float:
    rows = [np.sqrt(((a.joints - other) ** 2).sum(axis=2)).mean(axis=1) for other in b.joints]
    return np.array(rows).reshape(len(b.joints), len(a.joints)).T / POSE_UNIT


def _angle(a: Signature, b: Signature) -> Float:
    cosine = (a.direction[:, None] * b.direction[None]).sum(axis=2)
    return np.asarray(np.arccos(cosine.clip(-1.0, 1.0)) / VIEW_UNIT)


def _twin(name: str) -> str:
    if name.startswith("left_"):
        return "right_" + name[5:]
    return "left_" + name[6:] if name.startswith("right_") else name
