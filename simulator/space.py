"""The parameter space: factors side by side, from the unit cube to a scene and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from simulator.background import BACKGROUND
from simulator.base import Scene
from simulator.body import Body
from simulator.camera import Float
from simulator.clothing import CLOTHING
from simulator.factors import BACKGROUND_FACTOR, CLOTHING_FACTOR, LIGHT_FACTOR, Factor, HeldFactor
from simulator.imaging import IMAGING
from simulator.light import LIGHT
from simulator.occluder import OCCLUDER
from simulator.parameters import Dimension
from simulator.view import CAMERA, default_camera, framing, orientation

APPEARANCE = (CLOTHING_FACTOR, BACKGROUND_FACTOR, LIGHT_FACTOR)
"""What a redraw draws anew (definitions: redraw)."""


class ParameterSpace:
    """Maps the unit cube (N, D) to a `Scene` and back; pure, and the same for any batch size.

    What no factor varies stays at its default: mean shape, T-pose, frontal view, default outfit, plain
    background, default light, nothing in front, a perfect picture.

    Args:
        factors: What is searched.
        body: Whose joints frame the picture.
        image_size: Height and width in pixels.
        fixed: Dimensions held at a physical value, with the factors that own them: searched ones lose them.
    """

    def __init__(
        self,
        factors: Sequence[Factor],
        body: Body,
        image_size: int = 256,
        fixed: Sequence[HeldFactor] = (),
    ) -> None:
        names = [factor.name for factor in factors]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"expected at least one factor, each named once, got {names}")
        self.factors = tuple(factors)
        self._fixed = tuple(fixed)
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
        scene = self._unframed(len(units))
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
        return self.frame(self._unframed(count))

    def _unframed(self, count: int) -> Scene:
        """The default before it is framed, with what is fixed."""
        scene = Scene(
            betas=np.zeros((count, 10)),
            body_pose=np.zeros((count, 63)),
            global_orient=orientation(np.zeros((count, 3))),
            transl=np.zeros((count, 3)),
            camera=default_camera(count, self.image_size),
            framing=CAMERA.rows(count)[:, 1:],
            clothing=CLOTHING.rows(count),
            background=BACKGROUND.rows(count),
            light=LIGHT.rows(count),
            occluder=OCCLUDER.rows(count),
            imaging=IMAGING.rows(count),
            box_shift=np.zeros((count, 2)),
        )
        for held in self._fixed:
            scene = held.apply(held.read(scene), scene)
        return scene

    def frame(self, scene: Scene) -> Scene:
        """The scene with `transl` set as its `framing` says."""
        still = np.zeros((len(scene), 3))
        joints = self.body.joints(scene.betas, scene.body_pose, scene.global_orient, still)
        return replace(scene, transl=framing(joints, scene.camera, scene.framing))

    def redress(self, scene: Scene, rng: np.random.Generator, shift: float = 2.0) -> Scene:
        """The same people in new clothing, background and light, the box moved by up to `shift` pixels.

        What is searched stays as it is, and what is fixed too.
        """
        searched = {factor.name for factor in self.factors}
        held = {factor.name: factor for factor in self._fixed}
        fresh = [held.get(factor.name, factor) for factor in APPEARANCE if factor.name not in searched]
        moved = rng.uniform(-shift, shift, size=(len(scene), 2))
        return replace(redraw(scene, fresh, rng), box_shift=moved)

    def _columns(self) -> list[tuple[Factor, slice]]:
        ends = np.cumsum([len(factor.dimensions) for factor in self.factors])
        starts = [0, *ends[:-1]]
        return [(f, slice(int(a), int(b))) for f, a, b in zip(self.factors, starts, ends, strict=True)]


def redraw(scene: Scene, factors: Sequence[Factor], rng: np.random.Generator) -> Scene:
    """The same people with these factors drawn from their typical ranges."""
    for factor in factors:
        scene = factor.apply(factor.typical(len(scene), rng), scene)
    return scene
