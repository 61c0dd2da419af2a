"""The judge's path tracer: Mitsuba 3, scalar variant.

Light and surface are traced apart: a path tracer gives the light that comes back; passes in which every mesh glows with
its colour, its normal or its depth give what the rays meet first, far quicker than Mitsuba's `aov` integrator does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from simulator.body import Float32
from simulator.camera import Float
from simulator.judge_filter import clean
from simulator.judge_place import Place, Thing

VARIANT = "scalar_rgb"
_SEGMENTS = 4
"""Of a light path: direct light and two bounces."""
_SURFACE_SAMPLES = 6
"""Rays a pixel that find out what is seen."""
_NORMAL_SAMPLES = 2
"""Rays a pixel that find out where surfaces look to; only the filter asks."""
_SHOWN = "vertex_shown"
_UPWARDS = np.array([1.0, -1.0], np.float32)
"""Mitsuba counts v downwards."""


@dataclass(frozen=True, eq=False)
class Traced:
    """One traced picture."""

    light: Float32
    """(H, W, 3) linear light from surfaces, black where there is none."""
    covered: Float32
    """(H, W) share of a pixel where there is any surface; the sky is not."""
    person: Float32
    """(H, W) share of a pixel where the person is the first surface."""
    depth: Float32
    """(H, W) mean metres along z of the first surfaces, 0 for the sky alone."""


class Tracer:
    """Traces square pictures.

    Args:
        image_size: Height and width in pixels.
        samples: Light paths a pixel.
        threads: Threads of the tracer; pictures do not depend on their number.

    Raises:
        ModuleNotFoundError: Mitsuba is not installed; the message says what to type.
    """

    def __init__(self, image_size: int, samples: int, threads: int) -> None:
        self._mi = _mitsuba(threads)
        self._size, self._samples = image_size, samples
        self._paths = self._mi.load_dict({"type": "path", "max_depth": _SEGMENTS, "hide_emitters": True})
        self._glows = self._mi.load_dict({"type": "path", "max_depth": 1})

    @property
    def version(self) -> str:
        """Name and version of everything that can change a pixel."""
        return f"mitsuba {version('mitsuba')} {VARIANT}, {_SEGMENTS} segments, {self._samples} samples"

    def trace(
        self, person: Sequence[Thing], others: Sequence[Thing], place: Place, camera: Float, seed: int
    ) -> Traced:
        """Trace one picture.

        Args:
            person: Meshes that belong to the person of the labels.
            others: All other meshes but the place's.
            place: Where all this happens.
            camera: (3,) focal length and principal point, pixels.
            seed: Of the random rays.
        """
        things = [*person, *others, *place.things]
        meshes = [self._mesh(thing, self._lit(thing), smooth=True) for thing in things]
        paths = self._render(self._paths, [*meshes, self._sky(place)], camera, self._samples, seed)
        seen = [thing for thing in things if thing.radiance is None]
        colour = self._glow([self._glowing_colour(thing) for thing in seen], camera, _SURFACE_SAMPLES, seed)
        normal = self._glow(
            [self._glowing(thing, _towards(thing)) for thing in seen], camera, _NORMAL_SAMPLES, seed
        )
        owners = [1.0] * len(person) + [0.0] * (len(seen) - len(person))
        owned = [self._glowing(t, _owner(t, whose)) for t, whose in zip(seen, owners, strict=True)]
        owner = self._glow(owned, camera, _SURFACE_SAMPLES, seed)
        return _traced(paths, colour, normal, owner, camera)

    def _glow(self, meshes: list[Any], camera: Float, samples: int, seed: int) -> Float32:
        return self._render(self._glows, meshes, camera, samples, seed)[..., :3]

    def _render(self, integrator: Any, shapes: list[Any], camera: Float, samples: int, seed: int) -> Float32:
        """The picture (H, W, 4) of a scene of some shapes."""
        content = {f"shape{number}": shape for number, shape in enumerate(shapes)}
        scene = self._mi.load_dict({"type": "scene", "sensor": self._sensor(camera), **content})
        return np.array(self._mi.render(scene, integrator=integrator, spp=samples, seed=seed), np.float32)

    def _sensor(self, camera: Float) -> dict[str, Any]:
        """A pinhole camera; Mitsuba's looks along +z with x to the left and y up."""
        focal, x, y = (float(value) for value in camera)
        film = {"type": "hdrfilm", "width": self._size, "height": self._size, "pixel_format": "rgba"}
        return {
            "type": "perspective",
            "fov": float(np.degrees(2 * np.arctan(self._size / 2 / focal))),
            "fov_axis": "x",
            "near_clip": 0.01,
            "far_clip": 1e4,
            "principal_point_offset_x": 0.5 - x / self._size,
            "principal_point_offset_y": 0.5 - y / self._size,
            "to_world": self._mi.ScalarTransform4f(np.diag([-1.0, -1.0, 1.0, 1.0])),
            "film": {**film, "rfilter": {"type": "box"}},
            "sampler": {"type": "independent"},
        }

    def _sky(self, place: Place) -> dict[str, Any]:
        turn = np.eye(4)
        turn[:3, :3] = place.axes
        transform = self._mi.ScalarTransform4f(turn)
        return {"type": "envmap", "bitmap": self._mi.Bitmap(place.sky), "to_world": transform}

    def _lit(self, thing: Thing) -> dict[str, Any]:
        """The surface of a mesh, and the light that it gives."""
        bsdf = {"type": "diffuse", "reflectance": self._texture(thing)}
        about: dict[str, Any] = {"mesh_bsdf": {"type": "twosided", "bsdf": bsdf}}
        if thing.radiance is not None:
            light = {"type": "rgb", "value": [float(value) for value in thing.radiance]}
            about["mesh_emitter"] = {"type": "area", "radiance": light}
        return about

    def _texture(self, thing: Thing) -> dict[str, Any]:
        return {"type": "bitmap", "bitmap": self._mi.Bitmap(thing.pixels), "raw": False}

    def _glowing_colour(self, thing: Thing) -> Any:
        """A mesh that shines in its colours."""
        return self._mesh(
            thing, {"mesh_emitter": {"type": "area", "radiance": self._texture(thing)}}, smooth=False
        )

    def _glowing(self, thing: Thing, values: Float32) -> Any:
        """A mesh that shines in values (V, 3), not negative."""
        radiance = {"type": "mesh_attribute", "name": _SHOWN}
        mesh = self._mesh(thing, {"mesh_emitter": {"type": "area", "radiance": radiance}}, smooth=False)
        mesh.add_attribute(_SHOWN, 3, np.ravel(values))
        return mesh

    def _mesh(self, thing: Thing, about: dict[str, Any], *, smooth: bool) -> Any:
        properties = self._mi.Properties()
        for name, content in about.items():
            properties[name] = self._mi.load_dict(content)
        normals = thing.normals if smooth else None
        size = len(thing.vertices), len(thing.faces)
        mesh = self._mi.Mesh(
            "mesh", *size, has_vertex_normals=normals is not None, has_vertex_texcoords=True, props=properties
        )
        values = self._mi.traverse(mesh)
        values["vertex_positions"] = np.ravel(thing.vertices)
        values["faces"] = np.ravel(thing.faces).astype(np.uint32)
        values["vertex_texcoords"] = np.ravel(thing.uv * _UPWARDS + (1 - _UPWARDS) / 2)
        if normals is not None:
            values["vertex_normals"] = np.ravel(normals)
        values.update()
        return mesh


