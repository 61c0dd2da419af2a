"""Pictures in memory that two processes share: one record for each, what to draw and what was drawn."""

from __future__ import annotations

import mmap
import os
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.drawing import Drawn, Part, Picture, Surface, Texture
from simulator.light import Lights

CHUNK = 16
"""Pictures that are drawn at one request."""

Pixels = NDArray[np.uint8]


class PictureMemory:
    """`CHUNK` pictures and their drawings in a file without a name.

    Args:
        parts: Of every picture.
        image_size: Height and width in pixels.
        fd: The file; a new one without it.
    """

    def __init__(self, parts: Sequence[Part], image_size: int, fd: int | None = None) -> None:
        self._parts = tuple(parts)
        record = _record(parts, image_size)
        self.fd = os.memfd_create("poseexaminer") if fd is None else fd
        os.ftruncate(self.fd, CHUNK * record.itemsize)
        self._rows = np.frombuffer(mmap.mmap(self.fd, CHUNK * record.itemsize), record)

    def write(self, index: int, picture: Picture, slots: Mapping[Texture, int]) -> None:
        """Put a picture there; of a texture only the number."""
        row, lights = self._rows[index], picture.lights
        row["camera"], row["ambient"] = picture.camera, lights.ambient
        row["light_directions"], row["light_colours"] = lights.directions, lights.colours
        for shown, surface in zip(row["surfaces"], picture.surfaces, strict=True):
            shown["present"] = surface is not None
            if surface is None:
                continue
            shown["vertices"], shown["normals"] = surface.vertices, surface.normals
            shown["paint"] = slots[surface.paint] if isinstance(surface.paint, Texture) else surface.paint

    def read(self, index: int, textures: Mapping[int, Texture]) -> Picture:
        """The picture that was put there, arrays shared with the memory."""
        row = self._rows[index]
        surfaces = [
            self._surface(part, shown, textures)
            for part, shown in zip(self._parts, row["surfaces"], strict=True)
        ]
        lights = Lights(row["light_directions"], row["light_colours"], row["ambient"])
        return Picture(tuple(surfaces), row["camera"], lights)

    def put(self, index: int, drawn: Drawn) -> None:
        """Put what was drawn there."""
        row = self._rows[index]
        row["rgba"], row["depth"], row["person"] = drawn.rgba, drawn.depth, drawn.person

    def take(self, index: int) -> Drawn:
        """A copy of what was drawn."""
        row = self._rows[index]
        return Drawn(row["rgba"].copy(), row["depth"].copy(), row["person"].copy())

    @staticmethod
    def _surface(part: Part, shown: np.void, textures: Mapping[int, Texture]) -> Surface | None:
        if not shown["present"]:
            return None
        paint = shown["paint"] if part.uv is None else textures[int(shown["paint"])]
        return Surface(shown["vertices"], shown["normals"], paint)


class TextureSlots:
    """Which textures the other process holds, and at which number.

    Args:
        count: How many it holds.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._slots: OrderedDict[Texture, int] = OrderedDict()

    def fill(self, textures: Iterable[Texture]) -> tuple[Mapping[Texture, int], dict[int, Pixels]]:
        """Make room for at most `count` textures.

        Returns:
            The number of each, and the pixels of the new ones by number: they replace those that were not used
            for longest.
        """
        new: dict[int, Pixels] = {}
        for texture in textures:
            if texture not in self._slots:
                full = len(self._slots) == self._count
                slot = self._slots.popitem(last=False)[1] if full else len(self._slots)
                self._slots[texture], new[slot] = slot, texture.pixels
            self._slots.move_to_end(texture)
        return self._slots, new

    def clear(self) -> None:
        """Forget all: the other process is gone."""
        self._slots.clear()


def _record(parts: Sequence[Part], image_size: int) -> np.dtype[np.void]:
    square = (image_size, image_size)
    surfaces = [(str(index), _surface_record(part)) for index, part in enumerate(parts)]
    return np.dtype(
        [
            ("surfaces", np.dtype(surfaces, align=True)),
            ("camera", np.float64, (3,)),
            ("light_directions", np.float64, (2, 3)),
            ("light_colours", np.float64, (2, 3)),
            ("ambient", np.float64, (3,)),
            ("depth", np.float32, square),
            ("person", np.float32, square),
            ("rgba", np.uint8, (*square, 4)),
        ],
        align=True,
    )


def _surface_record(part: Part) -> np.dtype[np.void]:
    per_vertex = (part.vertex_count, 3)
    paint = ("paint", np.float32, per_vertex) if part.uv is None else ("paint", np.int32, ())
    return np.dtype(
        [
            ("present", np.bool_),
            ("vertices", np.float32, per_vertex),
            ("normals", np.float32, per_vertex),
            paint,
        ],
        align=True,
    )
