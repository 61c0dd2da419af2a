"""Targets of every kind of answer are scored alike: true answers score 0, in whatever form they come."""

from dataclasses import replace

import numpy as np
import pytest

from examiner.adapted import UnfitAnswerError, adapted, joints_from
from examiner.clips import START, shares
from examiner.evaluate import Evaluator
from examiner.fairness import Fairness
from examiner.joints import LIMB_JOINTS
from examiner.scores import MPJPE
from simulator import (
    ParameterSpace,
    PoseFactor,
    StickSimulator,
    ViewFactor,
    load_body,
    load_motion_range,
    load_prior,
)
from targets import FakeTarget, Prediction, TargetSpec

N = 12


@pytest.fixture(scope="module")
def scene(body):
    space = ParameterSpace([PoseFactor(load_prior("default")), ViewFactor()], body, 64)
    return space.decode(np.random.default_rng(3).random((N, space.dim)))


@pytest.fixture(scope="module")
def outcomes(body, scene):
    def of(answer, source=None, **spec):
        target = FakeTarget(answer, TargetSpec(**{"name": "fake", "metric": True, **spec}))
        evaluator = Evaluator(
            StickSimulator(body, image_size=64),
            adapted(target, body, source),
            Fairness(body, load_motion_range(), LIMB_JOINTS),
            MPJPE,
        )
        return evaluator(scene)

    return of


def found(rows):
    return np.ones(len(rows), bool)


def test_millimetres_in_opengls_axes_become_metres_in_ours(outcomes, body):
    def answer(joints):
        return Prediction(found=found(joints), joints=joints * [1000, -1000, -1000])

    spec = {"joint_names": body.joint_names, "needs": ("joints",), "units": "mm", "axes": (1, -1, -1)}
    assert np.allclose(outcomes(answer, **spec).error, 0, atol=1e-6)


def test_a_meshs_joints_are_told_from_its_vertices(outcomes):
    def answer(vertices):
        return Prediction(found=found(vertices), vertices=vertices.astype(float))

    errors = outcomes(answer, needs=("vertices",), gives=("vertices",), body="neutral").per_joint
    assert errors.mean() < 5
    assert errors.max() < 30


def test_parameters_pose_the_body_that_the_spec_names(outcomes, scene, body):
    rows = {tuple(pose): row for row, pose in enumerate(scene.transl.round(9).tolist())}

    def answer(joints):
        pelvis = body.joint_names.index("pelvis")
        rest = body.joints(np.zeros((1, 10)), np.zeros((1, 63)), np.zeros((1, 3)), np.zeros((1, 3)))[0, 0]
        order = [
            int(np.linalg.norm(scene.transl + rest - joint, axis=1).argmin()) for joint in joints[:, pelvis]
        ]
        some = scene.rows(np.array(order))
        return Prediction(
            found=found(joints),
            body_pose=some.body_pose,
            global_orient=some.global_orient,
            betas=some.betas,
        )

    assert len(rows) == N
    result = outcomes(answer, needs=("joints",), gives=("body_pose",), body="neutral")
    assert np.allclose(result.error, 0, atol=1e-6)


def test_2d_joints_are_laid_at_the_true_depth(outcomes, body):
    def answer(joints2d):
        return Prediction(found=found(joints2d), joints2d=joints2d + 0.0)

    spec = {"joint_names": body.joint_names, "needs": ("joints2d",), "gives": ("joints2d",), "metric": False}
    assert np.allclose(outcomes(answer, **spec).error, 0, atol=1e-6)


def test_an_error_in_the_picture_is_given_in_millimetres_at_the_person(outcomes, scene, body):
    knee = body.joint_names.index("left_knee")

    def answer(joints2d):
        moved = joints2d.copy()
        moved[:, knee, 0] += 2.0
        return Prediction(found=found(joints2d), joints2d=moved)

    spec = {"joint_names": body.joint_names, "needs": ("joints2d",), "gives": ("joints2d",)}
    result = outcomes(answer, **spec)
    out = body.joints(scene.betas, scene.body_pose, scene.global_orient, scene.transl)
    wanted = 1000 * 2.0 * out[:, knee, 2] / scene.camera.focal_length
    assert np.allclose(result.per_joint.max(axis=1), wanted, rtol=1e-6)


