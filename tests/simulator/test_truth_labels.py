"""Labels against pictures and geometry, and pictures against their mirror images, on both renderers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion
from trimesh.ray.ray_triangle import ray_triangle_id

from simulator import gl
from simulator.background import Backgrounds
from simulator.base import Batch
from simulator.body import Body, Int32
from simulator.body_files import load_body
from simulator.camera import Float
from simulator.clothing import CLOTHING, GARMENTS, HAIR_STYLES
from simulator.drawing import Z_NEAR
from simulator.factors import (
    BACKGROUND_FACTOR,
    CLOTHING_FACTOR,
    IMAGING_FACTOR,
    LIGHT_FACTOR,
    OCCLUDER_FACTOR,
    CameraFactor,
    HeldFactor,
)
from simulator.imaging import IMAGING
from simulator.occluder import KINDS
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


def verdicts(batch: Batch, row: int, behind: NDArray[np.uint8], adjacent: NDArray[np.bool_]) -> Int32:
    """(J, 9) whether the picture shows, at a joint's pixel (4) and round it, what a visible one may have before it.

    That is its own or an adjacent part, anything further away, or the background. `UNCLEAR` where parts meet.
    """
    x, y = np.meshgrid((-1, 0, 1), (-1, 0, 1))
    pixel = batch.joints2d[row, :, None].astype(int) + np.column_stack([x.ravel(), y.ravel()])
    column, line = pixel.clip(0, SIZE - 1).transpose(2, 0, 1)
    colour, person = batch.images[row, line, column], batch.mask[row, line, column]
    part, joint = parts_in(colour), np.arange(len(adjacent))[:, None]
    further = batch.depth[row, line, column] > batch.joints[row, joint, 2]
    shows = np.where(person, further | adjacent[joint, part], (colour == behind[line, column]).all(axis=-1))
    return np.where(person & (part == UNCLEAR), UNCLEAR, shows).astype(np.int32)


def assert_visible_is_what_is_shown(batch: Batch, body: Body, least: int) -> None:
    """At 99 of 100 joints' pixels, and elsewhere but for an edge within a pixel."""
    before = batch.joints[..., 2] > 0
    pixels = np.where(before[..., None], batch.joints2d, -1.0)
    inside = ((pixels >= 0) & (pixels < SIZE)).all(axis=-1)
    assert not batch.visibility[~inside].any()
    assert inside.sum() > least
    assert 0.2 < batch.visibility[inside].mean() < 0.8
    adjacent, behind = adjacent_parts(body), Backgrounds(SIZE).draw(batch.scene.background[0])
    framed = replace(batch, joints2d=pixels)
    shown = np.stack([verdicts(framed, row, behind, adjacent) for row in range(len(batch))])
    fits = (shown == batch.visibility[..., None]) | (shown == UNCLEAR)
    assert fits[inside].any(axis=-1).all()
    assert fits[inside, 4].mean() >= 0.99


def test_a_joint_reported_visible_is_visible(flat: Body, painted: Pair, kind: type) -> None:
    space, scene = people(flat, SIZE, 40, 13, OCCLUDER_FACTOR)
    off = np.random.default_rng(13).uniform(-0.35, 0.35, (40, 2))
    scene = space.frame(replace(scene, framing=np.column_stack([np.full(40, 1.2), off])))
    assert_visible_is_what_is_shown(painted[kind].render(in_flat_light(scene)), flat, 500)


def test_a_joint_is_visible_behind_what_the_near_plane_cuts(flat: Body, painted: Pair, kind: type) -> None:
    _, scene = people(flat, SIZE, 40, 2, CameraFactor())
    beside = np.random.default_rng(0).uniform((-0.4, -0.2, 0.0), (0.4, 0.4, 0.3), (40, 3))
    batch = painted[kind].render(in_flat_light(replace(scene, transl=beside)))
    assert (batch.vertices[..., 2].min(axis=1) < Z_NEAR).mean() > 0.8
    assert_visible_is_what_is_shown(batch, flat, 150)


def test_a_joint_is_visible_though_a_second_person_is_inside_the_first(
    flat: Body, painted: Pair, kind: type
) -> None:
    wide = HeldFactor(CameraFactor(), {"camera.field_of_view": 100.0, "camera.scale": 1.2})
    near = HeldFactor(OCCLUDER_FACTOR, {"occluder.kind": KINDS.index("person") + 0.5})
    _, scene = people(flat, SIZE, 40, 43, wide, near)
    batch = painted[kind].render(in_flat_light(scene))
    assert_visible_is_what_is_shown(batch, flat, 300)


