from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.body import Body, BodyOutput, Int32
from simulator.camera import Camera
from simulator.raycast import first_hits
from simulator.stick import stick_body
from simulator.visible_share import SAMPLES, TOLERANCE, VisibleShare

SIZE = 128
FACING = (np.pi, 0.0, 0.0)


def camera(count: int = 1, center: tuple[float, float] = (64.0, 64.0)) -> Camera:
    return Camera(np.full(count, 170.0), np.tile(center, (count, 1)), (SIZE, SIZE))


def person(body: Body, spread: float = 0.0, count: int = 1) -> BodyOutput:
    pose = np.random.default_rng(0).normal(0, spread, (count, 63)) if spread else np.zeros((count, 63))
    return body.forward(
        np.zeros((count, 10)), pose, np.tile(FACING, (count, 1)), np.tile([0.0, 0.3, 3.0], (count, 1))
    )


def depth_of(vertices: NDArray[np.float32], faces: Int32, cameras: Camera) -> NDArray[np.float32]:
    """(H, W) through the middles of the pixels."""
    x, y = np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5)
    u, v = ((x, y) - cameras.center[0][:, None, None]) / cameras.focal_length[0]
    near = first_hits(vertices, faces, u.ravel(), v.ravel()).nearness.reshape(SIZE, SIZE)
    return np.where(near > 0, 1 / np.where(near > 0, near, 1.0), 0.0).astype(np.float32)


def depths(out: BodyOutput, body: Body) -> NDArray[np.float32]:
    return np.stack([depth_of(vertices, body.faces, camera()) for vertices in out.vertices])


def sampled(body: Body, share: VisibleShare, out: BodyOutput, joint: str) -> NDArray[np.float32]:
    """The points of the joint's part that face the camera."""
    index = share.points(body.joint_names.index(joint))
    points, normals = out.vertices[0, index], body.normals(out.vertices)[0, index]
    return np.asarray(points[(points * normals).sum(axis=1) < 0])


def test_a_person_alone_in_front_shows_nearly_all(body: Body) -> None:
    out = person(body)
    share = VisibleShare(body)(out.vertices, body.normals(out.vertices), depths(out, body), camera())[0]
    assert (share > 0.7).all()
    assert share.mean() > 0.9


def test_half_an_arm_behind_a_box_shows_half(body: Body) -> None:
    out, share, joint = person(body), VisibleShare(body), body.joint_names.index("left_elbow")
    pixels = camera().project(sampled(body, share, out, "left_elbow")[None].astype(np.float64))[0]
    column = int(np.median(pixels[:, 0]))
    depth = depths(out, body)
    alone = share(out.vertices, body.normals(out.vertices), depth, camera())[0, joint]
    depth[:, :, column:] = 1.5
    covered = share(out.vertices, body.normals(out.vertices), depth, camera())[0]
    assert covered[joint] == pytest.approx(alone / 2, abs=0.12)
    assert covered[body.joint_names.index("left_hand")] == 0.0
    assert covered[body.joint_names.index("right_hand")] > 0.5


def test_agrees_with_rays_to_every_point(body: Body) -> None:
    out, share = person(body, 0.9), VisibleShare(body)
    found = share(out.vertices, body.normals(out.vertices), depths(out, body), camera())[0]
    expected = []
    for name in body.joint_names:
        points = sampled(body, share, out, name).astype(np.float64)
        z = points[:, 2]
        near = first_hits(out.vertices[0], body.faces, points[:, 0] / z, points[:, 1] / z).nearness
        expected.append((near <= 1 / (z - TOLERANCE)).mean() if len(z) else 0.0)
    np.testing.assert_allclose(found, expected, atol=0.25)
    assert np.abs(found - expected).mean() < 0.04
    assert found.min() < 0.5


def test_what_lies_outside_the_picture_is_not_shown(body: Body) -> None:
    out, nothing = person(body), np.zeros((1, SIZE, SIZE), np.float32)
    share, normals = VisibleShare(body), body.normals(out.vertices)
    whole = share(out.vertices, normals, nothing, camera())[0]
    cut = share(out.vertices, normals, nothing, camera(center=(64.0, -20.0)))[0]
    assert (whole == 1.0).all()
    foot, head = body.joint_names.index("left_foot"), body.joint_names.index("head")
    assert (cut[foot], cut[head]) == (1.0, 0.0)
    behind = share(out.vertices - np.array([0, 0, 6], np.float32), normals, nothing, camera())
    assert not behind.any()


def test_clothes_on_the_skin_hide_nothing(body: Body) -> None:
    out, share, normals = person(body), VisibleShare(body), body.normals(person(body).vertices)
    depth = depths(out, body)
    bare, dressed, curtained = (
        share(
            out.vertices, normals, np.where(depth > 0, depth - d, nothing).astype(np.float32), camera()
        ).mean()
        for d, nothing in ((0.0, 0.0), (0.015, 0.0), (0.2, 1.0))
    )
    assert dressed > bare - 0.05
    assert curtained < 0.02


def test_rows_do_not_depend_on_the_batch_and_are_never_nan(body: Body) -> None:
    out, share = person(body, 0.4, count=3), VisibleShare(body)
    normals, depth = body.normals(out.vertices), depths(out, body)
    together = share(out.vertices, normals, depth, camera(3))
    for row in range(3):
        one = slice(row, row + 1)
        alone = share(out.vertices[one], normals[one], depth[one], camera())
        np.testing.assert_array_equal(alone[0], together[row])
    assert np.isfinite(share(out.vertices, np.zeros_like(normals), depth, camera(3))).all()


def test_every_part_has_points_of_its_own(body: Body) -> None:
    for one in (body, stick_body()):
        share, own = VisibleShare(one), one.weights.argmax(axis=1)
        for joint in range(len(one.joint_names)):
            points = share.points(joint)
            assert (own[points] == joint).all()
            assert 0 < len(points) <= SAMPLES
