"""People for the bench: real poses, drawn so large that they cover a wanted share of the picture."""

from __future__ import annotations

import numpy as np

from simulator import (
    BACKGROUND_FACTOR,
    CLOTHING_FACTOR,
    LIGHT_FACTOR,
    CameraFactor,
    Factor,
    ParameterSpace,
    PoseFactor,
    RasterSimulator,
    Scene,
    ShapeFactor,
    ViewFactor,
    load_prior,
    redraw,
    with_physical_values,
)

TOLERANCE = 0.02
"""Of the coverage of every single picture."""


def scenes_of_coverage(simulator: RasterSimulator, wanted: float, count: int) -> Scene:
    """`count` people in typical poses, views, shapes and looks, each covering `wanted` of the picture."""
    factors: list[Factor] = [PoseFactor(load_prior("default")), ShapeFactor(), ViewFactor()]
    space = ParameterSpace(factors, simulator.body)
    rng = np.random.default_rng(11)
    people = space.decode(space.typical(4 * count, rng))
    people = redraw(people, (CLOTHING_FACTOR, BACKGROUND_FACTOR, LIGHT_FACTOR), rng)
    scale = np.ones(len(people))
    for _ in range(4):
        scene = space.frame(with_physical_values(people, ["camera.scale"], scale[:, None]))
        covered = simulator.render(scene).mask.mean(axis=(1, 2))
        good = np.flatnonzero(np.abs(covered - wanted) < TOLERANCE)
        scale = (scale * np.sqrt(wanted / np.maximum(covered, 0.01))).clip(0.4, _most())
    assert len(good) >= count, f"only {len(good)} of {count} people can be drawn so large"
    return scene.rows(good[:count])


def in_other_clothes(scene: Scene, rng: np.random.Generator) -> Scene:
    """The same people in other clothes, before other backgrounds."""
    return redraw(scene, (CLOTHING_FACTOR, BACKGROUND_FACTOR), rng)


def _most() -> float:
    return next(d.high for d in CameraFactor().dimensions if d.name == "camera.scale")
