from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from simulator.body import Body
from simulator.camera import Float
from simulator.capsules import BODY_JOINTS, fit_capsules, owners
from simulator.penetration import Penetration, pairs_of_parts
from simulator.prior_files import load_prior
from simulator.stick import stick_body
from tests.simulator.mesh_depth import MeshDepth, winding

LIMIT = 10.0
"""mm, beyond which a pose is unfair."""


@pytest.fixture(scope="module")
def judge(body: Body) -> Penetration:
    return Penetration(body)


@pytest.fixture(scope="module")
def bare(body: Body) -> Penetration:
    """Without flesh: what the mesh has too."""
    return Penetration(body, {})


@pytest.fixture(scope="module")
def mesh(body: Body) -> MeshDepth:
    tested = np.zeros((BODY_JOINTS, BODY_JOINTS), np.bool_)
    one, other = pairs_of_parts(body).T
    tested[one, other] = tested[other, one] = True
    return MeshDepth(body, owners(body), tested)


def pose(body: Body, **turns: tuple[float, float, float]) -> Float:
    made = np.zeros((21, 3))
    for name, turn in turns.items():
        made[body.joint_names.index(name) - 1] = turn
    return made.reshape(1, 63)


def forearm_in_trunk(body: Body) -> Float:
    return pose(body, left_shoulder=(1.2, 0, -1.2), left_elbow=(0, -1.6, 0))


def hand_in_thigh(body: Body) -> Float:
    return pose(body, left_shoulder=(0, 0, -1.5), left_elbow=(0, 0, -0.45))


def leg_through_leg(body: Body) -> Float:
    return pose(body, left_hip=(0, 0, -0.4))


CROSSINGS = (forearm_in_trunk, hand_in_thigh, leg_through_leg)


def depth(judge: Penetration, poses: Float) -> Float:
    return judge.depth(np.zeros((len(poses), 10)), poses)


def mesh_depth(mesh: MeshDepth, body: Body, poses: Float) -> float:
    zero = np.zeros((1, 3))
    return float(mesh(body.forward(np.zeros((1, 10)), poses, zero, zero).vertices[0]).max())


def hands_touching(body: Body, bend: float) -> Float:
    return pose(
        body,
        left_shoulder=(0, -1.2, 0),
        right_shoulder=(0, 1.2, 0),
        left_elbow=(0, -bend, 0),
        right_elbow=(0, bend, 0),
    )


def test_rest_is_zero_for_every_shape(judge: Penetration) -> None:
    betas = np.random.default_rng(0).uniform(-2.5, 2.5, (50, 10))
    np.testing.assert_array_equal(judge.depth(betas, np.zeros((50, 63))), 0.0)


def test_touching_hands_walking_sitting_squatting_and_hanging_arms_are_fair(
    body: Body, judge: Penetration, bare: Penetration
) -> None:
    poses = [
        hands_touching(body, 0.96),
        pose(body, left_hip=(-0.5, 0, 0), right_hip=(0.4, 0, 0), right_knee=(0.6, 0, 0)),
        pose(body, left_hip=(-1.5, 0, 0.1), right_hip=(-1.5, 0, -0.1), left_knee=(1.5, 0, 0)),
        pose(body, left_hip=(-1.8, 0, 0.3), right_hip=(-1.8, 0, -0.3), left_knee=(2.2, 0, 0)),
        pose(body, left_shoulder=(0, 0, -1.35), right_shoulder=(0, 0, 1.35)),
    ]
    assert (depth(judge, np.concatenate(poses)) < LIMIT).all()
    assert depth(bare, poses[0])[0] > 5.0  # they do touch


@pytest.mark.parametrize("crossing", CROSSINGS)
def test_gross_crossings_are_unfair_and_near_the_mesh(
    body: Body, judge: Penetration, bare: Penetration, mesh: MeshDepth, crossing: Callable[[Body], Float]
) -> None:
    poses = crossing(body)
    assert depth(judge, poses)[0] > 30.0
    truth = mesh_depth(mesh, body, poses)
    assert truth > 50.0
    assert abs(depth(bare, poses)[0] - truth) < 35.0


def test_few_real_poses_are_unfair(judge: Penetration) -> None:
    prior, rng = load_prior("default"), np.random.default_rng(0)
    for mixture in (prior.everyday, prior.active):
        assert mixture is not None
        depths = depth(judge, prior.decode(mixture.sample(2000, rng)))
        assert (depths > LIMIT).mean() < 0.05


def test_most_wild_poses_are_unfair(judge: Penetration) -> None:
    wild = np.random.default_rng(0).uniform(-1.2, 1.2, (1000, 63))
    assert (depth(judge, wild) > LIMIT).mean() > 0.5


