"""Fair: from parameters and geometry alone, whether a query can be held against a target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from examiner.cores import cores
from examiner.joints import Bool, Float
from simulator import Body, JointVisibility, MotionRange, Penetration, Scene, in_front

TOLERANCE = 15.0
"""Degrees that a joint may be outside the range of motion (definitions: fair)."""

VISIBLE_SHARE = 0.8
"""Share of the scored joints that must be visible and in frame (definitions: fair)."""

PENETRATION_MM = 10.0
"""Millimetres that the body may cut into itself beyond what its rest pose does (definitions: fair)."""

LEAST_VISIBLE = 6
"""Joints that must be visible where an occluder or the border may hide some."""

CHUNK = 16


Rule = Callable[[Bool, Sequence[str]], Float]
"""From visible (N, J) of named joints to a margin (N,), >= 0 where enough can be seen."""


def whole_person(visible: Bool, names: Sequence[str]) -> Float:
    """(N,) share of scored joints that are visible, less the share that must be."""
    return np.asarray(visible.mean(axis=1) - VISIBLE_SHARE)


def part_of_a_person(visible: Bool, names: Sequence[str]) -> Float:
    """(N,) for people who may be hidden in part: at least 6 joints, among them a hip and a shoulder.

    The visible joints alone are scored then (definitions: fair).
    """
    margins = [visible.sum(axis=1) / LEAST_VISIBLE - 1.0]
    for part in ("hip", "shoulder"):
        columns = [i for i, name in enumerate(names) if name.endswith(part)]
        margins.append(np.where(visible[:, columns].any(axis=1), 0.0, -0.5))
    return np.asarray(np.minimum.reduce(margins))


class Fairness:
    """Judges scenes without asking a target.

    Args:
        body: Whose people are judged.
        motion_range: What joints can do.
        joint_names: The scored joints.
        rule: How many of them must be visible.
    """

    def __init__(
        self, body: Body, motion_range: MotionRange, joint_names: Sequence[str], rule: Rule = whole_person
    ) -> None:
        self.rule = rule
        self._body = body
        self._motion_range = motion_range
        self._penetration = Penetration(body)
        self._visibility = JointVisibility(body)
        self._workers = ThreadPoolExecutor(max_workers=cores())
        self._names = tuple(joint_names)
        self._index = np.array([body.joint_names.index(name) for name in joint_names])

    def beyond_range(self, body_pose: Float) -> Float:
        """(N, 21) degrees by which each joint of `body_pose` is outside the range of motion."""
        return self._motion_range.violation(body_pose)

    def sunk(self, betas: Float, body_pose: Float) -> Float:
        """(N, P) mm by which `parts` cut into each other beyond what the rest pose has."""
        return self._penetration.overlaps(betas, body_pose)

    @property
    def parts(self) -> NDArray[np.int64]:
        """(P, 2) pairs of body joints whose parts are tested for cutting into each other."""
        return self._penetration.parts

    def motion_margin(self, body_pose: Float) -> Float:
        """(N,) in -1..1: how far the worst joint is inside the tolerance, as a share of it."""
        worst = self.beyond_range(body_pose).max(axis=1)
        return np.asarray(np.maximum(1.0 - worst / TOLERANCE, -1.0))

    def penetration_margin(self, betas: Float, body_pose: Float) -> Float:
        """(N,) in -1..1: how far the body is from cutting too deep into itself, as a share of what it may."""
        return np.asarray(np.maximum(1.0 - self._penetration.depth(betas, body_pose) / PENETRATION_MM, -1.0))

    def visible_margin(self, visible: Bool) -> Float:
        """(N,) >= 0 where enough of the scored joints (N, J) is visible."""
        return self.rule(visible, self._names)

    def pose_margin(self, scene: Scene) -> Float:
        """(N,) in -1..1: the worse of range of motion and self-penetration."""
        motion = self.motion_margin(scene.body_pose)
        return np.minimum(motion, self.penetration_margin(scene.betas, scene.body_pose))

    def margin(self, scene: Scene) -> Float:
        """(N,) >= 0 where the scene is fair; poses that are not are never skinned."""
        margin = self.pose_margin(scene) - 1.0
        inside = np.flatnonzero(margin >= -1.0)
        chunks = [inside[start : start + CHUNK] for start in range(0, len(inside), CHUNK)]
        seen = self._workers.map(lambda rows: self._visible(scene.rows(rows)), chunks)
        for rows, visible in zip(chunks, seen, strict=True):
            margin[rows] = self.visible_margin(visible)
        return margin

    def _visible(self, scene: Scene) -> Bool:
        output = self._body.forward(scene.betas, scene.body_pose, scene.global_orient, scene.transl)
        blockers = [front.blockers for front in in_front(scene, output.joints, self._body)]
        return self._visibility(output.vertices, output.joints, scene.camera, self._index, blockers)