def test_boxes_hold_the_mask_whatever_hides_or_clothes_people(dressed: Pair, kind: type) -> None:
    simulator, count = dressed[kind], 30
    _, scene = people(simulator.body, SIZE, count, 17, CameraFactor(), OCCLUDER_FACTOR, CLOTHING_FACTOR)
    scene.clothing[:, CLOTHING.column("bottom")] = GARMENTS.index("skirt") + 0.5
    scene.clothing[:, CLOTHING.column("hair_style")] = HAIR_STYLES.index("long") + 0.5
    scene.clothing[::2, CLOTHING.column("bottom")] = GARMENTS.index("trousers") + 0.5
    shift = np.random.default_rng(17).uniform(-2.0, 2.0, (count, 2))
    batch = simulator.render(replace(scene, box_shift=shift))
    boxes = batch.boxes - np.tile(shift, 2)
    np.testing.assert_allclose(boxes, np.rint(boxes), atol=1e-9)
    some = 0
    for mask, (x0, y0, x1, y1) in zip(batch.mask, np.rint(boxes).astype(int), strict=True):
        assert 0 <= x0 < x1 <= SIZE
        assert 0 <= y0 < y1 <= SIZE
        assert mask[y0:y1, x0:x1].sum() == mask.sum()
        if mask.any():
            assert all(edge.any() for edge in (mask[y0], mask[y1 - 1], mask[:, x0], mask[:, x1 - 1])), "tight"
            some += 1
        else:
            assert (x0, y0, x1, y1) == (0, 0, SIZE, SIZE)
    border = batch.mask[:, [0, -1]].any(axis=(1, 2)) | batch.mask[:, :, [0, -1]].any(axis=(1, 2))
    assert border.sum() > 8, "people are cut by the border"
    assert some > 15


def test_skirts_and_hair_belong_to_the_person(dressed: Pair, kind: type) -> None:
    simulator = dressed[kind]
    _, scene = people(simulator.body, SIZE, 6, 19)
    skirt, trousers = scene.clothing.copy(), scene.clothing.copy()
    skirt[:, CLOTHING.column("bottom")] = GARMENTS.index("skirt") + 0.5
    skirt[:, CLOTHING.column("hair_style")] = HAIR_STYLES.index("long") + 0.5
    trousers[:, CLOTHING.column("bottom")] = GARMENTS.index("trousers") + 0.5
    trousers[:, CLOTHING.column("hair_style")] = HAIR_STYLES.index("short") + 0.5
    more, less = (simulator.render(replace(scene, clothing=rows)) for rows in (skirt, trousers))
    assert not (less.mask & ~more.mask).any()
    assert ((more.mask & ~less.mask).sum(axis=(1, 2)) > 100).all()
    inner = np.stack([binary_erosion(mask) for mask in less.mask])  # at an edge depth is the neighbours'
    assert (more.depth - less.depth > 1e-3)[inner].mean() < 1e-3, "cloth lies before the skin, or is hidden"
    np.testing.assert_array_equal(less.visibility, more.visibility)


class FakeTree:
    """Finds the triangles (F, 3, 3) that a box may touch, for trimesh, by asking all of them."""

    def __init__(self, triangles: Float) -> None:
        self._low, self._high = triangles.min(axis=1), triangles.max(axis=1)
        self.bounds = np.concatenate([self._low.min(axis=0), self._high.max(axis=0)])

    def intersection(self, box: Float) -> NDArray[np.intp]:
        return np.flatnonzero(((self._low <= box[3:]) & (self._high >= box[:3])).all(axis=1))


def first_surface(triangles: Float, rays: Float) -> Float:
    """(K,) metres along z at which rays (K, 3) from the camera meet a triangle first, inf for nowhere."""
    origins = np.zeros_like(rays)
    _, ray, where = ray_triangle_id(triangles, origins, rays, tree=FakeTree(triangles))  # type: ignore[no-untyped-call]
    z = np.full(len(rays), np.inf)
    np.minimum.at(z, ray, where[:, 2])
    return z


def test_depth_along_the_ray_of_a_pixel_hits_the_mesh(painted: Pair, kind: type) -> None:
    simulator, rng = painted[kind], np.random.default_rng(23)
    _, scene = people(simulator.body, SIZE, 8, 23, OCCLUDER_FACTOR)
    batch = simulator.render(scene)
    gaps = []
    for row in range(len(batch)):
        line, column = np.nonzero(binary_erosion(batch.mask[row]))
        chosen = rng.choice(len(line), min(50, len(line)), replace=False)
        pixel = np.column_stack([column, line])[chosen] + SAMPLES[0]
        flat = (pixel - scene.camera.center[row]) / scene.camera.focal_length[row]
        triangles = batch.vertices[row, simulator.body.faces].astype(np.float64)
        z = first_surface(triangles, np.column_stack([flat, np.ones(len(flat))]))
        gaps.append(z - batch.depth[row, line[chosen], column[chosen]])
    gap = np.abs(np.concatenate(gaps))
    assert len(gap) > 300
    assert np.median(gap) < 2e-4
    assert (gap > 1e-3).mean() < 0.01, "a ray along an edge within the body may pass it on either side"


def test_imaging_changes_the_picture_and_no_label(dressed: Pair, kind: type) -> None:
    _, scene = people(dressed[kind].body, SIZE, 6, 29, OCCLUDER_FACTOR, IMAGING_FACTOR)
    spoilt = dressed[kind].render(scene)
    clean = dressed[kind].render(replace(scene, imaging=IMAGING.rows(6)))
    assert (np.abs(spoilt.images.astype(int) - clean.images).mean(axis=(1, 2, 3)) > 1.0).all()
    for field in fields(Batch):
        if field.name not in ("images", "scene", "joint_names"):
            np.testing.assert_array_equal(getattr(spoilt, field.name), getattr(clean, field.name), field.name)
