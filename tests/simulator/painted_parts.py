"""A person every part of which has its own flat colour, so that a picture tells which part a pixel shows."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.base import Scene
from simulator.body import UV, Body, Int32
from simulator.camera import Float
from simulator.drawing import Texture
from simulator.light import LIGHT

UNCLEAR = -1
"""Not the colour of a part: background, an occluder, or several things in one pixel."""

_TEXELS = 32
_BLOCK = 4
_LEVELS = (70, 160, 250)
"""Bytes of a channel in the texture."""
_IN_PICTURE = np.array(_LEVELS) * 0.745 ** (1 / 2.2)
"""The same in the picture: white in the default light is 0.745 linear (simulator.light)."""
_NEAR = 6


def part_of_faces(body: Body) -> NDArray[np.intp]:
    """(F,) the joint that moves a face most."""
    return np.asarray(body.weights[body.faces].sum(axis=1).argmax(axis=1))


def with_flat_parts(body: Body) -> Body:
    """The body with texture coordinates that give each face the colour of its part."""
    block = np.arange(len(body.joint_names))
    row, column = np.divmod(block * _BLOCK, _TEXELS)
    middle = np.column_stack([column, row * _BLOCK]) + _BLOCK / 2
    vt = (middle / _TEXELS * [1, -1] + [0, 1]).astype(np.float32)
    ft = np.repeat(part_of_faces(body)[:, None], 3, axis=1).astype(np.int32)
    return replace(body, uv=UV(vt, ft))


class FakePartPainter:
    """Paints `with_flat_parts`, everybody alike; nobody wears cloth."""

    version = "fake parts"

    def paint(self, row: Float) -> Texture:
        return self._texture

    def worn(self, row: Float) -> dict[str, Float]:
        return {}

    @cached_property
    def _texture(self) -> Texture:
        side = _TEXELS // _BLOCK
        blocks = np.zeros((side * side, 3), np.uint8)
        blocks[:27] = np.array(_LEVELS)[np.stack(np.unravel_index(np.arange(27), (3, 3, 3)), axis=1)]
        return Texture(blocks.reshape(side, side, 3).repeat(_BLOCK, axis=0).repeat(_BLOCK, axis=1))


class FakePlainPainter(FakePartPainter):
    """White all over."""

    version = "fake plain"

    @cached_property
    def _texture(self) -> Texture:
        return Texture(np.full((_TEXELS, _TEXELS, 3), 255, np.uint8))


def in_flat_light(scene: Scene) -> Scene:
    """The scene in ambient white light alone."""
    light = LIGHT.rows(len(scene))
    light[:, LIGHT.column("ambient")] = 1.0
    return replace(scene, light=light)


def parts_in(image: NDArray[np.uint8]) -> Int32:
    """(H, W) the part that each pixel of a picture (H, W, 3) shows, or `UNCLEAR`."""
    gap = np.abs(image[..., None].astype(np.float64) - _IN_PICTURE)
    level = gap.argmin(axis=-1)
    clear = (gap.min(axis=-1) < _NEAR).all(axis=-1)
    return np.where(clear, level @ [9, 3, 1], UNCLEAR).astype(np.int32)