@pytest.mark.slow
def test_agrees_with_the_mesh_on_wild_poses(
    body: Body, judge: Penetration, bare: Penetration, mesh: MeshDepth
) -> None:
    poses = np.random.default_rng(0).normal(0, 0.5, (40, 63))
    truth = np.array([mesh_depth(mesh, body, one[None]) for one in poses])
    assert np.corrcoef(depth(bare, poses), truth)[0, 1] > 0.75
    assert (depth(judge, poses)[truth <= LIMIT] > LIMIT).mean() < 0.2
    assert (depth(judge, poses)[truth > 90.0] > LIMIT).all()


def test_rows_do_not_depend_on_the_batch(judge: Penetration) -> None:
    rng = np.random.default_rng(0)
    betas, poses = rng.normal(0, 1, (7, 10)), rng.normal(0, 0.6, (7, 63))
    together = judge.depth(betas, poses)
    assert together.max() > 0
    for row in range(7):
        assert judge.depth(betas[row : row + 1], poses[row : row + 1])[0] == together[row]


def test_left_and_right_are_the_same(body: Body, judge: Penetration) -> None:
    poses = np.random.default_rng(0).normal(0, 0.5, (200, 21, 3))
    names = [n.replace("left", "x").replace("right", "left").replace("x", "right") for n in body.joint_names]
    twin = [body.joint_names.index(n) - 1 for n in names[1:BODY_JOINTS]]
    mirrored = poses[:, twin] * [1, -1, -1]
    difference = depth(judge, poses.reshape(-1, 63)) - depth(judge, mirrored.reshape(-1, 63))
    assert np.abs(difference).max() < 6.0


def test_a_body_of_half_the_size_sinks_half_as_deep(body: Body, judge: Penetration) -> None:
    half = replace(
        body,
        v_template=body.v_template / np.float32(2),
        shapedirs=body.shapedirs / np.float32(2),
        posedirs=body.posedirs / np.float32(2),
        joint_template=body.joint_template / 2,
        joint_dirs=body.joint_dirs / 2,
    )
    poses = np.concatenate([forearm_in_trunk(body), leg_through_leg(body)])
    np.testing.assert_allclose(depth(Penetration(half), poses), depth(judge, poses) / 2, rtol=0.05)


@pytest.mark.parametrize("size", [-1.5, 0.0, 1.5])
def test_capsules_lie_inside_the_skin_of_any_shape(body: Body, size: float) -> None:
    capsules, zero, betas = fit_capsules(body), np.zeros((1, 3)), np.zeros((1, 10))
    betas[0, :3] = size
    skin = body.forward(betas, np.zeros((1, 63)), zero, zero).vertices[0].astype(np.float64)
    values = capsules.values + capsules.directions @ betas[0]
    solid = values[~np.isin(capsules.joint, [20, 21])]  # not the hands: their fingers are bent
    assert (winding(skin[body.faces], solid[:, :6].reshape(-1, 3)) > 0).mean() > 0.93
    assert (values[:, 6:] > 0.008).all()
    assert set(range(BODY_JOINTS)) - set(capsules.joint.tolist()) <= {10, 11, 13, 14}  # feet, collars


def test_a_stick_figure_has_capsules_too() -> None:
    judge = Penetration(stick_body())
    assert depth(judge, np.zeros((1, 63)))[0] == 0.0
    assert len(fit_capsules(stick_body()).joint) > 10


def test_only_parts_that_are_no_neighbours_are_tested(body: Body) -> None:
    pairs = {frozenset((body.joint_names[i], body.joint_names[j])) for i, j in pairs_of_parts(body)}
    assert {"left_hip", "right_hip"} in pairs
    assert {"left_wrist", "pelvis"} in pairs
    for near in (
        ("left_elbow", "left_shoulder"),
        ("left_knee", "pelvis"),
        ("spine3", "pelvis"),
        ("head", "spine3"),
    ):
        assert frozenset(near) not in pairs


def test_wrong_shapes_and_values_are_refused(judge: Penetration) -> None:
    with pytest.raises(ValueError, match=r"^expected betas of shape \(N, 10\), got \(1, 9\)$"):
        judge.depth(np.zeros((1, 9)), np.zeros((1, 63)))
    with pytest.raises(ValueError, match=r"^expected body_pose of shape \(2, 63\), got \(1, 63\)$"):
        judge.depth(np.zeros((2, 10)), np.zeros((1, 63)))
    nan = np.zeros((2, 63))
    nan[1, 5] = np.nan
    with pytest.raises(
        ValueError, match=r"^expected finite betas and body_pose, got a NaN or infinity in row 1; drop it$"
    ):
        judge.depth(np.zeros((2, 10)), nan)