def test_a_lifter_is_given_the_true_keypoints_by_its_own_names(outcomes, body):
    names = ("right_knee", "nose", "hips")
    seen = []

    def answer(keypoints, joints, joints2d):
        seen.append((keypoints, joints2d))
        return Prediction(found=found(joints), joints=joints.copy())

    spec = {"joint_names": body.joint_names, "needs": ("keypoints", "joints", "joints2d"), "keypoints": names}
    assert np.allclose(outcomes(answer, **spec).error, 0)
    keypoints, joints2d = seen[0]
    column = {name: body.joint_names.index(name) for name in ("right_knee", "left_hip", "right_hip", "head")}
    assert np.array_equal(keypoints[:, 0], joints2d[:, column["right_knee"]])
    hips = (joints2d[:, column["left_hip"]] + joints2d[:, column["right_hip"]]) / 2
    assert np.allclose(keypoints[:, 2], hips)
    assert np.linalg.norm(keypoints[:, 1] - joints2d[:, column["head"]], axis=1).max() < 12


def test_a_lifter_takes_another_targets_keypoints(outcomes, body):
    def find(joints2d):
        return Prediction(found=found(joints2d), joints2d=joints2d + 5.0)

    source = FakeTarget(find, TargetSpec("finder", body.joint_names, ("joints2d",)))
    seen = []

    def answer(keypoints, joints, joints2d):
        seen.append(keypoints - joints2d[:, [body.joint_names.index("left_knee")]])
        return Prediction(found=found(joints), joints=joints.copy())

    needs = ("keypoints", "joints", "joints2d")
    outcomes(answer, source, joint_names=body.joint_names, needs=needs, keypoints=("left_knee",))
    assert np.allclose(np.concatenate(seen), 5.0)


def test_a_clip_ends_in_the_picture(outcomes, body):
    seen = []

    def answer(clips, images, joints):
        seen.append((clips, images))
        return Prediction(found=found(joints), joints=joints.copy())

    outcomes(answer, joint_names=body.joint_names, needs=("clips", "images", "joints"), frames=4)
    clips, images = seen[0]
    assert clips.shape == (len(images), 4, *images.shape[1:])
    assert np.array_equal(clips[:, -1], images)
    assert (clips[:, 0] != images).any()


def test_a_clips_movement_starts_bent_less_and_comes_to_rest():
    share = shares(16)
    assert share[0] == START
    assert (np.diff(share) >= 0).all()
    assert (share[-5:] == 1).all()


def test_of_several_people_the_one_asked_about_is_scored(outcomes, body):
    def answer(joints, joints2d):
        others = joints2d - [200.0, 0]
        count = len(joints)
        return Prediction(
            found=np.ones(2 * count, bool),
            joints=np.concatenate([joints * 2, joints]),
            joints2d=np.concatenate([others, joints2d]),
            picture=np.tile(np.arange(count), 2),
        )

    result = outcomes(answer, joint_names=body.joint_names, needs=("joints", "joints2d"))
    assert result.found.all()
    assert np.allclose(result.error, 0)


def test_a_picture_where_somebody_else_was_found_counts_as_not_found(outcomes, body):
    def answer(joints, joints2d):
        return Prediction(
            found=found(joints), joints=joints, joints2d=joints2d + 500.0, picture=np.arange(len(joints))
        )

    result = outcomes(answer, joint_names=body.joint_names, needs=("joints", "joints2d"))
    assert not result.found.any()


def test_best_and_expected_errors_of_hypotheses_are_both_told(outcomes, body):
    knee = body.joint_names.index("left_knee")

    def answer(joints):
        wrong = joints.copy()
        wrong[:, knee, 2] += 0.24
        return Prediction(found=found(joints), hypotheses=np.stack([wrong, joints], axis=1))

    result = outcomes(answer, joint_names=body.joint_names, needs=("joints",), gives=("hypotheses",))
    assert np.allclose(result.error, 20)
    assert np.allclose(result.best_error, 0)
    assert np.allclose(result.expected_error, 10)


