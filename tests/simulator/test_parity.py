"""Two renderers, one truth: the fast path against the reference, every factor on, before imaging."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator import gl
from simulator.body_files import load_body
from simulator.camera import Float
from simulator.drawing import Drawn
from simulator.factors import (
    BACKGROUND_FACTOR,
    CLOTHING_FACTOR,
    FULL_VIEW,
    LIGHT_FACTOR,
    OCCLUDER_FACTOR,
    CameraFactor,
    Factor,
    PoseFactor,
    ShapeFactor,
)
from simulator.prior_files import load_prior
from simulator.raster import RasterRenderer
from simulator.render_process import PyrenderRenderer
from simulator.space import ParameterSpace
from simulator.stage import Stage, Staged

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(gl.diagnose() is not None, reason=str(gl.diagnose())),
]

SCENES = 64


def random_units(space: ParameterSpace, count: int) -> Float:
    """Poses, clothes and backgrounds as people have them, everything else anywhere in its full range."""
    rng = np.random.default_rng(7)
    typical, uniform = space.typical(count, rng), space.sample(count, rng)
    lived_in = [d.name.startswith(("pose", "clothing", "background")) for d in space.dimensions]
    return np.where(lived_in, typical, uniform)


@pytest.fixture(scope="module")
def staged() -> tuple[Stage, Staged]:
    body = load_body("neutral")
    factors: list[Factor] = [
        PoseFactor(load_prior("default")),
        ShapeFactor(),
        FULL_VIEW,
        CameraFactor(),
        LIGHT_FACTOR,
        CLOTHING_FACTOR,
        BACKGROUND_FACTOR,
        OCCLUDER_FACTOR,
    ]
    space = ParameterSpace(factors, body)
    stage = Stage(body, 256)
    return stage, stage.set(space.decode(random_units(space, SCENES)))


@pytest.fixture(scope="module")
def pairs(staged: tuple[Stage, Staged]) -> Iterator[list[tuple[Drawn, Drawn]]]:
    stage, scene = staged
    renderers = PyrenderRenderer(stage.parts, 256), RasterRenderer(stage.parts, 256)
    yield list(zip(*(renderer.draw(scene.pictures) for renderer in renderers), strict=True))
    for renderer in renderers:
        renderer.close()


def touched(drawn: Drawn) -> NDArray[np.bool_]:
    return np.asarray(drawn.rgba[..., 3] > 0)


def test_silhouettes_agree_in_every_picture(pairs: list[tuple[Drawn, Drawn]]) -> None:
    shared = np.array([(touched(a) & touched(b)).sum() for a, b in pairs])
    either = np.array([(touched(a) | touched(b)).sum() for a, b in pairs])
    assert either.sum() > 200_000
    assert (shared / either).min() >= 0.999


def test_colours_agree_inside_the_silhouette(pairs: list[tuple[Drawn, Drawn]]) -> None:
    gaps = [np.abs(a.rgba[..., :3].astype(int) - b.rgba[..., :3])[touched(a) & touched(b)] for a, b in pairs]
    gap = np.concatenate(gaps)
    assert gap.mean() <= 1.0
    assert np.percentile(gap, 99) <= 4


@pytest.mark.parametrize("kind", ["depth", "person"])
def test_depths_agree_to_a_millimetre(pairs: list[tuple[Drawn, Drawn]], kind: str) -> None:
    gaps, missing = [], 0
    for a, b in pairs:
        first, second = getattr(a, kind), getattr(b, kind)
        both = (first > 0) & (second > 0)
        missing += int(((first > 0) != (second > 0)).sum())
        gaps.append(np.abs(first[both] - second[both]))
    assert np.percentile(np.concatenate(gaps), 99.9) <= 1e-3
    assert missing < 0.001 * sum(map(len, gaps))


def test_the_scenes_show_every_kind_of_thing(staged: tuple[Stage, Staged]) -> None:
    stage, scene = staged
    seen = {
        part.name
        for picture in scene.pictures
        for part, surface in zip(stage.parts, picture.surfaces, strict=True)
        if surface is not None
    }
    assert {"body", "box", "pole", "disc", "bystander"} <= seen
