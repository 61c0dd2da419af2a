"""Joint sets: whose joints, in which order, about which root, and what is said where they cannot be had."""

from dataclasses import replace

import numpy as np
import pytest

from examiner.joint_sets import (
    COCO_17,
    COMMON,
    SMPL_24,
    JointSet,
    Points,
    joint_pair,
    lsp_14,
    parts_of,
    root_of,
    rooted_joints,
    shortfall,
    vertex_pair,
)
from examiner.joints import LIMB_JOINTS, ROOT, pick, rooted
from simulator import StickSimulator
from targets.blazepose import LANDMARKS

H36M_ROWS = [
    "pelvis",
    *("left_hip", "left_knee", "left_ankle", "right_hip", "right_knee", "right_ankle"),
    *("spine", "neck", "nose", "head_top"),
    *("left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist"),
]
"""What the rows of SPIN's regressor are; the selection of the literature must come out with these names."""


def some(seed=0, count=3, names=SMPL_24.joints, vertices=None):
    rng = np.random.default_rng(seed)
    mesh = None if vertices is None else rng.normal(size=(count, vertices, 3)).astype(np.float32)
    return Points(names, rng.normal((0, 0, 4), 1, (count, len(names), 3)), mesh)


def test_names_are_those_of_the_simulators_bodies_and_of_blazepose(body):
    assert SMPL_24.joints == body.joint_names == StickSimulator().body.joint_names
    assert set(COMMON.needed) <= set(body.joint_names)
    assert set(COMMON.needed) <= set(LANDMARKS)
    assert set(COCO_17.needed) <= set(LANDMARKS)


def test_orders_and_roots():
    assert SMPL_24.joints[:5] == ("pelvis", "left_hip", "right_hip", "spine1", "left_knee")
    assert len(COCO_17.joints) == 17
    assert COCO_17.joints[4:8] == ("right_ear", "left_shoulder", "right_shoulder", "left_elbow")
    assert COCO_17.joints[-1] == "right_ankle"
    assert (COMMON.root, COCO_17.root, SMPL_24.root) == (ROOT, ROOT, ("pelvis",))
    assert COMMON.needed == LIMB_JOINTS


def test_common_is_what_the_audit_itself_scores():
    points = some()
    joints = rooted(pick(points.joints, points.names, LIMB_JOINTS), LIMB_JOINTS)
    assert np.array_equal(rooted_joints(COMMON, points), joints)


def test_joints_are_taken_by_name_and_rooted_by_hand():
    joint_set = JointSet("one", ("left_knee",), ("left_hip", "right_hip"))
    names = ("right_hip", "left_knee", "left_hip")
    points = Points(names, np.array([[[2.0, 0, 4], [1, 3, 5], [4, 0, 6]]]))
    assert joint_set.needed == ("left_knee", "left_hip", "right_hip")
    assert root_of(joint_set, points).tolist() == [[[3, 0, 5]]]
    assert rooted_joints(joint_set, points).tolist() == [[[-2, 3, 0]]]


@pytest.mark.parametrize("joint_set", [COMMON, SMPL_24], ids=lambda s: s.name)
def test_the_root_is_at_the_origin_wherever_the_person_stands(joint_set):
    points = some(1)
    joints = rooted_joints(joint_set, points)
    middle = pick(joints, joint_set.joints, joint_set.root).mean(axis=1)
    assert np.abs(middle).max() < 1e-12
    moved = replace(points, joints=points.joints + np.array([1.0, -2.0, 3.0]))
    assert np.allclose(rooted_joints(joint_set, moved), joints)
    assert np.abs(joints).max() > 0.1


def test_lsp_14_selects_what_the_literature_selects():
    vertices = np.random.default_rng(0).normal(size=(2, 17, 3))
    joint_set = lsp_14(np.eye(17))
    assert joint_set.root == ("pelvis",)
    assert joint_set.joints[:6] == (
        *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle"),
    )
    wanted = [H36M_ROWS.index(name) for name in joint_set.joints]
    assert wanted == [6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10]
    joints = rooted_joints(joint_set, Points((), None, vertices))
    assert np.array_equal(joints, vertices[:, wanted] - vertices[:, :1])


def test_a_regressor_weighs_vertices_by_hand():
    joint_set = JointSet("two", ("neck",), ("pelvis",), np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]))
    points = Points((), None, np.array([[[1.0, 2, 3], [3, 4, 5], [1, 1, 1]]], np.float32))
    assert rooted_joints(joint_set, points).tolist() == [[[1, 2, 3]]]
    assert root_of(joint_set, points).tolist() == [[[1, 1, 1]]]


