"""Factors: the things that may vary, each with its dimensions, units and ranges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from simulator.base import Scene
from simulator.camera import Float
from simulator.prior import PosePrior
from simulator.view import orientation, view_of

SPREAD = 2.5
"""Standard deviations at which a normal dimension is cut (definitions: unit cube)."""

_TAIL = float(ndtr(-SPREAD))


@dataclass(frozen=True)
class Dimension:
    """One searched number."""

    name: str
    """Unique in a space, e.g. `view.azimuth`."""
    unit: str
    """`SD` or `degree`."""
    low: float
    """Physical value at unit 0."""
    high: float
    """Physical value at unit 1."""


def normal_quantile(unit: Float) -> Float:
    """Standard-normal values, cut at +-SPREAD, of units in [0, 1]: uniform units are normal draws."""
    return np.asarray(ndtri(_TAIL + unit * (1 - 2 * _TAIL))).clip(-SPREAD, SPREAD)


def normal_unit(value: Float) -> Float:
    """Units in [0, 1] of standard-normal values; values beyond the cut land on it."""
    return np.asarray((ndtr(value) - _TAIL) / (1 - 2 * _TAIL)).clip(0.0, 1.0)


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
    """The ten betas, one normal dimension each."""

    name = "shape"

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """One for each beta."""
        return tuple(Dimension(f"shape.beta{i}", "SD", -SPREAD, SPREAD) for i in range(10))

    def apply(self, unit: Float, scene: Scene) -> Scene:
        """Set the betas."""
        return replace(scene, betas=normal_quantile(unit))

    def read(self, scene: Scene) -> Float:
        """The units of the betas."""
        return normal_unit(scene.betas)

    def typical(self, count: int, rng: np.random.Generator) -> Float:
        """Standard-normal betas."""
        return rng.random((count, 10))


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
        view = np.asarray(self.low) + unit * (np.asarray(self.high) - np.asarray(self.low))
        return replace(scene, global_orient=orientation(view))

    def read(self, scene: Scene) -> Float:
        """The units of the view, clipped to the box."""
        span = np.asarray(self.high) - np.asarray(self.low)
        return np.asarray((view_of(scene.global_orient) - np.asarray(self.low)) / span).clip(0.0, 1.0)

    def typical(self, count: int, rng: np.random.Generator) -> Float:
        """Uniform in the searched box (definitions: baselines)."""
        return rng.random((count, 3))


FULL_VIEW = ViewFactor((-180.0, -90.0, -180.0), (180.0, 90.0, 180.0))
"""Every view there is."""

REFERENCE_VIEW = ViewFactor((-60.0, -5.0, -5.0), (60.0, 20.0, 5.0))
"""Views of the reference (definitions: threshold)."""
