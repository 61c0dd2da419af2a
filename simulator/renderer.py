"""The OpenGL side of drawing: one pyrender scene for the life of a process, changed in place.

Imported by the drawing process only: pyrender and OpenGL are never loaded where the search runs.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyrender  # type: ignore[import-untyped]
from numpy.typing import NDArray
from OpenGL.GL import (  # type: ignore[import-untyped]
    GL_ARRAY_BUFFER,
    GL_RENDERER,
    glBindBuffer,
    glBufferSubData,
    glGetString,
)
from pyrender.shader_program import ShaderProgramCache  # type: ignore[import-untyped]

from simulator.light import Lights

Z_NEAR, Z_FAR = 0.05, 200.0
"""Metres. 24 bits of depth leave 0.01 mm of error at 3 m."""

_ROUGHNESS = 0.8
"""Skin and cloth; metals are not worn here."""

_TO_OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
"""OpenCV axes (x right, y down, z forward) to OpenGL axes (x right, y up, z backward)."""


class Renderer:
    """Draws one mesh again and again. One per process: a second one would share and end its EGL display.

    Args:
        vertices: (V, 3) metres, any pose.
        faces: (F, 3) vertex indices, counter-clockwise seen from outside.
        image_size: Height and width in pixels.
    """

    def __init__(self, vertices: NDArray[np.float32], faces: NDArray[np.integer], image_size: int) -> None:
        self._rows = np.ones((len(vertices), 10), np.float32)  # position 3, normal 3, RGBA 4
        self._rows[:, :3] = vertices
        self._mesh = _primitive(self._rows, faces)
        self._scene = pyrender.Scene(bg_color=[0, 0, 0, 0])
        self._scene.add(pyrender.Mesh([self._mesh]), pose=_TO_OPENGL)
        self._camera = pyrender.IntrinsicsCamera(1, 1, 0, 0, znear=Z_NEAR, zfar=Z_FAR)
        self._scene.add(self._camera)
        self._lights = [self._scene.add(pyrender.DirectionalLight()) for _ in range(2)]
        self._renderer = pyrender.OffscreenRenderer(image_size, image_size)
        with specialised_shaders(len(self._lights)) as directory:  # they are compiled at the first picture
            self._renderer._renderer._program_cache = ShaderProgramCache(directory)
            self._renderer.render(self._scene, pyrender.RenderFlags.RGBA)

    @property
    def name(self) -> str:
        """What OpenGL calls itself, e.g. `llvmpipe (LLVM 15.0.6, 256 bits)`."""
        return str(glGetString(GL_RENDERER).decode())

    def draw(
        self,
        vertices: NDArray[np.float32],
        normals: NDArray[np.float32],
        colours: NDArray[np.float32],
        camera: NDArray[np.float64],
        lights: Lights,
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Draw one person.

        Args:
            vertices: (V, 3) metres, OpenCV camera axes.
            normals: (V, 3) unit vectors, outward.
            colours: (V, 3) linear RGB in 0..1.
            camera: (3,) focal length and principal point, pixels.
            lights: The lights, in OpenCV camera axes.

        Returns:
            (H, W, 4) RGBA, colour already multiplied by its coverage alpha, and (H, W) depth in metres.
        """
        self._upload(vertices, normals, colours)
        self._camera.fx = self._camera.fy = camera[0]
        self._camera.cx, self._camera.cy = camera[1:]
        self._light(lights)
        rgba, depth = self._renderer.render(self._scene, pyrender.RenderFlags.RGBA)
        return rgba, depth

    def _upload(
        self, vertices: NDArray[np.float32], normals: NDArray[np.float32], colours: NDArray[np.float32]
    ) -> None:
        self._rows[:, :3], self._rows[:, 3:6], self._rows[:, 6:9] = vertices, normals, colours
        glBindBuffer(GL_ARRAY_BUFFER, self._mesh._buffers[0])
        glBufferSubData(GL_ARRAY_BUFFER, 0, self._rows.nbytes, self._rows)

    def _light(self, lights: Lights) -> None:
        self._scene.ambient_light = lights.ambient
        for node, direction, colour in zip(self._lights, lights.directions, lights.colours, strict=True):
            self._scene.set_pose(node, _looking_along(_TO_OPENGL[:3, :3] @ direction))
            node.light.color, node.light.intensity = colour, 1.0


@contextmanager
def specialised_shaders(directional_lights: int) -> Iterator[str]:
    """A directory with the installed pyrender's shaders, their loops over lights of a fixed length.

    llvmpipe can then unroll them: the same pictures, bit by bit, in half the time. Where the text of the
    shader is another one, it stays as it is.
    """
    lengths = {"directional": directional_lights, "point": 0, "spot": 0}
    with TemporaryDirectory() as directory:
        shutil.copytree(Path(pyrender.__file__).parent / "shaders", directory, dirs_exist_ok=True)
        shader = Path(directory, "mesh.frag")
        text = shader.read_text()
        for kind, length in lengths.items():
            text = text.replace(f"i < n_{kind}_lights", f"i < {length}")
        shader.write_text(text)
        yield directory


def encloses(vertices: NDArray[np.float32], faces: NDArray[np.integer]) -> bool:
    """Whether a mesh is closed and its faces look outward, so that no back face is ever seen."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    there, back = (np.sort(a * len(vertices) + b) for a, b in (edges.T, edges.T[::-1]))
    a, b, c = np.moveaxis(np.asarray(vertices, np.float64)[faces], 1, 0)
    return bool(np.array_equal(there, back) and (a * np.cross(b, c)).sum() > 0.0)


def _primitive(rows: NDArray[np.float32], faces: NDArray[np.integer]) -> Any:
    material = pyrender.MetallicRoughnessMaterial(
        metallicFactor=0.0, roughnessFactor=_ROUGHNESS, doubleSided=not encloses(rows[:, :3], faces)
    )
    return pyrender.Primitive(
        positions=rows[:, :3].copy(),
        normals=rows[:, 3:6].copy(),
        color_0=rows[:, 6:].copy(),
        indices=np.asarray(faces, np.uint32),
        material=material,
    )


def _looking_along(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """The (4, 4) pose whose -z axis is `direction`."""
    z = -direction / np.linalg.norm(direction)
    across = np.cross([0.0, 1.0, 0.0] if abs(z[1]) < 0.9 else [1.0, 0.0, 0.0], z)
    x = across / np.linalg.norm(across)
    pose = np.eye(4)
    pose[:3, :3] = np.column_stack([x, np.cross(z, x), z])
    return pose
