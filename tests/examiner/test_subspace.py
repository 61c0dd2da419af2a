from dataclasses import replace

import numpy as np
import pytest

from examiner.box_growth import START_SIZE, start_box
from examiner.joints import LIMB_JOINTS, rooted
from examiner.kinds import failure_kind
from examiner.scores import MPJPE, N_MPJPE
from examiner.subspace import DRAWS, Proof, beside_pose, clopper_pearson_lower, fair_points, point_box
from examiner.words import describe, describe_region
from simulator import ParameterSpace, ShapeFactor, ViewFactor, view_of


@pytest.fixture(scope="module")
def space(body):
    return ParameterSpace([ViewFactor(), ShapeFactor()], body)


@pytest.fixture(scope="module")
def point(space):
    scene = space.decode(np.random.default_rng(0).random((1, space.dim)))
    return point_box(scene, beside_pose(space))


def test_clopper_pearson_by_the_binomial():
    from scipy.stats import binom

    for failures, draws in ((188, 200), (200, 200), (3, 10)):
        bound = clopper_pearson_lower(failures, draws)
        assert binom.sf(failures - 1, draws, bound) == pytest.approx(0.05, abs=1e-6)
    assert clopper_pearson_lower(0, 200) == 0


def test_proof_names_what_is_missing():
    good = Proof(DRAWS, 195, 0.95, 0.7)
    assert good.success
    assert replace(good, failures=185).shortfalls() == ["the failure rate's lower bound is 0.89, below 0.90"]
    assert replace(good, fair_share=0.5).shortfalls() == ["only 50% of its raw samples are fair"]
    assert replace(good, size=0.5).shortfalls() == ["its size is 0.50 rad, below 0.6 rad"]
    assert not replace(good, draws=120, failures=120).success


def test_box_samples_stay_inside_and_corners_are_reached(point):
    box = start_box(point, np.ones(len(point.centre)))
    assert box.size == pytest.approx(START_SIZE)
    points = box.sample(500, np.random.default_rng(1))
    assert box.contains(points).all()
    outside = box.centre + 1.01 * box.phi_up
    assert not box.contains(outside[None]).any()
    span = points.max(axis=0) - points.min(axis=0)
    assert (span > 0.97 * (box.phi_low + box.phi_up)).all()


def test_poses_of_a_box_are_inside_whatever_the_view(point):
    box = start_box(point, np.ones(len(point.centre)))
    poses = box.poses(box.sample(50, np.random.default_rng(1)))
    assert box.contains_poses(poses).all()
    assert not box.contains_poses(poses + 2 * START_SIZE).any()


def test_people_of_the_centre_are_the_centre(point, space):
    scene = point.people(point.centre[None], space.frame)
    assert np.allclose(scene.body_pose, point.scene.body_pose)
    assert np.allclose(view_of(scene.global_orient), view_of(point.scene.global_orient))
    assert np.allclose(scene.betas, point.scene.betas)
    assert np.allclose(scene.transl, point.scene.transl)


def test_fair_points_gives_up_where_nothing_is_fair(point):
    box = start_box(point, np.ones(len(point.centre)))
    points, share = fair_points(box, 50, lambda p: -np.ones(len(p)), np.random.default_rng(0))
    assert len(points) == 0
    assert share == 0


def test_words_name_view_limbs_and_ranges(space, body):
    scene = space.default(1)
    pose = scene.body_pose.copy().reshape(1, 21, 3)
    pose[0, 3] = [1.6, 0, 0]
    pose[0, 15, 2] = 1.2
    said = describe(body, replace(scene, body_pose=pose.reshape(1, 63)))
    assert said.startswith("seen from the front, camera level")
    assert "left knee bent 9" in said
    assert "left arm overhead" in said
    box = start_box(point_box(scene, ViewFactor().dimensions), np.ones(66))
    words = describe_region(box.ranges, np.ones(66))
    assert "view.azimuth" in words
    assert "\N{DEGREE SIGN}" in words


def standing():
    side = {"left": 1.0, "right": -1.0}
    place = {"hip": (0.1, 0), "knee": (0.1, 0.4), "ankle": (0.1, 0.8)}
    place |= {"shoulder": (0.2, -0.5), "elbow": (0.3, -0.3), "wrist": (0.35, 0.0)}
    rows = [
        (side[n.split("_")[0]] * place[n.split("_")[1]][0], place[n.split("_")[1]][1], 0.02 * i)
        for i, n in enumerate(LIMB_JOINTS)
    ]
    return rooted(np.array(rows)[None], LIMB_JOINTS)[0]


def test_kinds_of_failure():
    gt = standing()
    swap = [
        LIMB_JOINTS.index(n.replace("left", "x").replace("right", "left").replace("x", "right"))
        for n in LIMB_JOINTS
    ]
    assert failure_kind(gt, gt[swap], LIMB_JOINTS, N_MPJPE, 50) == "left-right"
    turned = gt[:, [2, 1, 0]] * [1, 1, -1]
    assert failure_kind(gt, turned, LIMB_JOINTS, N_MPJPE, 50) == "orientation"
    assert failure_kind(gt, 1.6 * gt, LIMB_JOINTS, MPJPE, 50) == "scale"
    deep = gt.copy()
    deep[4:6, 2] += [0.5, -0.6]
    deep[10, 2] += 0.7
    assert failure_kind(gt, deep, LIMB_JOINTS, N_MPJPE, 50) == "depth"
    bent = gt.copy()
    bent[4, :2] += [0.7, -0.6]
    bent[8, :2] += [-0.5, 0.6]
    assert failure_kind(gt, bent, LIMB_JOINTS, N_MPJPE, 50) == "articulation"
