"""What a renderer draws: meshes with paint, a camera, lights. Every renderer takes it, so all draw the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.body import UV, Float32, Int32
from simulator.camera import Float
from simulator.light import Lights

Z_NEAR = 0.05
"""Metres. Nothing nearer is drawn: triangles that reach across are cut there."""

ROUGHNESS = 0.8
"""Of every surface (metallic-roughness model); metals are not worn here."""


@dataclass(frozen=True, eq=False)
class Part:
    """One mesh whose faces stay the same from picture to picture."""

    name: str
    faces: Int32
    """(F, 3) vertices, counter-clockwise seen from outside."""
    vertex_count: int
    owner: Literal["person", "other"]
    """Whether it belongs to the person of the labels, or stands in front."""
    uv: UV | None = None
    """Texture coordinates of the corners, v upwards; with them the part is painted by a texture."""
    closed: bool = True
    """Whether it encloses a solid, so that no back face is ever seen; an open one is drawn from both sides."""


@dataclass(frozen=True, eq=False)
class Texture:
    """Colours of a part with texture coordinates. Two textures are the same only if they are one object."""

    pixels: NDArray[np.uint8]
    """(T, T, 3) sRGB, T a power of two, row 0 at the top (v = 1)."""

    @cached_property
    def mips(self) -> tuple[NDArray[np.uint8], ...]:
        """The pixels, and every halving of them down to one: 2 x 2 means, rounded."""
        levels = [self.pixels]
        while len(levels[-1]) > 1:
            half = len(levels[-1]) // 2
            blocks = levels[-1].reshape(half, 2, half, 2, 3).astype(np.uint16)
            levels.append(((blocks.sum(axis=(1, 3)) + 2) // 4).astype(np.uint8))
        return tuple(levels)


@dataclass(frozen=True, eq=False)
class Surface:
    """A part in one picture."""

    vertices: Float32
    """(V, 3) metres, OpenCV camera axes (x right, y down, z forward)."""
    normals: Float32
    """(V, 3) unit vectors, outward."""
    paint: Float32 | Texture
    """(V, 3) linear RGB in 0..1, or the texture of a part with texture coordinates."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture to draw."""

    surfaces: tuple[Surface | None, ...]
    """One for each part of the renderer, None where it is not in the picture."""
    camera: Float
    """(3,) focal length and principal point, pixels."""
    lights: Lights

    @property
    def depth_range(self) -> tuple[float, float]:
        """Metres between which all that is drawn lies: the nearer the two, the finer the depth."""
        z = [(s.vertices[:, 2].min(), s.vertices[:, 2].max()) for s in self.surfaces if s is not None]
        near = max(Z_NEAR, 0.9 * float(min((low for low, _ in z), default=1.0)))
        return near, max(1.1 * float(max((high for _, high in z), default=2.0)), 2 * near)


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a renderer gives back for one picture."""

    rgba: NDArray[np.uint8]
    """(H, W, 4) colour multiplied by alpha, and alpha: the share of the pixel's four samples that are covered."""
    depth: Float32
    """(H, W) metres along z of the nearest surface at one sample of the pixel, 0 for nothing."""
    person: Float32
    """(H, W) the same of the person's parts alone, as if nothing stood in front."""


class Renderer(Protocol):
    """Draws pictures of the parts that it was made for."""

    @property
    def version(self) -> str:
        """Name and version of everything that can change a pixel."""

    def draw(self, pictures: Sequence[Picture]) -> list[Drawn]:
        """Draw some pictures; each depends on itself alone."""

    def close(self) -> None:
        """Free processes and memory."""


def check_pictures(pictures: Sequence[Picture], parts: Sequence[Part]) -> None:
    """Refuse pictures that do not fit the parts of a renderer.

    Raises:
        ValueError: Naming the part and the picture.
    """
    for row, picture in enumerate(pictures):
        if len(picture.surfaces) != len(parts):
            raise ValueError(
                f"expected {len(parts)} surfaces, one a part, got {len(picture.surfaces)} in picture {row}; "
                "give None for a part that is not in the picture"
            )
        for part, surface in zip(parts, picture.surfaces, strict=True):
            if surface is not None:
                _check_surface(part, surface, row)


def _check_surface(part: Part, surface: Surface, row: int) -> None:
    if isinstance(surface.paint, Texture) != (part.uv is not None):
        wanted = "colours of the vertices" if part.uv is None else "a texture"
        raise ValueError(
            f"expected {wanted} as paint of {part.name}, got {type(surface.paint).__name__} in picture {row}; "
            "parts with texture coordinates take a texture, others do not"
        )
    arrays = {"vertices": surface.vertices, "normals": surface.normals}
    if not isinstance(surface.paint, Texture):
        arrays["colours"] = surface.paint
    for name, array in arrays.items():
        if array.shape != (part.vertex_count, 3):
            raise ValueError(
                f"expected {part.vertex_count} {name} of {part.name}, got an array {array.shape} in picture {row}"
            )