@pytest.mark.parametrize(
    ("answer", "spec", "message"),
    [
        (
            lambda joints: Prediction(found=found(joints), betas=np.zeros((len(joints), 10))),
            {},
            "fake: expected joints, hypotheses, vertices, joints2d or the parameters of the run's body 'neutral' in "
            "the prediction, got betas",
        ),
        (
            lambda joints: Prediction(found=found(joints), vertices=np.zeros((len(joints), 6890, 3))),
            {"body": "smpl"},
            r"fake: expected vertices \(N, 13492, 3\) of the run's body 'neutral', got \(\d+, 6890, 3\): give the body",
        ),
        (
            lambda joints: Prediction(found=found(joints), joints=joints, picture=np.arange(len(joints)) + 1),
            {},
            r"fake: expected picture 0 to \d+, got \d+ in row \d+",
        ),
        (
            lambda joints: Prediction(found=found(joints), joints=joints),
            {"units": "cm"},
            "fake: expected TargetSpec.units of fake to be m or mm, got 'cm'",
        ),
        (lambda joints: {"joints": joints}, {}, "expected a Prediction from fake, got dict"),
    ],
)
def test_an_answer_that_cannot_be_scored_is_refused_in_one_sentence(outcomes, body, answer, spec, message):
    with pytest.raises(UnfitAnswerError, match=message):
        outcomes(answer, **{"joint_names": body.joint_names, "needs": ("joints",), **spec})


def test_what_a_lifter_cannot_have_is_refused(body):
    def build(*keypoints, needs=("keypoints",), source=None):
        spec = TargetSpec("lifter", body.joint_names, needs, keypoints=keypoints)
        return adapted(FakeTarget(lambda **_: None, spec), body, source)

    with pytest.raises(
        ValueError, match=r"expected TargetSpec.keypoints among .*, got 'head_top'; take another"
    ):
        build("head_top")
    source = FakeTarget(lambda **_: None, TargetSpec("finder", ("nose",)))
    with pytest.raises(ValueError, match="among the joints of finder, got 'left_hip'"):
        build("left_hip", source=source)
    with pytest.raises(
        ValueError, match="expected --keypoints with a lifter, whose spec needs keypoints, got lifter"
    ):
        build(needs=("images",), source=source)


def test_the_protocol_says_where_the_joints_come_from():
    spec = TargetSpec("one", ())
    assert joints_from(spec) == "its joints"
    assert joints_from(replace(spec, gives=("joints2d",))) == "its 2D joints, laid at the true depth"
    assert joints_from(replace(spec, gives=("vertices", "body_pose"), body="smpl")) == (
        "the body 'smpl' posed by its parameters"
    )


def test_a_turned_root_is_the_same_rotation(body):
    """D R of an axis-angle, checked through the body: joints turned by D are those of the turned root."""
    from targets.axes import in_camera_axes

    rng = np.random.default_rng(1)
    orient = rng.standard_normal((6, 3)) * 1.5
    pose, zeros = 0.3 * rng.standard_normal((6, 63)), np.zeros((6, 3))
    joints = load_body("neutral").joints(np.zeros((6, 10)), pose, orient, zeros)
    for axes in ((1, -1, -1), (-1, 1, -1), (-1, -1, 1)):
        spec = TargetSpec("gl", body.joint_names, axes=axes)
        turned = in_camera_axes(Prediction(found(joints), joints=joints, global_orient=orient), spec)
        again = body.joints(np.zeros((6, 10)), pose, turned.global_orient, zeros)
        assert np.allclose(again - again[:, :1], turned.joints - turned.joints[:, :1], atol=1e-9)
    with pytest.raises(ValueError, match="without a mirror"):
        in_camera_axes(Prediction(found(joints), global_orient=orient), replace(spec, axes=(1, -1, 1)))
