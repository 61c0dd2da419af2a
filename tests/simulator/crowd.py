"""People and things in front and behind them, for the tests of the fast renderer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulator.body_files import load_body
from simulator.drawing import Part, Picture, Surface, Texture
from simulator.light import Lights
from tests.simulator.plates import GREEN, UV_OF_A_PICTURE, plate, plate_part

SMOOTH = Part("smooth", load_body("neutral").faces, len(load_body("neutral").v_template), "person")
PARTS = (
    replace(SMOOTH, name="textured", uv=load_body("neutral").uv),
    SMOOTH,
    plate_part("box", "other"),
    plate_part("card", "other", UV_OF_A_PICTURE),
)


def noise(seed: int, size: int = 256) -> Texture:
    """Colours at every scale."""
    rng = np.random.default_rng(seed)
    scales = [4 * 4**k for k in range(3)]
    layers = [
        rng.normal(0, 40, (k, k, 3)).repeat(size // k, axis=0).repeat(size // k, axis=1) for k in scales
    ]
    return Texture(np.clip(128 + sum(layers, np.zeros(3)), 0, 255).astype(np.uint8))


def people(count: int, size: int) -> list[Picture]:
    """People, some smooth, some textured, some behind things, some near."""
    body, rng = load_body("neutral"), np.random.default_rng(5)
    yaw = rng.uniform(-2, 2, count)
    orient = np.pi * np.column_stack([np.cos(yaw / 2), np.zeros(count), np.sin(yaw / 2)])
    transl = np.column_stack([rng.uniform(-0.2, 0.2, count), np.full(count, 0.3), 3 - np.arange(count) % 3])
    out = body.forward(np.zeros((count, 10)), rng.normal(0, 0.3, (count, 63)), orient, transl)
    normals = body.normals(out.vertices)
    return [person(i, out.vertices[i], normals[i], size) for i in range(count)]


def person(number: int, vertices: NDArray[np.float32], normals: NDArray[np.float32], size: int) -> Picture:
    rng = np.random.default_rng(number)
    colours = (0.5 + 0.4 * np.sin(9 * load_body("neutral").v_template)).astype(np.float32)
    surfaces = [None, Surface(vertices, normals, colours)]
    if number % 2:
        surfaces = [Surface(vertices, normals, noise(number)), None]
    front = float(vertices[:, 2].min())
    box = plate(GREEN, z=0.9 * front, half=0.1, turned=number % 3 == 0) if number % 4 > 1 else None
    card = plate(noise(number + 50), z=1.2 * front, half=0.3) if number % 5 > 1 else None
    towards = rng.normal(0, 1, (2, 3)) + np.array([0, 0, 2])
    lights = Lights(
        towards / np.linalg.norm(towards, axis=1, keepdims=True),
        rng.uniform(0.2, 1.5, (2, 3)),
        rng.uniform(0.1, 0.4, 3),
    )
    camera = np.array([1.3 * size, size / 2 + rng.uniform(-3, 3), size / 2])
    return Picture((*surfaces, box, card), camera, lights)
