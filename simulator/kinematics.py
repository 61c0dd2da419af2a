"""Forward kinematics of a joint tree, elementwise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.camera import Float

Indices = NDArray[np.intp]
Levels = tuple[Indices, ...]
"""Joints by distance to the root, the root left out."""


def tree_levels(parents: NDArray[np.int64]) -> Levels:
    """Joints grouped by depth, so that a level needs only the one before it; `parents` (J,), root first."""
    depth = np.zeros(len(parents), np.intp)
    for joint in range(1, len(parents)):
        depth[joint] = depth[parents[joint]] + 1
    return tuple(np.flatnonzero(depth == level) for level in range(1, int(depth.max(initial=0)) + 1))


def forward_kinematics(
    rotations: Float, rest: Float, parents: NDArray[np.int64], levels: Levels
) -> tuple[Float, Float]:
    """Chain the joints' rotations down the tree.

    Args:
        rotations: (N, J, 3, 3) of every joint relative to its parent.
        rest: (N, J, 3) joints at rest, metres.
        parents: (J,).
        levels: `tree_levels(parents)`.

    Returns:
        Rotations (N, J, 3, 3) relative to the world, joints (N, J, 3).
    """
    turns, joints = rotations.copy(), rest.copy()
    for level in levels:
        above = parents[level]
        parent = turns[:, above]
        turns[:, level] = _product(parent, rotations[:, level])
        bone = rest[:, level] - rest[:, above]
        joints[:, level] = joints[:, above] + _product(parent, bone[..., None])[..., 0]
    return turns, joints


def _product(a: Float, b: Float) -> Float:
    """A b of matrices (..., 3, 3) and (..., 3, K), the three terms added in order."""
    terms = [a[..., :, k, None] * b[..., k, None, :] for k in range(3)]
    result: Float = terms[0] + terms[1] + terms[2]
    return result
