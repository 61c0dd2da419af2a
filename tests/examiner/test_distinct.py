from dataclasses import replace

import numpy as np
import pytest

from examiner.distinct import Remembered, any_near, clusters, distance, mirror_pose, pose_distance, signature
from simulator import ParameterSpace, PoseFactor, ShapeFactor, ViewFactor, load_body, load_prior, orientation


@pytest.fixture(scope="module")
def people(body):
    space = ParameterSpace([ViewFactor()], body)
    rng = np.random.default_rng(0)
    scene = space.decode(rng.random((5, 3)))
    return scene, rng


def with_pose(scene, pose, view):
    return replace(scene, body_pose=pose, global_orient=orientation(view))


def test_distance_is_zero_to_itself_symmetric_and_view_counts(people, body):
    scene, rng = people
    pose = 0.3 * rng.normal(size=(5, 63))
    marks = signature(body, with_pose(scene, pose, np.zeros((5, 3))))
    between = distance(marks, marks)
    assert np.allclose(np.diag(between), 0, atol=1e-6)
    assert np.allclose(between, between.T)
    turned = signature(body, with_pose(scene, pose, np.tile([60.0, 0, 0], (5, 1))))
    assert np.allclose(np.diag(distance(marks, turned)), 2, atol=1e-6)
    assert np.allclose(np.diag(pose_distance(marks, turned)), 0, atol=1e-6)


def test_mirrored_twins_are_one(people, body):
    scene, rng = people
    pose = 0.3 * rng.normal(size=(5, 63))
    view = rng.uniform(-40, 40, size=(5, 3)) * [1, 1, 0]
    marks = signature(body, with_pose(scene, pose, view))
    twins = signature(body, with_pose(scene, mirror_pose(pose), view * [-1, 1, 1]))
    assert np.diag(distance(marks, twins)).max() < 0.08
    assert np.array_equal(mirror_pose(mirror_pose(pose)), pose)


def test_shape_and_roll_play_no_part(people, body):
    scene, rng = people
    shaped = ShapeFactor().apply(rng.random((5, 10)), scene)
    assert np.allclose(np.diag(distance(signature(body, scene), signature(body, shaped))), 0, atol=1e-6)


def test_clusters_cut_average_linkage_at_one():
    points = np.array([0.0, 0.4, 0.8, 5.0, 5.9])
    labels = clusters(np.abs(points[:, None] - points))
    assert len(set(labels)) == 2
    assert labels[0] == labels[2] != labels[3]
    assert len(clusters(np.zeros((1, 1)))) == 1
    assert len(clusters(np.zeros((0, 0)))) == 0


def test_remembered_signatures_are_the_same_and_bounded():
    body = load_body("neutral")
    space = ParameterSpace([PoseFactor(load_prior("default")), ViewFactor()], body)
    units = np.random.default_rng(0).random((9, space.dim))
    calls = []

    def decode(points):
        calls.append(len(points))
        return space.decode(points)

    marks = Remembered(body, decode, kept=6)
    wanted = signature(body, space.decode(units))
    for _ in range(2):
        got = marks(units)
        assert np.array_equal(got.joints, wanted.joints)
        assert np.array_equal(got.direction, wanted.direction)
    twice = marks(units[[8, 8, 7]])
    assert np.array_equal(twice.joints, wanted.joints[[8, 8, 7]])
    assert calls == [9, 3]


def test_points_are_remembered_until_there_are_too_many():
    body = load_body("neutral")
    space = ParameterSpace([ViewFactor()], body)
    units = np.random.default_rng(0).random((5, 3))
    calls = []

    def decode(points):
        calls.append(len(points))
        return space.decode(points)

    marks = Remembered(body, decode, kept=6)
    for _ in range(3):
        marks(units)
    assert calls == [5]


def test_any_near_asks_the_others_alone(people, body):
    scene, rng = people
    pose = np.concatenate([np.zeros((2, 63)), 1.5 * rng.normal(size=(3, 63))])
    marks = signature(body, with_pose(scene, pose, np.zeros((5, 3))))
    assert not any_near(marks, 0, [], distance)
    assert any_near(marks, 0, [3, 1], distance)
    assert not any_near(marks, 0, [3], distance)
