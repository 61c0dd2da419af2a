"""Factors: the things that may vary, each with its dimensions, units and ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.background import BACKGROUND
from simulator.base import Scene
from simulator.body import Body
from simulator.camera import Float
from simulator.clothing import CLOTHING
from simulator.imaging import IMAGING
from simulator.light import LIGHT
from simulator.occluder import OCCLUDER
from simulator.parameters import SPREAD, Dimension, Parameters, normal_quantile, normal_unit
from simulator.prior import PosePrior
from simulator.view import CAMERA, field_of_view, orientation, view_of, with_field_of_view


class Factor(Protocol):
    """One thing that may vary."""

    @property
    def name(self) -> str:
        """As on the command line."""

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """What it varies, in the order of its units."""

    def apply(self, unit: Float, scene: Scene) -> Scene:
        """The scene with this factor set from units (N, d)."""

    def read(self, scene: Scene) -> Float:
        """The units (N, d) that give (the nearest to) the scene."""

    def typical(self, count: int, rng: np.random.Generator) -> Float:
        """Units (count, d) as real pictures have them."""


@dataclass(frozen=True)
class PoseFactor:
    """Body pose through the prior's latent, one normal dimension each."""

    prior: PosePrior
    poses: NDArray[np.float64] | None = None
    """(M, 63) a user's own real poses for `typical`, radians; None takes the prior's mixtures."""

    name = "pose"

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """One for each latent coordinate."""
        names = (f"pose.z{i:02d}" for i in range(self.prior.dim))
        return tuple(Dimension(name, "SD", -SPREAD, SPREAD) for name in names)

    def apply(self, unit: Float, scene: Scene) -> Scene:
        """Decode the latent."""
        return replace(scene, body_pose=self.prior.decode(normal_quantile(unit)))

    def read(self, scene: Scene) -> Float:
        """Encode the pose; poses outside the latent cube come back on its border."""
        return normal_unit(self.prior.encode(scene.body_pose))

    def typical_poses(self, count: int, rng: np.random.Generator) -> Float:
        """The poses (count, 63) of `typical`; the user's own as they are, not as the latent gives them."""
        if self.poses is not None:
            return np.asarray(self.poses[rng.integers(len(self.poses), size=count)])
        return self.prior.decode(normal_quantile(self.typical(count, rng)))

    def typical(self, count: int, rng: np.random.Generator) -> Float:
        """Half everyday, half active poses; the user's own poses where given."""
        if self.poses is not None:
            return normal_unit(self.prior.encode(self.poses[rng.integers(len(self.poses), size=count)]))
        mixtures = [m for m in (self.prior.everyday, self.prior.active) if m is not None]
        if not mixtures:
            return rng.random((count, self.prior.dim))
        draws = np.stack([m.sample(count, rng) for m in mixtures])
        return normal_unit(draws[rng.integers(len(mixtures), size=count), np.arange(count)])


@dataclass(frozen=True)
class ShapeFactor:
    """The ten betas, one normal dimension each.

    Units are quantiles, so a step means the same share of people in each; the first five carry the shape.
    """

    first_beta: tuple[float, float] = (-SPREAD, SPREAD)
    """Ends of the first coefficient; draws beyond land on them."""

    name = "shape"

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """One for each beta."""
        ends = [self.first_beta, *[(-SPREAD, SPREAD)] * 9]
        return tuple(Dimension(f"shape.beta{i}", "SD", low, high) for i, (low, high) in enumerate(ends))

    def apply(self, unit: Float, scene: Scene) -> Scene:
        """Set the betas."""
        betas = normal_quantile(unit)
        betas[:, 0] = betas[:, 0].clip(*self.first_beta)
        return self.place(betas, scene)

    def read(self, scene: Scene) -> Float:
        """The units of the betas."""
        return normal_unit(scene.betas)

    def values(self, scene: Scene) -> Float:
        """The betas."""
        return scene.betas

    def place(self, values: Float, scene: Scene) -> Scene:
        """Set the betas."""
        return replace(scene, betas=np.ascontiguousarray(values))

    def typical(self, count: int, rng: np.random.Generator) -> Float:
        """Standard-normal betas."""
        return rng.random((count, 10))


def shape_of(body: Body) -> ShapeFactor:
    """The shape factor of a body, its first coefficient as far as its people are plausible."""
    low, high = body.first_beta
    return ShapeFactor((max(low, -SPREAD), min(high, SPREAD)))


