"""How far a pose lies outside what human joints can do, in degrees.

Every joint's rotation is split into a swing of its bone and a twist about it (twist first). The swing's two
components and the twist each have a range; hip and arm also have ranges on the two diagonals of the swing,
so that their reach is an octagon and not a box. Some ranges hold for chains: the arm as the chest sees it
(collar and shoulder together, for some data leave the collar at rest), the whole neck and the whole spine.
An arm raised in front of the body has turned by half a turn against one raised at the side (Codman's
paradox), so the range of its twist moves with its elevation.

The table `data/motion_range.json` gives for each entry the range in the literature, the 0.5 to 99.5
percentiles of motion capture (the `train` split, mirrored), and their union, which is what counts.
Literature: Soucie et al. 2011 (CDC joint range of motion study), AAOS normal ranges as cited by five later
studies, Apti et al. 2023 (spine), Kouyoumdjian et al. 2012 (hip rotation), clavicle ranges of clinical
textbooks. The left side is listed; the right is its mirror image.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.camera import Float
from simulator.rotation import axis_angle_from_quaternion, multiply_quaternions, quaternion_from_axis_angle

JOINT_NAMES = (
    *("left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle"),
    *("spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head"),
    *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
)
"""The 21 joints of `body_pose`, SMPL joints 1..21."""

TABLE = Path(__file__).parent / "data" / "motion_range.json"
_AXES = "xyz"


@dataclass(frozen=True)
class Check:
    """The range of one joint, or of a chain of joints from the trunk outwards."""

    joints: tuple[int, ...]
    """Rows of `body_pose`; what is found is reported for the last of them."""
    twist_axis: int
    """0, 1 or 2: the axis along the bone in the rest pose."""
    mirrored: float
    """1 on the left and in the middle, -1 on the right, whose y and z are negated."""
    lower: tuple[float, ...]
    """Degrees: x, y, z (the twist at its axis) and the two diagonals of the swing."""
    upper: tuple[float, ...]
    """Degrees."""
    coupling: float = 0.0
    """The twist's range moves by minus this many degrees for each degree of z."""


@dataclass(frozen=True)
class MotionRange:
    """The range of motion of the 21 body joints."""

    checks: tuple[Check, ...]

    def violation(self, body_pose: Float) -> Float:
        """Degrees (N, 21) by which each joint is outside its range, 0 inside.

        Args:
            body_pose: (N, 63) axis-angle, radians, SMPL joints 1..21.

        Raises:
            ValueError: for another shape.
        """
        pose = np.asarray(body_pose, np.float64)
        if pose.ndim != 2 or pose.shape[1] != 63:
            raise ValueError(f"expected body_pose of shape (N, 63), got {pose.shape}; pass SMPL joints 1..21")
        return self._violation(quaternion_from_axis_angle(pose.reshape(-1, 21, 3)))

    def _violation(self, turns: Float) -> Float:
        degrees = swing_twist(self._chained(turns), self._axes) * self._signs
        measures = derived_measures(degrees, self._axes, self._coupling)
        excess = _excess(measures, self._lower, self._upper, self._axes)
        result = np.zeros(turns.shape[:2])
        for column, check in enumerate(self.checks):
            joint = check.joints[-1]
            result[:, joint] = np.maximum(result[:, joint], excess[:, column])
        return result

    def _chained(self, turns: Float) -> Float:
        """Rotations (N, checks, 4) of each check's joint or chain."""
        chained = turns[:, [check.joints[0] for check in self.checks]]
        for link in range(1, max(len(check.joints) for check in self.checks)):
            columns = [i for i, check in enumerate(self.checks) if len(check.joints) > link]
            joints = [self.checks[i].joints[link] for i in columns]
            chained[:, columns] = multiply_quaternions(chained[:, columns], turns[:, joints])
        return chained

    @cached_property
    def _axes(self) -> NDArray[np.intp]:
        return np.array([check.twist_axis for check in self.checks])

    @cached_property
    def _signs(self) -> Float:
        return np.array([[1.0, check.mirrored, check.mirrored] for check in self.checks])

    @cached_property
    def _coupling(self) -> Float:
        return np.array([check.coupling for check in self.checks])

    @cached_property
    def _lower(self) -> Float:
        return np.array([check.lower for check in self.checks])

    @cached_property
    def _upper(self) -> Float:
        return np.array([check.upper for check in self.checks])


