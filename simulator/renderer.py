"""The OpenGL side of drawing: one pyrender scene for the life of a process, changed in place.

Imported by the drawing process only: pyrender and OpenGL are never loaded where the search runs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyrender  # type: ignore[import-untyped]
from numpy.typing import NDArray
from OpenGL.GL import (  # type: ignore[import-untyped]
    GL_ARRAY_BUFFER,
    GL_CLAMP_TO_EDGE,
    GL_DRAW_FRAMEBUFFER,
    GL_LINEAR,
    GL_LINEAR_MIPMAP_LINEAR,
    GL_RENDERER,
    GL_RGB,
    GL_RGB8,
    GL_TEXTURE_2D,
    GL_TEXTURE_MAG_FILTER,
    GL_TEXTURE_MIN_FILTER,
    GL_TEXTURE_WRAP_S,
    GL_TEXTURE_WRAP_T,
    GL_UNPACK_ALIGNMENT,
    GL_UNSIGNED_BYTE,
    glBindBuffer,
    glBindFramebuffer,
    glBindTexture,
    glBufferSubData,
    glDeleteTextures,
    glGenTextures,
    glGetString,
    glPixelStorei,
    glTexImage2D,
    glTexParameteri,
)
from pyrender.shader_program import ShaderProgramCache  # type: ignore[import-untyped]

from simulator.body import UV, Float32, Int32
from simulator.drawing import ROUGHNESS, Drawn, Part, Picture, Surface, Texture
from simulator.light import Lights
from simulator.shaders import Shaders

TEXTURES_KEPT = 64
"""Textures that stay in OpenGL's memory, the last ones used."""

_TO_OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
"""OpenCV axes (x right, y down, z forward) to OpenGL axes (x right, y up, z backward)."""

_FILTER = {
    GL_TEXTURE_MAG_FILTER: GL_LINEAR,
    GL_TEXTURE_MIN_FILTER: GL_LINEAR_MIPMAP_LINEAR,
    GL_TEXTURE_WRAP_S: GL_CLAMP_TO_EDGE,
    GL_TEXTURE_WRAP_T: GL_CLAMP_TO_EDGE,
}
"""Trilinear between the levels of `Texture.mips`; beyond the edge of a texture its last pixels go on."""


class SceneRenderer:
    """Draws the same parts again and again. One per process: a second one would share and end its EGL display.

    Args:
        parts: What there is to draw.
        image_size: Height and width in pixels.
        shaders: Where pyrender finds its shaders.
    """

    def __init__(self, parts: Sequence[Part], image_size: int, shaders: Shaders) -> None:
        textures = _Textures()
        self._meshes = [_Mesh(part, textures) for part in parts]
        self._scene = _Scene(bg_color=[0, 0, 0, 0])
        for index, mesh in enumerate(self._meshes):
            self._scene.add(mesh.mesh, name=f"{index:03d}", pose=_TO_OPENGL)
        self._camera = pyrender.IntrinsicsCamera(1, 1, 0, 0)
        self._scene.add(self._camera)
        self._lights = [self._scene.add(pyrender.DirectionalLight()) for _ in range(2)]
        self._renderer = pyrender.OffscreenRenderer(image_size, image_size)
        with shaders(len(self._lights)) as directory:  # they are compiled at the first picture
            self._renderer._renderer._program_cache = ShaderProgramCache(directory)
            self._renderer.render(self._scene, pyrender.RenderFlags.RGBA)

    @property
    def name(self) -> str:
        """What OpenGL calls itself, e.g. `llvmpipe (LLVM 15.0.6, 256 bits)`."""
        return str(glGetString(GL_RENDERER).decode())

    def draw(self, picture: Picture) -> Drawn:
        """Draw one picture: the person, then what else there is over it."""
        for mesh, surface in zip(self._meshes, picture.surfaces, strict=True):
            mesh.place(surface)
        self._look(picture)
        self._light(picture.lights)
        self._show("person")
        rgba, person = self._renderer.render(self._scene, pyrender.RenderFlags.RGBA)
        if not self._show("other"):
            return Drawn(rgba, person, person)
        rgba, depth = self._draw_over()
        return Drawn(rgba, depth, person)

    def _show(self, owner: str) -> bool:
        """Show the parts of one owner that are in the picture, and no others; say whether there are any."""
        for mesh in self._meshes:
            mesh.mesh.is_visible = mesh.is_present and mesh.owner == owner
        return any(mesh.mesh.is_visible for mesh in self._meshes)

    def _draw_over(self) -> tuple[NDArray[np.uint8], Float32]:
        """Draw what is shown into the picture that is there, as if all had been drawn at once."""
        inner, flags = self._renderer._renderer, pyrender.RenderFlags.RGBA | pyrender.RenderFlags.OFFSCREEN
        glBindFramebuffer(GL_DRAW_FRAMEBUFFER, inner._main_fb_ms)
        inner._forward_pass_no_reset(self._scene, flags)
        rgba, depth = inner._read_main_framebuffer(self._scene, flags)
        return rgba, depth

    def _look(self, picture: Picture) -> None:
        self._camera.fx = self._camera.fy = picture.camera[0]
        self._camera.cx, self._camera.cy = picture.camera[1:]
        self._camera.znear, self._camera.zfar = picture.depth_range

    def _light(self, lights: Lights) -> None:
        self._scene.ambient_light = lights.ambient
        for node, direction, colour in zip(self._lights, lights.directions, lights.colours, strict=True):
            self._scene.set_pose(node, _looking_along(_TO_OPENGL[:3, :3] @ direction))
            node.light.color, node.light.intensity = colour, 1.0