def test_a_regressor_wins_over_names():
    points = some(2, vertices=8)
    joint_set = replace(COMMON, regressor=np.eye(12, 8))
    joints = rooted_joints(joint_set, points)
    assert not np.allclose(joints, rooted_joints(COMMON, points))
    assert np.allclose(joints[:, 3] - joints[:, 2], points.vertices[:, 3] - points.vertices[:, 2], atol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_row_does_not_depend_on_its_batch(size):
    points = some(3, count=11, vertices=400)
    joint_set = lsp_14(np.random.default_rng(1).random((17, 400)))
    for each in (joint_set, SMPL_24):
        whole = rooted_joints(each, points)
        for start in range(0, 11, size):
            rows = slice(start, start + size)
            part = Points(points.names, points.joints[rows], points.vertices[rows])
            assert np.array_equal(rooted_joints(each, part), whole[rows])


def test_nobody_has_no_joints():
    nobody = some(count=0, vertices=400)
    assert rooted_joints(COMMON, nobody).shape == (0, 12, 3)
    assert rooted_joints(lsp_14(np.ones((17, 400))), nobody).shape == (0, 14, 3)


def test_pairs_are_rooted_each_by_its_own_root():
    truth = some(4, vertices=30)
    moved = Points(truth.names, truth.joints + np.array([0, 0, 1.0]), truth.vertices + np.float32([0, 0, 1]))
    pair = joint_pair(COMMON, truth, moved)
    assert np.allclose(pair.prediction, pair.gt)
    assert pair.names == COMMON.joints
    mesh = vertex_pair(SMPL_24, truth, moved)
    assert np.allclose(mesh.prediction, mesh.gt, atol=1e-6)
    assert np.allclose(mesh.gt, truth.vertices - truth.joints[:, :1])
    as_they_are = vertex_pair(None, truth, moved)
    assert np.allclose(as_they_are.prediction - as_they_are.gt, [0, 0, 1], atol=1e-6)


def test_parts_of_the_body():
    assert parts_of(COMMON.joints).keys() == {"arms", "legs"}
    parts = parts_of(SMPL_24.joints)
    assert parts["trunk"] == (
        *("pelvis", "spine1", "spine2", "spine3", "neck", "left_collar", "right_collar"),
    )
    assert len(parts["arms"]) == len(parts["legs"]) == 8
    assert "head" not in [name for names in parts.values() for name in names]


@pytest.mark.parametrize("shape", [(24, 6890), (6890, 17), (17,), (14, 6890)])
def test_a_regressor_of_another_shape_is_refused(shape):
    message = r"expected a Human3.6M regressor of shape \(17, V\), got \(" + str(shape[0])
    with pytest.raises(ValueError, match=message):
        lsp_14(np.zeros(shape))


def test_a_regressor_without_a_row_for_the_root_is_refused():
    message = r"^expected a regressor of shape \(2, V\) for one, a row each for neck, pelvis, got \(1, 9\)$"
    with pytest.raises(ValueError, match=message):
        JointSet("one", ("neck",), ("pelvis",), np.zeros((1, 9)))


@pytest.mark.parametrize(
    ("joint_set", "points", "message"),
    [
        (
            COCO_17,
            some(),
            "^expected the joints of coco-17, got none called nose, left_eye, right_eye, left_ear, right_ear; "
            "name them so, or give the set a regressor$",
        ),
        (SMPL_24, some(names=SMPL_24.joints[1:]), "expected the joints of smpl-24, got none called pelvis;"),
        (COMMON, Points((), None), "^expected joints, by whose names common takes its own, got none$"),
        (
            lsp_14(np.zeros((17, 9))),
            some(),
            "^expected vertices, from which the regressor of lsp-14 takes its joints, got none$",
        ),
        (
            lsp_14(np.zeros((17, 9))),
            some(vertices=8),
            "^expected the 9 vertices that the regressor of lsp-14 was made for, got 8; use a body of its topology$",
        ),
    ],
    ids=["faces", "root", "no joints", "no vertices", "other vertices"],
)
def test_what_is_missing_is_said(joint_set, points, message):
    with pytest.raises(ValueError, match=message):
        rooted_joints(joint_set, points)
    with pytest.raises(ValueError, match=message):
        root_of(joint_set, points)
    assert shortfall(joint_set, points)


def test_what_can_be_had_has_no_shortfall():
    assert shortfall(COMMON, some()) == ""
    assert shortfall(lsp_14(np.zeros((17, 8))), some(vertices=8)) == ""


def test_points_that_do_not_fit_their_names_are_refused():
    with pytest.raises(
        ValueError, match=r"expected joints of shape \(N, 1, 3\), one a name, got \(2, 4, 3\)"
    ):
        Points(("pelvis",), np.zeros((2, 4, 3)))
    with pytest.raises(ValueError, match=r"expected vertices of shape \(N, V, 3\), got \(2, 12\)"):
        Points((), None, np.zeros((2, 12)))


def test_sides_that_do_not_fit_each_other_are_refused():
    three, one = some(count=3, vertices=30), some(count=1, vertices=30)
    for build in (joint_pair, vertex_pair):
        with pytest.raises(ValueError, match=r"^expected a prediction of 3 people, got 1$"):
            build(COMMON, three, one)
    message = r"^expected vertices of the truth's topology \(30\), got 20; draw a body of the target's$"
    with pytest.raises(ValueError, match=message):
        vertex_pair(COMMON, three, some(vertices=20))
    with pytest.raises(ValueError, match=r"^expected vertices on both sides, got none on one$"):
        vertex_pair(COMMON, three, some())