def _mitsuba(threads: int) -> Any:
    """Mitsuba with its variant set and its threads limited; both hold for the whole process."""
    try:
        import drjit
        import mitsuba
    except ImportError as error:
        raise ModuleNotFoundError(
            "expected Mitsuba, which draws the judge's pictures, got none; type: pip install poseexaminer[judge]"
        ) from error
    if mitsuba.variant() != VARIANT:
        mitsuba.set_variant(VARIANT)
    drjit.set_thread_count(threads)
    mitsuba.set_log_level(mitsuba.LogLevel.Error)
    return mitsuba


def _towards(thing: Thing) -> Float32:
    """Normals (V, 3) in 0..1."""
    if thing.normals is not None:
        return thing.normals / np.float32(2) + np.float32(0.5)
    a, b, c = (thing.vertices[thing.faces[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    normals = np.zeros_like(thing.vertices)
    for corner in thing.faces.T:
        np.add.at(normals, corner, across)
    length = np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), np.float32(1e-12))
    return np.asarray(normals / length / 2 + 0.5, np.float32)


def _owner(thing: Thing, person: float) -> Float32:
    """Depth, whether it is the person, and 1 (V, 3)."""
    z = np.maximum(thing.vertices[:, 2], np.float32(0))
    return np.column_stack([z, np.full_like(z, person), np.ones_like(z)])


def _traced(paths: Float32, colour: Float32, normal: Float32, owner: Float32, camera: Float) -> Traced:
    """The picture, from what the passes saw."""
    shares = np.round(owner[..., 1:] * _SURFACE_SAMPLES) / np.float32(_SURFACE_SAMPLES)
    person, covered = np.ascontiguousarray(shares[..., 0]), np.ascontiguousarray(shares[..., 1])
    depth = owner[..., 0] / np.maximum(covered, np.float32(0.5 / _SURFACE_SAMPLES))
    focal, cx, cy = camera.astype(np.float32)
    y, x = np.mgrid[: len(depth), : len(depth)].astype(np.float32) + np.float32(0.5)
    place = np.stack([(x - cx) / focal * depth, (y - cy) / focal * depth, depth], axis=-1)
    light = clean(paths[..., :3], colour, 2 * normal - covered[..., None], place, person, depth / focal)
    return Traced(light, covered, person, np.asarray(depth, np.float32))
