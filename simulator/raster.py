"""The fast renderer: a visibility buffer on the CPU, with the look of pyrender and nothing of OpenGL."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from simulator import raster_geometry, raster_paint, raster_pixels, raster_shading
from simulator.body import Float32, Int32
from simulator.drawing import Z_NEAR, Drawn, Part, Picture, Surface, Texture, check_pictures
from simulator.light import Lights
from simulator.raster_geometry import Int64
from simulator.raster_texture import pyramid

RASTER_VERSION = 1
"""Raised whenever the same picture would be drawn with other pixels."""


class RasterRenderer:
    """Draws pictures of some parts with compiled code, at four samples a pixel; keeps the `Renderer` protocol.

    Threads may share it: each of them has memory of its own. The last bit of a colour may differ by machine, as
    the processor's registers do; on one machine a picture has the same bits every time.

    Args:
        parts: What is drawn.
        image_size: Height and width in pixels.
        threads: How many pictures a call draws at the same time. The pixels do not depend on it.
    """

    def __init__(self, parts: Sequence[Part], image_size: int, threads: int = 1) -> None:
        assert len(parts) <= raster_pixels.MOST_PARTS
        self._parts = [_RasterPart.of(part, number) for number, part in enumerate(parts)]
        self._size, self._threads = image_size, threads
        self._own = threading.local()
        self._textures: WeakKeyDictionary[Texture, Int32] = WeakKeyDictionary()
        self._pool = ThreadPoolExecutor(threads, "raster") if threads > 1 else None

    @property
    def version(self) -> str:
        """Drawing version; another compiler changes no more than a last bit."""
        return f"raster {RASTER_VERSION}"

    def draw(self, pictures: Sequence[Picture]) -> list[Drawn]:
        """Draw some pictures; each depends on itself alone.

        Raises:
            ValueError: A picture does not fit the parts.
        """
        check_pictures(pictures, [mesh.part for mesh in self._parts])
        if self._pool is None or len(pictures) < 2:
            return [self._draw(picture) for picture in pictures]
        return list(self._pool.map(self._draw, pictures))

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def _draw(self, picture: Picture) -> Drawn:
        if not hasattr(self._own, "canvas"):
            self._own.canvas = _Canvas.create(self._parts, self._size)
        canvas: _Canvas = self._own.canvas
        camera, lights = picture.camera.astype(np.float32), _packed(picture.lights)
        seen = [_Seen(p, s) for p, s in zip(self._parts, picture.surfaces, strict=True) if s is not None]
        depth, person = canvas.cover(seen, camera)
        count = canvas.collect(depth)
        for one in seen:
            canvas.shade(one, self._texels(one.surface), camera, lights, count)
        return Drawn(canvas.resolve(count), depth, depth if person is None else person)

    def _texels(self, surface: Surface) -> Int32 | None:
        if not isinstance(surface.paint, Texture):
            return None
        texels = self._textures.get(surface.paint)
        if texels is None:
            texels = self._textures[surface.paint] = pyramid(np.ascontiguousarray(surface.paint.pixels))
        return texels


@dataclass(frozen=True, eq=False)
class _RasterPart:
    """A part as the compiled code wants it."""

    part: Part
    number: int
    faces: Int32
    corners: Float32
    """(F, 6) u and v of the corners; empty without texture coordinates."""

    @staticmethod
    def of(part: Part, number: int) -> _RasterPart:
        assert part.faces.min() >= 0
        assert part.faces.max() < part.vertex_count
        corners = np.empty((0, 6), np.float32)
        if part.uv is not None:
            corners = part.uv.vt[part.uv.ft].reshape(-1, 6)
        faces = np.ascontiguousarray(part.faces, np.int32)
        return _RasterPart(part, number, faces, np.ascontiguousarray(corners, np.float32))


@dataclass(frozen=True, eq=False)
class _Seen:
    """A part that is in the picture."""

    mesh: _RasterPart
    surface: Surface

    @property
    def is_person(self) -> bool:
        return self.mesh.part.owner == "person"


@dataclass(frozen=True, eq=False)
class _Canvas:
    """The memory of one thread. Between pictures, `samples` are 0 and `spans` are empty."""

    samples: Int64
    spans: Int32
    fragments: Int32
    chosen: Int32
    colours: NDArray[np.uint32]
    rows: Float32
    points: list[Float32]

    @staticmethod
    def create(parts: Sequence[_RasterPart], size: int) -> _Canvas:
        samples = 4 * size * size
        return _Canvas(
            samples=np.zeros((size, size, 4), np.int64),
            spans=np.tile(np.array([size, 0], np.int32), (size, 1)),
            fragments=np.empty((3, samples + 1), np.int32),
            chosen=np.empty(samples + 1, np.int32),
            colours=np.empty(samples, np.uint32),
            rows=np.empty(raster_shading.ROWS * raster_shading.BLOCK, np.float32),
            points=[np.empty((part.part.vertex_count, 4), np.float32) for part in parts],
        )

    def cover(self, seen: Sequence[_Seen], camera: Float32) -> tuple[Float32, Float32 | None]:
        """Find the faces of the samples.

        Returns:
            (H, W) zeros for the depth, and the depth of the person alone where there is more.
        """
        for one in seen:
            if one.is_person:
                self._rasterise(one, camera)
        depth = np.zeros(self.samples.shape[:2], np.float32)
        if all(one.is_person for one in seen):
            return depth, None
        person = np.zeros_like(depth)
        raster_pixels.read_depth(self.samples.view(np.float32), self.spans, person)
        for one in seen:
            if not one.is_person:
                self._rasterise(one, camera)
        return depth, person

    def collect(self, depth: Float32) -> int:
        """Gather fragments and depth; returns the number of fragments."""
        ranks, depths = self.samples.view(np.int32), self.samples.view(np.float32)
        count: int = raster_pixels.collect(ranks, depths, self.spans, self.fragments, depth)
        return count

    def shade(self, one: _Seen, texels: Int32 | None, camera: Float32, lights: Float32, count: int) -> None:
        """Colour the fragments of a part."""
        chosen = self.chosen[: raster_pixels.select(self.fragments, count, one.mesh.number, self.chosen)]
        surface, faces = one.surface, one.mesh.faces
        mesh = chosen, self.fragments, _plain(surface.vertices), _plain(surface.normals), faces
        rest = camera, lights, self.rows, self.colours
        if isinstance(surface.paint, Texture):
            assert texels is not None
            size = len(surface.paint.pixels)
            raster_paint.shade_textured(*mesh, one.mesh.corners, texels, size, *rest)
        else:
            raster_paint.shade_coloured(*mesh, _plain(surface.paint), *rest)

    def resolve(self, count: int) -> NDArray[np.uint8]:
        """(H, W, 4) picture of the fragments."""
        rgba = np.zeros(self.samples.shape, np.uint8)
        raster_pixels.resolve(self.fragments, count, self.colours, rgba.view(np.uint32)[..., 0])
        return rgba

    def _rasterise(self, one: _Seen, camera: Float32) -> None:
        near, points, vertices = (
            np.float32(Z_NEAR),
            self.points[one.mesh.number],
            _plain(one.surface.vertices),
        )
        faces, closed = one.mesh.faces, one.mesh.part.closed
        rest = faces, one.mesh.number << raster_pixels.PART_SHIFT, closed, self.samples, self.spans
        if raster_geometry.project(vertices, camera, near, points):
            raster_geometry.rasterise(points, *rest)
        else:
            raster_geometry.rasterise_cut(vertices, camera, near, *rest)


def _plain(array: Float32) -> Float32:
    """The array in the one layout that the code is compiled for."""
    return np.ascontiguousarray(array, np.float32)


def _packed(lights: Lights) -> Float32:
    """(3, 6): vectors towards the two lights and their RGB; nothing, and the ambient RGB."""
    packed = np.zeros((3, 6), np.float32)
    length = np.sqrt((lights.directions**2).sum(axis=1, keepdims=True))
    packed[:2, :3], packed[:2, 3:] = -lights.directions / length, lights.colours
    packed[2, 3:] = lights.ambient
    return packed
