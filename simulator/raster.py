"""The fast renderer: a visibility buffer on the CPU, with the look of pyrender and nothing of OpenGL."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from simulator import raster_geometry, raster_paint, raster_pixels, raster_shading
from simulator.body import Float32, Int32
from simulator.drawing import Z_NEAR, Drawn, Part, Picture, Surface, Texture
from simulator.raster_geometry import Int64

RASTER_VERSION = 1
"""Raised whenever the same picture would be drawn with other pixels."""

_TEXTURES_KEPT = 64


class RasterRenderer:
    """Draws pictures of some parts with compiled code, at four samples a pixel; keeps the `Renderer` protocol.

    Args:
        parts: What is drawn.
        image_size: Height and width in pixels.
        threads: How many pictures are drawn at the same time. The pixels do not depend on it.
    """

    def __init__(self, parts: Sequence[Part], image_size: int, threads: int = 1) -> None:
        self._parts = [_RasterPart.of(part, number) for number, part in enumerate(parts)]
        self._part_list, self._size = tuple(parts), image_size
        self._own = threading.local()
        self._canvases = [_Canvas.create(parts, image_size) for _ in range(threads if threads > 1 else 0)]
        self._pool = ThreadPoolExecutor(threads, "raster") if threads > 1 else None

    @property
    def version(self) -> str:
        """Drawing version, and the compiler's."""
        return f"raster {RASTER_VERSION}, numba {version('numba')}"

    def draw(self, pictures: Sequence[Picture]) -> list[Drawn]:
        """Draw some pictures; each depends on itself alone."""
        if self._pool is None:
            canvas = self._own_canvas()
            return [canvas.draw(self._parts, picture) for picture in pictures]
        drawn: list[Drawn | None] = [None] * len(pictures)
        waiting = iter(enumerate(pictures))

        def work(canvas: _Canvas) -> None:
            for row, picture in waiting:
                drawn[row] = canvas.draw(self._parts, picture)

        list(self._pool.map(work, self._canvases))
        return [one for one in drawn if one is not None]

    def _own_canvas(self) -> _Canvas:
        """The memory of the calling thread: threads may draw side by side."""
        if not hasattr(self._own, "canvas"):
            self._own.canvas = _Canvas.create(self._part_list, self._size)
        canvas: _Canvas = self._own.canvas
        return canvas

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()


@dataclass(frozen=True, eq=False)
class _RasterPart:
    """A part as the compiled code wants it."""

    number: int
    faces: Int32
    corners: Float32
    """(F, 6) u and v of the corners; empty without texture coordinates."""
    closed: bool
    person: bool

    @staticmethod
    def of(part: Part, number: int) -> _RasterPart:
        faces = np.ascontiguousarray(part.faces, np.int32)
        corners = np.empty((0, 6), np.float32)
        if part.uv is not None:
            corners = np.ascontiguousarray(part.uv.vt[part.uv.ft].reshape(-1, 6), np.float32)
        return _RasterPart(number, faces, corners, part.closed, part.owner == "person")


@lru_cache(_TEXTURES_KEPT)
def _texels(texture: Texture) -> Int32:
    """The texture as the compiled code wants it: bytes packed in numbers, the smallest level first, rows upward."""
    levels = []
    for level in reversed(texture.mips):
        red, green, blue = np.moveaxis(level[::-1].astype(np.int32), 2, 0)
        levels.append((red | green << 8 | blue << 16).ravel())
    return np.concatenate(levels)


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
    def create(parts: Sequence[Part], size: int) -> _Canvas:
        samples = 4 * size * size
        return _Canvas(
            samples=np.zeros((size, size, 4), np.int64),
            spans=np.tile(np.array([size, 0], np.int32), (size, 1)),
            fragments=np.empty((3, samples), np.int32),
            chosen=np.empty(samples, np.int32),
            colours=np.empty(samples, np.uint32),
            rows=np.empty(raster_shading.ROWS * raster_shading.BLOCK, np.float32),
            points=[np.empty((part.vertex_count, 4), np.float32) for part in parts],
        )

    def draw(self, parts: Sequence[_RasterPart], picture: Picture) -> Drawn:
        """Draw one picture."""
        size = len(self.samples)
        camera = picture.camera.astype(np.float32)
        seen = [(p, s) for p, s in zip(parts, picture.surfaces, strict=True) if s is not None]
        depth = np.zeros((size, size), np.float32)
        for part, surface in seen:
            if part.person:
                self._rasterise(part, surface, camera)
        person = depth
        if not all(part.person for part, _ in seen):
            person = np.zeros((size, size), np.float32)
            raster_pixels.read_depth(self.samples.view(np.float32), self.spans, person)
            for part, surface in seen:
                if not part.person:
                    self._rasterise(part, surface, camera)
        ranks, depths = self.samples.view(np.int32), self.samples.view(np.float32)
        count = raster_pixels.collect(ranks, depths, self.spans, self.fragments, depth)
        lights = _lights(picture)
        for part, surface in seen:
            self._shade(part, surface, camera, lights, count)
        rgba = np.zeros((size, size, 4), np.uint8)
        raster_pixels.resolve(self.fragments, count, self.colours, rgba.view(np.uint32)[..., 0])
        return Drawn(rgba, depth, person)

    def _rasterise(self, part: _RasterPart, surface: Surface, camera: Float32) -> None:
        near, points = np.float32(Z_NEAR), self.points[part.number]
        first_id = part.number << raster_pixels.PART_SHIFT
        if raster_geometry.project(surface.vertices, camera, near, points):
            raster_geometry.rasterise(points, part.faces, first_id, part.closed, self.samples, self.spans)
        else:
            raster_geometry.rasterise_cut(
                surface.vertices,
                camera,
                near,
                part.faces,
                first_id,
                part.closed,
                self.samples,
                self.spans,
            )

    def _shade(
        self, part: _RasterPart, surface: Surface, camera: Float32, lights: Float32, count: int
    ) -> None:
        chosen = self.chosen[: raster_pixels.select(self.fragments, count, part.number, self.chosen)]
        mesh = chosen, self.fragments, surface.vertices, surface.normals, part.faces
        rest = camera, lights, self.rows, self.colours
        if isinstance(surface.paint, Texture):
            texels, size = _texels(surface.paint), len(surface.paint.pixels)
            raster_paint.shade_textured(*mesh, part.corners, texels, size, *rest)
        else:
            raster_paint.shade_coloured(*mesh, surface.paint, *rest)


def _lights(picture: Picture) -> Float32:
    """(3, 6): vectors towards the two lights and their RGB, and the ambient RGB."""
    lights = np.zeros((3, 6), np.float32)
    lights[:2, :3] = -picture.lights.directions / np.linalg.norm(
        picture.lights.directions, axis=1, keepdims=True
    )
    lights[:2, 3:] = picture.lights.colours
    lights[2, 3:] = picture.lights.ambient
    return lights
