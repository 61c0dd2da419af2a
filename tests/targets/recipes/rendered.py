"""People drawn off the middle of oblong pictures, with everything that is true of them, for the tests of recipes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from simulator import Body, Camera, RasterSimulator, load_body
from targets.rotations import matrix_from_axis_angle
from tests.simulator.people import make_scene

Float = NDArray[np.float64]

SIZE = (400, 320)
"""Width and height, pixels."""
FOCAL_LENGTH = float(np.hypot(*SIZE))
"""Pixels: the picture's diagonal, which several models assume."""
FRAME = 256
"""Side of the part of the picture that is drawn."""
CORNERS = np.array([[0.0, 10.0], [144.0, 64.0], [70.0, 30.0]])
"""(N, 2) where it lies, pixels."""


@dataclass(frozen=True)
class People:
    """Row i of everything is person i."""

    images: NDArray[np.uint8]
    """(N, 320, 400, 3) RGB."""
    boxes: Float
    """(N, 4) x0, y0, x1, y1 pixels."""
    camera: Camera
    """Looks through the middle of the pictures."""
    joints: Float
    """(N, 24, 3) metres, camera axes."""
    joints2d: Float
    """(N, 24, 2) pixels."""
    vertices: Float
    """(N, V, 3) metres."""
    betas: Float
    """(N, 10)."""
    rotations: Float
    """(N, 24, 3, 3), the root's first."""
    transl: Float
    """(N, 3) metres."""
    body: Body
    """Whose they are."""

    @property
    def intrinsics(self) -> Float:
        """(N, 3, 3) pixels."""
        return self.camera.intrinsics

    @property
    def local_joints(self) -> Float:
        """(N, 24, 3) metres, without the translation, as SMPL's own."""
        return self.joints - self.transl[:, None]

    @property
    def local_vertices(self) -> Float:
        """(N, V, 3) metres, without the translation."""
        return self.vertices - self.transl[:, None]


@cache
def rendered_people() -> People:
    """Three people who face the camera more or less."""
    count = len(CORNERS)
    scene = make_scene(count, seed=3)
    center = np.array(SIZE) / 2 - CORNERS
    depth = np.array([4.4, 4.7, 4.9])
    shift = np.column_stack([128 - center[:, 0], 140 - center[:, 1]]) * (depth / FOCAL_LENGTH)[:, None]
    camera = Camera(np.full(count, FOCAL_LENGTH), center, (FRAME, FRAME))
    scene = replace(scene, transl=np.column_stack([shift, depth]), camera=camera)
    body = load_body("neutral")
    with RasterSimulator(body) as simulator:
        batch = simulator.render(scene)
    images = np.random.default_rng(0).integers(90, 110, (count, SIZE[1], SIZE[0], 3), dtype=np.uint8)
    for image, part, (x, y) in zip(images, batch.images, CORNERS.astype(int), strict=True):
        image[y : y + FRAME, x : x + FRAME] = part
    pose = np.concatenate([scene.global_orient, scene.body_pose, np.zeros((count, 6))], axis=1)
    return People(
        images=images,
        boxes=batch.boxes + np.tile(CORNERS, 2),
        camera=Camera(camera.focal_length, np.tile(np.array(SIZE) / 2, (count, 1)), SIZE),
        joints=batch.joints,
        joints2d=batch.joints2d + CORNERS[:, None],
        vertices=np.asarray(batch.vertices, np.float64),
        betas=scene.betas,
        rotations=matrix_from_axis_angle(pose.reshape(count, 24, 3)),
        transl=scene.transl,
        body=body,
    )
