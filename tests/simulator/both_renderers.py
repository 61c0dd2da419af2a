"""One stage and both renderers, and people for them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.base import Scene
from simulator.body import Body
from simulator.factors import FULL_VIEW, Factor, PoseFactor, ShapeFactor
from simulator.mesh_simulator import MeshSimulator
from simulator.prior_files import load_prior
from simulator.raster import RasterRenderer
from simulator.render_process import PyrenderRenderer
from simulator.space import ParameterSpace
from simulator.stage import Stage

Pair = dict[type, MeshSimulator]
"""A simulator for each kind of renderer."""

RENDERERS = (RasterRenderer, PyrenderRenderer)


def both(stage: Stage) -> Iterator[Pair]:
    """For a fixture: one simulator each, closed in the end."""
    pair: Pair = {kind: MeshSimulator(stage, kind(stage.parts, stage.image_size)) for kind in RENDERERS}
    yield pair
    for simulator in pair.values():
        simulator.close()


def people(body: Body, size: int, count: int, seed: int, *more: Factor) -> tuple[ParameterSpace, Scene]:
    """People in poses they take, of any shape, from anywhere; what `more` says anywhere in its range."""
    space = ParameterSpace([PoseFactor(load_prior("default")), ShapeFactor(), FULL_VIEW, *more], body, size)
    rng = np.random.default_rng(seed)
    lived_in = [d.name.startswith("pose") for d in space.dimensions]
    return space, space.decode(np.where(lived_in, space.typical(count, rng), space.sample(count, rng)))
