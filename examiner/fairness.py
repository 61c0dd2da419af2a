"""Fair: from parameters and geometry alone, whether a query can be held against a target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from examiner.joints import Bool, Float
from simulator import Body, JointVisibility, MotionRange, Scene

TOLERANCE = 15.0
"""Degrees that a joint may be outside the range of motion (definitions: fair)."""

VISIBLE_SHARE = 0.8
"""Share of the scored joints that must be visible and in frame (definitions: fair)."""

CHUNK = 64


class Fairness:
    """Judges scenes without asking a target.

    Self-penetration is not judged yet; reports say so.
    """

    def __init__(self, body: Body, motion_range: MotionRange, joint_names: Sequence[str]) -> None:
        self._body = body
        self._motion_range = motion_range
        self._visibility = JointVisibility(body)
        self._index = np.array([body.joint_names.index(name) for name in joint_names])

    def motion_margin(self, body_pose: Float) -> Float:
        """(N,) in -1..1: how far the worst joint is inside the tolerance, as a share of it."""
        worst = self._motion_range.violation(body_pose).max(axis=1)
        return np.asarray(np.maximum(1.0 - worst / TOLERANCE, -1.0))

    def visible_margin(self, visible: Bool) -> Float:
        """(N,) share of scored joints (N, J) that are visible, less the share that must be."""
        return np.asarray(visible.mean(axis=1) - VISIBLE_SHARE)

    def margin(self, scene: Scene) -> Float:
        """(N,) >= 0 where the scene is fair; poses outside the range of motion are never skinned."""
        margin = self.motion_margin(scene.body_pose) - 1.0
        inside = np.flatnonzero(margin >= -1.0)
        for start in range(0, len(inside), CHUNK):
            rows = inside[start : start + CHUNK]
            margin[rows] = self.visible_margin(self._visible(scene.rows(rows)))
        return margin

    def _visible(self, scene: Scene) -> Bool:
        output = self._body.forward(scene.betas, scene.body_pose, scene.global_orient, scene.transl)
        return self._visibility(output.vertices, output.joints, scene.camera, self._index)