class _Scene(pyrender.Scene):  # type: ignore[misc]
    """Parts in their order: where two are equally far the first shows. pyrender's own order changes by process."""

    @property
    def mesh_nodes(self) -> list[Any]:
        """The nodes of the parts."""
        return sorted(self._mesh_nodes, key=lambda node: str(node.name))


class _Mesh:
    """A part in the scene. It stays there when it is hidden: pyrender frees what is not in the scene."""

    def __init__(self, part: Part, textures: _Textures) -> None:
        self.owner = part.owner
        self.is_present = True
        self._textures = textures
        self._source, corners, vt = _split(part)
        look = np.ones((len(self._source), 4), np.float32) if vt is None else vt
        self._rows = np.zeros((len(look), 6 + look.shape[1]), np.float32)
        self._rows[:, 6:] = look
        self._skin: Any = (
            None if vt is None else pyrender.Texture(source=np.zeros((1, 1, 4)), source_channels="RGBA")
        )
        self._primitive = _primitive(part, self._rows, corners, self._skin)
        self.mesh = pyrender.Mesh([self._primitive])

    def place(self, surface: Surface | None) -> None:
        """Put the part where the picture has it."""
        self.is_present = surface is not None
        if surface is None:
            return
        rows, source = self._rows, self._source
        rows[:, :3], rows[:, 3:6] = surface.vertices[source], surface.normals[source]
        if isinstance(surface.paint, Texture):
            self._skin._texid = self._textures.name(surface.paint)
        else:
            rows[:, 6:9] = surface.paint
        glBindBuffer(GL_ARRAY_BUFFER, self._primitive._buffers[0])
        glBufferSubData(GL_ARRAY_BUFFER, 0, rows.nbytes, rows)


class _Textures:
    """The textures that OpenGL holds. pyrender's own would be made anew at every change."""

    def __init__(self) -> None:
        self._names: OrderedDict[Texture, int] = OrderedDict()

    def name(self, texture: Texture) -> int:
        """OpenGL's name of a texture."""
        if texture not in self._names:
            if len(self._names) == TEXTURES_KEPT:
                glDeleteTextures([self._names.popitem(last=False)[1]])
            self._names[texture] = _load(texture)
        self._names.move_to_end(texture)
        return self._names[texture]


def _load(texture: Texture) -> int:
    name = int(glGenTextures(1))
    glBindTexture(GL_TEXTURE_2D, name)
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1)
    for level, pixels in enumerate(texture.mips):
        upwards, size = np.ascontiguousarray(pixels[::-1]), len(pixels)
        glTexImage2D(GL_TEXTURE_2D, level, GL_RGB8, size, size, 0, GL_RGB, GL_UNSIGNED_BYTE, upwards)
    for key, value in _FILTER.items():
        glTexParameteri(GL_TEXTURE_2D, key, value)
    glBindTexture(GL_TEXTURE_2D, 0)
    return name


def _split(part: Part) -> tuple[NDArray[np.intp], Int32, Float32 | None]:
    """One vertex for every pair of vertex and texture coordinates.

    Returns:
        (W,) the part's vertex for every new one, (F, 3) faces of new ones, (W, 2) their texture coordinates;
        the part's own without texture coordinates.
    """
    if part.uv is None:
        return np.arange(part.vertex_count), part.faces, None
    uv: UV = part.uv
    pairs, corners = np.unique(part.faces.astype(np.int64) * len(uv.vt) + uv.ft, return_inverse=True)
    source, coordinates = np.divmod(pairs, len(uv.vt))
    return source, corners.reshape(-1, 3).astype(np.int32), uv.vt[coordinates]


def _primitive(part: Part, rows: Float32, corners: Int32, skin: Any) -> Any:
    look = {"color_0": rows[:, 6:].copy()} if skin is None else {"texcoord_0": rows[:, 6:].copy()}
    return pyrender.Primitive(
        positions=rows[:, :3].copy(),
        normals=rows[:, 3:6].copy(),
        indices=corners,
        material=pyrender.MetallicRoughnessMaterial(
            metallicFactor=0.0,
            roughnessFactor=ROUGHNESS,
            baseColorTexture=skin,
            doubleSided=not part.closed,
        ),
        **look,
    )


def _looking_along(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """The (4, 4) pose whose -z axis is `direction`."""
    z = -direction / np.linalg.norm(direction)
    across = np.cross([0.0, 1.0, 0.0] if abs(z[1]) < 0.9 else [1.0, 0.0, 0.0], z)
    x = across / np.linalg.norm(across)
    pose = np.eye(4)
    pose[:3, :3] = np.column_stack([x, np.cross(z, x), z])
    return pose
