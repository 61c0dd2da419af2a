"""From a row of clothing to the paint of a body: a texture, or colours of vertices."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.atlas import Atlas
from simulator.body import Body, Float32
from simulator.camera import Float
from simulator.clothing import outfit_of
from simulator.drawing import Texture
from simulator.garments import Garments
from simulator.layers import vertex_canvas

PAINT_VERSION = 3
"""Raised whenever the same row would be painted otherwise."""

GAMMA = 2.2
"""The exponent with which renderers encode their pictures."""

_KEPT = 256
"""Outfits that are remembered: all typical ones."""


class Painter(Protocol):
    """Paints people."""

    @property
    def version(self) -> str:
        """Name and version of everything that can change the paint of a row."""

    def paint(self, row: Float) -> Texture | Float32:
        """The paint of a row of clothing: the same object for the same row, as long as it is remembered."""

    def worn(self, row: Float) -> Mapping[str, Float]:
        """Linear RGB (3,) of each cloth mesh that a row of clothing wears, by the garment's name."""


class Wardrobe:
    """Dresses one body by procedure.

    Args:
        body: Painted on a texture where it has texture coordinates, else on its vertices.
        texture_size: Texels along a side, a power of two.

    Raises:
        ValueError: The size is no power of two.
    """

    def __init__(self, body: Body, texture_size: int = 256) -> None:
        self._atlas = Atlas(body, texture_size) if body.uv is not None else None
        self._garments = Garments(body, self._atlas.canvas if self._atlas else vertex_canvas(body))
        self._size = texture_size
        self._paint = lru_cache(_KEPT)(self._fresh)

    @property
    def version(self) -> str:
        """How outfits are painted; the body is named by whoever draws it."""
        return f"paint {PAINT_VERSION}, {f'{self._size} texels' if self._atlas else 'vertices'}"

    def paint(self, row: Float) -> Texture | Float32:
        """The paint of a row (17,) of physical values, in the order of `CLOTHING`; do not write into it.

        Rows that differ by rounding only are one and the same outfit: values are taken in single precision.

        Returns:
            A texture, or (V, 3) linear colours where the body has no texture coordinates.
        """
        return self._paint(np.asarray(row, np.float32).tobytes())

    def worn(self, row: Float) -> Mapping[str, Float]:
        """Linear RGB (3,) of the skirt and the hair, where they are meshes of their own."""
        outfit = outfit_of(row)
        colours = {"skirt": outfit.bottom} if outfit.garment == "skirt" else {}
        if outfit.hair_style == "long":
            colours["hair" if outfit.garment == "skirt" else "bob"] = outfit.hair
        return {name: (np.asarray(colour) / 255.0) ** GAMMA for name, colour in colours.items()}

    def _fresh(self, row: bytes) -> Texture | Float32:
        colours = self._garments.wear(outfit_of(np.frombuffer(row, np.float32)))
        levels = np.rint(colours).astype(np.uint8).T
        paint = linear(levels) if self._atlas is None else self._atlas.texture(levels)
        (paint.pixels if isinstance(paint, Texture) else paint).flags.writeable = False
        return paint


def linear(colours: NDArray[np.uint8]) -> Float32:
    """Light reflected, in 0..1, by sRGB colours: what renderers multiply with their lights.

    They encode pictures with the exponent 1 / 2.2, so the same exponent is undone here.
    """
    return np.asarray((colours / 255.0) ** GAMMA, np.float32)
