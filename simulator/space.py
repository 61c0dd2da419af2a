"""The parameter space: factors side by side, from the unit cube to a scene and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from simulator.base import Scene
from simulator.body import Body
from simulator.camera import Float
from simulator.factors import Dimension, Factor
from simulator.view import default_camera, framing, orientation

MAX_SEED = 2**31 - 1


class ParameterSpace:
    """Maps the unit cube (N, D) to a `Scene` and back; pure, and the same for any batch size.

    What no factor varies stays at its default: mean shape, T-pose, frontal view, default outfit,
    plain background, default light.
    """

    def __init__(self, factors: Sequence[Factor], body: Body, image_size: int = 256) -> None:
        names = [factor.name for factor in factors]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"expected at least one factor, each named once, got {names}")
        self.factors = tuple(factors)
        self.body = body
        self.image_size = image_size

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Every dimension, in the order of the units."""
        return tuple(d for factor in self.factors for d in factor.dimensions)

    @property
    def dim(self) -> int:
        """Number of dimensions D."""
        return len(self.dimensions)

    def check(self, units: Float) -> None:
        """Refuse units that are not (N, D) in [0, 1].

        Raises:
            ValueError: naming the row and the dimension.
        """
        if units.ndim != 2 or units.shape[1] != self.dim:
            raise ValueError(f"expected units of shape (N, {self.dim}), got {units.shape}")
        bad = np.argwhere(~((units >= 0) & (units <= 1)))
        if len(bad):
            row, column = bad[0]
            name = self.dimensions[column].name
            raise ValueError(f"expected units in [0, 1], got {units[row, column]} for {name} in row {row}")

    def decode(self, units: Float) -> Scene:
        """The scene (N) of units (N, D)."""
        self.check(units)
        scene = self.default(len(units))
        for factor, columns in self._columns():
            scene = factor.apply(units[:, columns], scene)
        return self.frame(scene)

    def encode(self, scene: Scene) -> Float:
        """The units (N, D) that give (the nearest to) the scene."""
        return np.concatenate([factor.read(scene) for factor in self.factors], axis=1)

    def sample(self, count: int, rng: np.random.Generator) -> Float:
        """Uniform units (count, D)."""
        return rng.random((count, self.dim))

    def typical(self, count: int, rng: np.random.Generator) -> Float:
        """Units (count, D) as real pictures have them."""
        return np.concatenate([factor.typical(count, rng) for factor in self.factors], axis=1)

    def default(self, count: int) -> Scene:
        """The person nobody could complain about, `count` times."""
        seeds = np.zeros(count, dtype=np.int64)
        scene = Scene(
            betas=np.zeros((count, 10)),
            body_pose=np.zeros((count, 63)),
            global_orient=orientation(np.zeros((count, 3))),
            transl=np.zeros((count, 3)),
            camera=default_camera(count, self.image_size),
            clothing=seeds,
            background=seeds,
            light=seeds,
            box_shift=np.zeros((count, 2)),
        )
        return self.frame(scene)

    def frame(self, scene: Scene) -> Scene:
        """The scene with `transl` set so that the whole person is centred in the picture."""
        still = np.zeros((len(scene), 3))
        joints = self.body.joints(scene.betas, scene.body_pose, scene.global_orient, still)
        return replace(scene, transl=framing(joints, scene.camera))

    def _columns(self) -> list[tuple[Factor, slice]]:
        ends = np.cumsum([len(factor.dimensions) for factor in self.factors])
        starts = [0, *ends[:-1]]
        return [(f, slice(int(a), int(b))) for f, a, b in zip(self.factors, starts, ends, strict=True)]


def redress(scene: Scene, rng: np.random.Generator, shift: float = 2.0) -> Scene:
    """The same people in new clothing, background and light, the box moved by up to `shift` pixels."""
    count = len(scene)
    seeds = rng.integers(1, MAX_SEED, size=(3, count))
    moved = rng.uniform(-shift, shift, size=(count, 2))
    return replace(scene, clothing=seeds[0], background=seeds[1], light=seeds[2], box_shift=moved)