def swing_twist(turns: Float, axes: NDArray[np.intp]) -> Float:
    """Degrees (N, C, 3): swing components, with the twist in the place of each column's twist axis.

    The rotation is swing * twist; the swing's axis is perpendicular to the twist's (Dobrowolski 2015).

    Args:
        turns: (N, C, 4) unit quaternions, scalar first.
        axes: (C,) twist axis of each column, 0, 1 or 2.
    """
    columns = np.arange(len(axes))
    twist = np.arctan2(turns[:, columns, 1 + axes], np.ascontiguousarray(turns[..., 0]))
    undo = np.zeros_like(turns)
    undo[..., 0] = np.cos(twist)
    undo[:, columns, 1 + axes] = -np.sin(twist)
    swing = axis_angle_from_quaternion(multiply_quaternions(turns, undo))
    swing[:, columns, axes] = _wrapped(2.0 * twist, 2.0 * np.pi)
    return swing * (180.0 / np.pi)


def derived_measures(degrees: Float, axes: NDArray[np.intp], coupling: Float) -> Float:
    """What the table's ranges are about, degrees (N, C, 5), from swing and twist (N, C, 3).

    The twist gets `coupling` (C,) times z added; the swing (a, b) adds (a + b) / sqrt 2 and (a - b) / sqrt 2.
    """
    columns = np.arange(len(axes))
    swing = np.array([[1, 2], [0, 2], [0, 1]])[axes]
    a, b = degrees[:, columns, swing[:, 0]], degrees[:, columns, swing[:, 1]]
    result = np.concatenate([degrees, np.stack([a + b, a - b], axis=-1) * 0.5**0.5], axis=-1)
    result[:, columns, axes] += coupling * degrees[..., 2]
    return result


def load_motion_range() -> MotionRange:
    """The embedded table."""
    entries = json.loads(TABLE.read_text())["ranges"]
    return MotionRange(tuple(check for entry in entries for check in _checks(entry)))


def _checks(entry: dict[str, Any]) -> list[Check]:
    """One check of a middle entry, two of an entry that stands for left and right."""
    names, axis = [str(name) for name in entry["joints"]], _AXES.index(str(entry["twist_axis"]))
    lower = tuple(-np.inf if v is None else float(v) for v in entry["lower"])
    upper = tuple(np.inf if v is None else float(v) for v in entry["upper"])
    sides = {"left_": 1.0, "right_": -1.0} if any(name not in JOINT_NAMES for name in names) else {"": 1.0}
    return [
        Check(rows, axis, sign, lower, upper, float(entry["coupling"]))
        for side, sign in sides.items()
        for rows in [tuple(JOINT_NAMES.index(side + name) for name in names)]
    ]


def _excess(measures: Float, lower: Float, upper: Float, axes: NDArray[np.intp]) -> Float:
    """Degrees (N, C): the largest of each column's excesses; the twist's is measured round the circle."""
    outside = np.maximum(lower - measures, measures - upper)
    columns = np.arange(len(axes))
    low, high = lower[columns, axes], upper[columns, axes]
    off = _wrapped(measures[:, columns, axes] - 0.5 * (low + high), 360.0)
    outside[:, columns, axes] = np.abs(off) - 0.5 * (high - low)
    return np.asarray(np.maximum(outside.max(axis=-1), 0.0))


def _wrapped(angle: Float, turn: float) -> Float:
    """The same angles in [-turn / 2, turn / 2]."""
    return angle - turn * np.round(angle / turn)
