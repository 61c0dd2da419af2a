"""Clips for targets that look at several frames: a short movement that ends in the scene, and stays there a little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulator import Batch, Scene, Simulator

START = 0.7
"""Share of every joint's angle that the first frame has."""

STILL = 0.25
"""Share of the frames, at the end, in which the person stands still."""


def clips_of(batch: Batch, frames: int, simulator: Simulator) -> NDArray[np.uint8]:
    """Clips (N, T, H, W, 3) whose last frame is the batch's picture.

    The joints' angles grow from START of the pose to the whole of it, fastest in the middle, and rest for the last
    frames; place, camera, clothes and light stay. It is a movement towards the pose from
    nearer to rest, inside the range of motion, and no recorded one.

    Raises:
        ValueError: Fewer than two frames.
    """
    if frames < 2:
        raise ValueError(
            f"expected TargetSpec.frames of at least 2 for a target that needs clips, got {frames}"
        )
    earlier = [simulator.render(_bent(batch.scene, share)).images for share in shares(frames)[:-1]]
    return np.stack([*earlier, batch.images], axis=1)


def shares(frames: int) -> NDArray[np.float64]:
    """(T,) share of the pose in each frame, from START to 1."""
    moving = max(2, frames - int(STILL * frames))
    time = np.clip(np.arange(frames) / (moving - 1), 0.0, 1.0)
    return np.asarray(START + (1 - START) * (3 * time**2 - 2 * time**3))


def _bent(scene: Scene, share: float) -> Scene:
    return replace(scene, body_pose=share * scene.body_pose)
