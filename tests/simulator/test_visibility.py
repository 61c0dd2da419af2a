from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.body import Body
from simulator.body_files import load_body
from simulator.camera import Camera, Float
from simulator.stick import stick_body
from simulator.visibility import JointVisibility, adjacent_parts

FACING = (np.pi, 0.0, 0.0)


@pytest.fixture(scope="module")
def body() -> Body:
    return load_body("neutral")


def camera(n: int) -> Camera:
    return Camera(np.full(n, 340.0), np.full((n, 2), 128.0))


def posed(
    body: Body, n: int, seed: int = 0, spread: float = 0.5
) -> tuple[NDArray[np.float32], Float, Camera]:
    rng = np.random.default_rng(seed)
    turn = np.column_stack([np.full(n, np.pi), rng.normal(0, 0.7, n), rng.normal(0, 0.7, n)])
    out = body.forward(
        rng.normal(0, 1, (n, 10)), rng.normal(0, spread, (n, 63)), turn, np.tile([0.0, 0.3, 3.0], (n, 1))
    )
    return out.vertices, out.joints, camera(n)


def standing(body: Body, orient: tuple[float, float, float], arms_down: float = 1.0) -> NDArray[np.bool_]:
    pose = np.zeros((1, 21, 3))
    pose[0, [15, 16], 2] = -arms_down, arms_down  # about the shoulders; 1 rad is away from the trunk
    out = body.forward(
        np.zeros((1, 10)), pose.reshape(1, 63), np.array([orient]), np.array([[0.0, 0.3, 3.4]])
    )
    return JointVisibility(body)(out.vertices, out.joints, camera(1))[0]


def cast(origin_to: Float, vertices: Float, faces: NDArray[np.int32]) -> tuple[int, float]:
    """The first face on the ray from the origin through a point, and where: 1 is the point (Moeller, Trumbore 1997)."""
    a = vertices[faces[:, 0]]
    u, v = vertices[faces[:, 1]] - a, vertices[faces[:, 2]] - a
    p = np.cross(origin_to, v)
    determinant = (u * p).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        s = (-a * p).sum(1) / determinant
        q = np.cross(-a, u)
        t = (origin_to * q).sum(1) / determinant
        distance = (v * q).sum(1) / determinant
    hit = (s >= 0) & (t >= 0) & (s + t <= 1) & (distance > 0) & (np.abs(determinant) > 1e-14)
    distance = np.where(hit, distance, np.inf)
    return int(distance.argmin()), float(distance.min())


def brute_force(body: Body, vertices: Float, joint: Float, index: int) -> bool:
    face, distance = cast(joint, vertices, body.faces)
    part = body.weights[body.faces[face]].sum(0).argmax()
    return distance >= 1.0 or bool(adjacent_parts(body)[index, part])


def test_agrees_with_a_ray_caster(body: Body) -> None:
    vertices, joints, cameras = posed(body, 3)
    visible = JointVisibility(body)(vertices, joints, cameras)
    expected = [
        [brute_force(body, vertices[row].astype(np.float64), joints[row, j], j) for j in range(24)]
        for row in range(3)
    ]
    np.testing.assert_array_equal(visible, expected)
    assert 0.5 < visible.mean() < 1.0


def test_agrees_with_a_ray_caster_on_many_stick_figures() -> None:
    body = stick_body()
    vertices, joints, cameras = posed(body, 60, spread=0.8)
    visible = JointVisibility(body)(vertices, joints, cameras)
    pixels = cameras.project(joints)
    framed = ((pixels >= 0) & (pixels < 256)).all(-1)
    expected = [
        [
            framed[row, j] and brute_force(body, vertices[row].astype(np.float64), joints[row, j], j)
            for j in range(24)
        ]
        for row in range(60)
    ]
    np.testing.assert_array_equal(visible, expected)
    assert not visible.all()


@pytest.mark.parametrize("orient", [FACING, (0.0, 0.0, np.pi)], ids=["front", "back"])
def test_all_joints_are_visible_standing(body: Body, orient: tuple[float, float, float]) -> None:
    assert standing(body, orient).all()


@pytest.mark.parametrize(
    ("yaw", "near", "far"), [(np.pi / 2, "right", "left"), (-np.pi / 2, "left", "right")]
)
def test_the_far_side_is_hidden_in_profile(body: Body, yaw: float, near: str, far: str) -> None:
    orient = (np.pi / np.sqrt(2), 0.0, np.pi / np.sqrt(2) * np.sign(yaw))
    for arms_down, joints in ((0.0, ("hip", "knee", "ankle")), (1.0, ("knee", "shoulder", "elbow"))):
        visible = dict(zip(body.joint_names, standing(body, orient, arms_down), strict=True))
        for joint in joints:
            assert (visible[f"{near}_{joint}"], visible[f"{far}_{joint}"]) == (True, False), joint


def test_outside_the_picture_or_behind_the_camera_is_not_visible() -> None:
    body = stick_body()
    out = body.forward(np.zeros((1, 10)), np.zeros((1, 63)), np.array([FACING]), np.array([[0.0, 0.3, 3.0]]))
    judge = JointVisibility(body)
    right = Camera(np.array([340.0]), np.array([[128.0 + 256.0, 128.0]]))
    assert not judge(out.vertices, out.joints, right).any()
    behind = np.float32([0, 0, -6])
    assert not judge(out.vertices + behind, out.joints + behind, camera(1)).any()


def test_faces_that_reach_behind_the_camera_are_left_out(body: Body) -> None:
    vertices, joints, cameras = posed(body, 1)
    shift = np.array([0.0, 0.0, -joints[0, 0, 2]])
    visible = JointVisibility(body)(vertices + np.float32(shift), joints + shift, cameras)
    assert not visible[0, joints[0, :, 2] + shift[2] <= 0].any()


def test_rows_do_not_depend_on_the_batch(body: Body) -> None:
    vertices, joints, cameras = posed(body, 5)
    judge = JointVisibility(body)
    together = judge(vertices, joints, cameras)
    for row in range(5):
        one = slice(row, row + 1)
        np.testing.assert_array_equal(judge(vertices[one], joints[one], cameras.rows(one))[0], together[row])


def test_only_the_joints_asked_for_are_judged(body: Body) -> None:
    vertices, joints, cameras = posed(body, 4)
    judge = JointVisibility(body)
    index = np.array([20, 4, 15])
    np.testing.assert_array_equal(
        judge(vertices, joints, cameras, index), judge(vertices, joints, cameras)[:, index]
    )


def test_adjacent_parts_share_the_trunk_but_not_the_sides(body: Body) -> None:
    adjacent, names = adjacent_parts(body), list(body.joint_names)
    np.testing.assert_array_equal(adjacent, adjacent.T)
    pairs = {
        ("left_hip", "spine1"): True,
        ("left_hip", "right_hip"): False,
        ("left_shoulder", "neck"): True,
        ("left_shoulder", "right_shoulder"): False,
        ("left_elbow", "left_wrist"): True,
        ("left_elbow", "spine3"): False,
        ("pelvis", "neck"): False,
    }
    for (one, other), expected in pairs.items():
        assert adjacent[names.index(one), names.index(other)] == expected, (one, other)
