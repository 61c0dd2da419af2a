"""Joint sets by name, and the pairing of what was predicted with what is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Value = TypeVar("Value", bound=np.generic)

LIMB_JOINTS = tuple(
    f"{side}_{part}"
    for part in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
    for side in ("left", "right")
)
"""The twelve joints that SMPL, COCO and BlazePose all have."""

ROOT = ("left_hip", "right_hip")
"""Joints whose mean is the root of every aligned score."""

LIMBS = (
    ("left_hip", "right_hip"),
    ("left_shoulder", "right_shoulder"),
    *((f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for a, b in (("hip", "knee"), ("knee", "ankle"))),
    *(
        (f"{s}_{a}", f"{s}_{b}")
        for s in ("left", "right")
        for a, b in (("shoulder", "elbow"), ("elbow", "wrist"))
    ),
    *((f"{s}_shoulder", f"{s}_hip") for s in ("left", "right")),
)
"""Pairs of joints that a drawing connects."""


def common_joints(names: Sequence[str]) -> tuple[str, ...]:
    """The limb joints among a target's joints.

    Raises:
        ValueError: if fewer than six are there, or a hip is missing (no root).
    """
    common = tuple(name for name in LIMB_JOINTS if name in names)
    if len(common) < 6 or not set(ROOT) <= set(common):
        raise ValueError(
            f"expected a target with both hips and at least six of {', '.join(LIMB_JOINTS)}, got "
            f"{', '.join(names)}; name its joints in TargetSpec.joint_names with these words"
        )
    return common


def edges(names: Sequence[str]) -> list[tuple[int, int]]:
    """Index pairs of the limbs whose two ends are among the names."""
    place = {name: i for i, name in enumerate(names)}
    return [(place[a], place[b]) for a, b in LIMBS if a in place and b in place]


@dataclass(frozen=True)
class Pair:
    """Truth and prediction on the same joints, both relative to their own root, camera axes."""

    gt: Float
    """(N, J, 3) metres."""
    prediction: Float
    """(N, J, 3) metres."""
    names: tuple[str, ...]
    """J names."""


def rooted(joints: Float, names: Sequence[str]) -> Float:
    """Joints (N, J, 3) relative to the middle of the hips."""
    left, right = (list(names).index(name) for name in ROOT)
    return joints - (joints[:, left : left + 1] + joints[:, right : right + 1]) / 2


def pick(joints: NDArray[Value], names: Sequence[str], wanted: Sequence[str]) -> NDArray[Value]:
    """The wanted joints (N, len(wanted), ...) of joints (N, len(names), ...), in the wanted order."""
    return np.ascontiguousarray(joints[:, [list(names).index(name) for name in wanted]])
