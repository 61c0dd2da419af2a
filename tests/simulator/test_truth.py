"""Whatever the camera, the picture is that of the projected mesh, on both renderers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator import gl
from simulator.base import Batch, Scene
from simulator.body import Body
from simulator.body_files import load_body
from simulator.camera import Float
from simulator.drawing import Z_NEAR
from simulator.factors import CameraFactor
from simulator.space import ParameterSpace
from simulator.stage import Stage
from tests.simulator.both_renderers import RENDERERS, Pair, both, people
from tests.simulator.painted_parts import (
    FakePartPainter,
    in_flat_light,
    part_of_faces,
    parts_in,
    with_flat_parts,
)
from tests.simulator.pixel_judge import SAMPLES, Seen, seen

pytestmark = pytest.mark.skipif(gl.diagnose() is not None, reason=str(gl.diagnose()))


@pytest.fixture(scope="module", params=[64, pytest.param(224, marks=pytest.mark.slow), 256, 512])
def painted(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """People every part of which has a colour of its own."""
    body = with_flat_parts(load_body("neutral"))
    yield from both(Stage(body, request.param, FakePartPainter()))


def through(scene: Scene, fields: Float, framing: Float, space: ParameterSpace) -> Scene:
    """The scene through cameras of these fields of view, in degrees, framed as (N, 3) says."""
    return space.frame(CameraFactor().place(np.column_stack([fields, framing]), scene))


def judged(batch: Batch, row: int, body: Body, intrinsics: Float) -> list[Seen]:
    """What a plain judge sees of a person, at every sample of the pixels."""
    size = batch.mask.shape[1]
    return [seen(batch.vertices[row], body.faces, intrinsics, size, sample) for sample in SAMPLES]


def assert_shown(batch: Batch, row: int, samples: list[Seen], part: NDArray[np.intp]) -> int:
    """The picture is what the judge saw, but for a pixel in a thousand; returns the pixels of the person."""
    faces = np.stack([one.face for one in samples])
    expected = (faces >= 0).any(axis=0)
    few = 3 + expected.sum() // 1000
    assert (expected != batch.mask[row]).sum() <= few
    parts = np.where(faces >= 0, part[faces], -1)
    whole = (parts == parts[0]).all(axis=0) & (parts[0] >= 0)
    assert (parts_in(batch.images[row]) != parts[0])[whole].sum() <= few
    depth = samples[0].depth
    gap = np.abs(depth - batch.depth[row])[(depth > 0) & batch.mask[row]]
    assert (gap > 1e-3).sum() <= few
    return int(expected.sum())


@pytest.mark.parametrize("kind", RENDERERS)
def test_every_camera_shows_the_projected_mesh(painted: Pair, kind: type) -> None:
    simulator, rng = painted[kind], np.random.default_rng(1)
    size, count = simulator.stage.image_size, 12
    fields = np.linspace(2.0, 110.0, count)
    framing = np.column_stack([rng.uniform(0.4, 2.5, count), rng.uniform(-0.5, 0.5, (count, 2))])
    space, scene = people(simulator.body, size, count, 3)
    batch = simulator.render(in_flat_light(through(scene, fields, framing, space)))
    part, shown = part_of_faces(simulator.body), 0
    for row in range(count):
        focal = size / 2 / np.tan(np.radians(fields[row]) / 2)
        intrinsics = np.array([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1]])
        flat = batch.joints[row] @ intrinsics.T
        np.testing.assert_allclose(batch.joints2d[row], flat[:, :2] / flat[:, 2:], atol=1e-6)
        shown += assert_shown(batch, row, judged(batch, row, simulator.body, intrinsics), part)
    assert shown > 0.05 * count * size**2


@pytest.mark.parametrize("kind", RENDERERS)
def test_people_who_reach_behind_the_camera_are_cut_where_they_are_too_near(
    painted: Pair, kind: type
) -> None:
    simulator, count = painted[kind], 4
    _, scene = people(simulator.body, simulator.stage.image_size, count, 5, CameraFactor())
    beside = np.column_stack(
        [np.linspace(-0.3, 0.3, count), np.full(count, 0.2), np.linspace(0.0, 0.3, count)]
    )
    batch = simulator.render(in_flat_light(replace(scene, transl=beside)))
    part, shown, cut = part_of_faces(simulator.body), 0, 0
    for row in range(count):
        z = batch.vertices[row, simulator.body.faces, 2]
        cut += int(((z.min(axis=1) < Z_NEAR) & (z.max(axis=1) > Z_NEAR)).any())
        shown += assert_shown(batch, row, judged(batch, row, simulator.body, batch.intrinsics[row]), part)
    assert cut == count
    assert shown > 0.1 * count * simulator.stage.image_size**2
