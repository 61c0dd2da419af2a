from dataclasses import replace

import numpy as np
import pytest

from examiner.features import features_of
from simulator import (
    OCCLUDER_FACTOR,
    ParameterSpace,
    PoseFactor,
    ShapeFactor,
    ViewFactor,
    load_body,
    load_prior,
    orientation,
)


@pytest.fixture(scope="module")
def body():
    return load_body("neutral")


@pytest.fixture(scope="module")
def scene(body):
    """Three people at rest, arms out, facing the camera."""
    space = ParameterSpace([PoseFactor(load_prior("default"))], body, 64)
    return replace(space.default(3), body_pose=np.zeros((3, 63)))


def posed(scene, joint_names, **turns):
    pose = np.zeros((len(scene), 63))
    for joint, turn in turns.items():
        pose[:, 3 * (joint_names.index(joint) - 1) : 3 * joint_names.index(joint)] = np.radians(turn)
    return replace(scene, body_pose=pose)


def table(body, scene, beside=()):
    features = features_of(body, scene, beside)
    return {f.name: features.values[:, i] for i, f in enumerate(features.names)}


def test_arms_of_the_rest_pose_are_out_to_the_side(body, scene):
    told = table(body, scene)
    assert told["left arm raised"][0] == pytest.approx(90, abs=15)
    assert told["left arm out to the side"][0] == pytest.approx(90, abs=15)
    assert told["right arm out to the side"][0] == pytest.approx(90, abs=15)
    assert told["left upper arm off the line of sight"][0] == pytest.approx(90, abs=15)
    assert told["trunk bent"][0] < 10


def test_a_bent_knee_and_elbow_are_told_by_their_side(body, scene):
    told = table(body, posed(scene, body.joint_names, left_knee=(80, 0, 0), right_elbow=(0, 70, 0)))
    rest = table(body, scene)
    assert told["left knee bent"][0] - rest["left knee bent"][0] == pytest.approx(80, abs=8)
    assert told["right knee bent"][0] == pytest.approx(rest["right knee bent"][0])
    assert told["either knee bent"][0] == told["left knee bent"][0]
    assert told["right elbow bent"][0] - rest["right elbow bent"][0] == pytest.approx(70, abs=8)


def test_a_trunk_bent_forward_is_told_so(body, scene):
    told = table(body, posed(scene, body.joint_names, spine1=(50, 0, 0)))
    assert told["trunk bent forward"][0] > 15
    assert abs(told["trunk bent to the left"][0]) < 3
    back = table(body, posed(scene, body.joint_names, spine1=(-50, 0, 0)))
    assert back["trunk bent forward"][0] < -15


def test_shoulders_turn_to_their_left_with_a_positive_twist(body, scene):
    told = table(body, posed(scene, body.joint_names, spine2=(0, 40, 0)))
    assert told["shoulders turned to the left"][0] == pytest.approx(40, abs=6)


def test_the_view_is_that_of_the_camera(body, scene):
    view = np.array([[-30.0, 10.0, 5.0], [0.0, 0.0, 0.0], [90.0, -20.0, 0.0]])
    told = table(body, replace(scene, global_orient=orientation(view)))
    np.testing.assert_allclose(told["body turned to the left"], view[:, 0], atol=1e-9)
    np.testing.assert_allclose(told["body turned away"], [30, 0, 90], atol=1e-9)
    np.testing.assert_allclose(told["camera elevation"], view[:, 1], atol=1e-9)
    np.testing.assert_allclose(told["picture rolled"], view[:, 2], atol=1e-9)


def test_arms_seen_from_the_side_lie_along_the_line_of_sight(body, scene):
    view = np.tile([90.0, 0.0, 0.0], (3, 1))
    told = table(body, replace(scene, global_orient=orientation(view)))
    assert told["left upper arm off the line of sight"][0] < 20
    assert told["either forearm off the line of sight"][0] < 20


def test_what_is_searched_beside_pose_is_a_feature_and_choices_are_true_or_not(body):
    space = ParameterSpace([ShapeFactor(), ViewFactor(), OCCLUDER_FACTOR], body, 64)
    scene = space.decode(np.random.default_rng(0).random((20, space.dim)))
    beside = [d for f in (*space.factors[:1], *space.factors[2:]) for d in f.dimensions]
    told = table(body, scene, beside)
    np.testing.assert_allclose(told["shape beta0"], scene.betas[:, 0])
    kinds = [values for name, values in told.items() if name.startswith("occluder kind ")]
    np.testing.assert_array_equal(np.sum(kinds, axis=0), np.ones(20))


def test_rows_do_not_depend_on_the_batch(body):
    space = ParameterSpace([PoseFactor(load_prior("default")), ViewFactor()], body, 64)
    scene = space.decode(np.random.default_rng(1).random((5, space.dim)))
    together = features_of(body, scene, ()).values
    for row in range(5):
        np.testing.assert_array_equal(
            features_of(body, scene.rows(slice(row, row + 1)), ()).values[0], together[row]
        )
