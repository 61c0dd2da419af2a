"""A simulator that keeps the contract has no faults; each broken promise is found, and named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from examiner.check_simulator import check_simulator
from examiner.outline import best_shift, edge_contrast, overlap, silhouette
from simulator import Camera, RasterSimulator, load_prior

SIZE, PEOPLE = 128, 6


class FakeBroken:
    """A right simulator whose batches are spoilt; what it drew is remembered."""

    version = "fake broken"

    def __init__(self, simulator):
        self._simulator = simulator
        self._drawn = {}
        self.spoil = lambda batch: batch

    def render(self, scene):
        key = b"".join(
            getattr(scene, name).tobytes() for name in ("transl", "clothing", "background", "light")
        )
        key += scene.occluder.tobytes() + scene.imaging.tobytes()
        if key not in self._drawn:
            self._drawn[key] = self._simulator.render(scene)
        return self.spoil(self._drawn[key])

    def close(self):
        self._simulator.close()


@pytest.fixture(scope="module")
def raster(body):
    return FakeBroken(RasterSimulator(body, image_size=SIZE))


def findings(raster, body, spoil):
    raster.spoil = spoil
    return check_simulator(raster, body, load_prior("default"), SIZE, PEOPLE, lambda *told: None)


def test_the_built_in_simulator_keeps_the_contract(raster, body):
    told = []
    raster.spoil = lambda batch: batch
    found = check_simulator(
        raster, body, load_prior("default"), SIZE, PEOPLE, lambda *words: told.append(words)
    )
    assert found.faults == ()
    assert found.notes == ()
    assert told[-1] == ("factors", 5, 5)


def mirrored(batch):
    return replace(batch, images=np.ascontiguousarray(batch.images[:, :, ::-1]))


def all_mirrored(batch):
    return replace(mirrored(batch), mask=batch.mask[:, :, ::-1], depth=batch.depth[:, :, ::-1])


def shifted(batch):
    return replace(batch, mask=np.roll(batch.mask, 4, 2), depth=np.roll(batch.depth, 4, 2))


def along_the_ray(batch):
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5 - SIZE / 2
    longer = np.sqrt(1 + (x**2 + y**2) / batch.camera.focal_length[0] ** 2)
    return replace(batch, depth=(batch.depth * longer).astype(np.float32))


def random_noise(batch):
    rng = np.random.default_rng()
    return replace(batch, images=rng.integers(0, 255, batch.images.shape, np.uint8))


def by_batch(batch):
    return batch if len(batch) == 1 else replace(batch, images=batch.images // 2)


def with_nan(batch):
    joints = batch.joints.copy()
    joints[-1, 3, 0] = np.nan
    return replace(batch, joints=joints)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda batch: None, "render: expected a Batch, got NoneType"),
        (lambda b: replace(b, images=b.images / 255), "images: expected uint8, got float64"),
        (
            lambda b: replace(b, mask=b.mask[:, :9]),
            "mask: expected the shape ({n}, 128, 128), got ({n}, 9, 128)",
        ),
        (lambda b: replace(b, depth=b.depth.tolist()), "depth: expected a numpy array, got list"),
        (with_nan, "joints: expected finite numbers, got nan in row 5"),
        (
            lambda b: replace(b, visible_share=b.visible_share + 1),
            "visible_share: expected shares in 0..1, got 1 to 2",
        ),
        (
            lambda b: replace(b, joints2d=b.joints2d + 1),
            "joints2d: expected camera.project(joints), got 1.41 px beside it for pelvis in row 0",
        ),
        (
            lambda b: replace(b, visibility=~b.visibility),
            "visibility: expected what rays on the mesh meet first",
        ),
        (
            lambda b: replace(b, mask=b.mask & (np.arange(SIZE) < 60)),
            "visibility: expected visible joints to lie on the mask",
        ),
        (
            lambda b: replace(b, boxes=b.boxes + 3),
            "boxes: expected the box round the mask, moved by box_shift",
        ),
        (mirrored, "the pictures look mirrored"),
        (lambda b: replace(b, images=b.images[:, ::-1]), "the pictures look upside down"),
        (all_mirrored, "mask: expected the projected mesh, got one that fits better mirrored"),
        (shifted, "mask: expected the projected mesh, got one about +4 px right and +0 px down of it"),
        (
            lambda b: replace(b, mask=b.mask & (np.arange(SIZE) < 64)),
            "mask: expected the projected mesh, got an overlap (IoU) of 0.",
        ),
        (
            lambda b: replace(b, depth=b.depth + np.float32(0.1)),
            "depth: expected it above 0 on the mask and 0",
        ),
        (lambda b: replace(b, depth=b.depth * np.float32(1000)), "times it in the median"),
        (along_the_ray, "depth: expected metres along z, got metres along the ray of each pixel"),
        (
            random_noise,
            "images: expected the same for the same scene, got two different ones; seed what is random",
        ),
        (by_batch, "images: expected the last row alone to be as in the batch of 6, got another one"),
    ],
)
def test_every_broken_promise_is_found(raster, body, spoil, fault):
    faults = findings(raster, body, spoil).faults
    assert any(fault.format(n=PEOPLE) in each for each in faults), faults
    assert not any("\n" in each for each in faults)


def test_what_stands_in_front_is_not_the_person(raster, body):
    right = raster.render

    def blind(scene):
        batch = right(scene)
        bare = right(replace(scene, occluder=np.zeros_like(scene.occluder) + 0.5))
        return replace(batch, mask=bare.mask, depth=bare.depth)

    raster.render = blind
    try:
        faults = findings(raster, body, lambda batch: batch).faults
    finally:
        del raster.render
    assert (
        "mask: expected no pixels of what stands in front (occluder), got them counted as the person's"
        in faults
    )


def test_a_factor_without_effect_is_a_note(raster, body):
    grey = findings(
        raster,
        body,
        lambda b: replace(b, images=np.where(b.mask, 200, 90).astype(np.uint8)[..., None].repeat(3, 3)),
    )
    assert grey.faults == ()
    assert "light changes nothing in the picture: leave it out of --factors and --vary" in grey.notes


def test_a_mesh_of_another_kind_is_a_note(raster, body):
    found = findings(raster, body, lambda b: replace(b, vertices=b.vertices[:, :100]))
    assert found.faults == ()
    assert found.notes == (
        "vertices are not those of the body: masks and depth were not held against the mesh",
    )


def test_too_few_people_are_refused(raster, body):
    with pytest.raises(ValueError, match="expected at least 4 people, got 2; use --n 4 or more"):
        check_simulator(raster, body, load_prior("default"), SIZE, 2, lambda *told: None)


def test_a_square_is_filled_where_it_is():
    square = np.array([[[-1, -1, 2], [1, -1, 2], [1, 1, 2], [-1, 1, 2]]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    camera = Camera(np.array([16.0]), np.array([[16.0, 16.0]]), (32, 32))
    filled = silhouette(square, faces, camera)
    wanted = np.zeros((1, 32, 32), bool)
    wanted[0, 8:24, 8:24] = True
    assert overlap(filled, wanted)[0] > 0.85
    assert best_shift(wanted[0], np.roll(wanted[0], (2, -3), (0, 1))) == (-3, 2)
    image = np.where(wanted[0, ..., None], 200, 50).astype(np.uint8).repeat(3, 2)
    assert edge_contrast(image, wanted[0]) == pytest.approx(150, abs=2)
    assert edge_contrast(image, np.zeros((32, 32), bool)) == 0.0
