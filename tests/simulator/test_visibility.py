from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.body import Body
from simulator.body_files import load_body
from simulator.camera import Camera, Float
from simulator.raycast import first_hits
from simulator.stick import stick_body
from simulator.visibility import Blocker, JointVisibility, adjacent_parts

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
    behind = np.array([0, 0, -6], np.float32)
    assert not judge(out.vertices + behind, out.joints + behind, camera(1)).any()


def test_joints_behind_the_camera_are_not_visible(body: Body) -> None:
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


def square(
    half: float, z: float, x: float = 0.0, tilt: float = 0.0
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """A square about (x, 0, z); z grows by tilt times the height."""
    corners = [
        [x - half, -half, -half],
        [x + half, -half, -half],
        [x + half, half, half],
        [x - half, half, half],
    ]
    vertices = np.array(corners) * [1, 1, tilt] + [0, 0, z]
    return vertices.astype(np.float32), np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def test_a_blocker_hides_what_is_behind_it_alone(body: Body) -> None:
    vertices, joints, cameras = posed(body, 2, spread=0.1)
    judge = JointVisibility(body)
    before = judge(vertices, joints, cameras)
    curtain = Blocker(*square(0.5, 1.0, x=-0.5))
    behind = Blocker(*square(9.0, 9.0))
    after = judge(vertices, joints, cameras, blockers=[[behind, curtain], [behind]])
    np.testing.assert_array_equal(after[0], before[0] & (joints[0, :, 0] > 0))
    np.testing.assert_array_equal(after[1], before[1])
    assert 0 < after[0].sum() < before[0].sum()


def test_blockers_are_asked_of_every_person(body: Body) -> None:
    vertices, joints, cameras = posed(body, 2)
    with pytest.raises(
        ValueError,
        match=r"^expected blockers for 2 people, got 1; give an empty list for a person with nothing",
    ):
        JointVisibility(body)(vertices, joints, cameras, blockers=[[]])


def test_blockers_agree_with_a_ray_caster(body: Body) -> None:
    vertices, joints, cameras = posed(body, 1)
    other = vertices[0] + np.array([0.25, 0.1, -1.2], np.float32)
    after = JointVisibility(body)(vertices, joints, cameras, blockers=[[Blocker(other, body.faces)]])
    expected = [
        brute_force(body, vertices[0].astype(np.float64), joint, j)
        and cast(joint, other.astype(np.float64), body.faces)[1] > 1.0
        for j, joint in enumerate(joints[0])
    ]
    np.testing.assert_array_equal(after[0], expected)
    assert 0 < after.sum() < 24


@pytest.mark.parametrize("z", [-1.0, 0.2, 0.5])
def test_a_face_that_reaches_behind_the_camera_is_met_where_it_is_before_it(z: float) -> None:
    vertices, faces = square(2.0, z, tilt=1.0)  # the plane z = y + `z`
    v = np.linspace(-0.9, 0.9, 7)
    hits = first_hits(vertices, faces, np.full(7, 0.01), v)
    with np.errstate(divide="ignore"):
        there = z / (1 - v)
    met = (there >= 0.05) & (np.abs(v * there) < 2.0) & (0.01 * there < 2.0)
    np.testing.assert_array_equal(hits.face >= 0, met)
    assert met.any() == (z > 0)
    np.testing.assert_allclose(hits.nearness[met], 1 / there[met], rtol=1e-6)
    assert met.any() == (z > 0)


def test_what_is_too_near_to_be_drawn_is_not_met() -> None:
    u = np.zeros(1)
    assert first_hits(*square(1.0, 0.04), u, u).face[0] == -1
    assert first_hits(*square(1.0, 0.06), u, u).nearness[0] == pytest.approx(1 / 0.06)


def test_more_rays_than_bits_meet_the_same() -> None:
    vertices, faces = square(0.5, 1.0)
    u = np.random.default_rng(0).uniform(-1, 1, (2, 150))
    hits = first_hits(vertices, faces, u[0], u[1])
    np.testing.assert_array_equal(hits.face >= 0, (np.abs(u) < 0.5).all(axis=0))


def test_no_ray_meets_nothing() -> None:
    assert len(first_hits(*square(0.5, 1.0), np.zeros(0), np.zeros(0)).face) == 0
