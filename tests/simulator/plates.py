"""Plates facing the camera, for the tests that look at single pixels."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.body import UV
from simulator.drawing import Part, Picture, Surface, Texture
from simulator.light import Lights

SIZE = 64
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
FACES = np.array([[0, 2, 1], [0, 3, 2]], np.int32)
UV_OF_A_PICTURE = UV(np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32), FACES)
"""The corners of the texture lie on those of the plate."""


def plate_part(
    name: str, owner: Literal["person", "other"] = "person", uv: UV | None = None, closed: bool = False
) -> Part:
    return Part(name, FACES, 4, owner, uv, closed)


def plate(
    paint: tuple[int, int, int] | Texture, z: float = 2.0, half: float = 0.5, turned: bool = False
) -> Surface:
    """A square: upper left, upper right, lower right, lower left in the picture, unless it is turned round."""
    corners = np.array([[-half, -half, z], [half, -half, z], [half, half, z], [-half, half, z]], np.float32)
    if turned:
        corners = corners[[1, 0, 3, 2]]
    colours = (
        paint
        if isinstance(paint, Texture)
        else np.tile(np.array(paint, np.float32) / np.float32(255), (4, 1))
    )
    return Surface(corners, np.tile(np.array([0, 0, -1], np.float32), (4, 1)), colours)


def picture(*surfaces: Surface | None, size: int = SIZE) -> Picture:
    """A picture of 1 m, 1 m away, in light that whitens nothing."""
    lights = Lights(np.array([[0.0, 0.0, 1.0]] * 2), np.full((2, 3), 0.5), np.full(3, 0.3))
    return Picture(surfaces, np.array([size, size / 2, size / 2]), lights)


def quarters(*colours: tuple[int, int, int], size: int = 16) -> Texture:
    """Four colours: upper left, upper right, lower left, lower right."""
    blocks = np.array(colours, np.uint8).reshape(2, 2, 3)
    return Texture(blocks.repeat(size // 2, axis=0).repeat(size // 2, axis=1))


def colour_at(rgba: NDArray[np.uint8], row: int, column: int) -> tuple[int, int, int]:
    """Which channels shine there: 255 or 0 each."""
    pixel = rgba[row, column, :3].astype(int)
    shine = np.where(pixel > 0.6 * pixel.max(), 255, 0)
    return int(shine[0]), int(shine[1]), int(shine[2])
