"""What a check compares predictions with."""

from __future__ import annotations

from dataclasses import dataclass

from targets.base import Float


@dataclass(frozen=True)
class Truth:
    """Where the joints really are. Whole people, most of them facing the camera."""

    joints: Float
    """(N, J, 3) metres, camera axes."""
    joint_names: tuple[str, ...]
    """J names."""
    joints2d: Float | None = None
    """(N, J, 2) pixels; without it 2D joints are not compared."""
