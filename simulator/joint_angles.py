"""Pose by joint angles: every joint's swing and twist inside its range of motion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.base import Scene
from simulator.camera import Float
from simulator.factors import PoseFactor
from simulator.motion_range import JOINT_NAMES, Check, MotionRange, swing_twist
from simulator.parameters import Dimension
from simulator.prior import PosePrior
from simulator.rotation import axis_angle_from_quaternion, multiply_quaternions, quaternion_from_axis_angle

_AXES = "xyz"


@dataclass(frozen=True)
class AnglesFactor:
    """The 63 joint angles, each between the ends of its own range of motion.

    A rotation is swing * twist; the twist's angle stands in the place of the bone's axis. Ranges that couple
    several angles (diagonals of the swing, chains of joints) are left to fairness.
    """

    motion_range: MotionRange
    prior: PosePrior
    """Whose mixtures are typical."""
    poses: Float | None = None
    """(M, 63) a user's own real poses for `typical`, radians; None takes the prior's mixtures."""

    name = "pose"

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Three for each joint, degrees."""
        names = [f"pose.{joint}.{axis}" for joint in JOINT_NAMES for axis in _AXES]
        rows = zip(names, self._low.ravel(), self._high.ravel(), strict=True)
        return tuple(Dimension(name, "degree", float(low), float(high)) for name, low, high in rows)

    def apply(self, unit: Float, scene: Scene) -> Scene:
        """Turn every joint."""
        degrees = self._low + unit.reshape(-1, 21, 3) * (self._high - self._low)
        return replace(scene, body_pose=self._posed(degrees).reshape(-1, 63))

    def read(self, scene: Scene) -> Float:
        """The units of a pose; angles outside their range come back on its end."""
        return self._units(scene.body_pose)

    def typical(self, count: int, rng: np.random.Generator) -> Float:
        """As `PoseFactor.typical`: half everyday, half active poses, or the user's own."""
        latent = PoseFactor(self.prior, self.poses)
        poses = latent.typical_poses(count, rng)
        return self._units(poses)

    def _units(self, body_pose: Float) -> Float:
        """(N, 63) of poses (N, 63)."""
        turns = quaternion_from_axis_angle(body_pose.reshape(-1, 21, 3))
        degrees = swing_twist(turns, self._twist_axes)
        return ((degrees - self._low) / (self._high - self._low)).clip(0.0, 1.0).reshape(-1, 63)

    def _posed(self, degrees: Float) -> Float:
        """Axis-angle (N, 21, 3), radians, of swing and twist (N, 21, 3), degrees."""
        joints = np.arange(21)
        radians = np.radians(degrees)
        swing, twist = radians.copy(), np.zeros_like(radians)
        swing[:, joints, self._twist_axes] = 0.0
        twist[:, joints, self._twist_axes] = radians[:, joints, self._twist_axes]
        turns = multiply_quaternions(quaternion_from_axis_angle(swing), quaternion_from_axis_angle(twist))
        return axis_angle_from_quaternion(turns)

    @cached_property
    def _checks(self) -> tuple[Check, ...]:
        """The check of every joint: its own, else that of the chain that ends in it."""
        return tuple(
            min((c for c in self.motion_range.checks if c.joints[-1] == joint), key=lambda c: len(c.joints))
            for joint in range(21)
        )

    @cached_property
    def _twist_axes(self) -> NDArray[np.intp]:
        return np.array([check.twist_axis for check in self._checks])

    @cached_property
    def _ends(self) -> Float:
        """(2, 21, 3) degrees: the mirrored side has y and z negated, and so low and high exchanged."""
        signs = np.array([[1.0, c.mirrored, c.mirrored] for c in self._checks])
        low, high = (np.array([getattr(c, end)[:3] for c in self._checks]) for end in ("lower", "upper"))
        ends = np.stack([low * signs, high * signs])
        return np.stack([ends.min(axis=0), ends.max(axis=0)])

    @property
    def _low(self) -> Float:
        return np.asarray(self._ends[0])

    @property
    def _high(self) -> Float:
        return np.asarray(self._ends[1])
