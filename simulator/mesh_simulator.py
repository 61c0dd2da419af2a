"""Simulators of meshes: a stage that says what to draw, and a renderer that draws it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Self

from simulator.background import Backgrounds
from simulator.base import Batch, Scene, join_batches
from simulator.body import Body
from simulator.drawing import Renderer
from simulator.raster import RasterRenderer
from simulator.render_process import PyrenderRenderer
from simulator.stage import Stage
from simulator.wardrobe import Painter

CHUNK = 16
"""People drawn at a time."""


class MeshSimulator:
    """Draws the people of a stage with a renderer; keeps the `Simulator` protocol.

    A simulator is a context manager; without `with`, call `close()`.
    """

    calls_at_once = 64
    """Threads that may draw side by side; those of pyrender take turns at the drawing itself."""

    def __init__(self, stage: Stage, renderer: Renderer) -> None:
        self.stage = stage
        self.renderer = renderer

    @property
    def body(self) -> Body:
        """Who is drawn."""
        return self.stage.body

    @property
    def version(self) -> str:
        """Renderer, stage, body, looks and image size."""
        return f"{self.renderer.version}, {self.stage.version}"

    def render(self, scene: Scene) -> Batch:
        """Draw the scene; row i of the batch is row i of the scene, whatever the batch size.

        Raises:
            ValueError: A field has a wrong length or image size, or the body refuses a parameter.
            GraphicsError: OpenGL does not start, or the drawing process died; the message says what to type.
        """
        _check(scene, self.stage.image_size)
        starts = range(0, len(scene), CHUNK)
        parts = [self._render(scene.rows(slice(start, start + CHUNK))) for start in starts]
        return replace(join_batches(parts), scene=scene) if len(parts) > 1 else parts[0]

    def close(self) -> None:
        """Free what the renderer holds."""
        self.renderer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _render(self, scene: Scene) -> Batch:
        staged = self.stage.set(scene)
        return self.stage.batch(staged, self.renderer.draw(staged.pictures))


class PyrenderSimulator(MeshSimulator):
    """The reference: pyrender through EGL, in a process of its own that starts with the first picture.

    Args:
        body: Who is drawn.
        image_size: Height and width in pixels, the same as in the scenes' cameras.
        painter: From a clothing row to paint; the body's `Wardrobe` without it.
        backgrounds: From a background row to a picture; procedural ones without it.
    """

    def __init__(
        self,
        body: Body,
        *,
        image_size: int = 256,
        painter: Painter | None = None,
        backgrounds: Backgrounds | None = None,
    ) -> None:
        stage = Stage(body, image_size, painter, backgrounds)
        self._pyrender = PyrenderRenderer(stage.parts, image_size)
        super().__init__(stage, self._pyrender)

    @property
    def opengl(self) -> str:
        """What OpenGL calls itself, e.g. `llvmpipe (LLVM 15.0.6, 256 bits)`; empty at first."""
        return self._pyrender.opengl


class RasterSimulator(MeshSimulator):
    """The fast path: a compiled rasteriser on the processor; threads may draw side by side. Arguments as above."""

    def __init__(
        self,
        body: Body,
        *,
        image_size: int = 256,
        painter: Painter | None = None,
        backgrounds: Backgrounds | None = None,
    ) -> None:
        stage = Stage(body, image_size, painter, backgrounds)
        super().__init__(stage, RasterRenderer(stage.parts, image_size))


def _check(scene: Scene, size: int) -> None:
    if not len(scene):
        raise ValueError("expected at least one person, got a scene of 0 rows")
    if scene.camera.image_size != (size, size):
        raise ValueError(
            f"expected cameras of {(size, size)} px, got {scene.camera.image_size}; "
            "give the simulator and the camera the same image size"
        )
    for field in fields(scene):
        if len(getattr(scene, field.name)) != len(scene):
            raise ValueError(
                f"expected {len(scene)} rows of {field.name}, one for every row of betas, "
                f"got {len(getattr(scene, field.name))}"
            )
