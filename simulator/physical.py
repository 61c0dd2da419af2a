"""Physical values of a scene by the names of dimensions, whatever factor owns them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from simulator.base import Scene
from simulator.camera import Float
from simulator.factors import (
    BACKGROUND_FACTOR,
    CLOTHING_FACTOR,
    FULL_VIEW,
    IMAGING_FACTOR,
    LIGHT_FACTOR,
    OCCLUDER_FACTOR,
    CameraFactor,
    Factor,
    ShapeFactor,
)


class PhysicalFactor(Factor, Protocol):
    """A factor whose physical values a scene holds as they are: every one but pose."""

    def values(self, scene: Scene) -> Float:
        """Physical values (N, d), in the units of the dimensions."""

    def place(self, values: Float, scene: Scene) -> Scene:
        """The scene with physical values (N, d), inside or outside the searched range."""


PHYSICAL: tuple[PhysicalFactor, ...] = (
    ShapeFactor(),
    FULL_VIEW,
    CameraFactor(),
    LIGHT_FACTOR,
    CLOTHING_FACTOR,
    BACKGROUND_FACTOR,
    OCCLUDER_FACTOR,
    IMAGING_FACTOR,
)
"""Every factor but pose."""


def physical_values(scene: Scene, names: Sequence[str]) -> Float:
    """Physical values (N, d) of a scene, by the names of dimensions of factors other than pose."""
    return np.column_stack([_owner(name)[0].values(scene)[:, _owner(name)[1]] for name in names])


def with_physical_values(scene: Scene, names: Sequence[str], values: Float) -> Scene:
    """The scene with physical values (N, d) of some named dimensions; the others stay."""
    for factor in PHYSICAL:
        columns = [d.name for d in factor.dimensions]
        own = [i for i, name in enumerate(names) if name in columns]
        if own:
            table = factor.values(scene).copy()
            table[:, [columns.index(names[i]) for i in own]] = values[:, own]
            scene = factor.place(table, scene)
    return scene


def _owner(name: str) -> tuple[PhysicalFactor, int]:
    """The factor that owns a dimension, and its column there."""
    for factor in PHYSICAL:
        columns = [d.name for d in factor.dimensions]
        if name in columns:
            return factor, columns.index(name)
    raise ValueError(f"expected a dimension of a factor other than pose, got {name!r}; see examiner factors")
