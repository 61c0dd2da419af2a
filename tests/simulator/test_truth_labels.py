"""Labels against pictures and geometry, and pictures against their mirror images, on both renderers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, maximum_filter, minimum_filter
from trimesh.ray.ray_triangle import ray_triangle_id

from simulator import gl
from simulator.background import Backgrounds
from simulator.base import Batch, Scene
from simulator.body import Body
from simulator.body_files import load_body
from simulator.camera import Float
from simulator.clothing import CLOTHING, GARMENTS, HAIR_STYLES
from simulator.factors import (
    BACKGROUND_FACTOR,
    CLOTHING_FACTOR,
    IMAGING_FACTOR,
    LIGHT_FACTOR,
    OCCLUDER_FACTOR,
    CameraFactor,
)
from simulator.imaging import IMAGING
from simulator.occluder import KINDS, OCCLUDER
from simulator.stage import Stage
from simulator.visibility import adjacent_parts
from tests.simulator.both_renderers import RENDERERS, Pair, both, people
from tests.simulator.mirror import ACROSS, mirrored, partners
from tests.simulator.painted_parts import (
    UNCLEAR,
    FakePartPainter,
    FakePlainPainter,
    in_flat_light,
    parts_in,
    with_flat_parts,
)
from tests.simulator.people import grown
from tests.simulator.pixel_judge import SAMPLES

SIZE = 256

pytestmark = [
    pytest.mark.skipif(gl.diagnose() is not None, reason=str(gl.diagnose())),
    pytest.mark.parametrize("kind", RENDERERS),
]


@pytest.fixture(scope="module")
def flat() -> Body:
    return with_flat_parts(load_body("neutral"))


@pytest.fixture(scope="module")
def painted(flat: Body) -> Iterator[Pair]:
    """People every part of which has a colour of its own."""
    yield from both(Stage(flat, SIZE, FakePartPainter()))


@pytest.fixture(scope="module")
def plain(flat: Body) -> Iterator[Pair]:
    yield from both(Stage(flat, SIZE, FakePlainPainter()))


@pytest.fixture(scope="module")
def dressed() -> Iterator[Pair]:
    yield from both(Stage(load_body("neutral"), SIZE))


def test_the_picture_of_a_mirrored_scene_is_the_mirrored_picture(flat: Body, plain: Pair, kind: type) -> None:
    more = CameraFactor(), LIGHT_FACTOR, OCCLUDER_FACTOR, BACKGROUND_FACTOR
    _, scene = people(flat, SIZE, 16, 11, *more)
    one, other = (plain[kind].render(s) for s in (scene, mirrored(scene, flat.joint_names)))
    images, mask, depth = (getattr(other, name)[:, :, ::-1] for name in ("images", "mask", "depth"))
    gap = np.abs(one.images.astype(int) - images)
    assert gap.mean() < 0.25
    assert (gap > 8).any(axis=-1).mean() < 5e-3, "but for samples that lie otherwise in a mirrored pixel"
    both_show = one.mask & mask
    assert both_show.sum() > 50_000
    assert gap[both_show].mean() < 1.0
    assert np.median(np.abs(one.depth - depth)[both_show]) < 2e-3, "the body itself is that even"
    lone = sum(
        int((a & ~grown(b)).sum() + (b & ~grown(a)).sum()) for a, b in zip(one.mask, mask, strict=True)
    )
    assert lone < 1e-3 * both_show.sum()


def test_the_labels_of_a_mirrored_scene_are_the_mirrored_labels(flat: Body, plain: Pair, kind: type) -> None:
    _, scene = people(flat, SIZE, 16, 12, CameraFactor(), OCCLUDER_FACTOR)
    one, other = (plain[kind].render(s) for s in (scene, mirrored(scene, flat.joint_names)))
    joint = partners(flat.joint_names)
    np.testing.assert_allclose(other.joints[:, joint] * ACROSS, one.joints, atol=2e-3)
    np.testing.assert_allclose(other.joints2d[:, joint] * [-1, 1] + [SIZE, 0], one.joints2d, atol=1.0)
    np.testing.assert_allclose(other.others[:, :, joint] * ACROSS, one.others, atol=5e-3)
    assert (other.visibility[:, joint] != one.visibility).mean() < 0.01
    assert np.abs(other.visible_share[:, joint] - one.visible_share).mean() < 0.02
    assert 0.1 < one.visibility.mean() < 0.9


def rendered_verdicts(batch: Batch, row: int, joint: int, near: Float, ok: NDArray[np.bool_]) -> set[bool]:
    """Whether a joint is visible, by each clear pixel within two of it: by colour, depth and background."""
    column, line = batch.joints2d[row, joint].astype(int)
    window = np.s_[max(line - 2, 0) : line + 3, max(column - 2, 0) : column + 3]
    part, mask = parts_in(batch.images[row])[window], batch.mask[row][window]
    nothing = (batch.images[row] == near)[window].all(axis=-1)
    behind = batch.depth[row][window] > batch.joints[row, joint, 2]
    seen_there = np.where(mask, behind | ok[part], nothing)
    return set(seen_there[~mask | (part != UNCLEAR)].tolist())


def test_a_joint_reported_visible_is_visible(flat: Body, painted: Pair, kind: type) -> None:
    count = 40
    space, scene = people(flat, SIZE, count, 13, OCCLUDER_FACTOR)
    shift = np.random.default_rng(13).uniform(-0.35, 0.35, (count, 2))
    scene = space.frame(replace(scene, framing=np.column_stack([np.full(count, 1.2), shift])))
    batch = painted[kind].render(in_flat_light(scene))
    adjacent, behind = adjacent_parts(flat), Backgrounds(SIZE).draw(scene.background[0])
    inside = ((batch.joints2d >= 0) & (batch.joints2d < SIZE)).all(axis=-1)
    assert not batch.visibility[~inside].any()
    agrees, possible = [], []
    for row, joint in np.argwhere(inside):
        verdicts = rendered_verdicts(batch, row, joint, behind, adjacent[joint])
        agrees.append(verdicts == {bool(batch.visibility[row, joint])})
        possible.append(bool(batch.visibility[row, joint]) in verdicts)
    print(len(agrees), np.mean(agrees), np.mean(possible), np.mean(batch.visibility[inside]))
    assert len(agrees) > 500
    assert np.mean(possible) == 1.0