@dataclass(frozen=True)
class ViewFactor:
    """Azimuth, elevation and roll of the camera round the person, degrees."""

    low: tuple[float, float, float] = (-90.0, -20.0, -15.0)
    high: tuple[float, float, float] = (90.0, 40.0, 15.0)

    name = "view"

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The three angles."""
        names = ("azimuth", "elevation", "roll")
        rows = zip(names, self.low, self.high, strict=True)
        return tuple(Dimension(f"view.{name}", "degree", low, high) for name, low, high in rows)

    def apply(self, unit: Float, scene: Scene) -> Scene:
        """Turn the person."""
        return self.place(np.asarray(self.low) + unit * (np.asarray(self.high) - np.asarray(self.low)), scene)

    def read(self, scene: Scene) -> Float:
        """The units of the view, clipped to the box."""
        span = np.asarray(self.high) - np.asarray(self.low)
        return np.asarray((self.values(scene) - np.asarray(self.low)) / span).clip(0.0, 1.0)

    def values(self, scene: Scene) -> Float:
        """Azimuth, elevation and roll, degrees."""
        return view_of(scene.global_orient)

    def place(self, values: Float, scene: Scene) -> Scene:
        """Turn the person."""
        return replace(scene, global_orient=orientation(values))

    def typical(self, count: int, rng: np.random.Generator) -> Float:
        """Uniform in the searched box (definitions: baselines)."""
        return rng.random((count, 3))


@dataclass(frozen=True)
class ParameterFactor:
    """A factor whose physical values stand in the scene's field of its name."""

    parameters: Parameters

    @property
    def name(self) -> str:
        """As on the command line, and of the scene's field."""
        return self.parameters.name

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """One for each column of the field."""
        return self.parameters.dimensions

    def apply(self, unit: Float, scene: Scene) -> Scene:
        """Set the field."""
        return self.place(self.parameters.values(unit), scene)

    def read(self, scene: Scene) -> Float:
        """The units of the field."""
        return self.parameters.units(self.values(scene))

    def values(self, scene: Scene) -> Float:
        """The field."""
        return np.asarray(getattr(scene, self.name))

    def place(self, values: Float, scene: Scene) -> Scene:
        """Set the field."""
        field: dict[str, Any] = {self.name: np.ascontiguousarray(values)}
        return replace(scene, **field)

    def typical(self, count: int, rng: np.random.Generator) -> Float:
        """As common training sets have it."""
        return self.parameters.units(self.parameters.typical(count, rng))


@dataclass(frozen=True)
class CameraFactor(ParameterFactor):
    """Field of view, and how the person is framed: size, and shift from the middle of the picture.

    `ParameterSpace.frame` moves the person accordingly.
    """

    parameters: Parameters = CAMERA

    def values(self, scene: Scene) -> Float:
        """Field of view in degrees, scale and offsets in shares of the picture's side."""
        return np.column_stack([field_of_view(scene.camera), scene.framing])

    def place(self, values: Float, scene: Scene) -> Scene:
        """Set the lens and the framing."""
        camera = with_field_of_view(scene.camera, values[:, 0])
        return replace(scene, camera=camera, framing=np.ascontiguousarray(values[:, 1:]))


@dataclass(frozen=True)
class HeldFactor:
    """A factor of which some dimensions are held at a physical value, and searched no more."""

    factor: Factor
    held: Mapping[str, float]
    """Physical values by the names of dimensions."""

    @property
    def name(self) -> str:
        """The factor's."""
        return self.factor.name

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Those that are not held."""
        return tuple(d for d in self.factor.dimensions if d.name not in self.held)

    def apply(self, unit: Float, scene: Scene) -> Scene:
        """Set the factor, the held dimensions at their values."""
        everything = np.tile(self._held_units(), (len(scene), 1))
        everything[:, self._free()] = unit
        return self.factor.apply(everything, scene)

    def read(self, scene: Scene) -> Float:
        """The units of the dimensions that are not held."""
        return self.factor.read(scene)[:, self._free()]

    def typical(self, count: int, rng: np.random.Generator) -> Float:
        """The factor's, for the dimensions that are not held."""
        return self.factor.typical(count, rng)[:, self._free()]

    def _free(self) -> NDArray[np.intp]:
        return np.flatnonzero([d.name not in self.held for d in self.factor.dimensions])

    def _held_units(self) -> Float:
        return np.array([d.unit_of(self.held.get(d.name, d.low)) for d in self.factor.dimensions])


FULL_VIEW = ViewFactor((-180.0, -90.0, -180.0), (180.0, 90.0, 180.0))
"""Every view there is."""

REFERENCE_VIEW = ViewFactor((-60.0, -5.0, -5.0), (60.0, 20.0, 5.0))
"""Views of the reference (definitions: threshold)."""

LIGHT_FACTOR, CLOTHING_FACTOR, BACKGROUND_FACTOR, OCCLUDER_FACTOR, IMAGING_FACTOR = (
    ParameterFactor(parameters) for parameters in (LIGHT, CLOTHING, BACKGROUND, OCCLUDER, IMAGING)
)
"""What does not belong to the body, ready to be searched."""
