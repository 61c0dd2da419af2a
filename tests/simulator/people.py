"""People for the tests that draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.background import BACKGROUND
from simulator.base import Scene
from simulator.camera import Camera, Float
from simulator.clothing import CLOTHING
from simulator.imaging import IMAGING
from simulator.light import LIGHT
from simulator.occluder import OCCLUDER
from simulator.view import CAMERA

SIZE = 256


def make_scene(n: int, seed: int = 0, size: int = SIZE, spread: float = 0.25) -> Scene:
    rng = np.random.default_rng(seed)
    yaw = rng.uniform(-1.2, 1.2, n)
    orient = np.pi * np.column_stack(
        [np.cos(yaw / 2), np.zeros(n), np.sin(yaw / 2)]
    )  # upright, facing the camera
    return Scene(
        betas=rng.normal(0, 1, (n, 10)),
        body_pose=rng.normal(0, spread, (n, 63)),
        global_orient=orient,
        transl=np.column_stack([rng.uniform(-0.1, 0.1, n), np.full(n, 0.3), rng.uniform(2.9, 3.6, n)]),
        camera=Camera(
            np.full(n, 1.35 * size), np.full((n, 2), size / 2) + rng.uniform(-4, 4, (n, 2)), (size, size)
        ),
        framing=CAMERA.rows(n)[:, 1:],
        clothing=in_trousers(n, rng),
        background=BACKGROUND.typical(n, rng),
        light=LIGHT.typical(n, rng),
        occluder=OCCLUDER.rows(n),
        imaging=IMAGING.rows(n),
        box_shift=np.zeros((n, 2)),
    )


def in_trousers(n: int, rng: np.random.Generator) -> Float:
    """Typical clothes without meshes of their own, so that the silhouette is the body's."""
    rows = CLOTHING.typical(n, rng)
    rows[:, CLOTHING.column("bottom")] = rows[:, CLOTHING.column("hair_style")] = 0.5
    return rows


def facing(size: int = SIZE) -> Scene:
    """One person in the default clothes and light, in T-pose, facing the camera."""
    return Scene(
        betas=np.zeros((1, 10)),
        body_pose=np.zeros((1, 63)),
        global_orient=np.array([[np.pi, 0.0, 0.0]]),
        transl=np.array([[0.0, 0.3, 3.0]]),
        camera=Camera(np.array([1.3 * size]), np.full((1, 2), size / 2), (size, size)),
        framing=CAMERA.rows(1)[:, 1:],
        clothing=CLOTHING.rows(1),
        background=BACKGROUND.rows(1),
        light=LIGHT.rows(1),
        occluder=OCCLUDER.rows(1),
        imaging=IMAGING.rows(1),
        box_shift=np.zeros((1, 2)),
    )


def grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask and its eight neighbours."""
    padded = np.pad(mask, 1)
    rows, columns = mask.shape
    return np.logical_or.reduce([padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)])
