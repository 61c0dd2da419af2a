from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.background import BACKGROUND
from simulator.base import Scene
from simulator.body_files import load_body
from simulator.camera import Camera
from simulator.clothing import CLOTHING
from simulator.imaging import IMAGING
from simulator.light import LIGHT
from simulator.occluder import OCCLUDER
from simulator.stick import StickSimulator, stick_body
from simulator.view import CAMERA


def make_scene(n: int = 3, size: int = 64) -> Scene:
    rng = np.random.default_rng(0)
    return Scene(
        betas=rng.normal(0, 1, (n, 10)),
        body_pose=rng.normal(0, 0.3, (n, 63)),
        global_orient=np.tile([np.pi, 0.0, 0.0], (n, 1)),
        transl=np.tile([0.0, 0.3, 3.2], (n, 1)),
        camera=Camera(np.full(n, 1.3 * size), np.full((n, 2), size / 2), (size, size)),
        framing=CAMERA.rows(n)[:, 1:],
        clothing=CLOTHING.typical(n, rng),
        background=BACKGROUND.typical(n, rng),
        light=LIGHT.typical(n, rng),
        occluder=OCCLUDER.rows(n),
        imaging=IMAGING.rows(n),
        box_shift=np.zeros((n, 2)),
    )


def test_labels_agree_with_each_other_and_with_the_picture() -> None:
    simulator = StickSimulator(image_size=64)
    batch = simulator.render(make_scene())
    assert batch.joint_names == simulator.body.joint_names
    np.testing.assert_array_equal(batch.joints2d, batch.camera.project(batch.joints))
    np.testing.assert_array_equal(batch.mask, batch.depth > 0)
    row, joint = np.nonzero(batch.visibility)
    x, y = np.floor(batch.joints2d[row, joint]).astype(int).T
    assert batch.mask[row, y, x].all(), "a visible joint lies on the figure"
    np.testing.assert_allclose(batch.depth[row, y, x], batch.joints[row, joint, 2], atol=0.15)


def test_left_is_bluish_and_on_the_right_when_facing_us() -> None:
    scene = replace(make_scene(1), body_pose=np.zeros((1, 63)))
    batch = StickSimulator(image_size=64).render(scene)
    names = list(batch.joint_names)
    wrists = [batch.joints2d[0, names.index(f"{side}_wrist")] for side in ("left", "right")]
    assert wrists[0][0] > wrists[1][0]
    (left, right) = (batch.images[0, int(y), int(x)].astype(int) for x, y in wrists)
    assert left[2] > left[0] + 50
    assert right[0] > right[2] + 50


def test_boxes_are_tight_and_shifted() -> None:
    scene = make_scene()
    batch = StickSimulator(image_size=64).render(scene)
    for mask, (x0, y0, x1, y1) in zip(batch.mask, batch.boxes.astype(int), strict=True):
        assert mask[y0:y1, x0:x1].sum() == mask.sum()
        assert all(edge.any() for edge in (mask[y0], mask[y1 - 1], mask[:, x0], mask[:, x1 - 1]))
    moved = StickSimulator(image_size=64).render(replace(scene, box_shift=np.full((3, 2), 1.5)))
    np.testing.assert_array_equal(moved.boxes, batch.boxes + 1.5)


def test_rows_do_not_depend_on_the_batch() -> None:
    simulator, scene = StickSimulator(image_size=64), make_scene(5)
    together = simulator.render(scene)
    for row in range(5):
        alone = simulator.render(scene.rows(slice(row, row + 1)))
        for name in ("images", "mask", "depth", "boxes", "joints", "vertices", "joints2d", "visibility"):
            np.testing.assert_array_equal(getattr(alone, name)[0], getattr(together, name)[row], name)


@pytest.mark.parametrize("field", ["betas", "body_pose", "clothing", "background", "light"])
def test_every_field_has_an_effect(field: str) -> None:
    simulator, scene = StickSimulator(image_size=64), make_scene(1)
    changed = replace(scene, **{field: getattr(scene, field) + 1})
    assert (simulator.render(scene).images != simulator.render(changed).images).any()


def test_nobody_in_the_picture_leaves_the_whole_box() -> None:
    batch = StickSimulator(image_size=64).render(replace(make_scene(1), transl=np.array([[90.0, 0.0, 3.0]])))
    assert not batch.mask.any()
    np.testing.assert_array_equal(batch.boxes, [[0, 0, 64, 64]])


def test_draws_any_body() -> None:
    body = load_body("neutral")
    batch = StickSimulator(body, image_size=64).render(make_scene(2))
    assert batch.vertices.shape == (2, len(body.v_template), 3)
    assert batch.mask.any(axis=(1, 2)).all()


def test_is_a_context_manager_and_names_its_version() -> None:
    with StickSimulator(image_size=64) as simulator:
        assert simulator.version == "stick 2, body stick 000000000000, 64 px"


def test_another_image_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a camera of 32 x 32 px, got \(64, 64\)"):
        StickSimulator(image_size=32).render(make_scene())


def test_the_body_is_symmetric_and_faces_look_outward() -> None:
    body = stick_body()
    assert len(body.joint_names) == 24
    for name, position in zip(body.joint_names, body.joint_template, strict=True):
        if name.startswith("left"):
            twin = name.replace("left", "right")
            other = body.joint_template[body.joint_names.index(twin)]
            np.testing.assert_allclose(other, position * [-1, 1, 1])
    a, b, c = np.moveaxis(body.v_template[body.faces].astype(np.float64), 1, 0)
    assert (a * np.cross(b, c)).sum() > 0
