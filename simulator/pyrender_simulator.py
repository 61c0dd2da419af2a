"""The default simulator: pyrender through EGL, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator import background, clothing, light
from simulator.base import Batch, Scene
from simulator.body import Body, BodyOutput
from simulator.render_process import CHUNK, Drawing, RenderProcess
from simulator.silhouette import boxes_round, depth_to_the_edge
from simulator.visibility import JointVisibility

DRAWING_VERSION = 1
"""Raised whenever the same scene would give other pixels or labels."""

_OUTFITS_KEPT = 64


class PyrenderSimulator:
    """Draws people with pyrender; keeps the `Simulator` protocol.

    The drawing process starts with the first picture. A simulator is a context manager; without `with`, call
    `close()`.

    Args:
        body: Who is drawn.
        image_size: Height and width in pixels, the same as in the scenes' cameras.
        outfit: From a clothing seed to the (V, 3) uint8 sRGB colours of the vertices; `clothing.Wardrobe` of
        the
            body without it. It must be a pure function, and `version` does not know of it.
    """

    def __init__(
        self,
        body: Body,
        *,
        image_size: int = 256,
        outfit: Callable[[int], NDArray[np.uint8]] | None = None,
    ) -> None:
        self.body = body
        self._size = image_size
        paint = outfit or clothing.Wardrobe(body).paint
        self._colours = lru_cache(_OUTFITS_KEPT)(lambda seed: clothing.linear(paint(seed)))
        self._visibility = JointVisibility(body)
        self._process = RenderProcess(body.v_template, body.faces, image_size)

    @property
    def version(self) -> str:
        """Renderer, drawing version, body and image size."""
        pyrender = f"pyrender-maintained {version('pyrender-maintained')}"
        body = f"body {self.body.name} {self.body.sha256[:12]}"
        return f"{pyrender}, drawing {DRAWING_VERSION}, {body}, {self._size} px"

    @property
    def opengl(self) -> str:
        """What OpenGL calls itself, e.g. `llvmpipe (LLVM 15.0.6, 256 bits)`; empty at first."""
        return self._process.name

    def render(self, scene: Scene) -> Batch:
        """Draw the scene; row i of the batch is row i of the scene, whatever the batch size.

        Raises:
            ValueError: A field has a wrong length or image size, or the body refuses a parameter.
            GraphicsError: OpenGL does not start, or the drawing process died; the message says what to type.
        """
        self._check(scene)
        starts = range(0, len(scene), CHUNK)
        return _joined([self._render(scene.rows(slice(start, start + CHUNK))) for start in starts], scene)

    def close(self) -> None:
        """End the drawing process."""
        self._process.close()

    def __enter__(self) -> PyrenderSimulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, scene: Scene) -> None:
        if not len(scene):
            raise ValueError("expected at least one person, got a scene of 0 rows")
        size = (self._size, self._size)
        if scene.camera.image_size != size:
            raise ValueError(
                f"expected cameras of {size} px, got {scene.camera.image_size}; "
                "give the simulator and the camera the same image size"
            )
        for field in fields(scene):
            if len(getattr(scene, field.name)) != len(scene):
                raise ValueError(
                    f"expected {len(scene)} rows of {field.name}, one for every row of betas, "
                    f"got {len(getattr(scene, field.name))}"
                )

    def _render(self, scene: Scene) -> Batch:
        out = self.body.forward(scene.betas, scene.body_pose, scene.global_orient, scene.transl)
        self._process.submit(self._drawing(scene, out))
        labels = self._labels(scene, out)  # while the other process draws
        behind = np.stack([background.draw(int(seed), self._size) for seed in scene.background])
        rgba, depth = self._process.collect()
        mask = rgba[..., 3] > 0
        return Batch(
            images=_over(rgba, behind),
            mask=mask,
            depth=depth_to_the_edge(depth, mask, out.joints[:, 0, 2]),
            boxes=boxes_round(mask, scene.box_shift),
            scene=scene,
            joint_names=self.body.joint_names,
            **labels,
        )

    def _drawing(self, scene: Scene, out: BodyOutput) -> Drawing:
        return Drawing(
            vertices=out.vertices,
            normals=self.body.normals(out.vertices),
            colours=[self._colours(int(seed)) for seed in scene.clothing],
            cameras=np.column_stack([scene.camera.focal_length, scene.camera.center]),
            lights=[light.draw(int(seed)) for seed in scene.light],
        )

    def _labels(self, scene: Scene, out: BodyOutput) -> dict[str, Any]:
        return {
            "joints": out.joints,
            "vertices": out.vertices,
            "joints2d": scene.camera.project(out.joints),
            "visibility": self._visibility(out.vertices, out.joints, scene.camera),
        }


def _over(rgba: NDArray[np.uint8], behind: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures (N, H, W, 3) of RGBA, already multiplied by alpha, over a background."""
    through = (255 - rgba[..., 3:]).astype(np.uint16)
    return rgba[..., :3] + ((through * behind + 127) // 255).astype(np.uint8)


def _joined(parts: list[Batch], scene: Scene) -> Batch:
    """One batch of the parts of a scene."""
    if len(parts) == 1:
        return parts[0]
    names = ("images", "joints", "vertices", "joints2d", "visibility", "mask", "depth", "boxes")
    arrays: dict[str, Any] = {name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
    return Batch(scene=scene, joint_names=parts[0].joint_names, **arrays)
