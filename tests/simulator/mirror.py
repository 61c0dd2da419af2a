"""A scene and its mirror image, left and right swapped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulator.background import BACKGROUND
from simulator.base import Scene
from simulator.camera import Camera, Float
from simulator.light import LIGHT
from simulator.occluder import OCCLUDER

ACROSS = np.array([-1.0, 1.0, 1.0])
"""Signs of a mirrored point."""

_TURN = np.array([1.0, -1.0, -1.0])
"""Signs of a mirrored axis-angle."""


def partners(names: tuple[str, ...]) -> NDArray[np.intp]:
    """For each joint the one of the other side."""
    swap = {"left": "right", "right": "left"}
    sides = [name.split("_", 1) for name in names]
    return np.array([names.index("_".join([swap.get(side, side), *rest])) for side, *rest in sides])


def mirrored(scene: Scene, names: tuple[str, ...]) -> Scene:
    """The scene behind a mirror: people, camera, lights, background and what stands in front."""
    joint = partners(names)[1:22] - 1
    width = scene.camera.image_size[0]
    center = scene.camera.center * [-1.0, 1.0] + [width, 0.0]
    background, pattern = scene.background.copy(), BACKGROUND.column("pattern")
    # pictures are mirrored in the second half of their number
    background[:, pattern] += np.where(background[:, pattern] % 1.0 < 0.5, 0.5, -0.5)
    occluder = _turned(scene.occluder, OCCLUDER.column("x"))
    return replace(
        scene,
        body_pose=(scene.body_pose.reshape(-1, 21, 3)[:, joint] * _TURN).reshape(-1, 63),
        global_orient=scene.global_orient * _TURN,
        transl=scene.transl * ACROSS,
        camera=Camera(scene.camera.focal_length, center, scene.camera.image_size),
        framing=_turned(scene.framing, 1),
        light=_turned(scene.light, LIGHT.column("azimuth")),
        background=background,
        occluder=_turned(occluder, OCCLUDER.column("angle")),
        box_shift=_turned(scene.box_shift, 0),
    )


def _turned(rows: Float, column: int) -> Float:
    turned = rows.copy()
    turned[:, column] = -turned[:, column]
    return turned
