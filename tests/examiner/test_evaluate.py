import time
from dataclasses import fields, replace

import numpy as np
import pytest

from examiner.evaluate import Evaluator
from examiner.fairness import Fairness
from examiner.joints import LIMB_JOINTS
from examiner.outcomes import Outcomes, join_outcomes
from examiner.scores import MPJPE, N_MPJPE
from simulator import ParameterSpace, PoseFactor, StickSimulator, ViewFactor, load_motion_range, load_prior
from targets import FakeTarget, Prediction, TargetSpec

NAMES = (*LIMB_JOINTS, "nose")


@pytest.fixture(scope="module")
def space(body):
    return ParameterSpace([PoseFactor(load_prior("default")), ViewFactor()], body, 64)


@pytest.fixture(scope="module")
def evaluator(body):
    def build(answer, needs=("joints",), score=MPJPE):
        spec = TargetSpec("fake", body.joint_names, needs, metric=True)
        fairness = Fairness(body, load_motion_range(), LIMB_JOINTS)
        return Evaluator(StickSimulator(body, image_size=64), FakeTarget(answer, spec), fairness, score)

    return build


def truth(joints):
    return Prediction(found=np.ones(len(joints), bool), joints=joints.copy())


def units(space, count=20, seed=0):
    return np.random.default_rng(seed).random((count, space.dim))


def test_truth_scores_zero(evaluator, space):
    outcomes = evaluator(truth)(space.decode(units(space)))
    assert np.allclose(outcomes.error, 0)
    assert np.allclose(outcomes.pa_mpjpe, 0)
    assert outcomes.found.all()
    assert outcomes.valid.all()
    assert not outcomes.failures(1.0).any()


@pytest.mark.parametrize("size", [1, 7, 16, 17])
def test_rows_do_not_depend_on_the_batch(evaluator, space, size):
    def wrong(joints):
        return truth(joints * [1.1, 0.9, 1.2])

    scene = space.decode(units(space))
    whole = evaluator(wrong, score=N_MPJPE)(scene)
    parts = [evaluator(wrong, score=N_MPJPE)(scene.rows(slice(i, i + size))) for i in range(0, 20, size)]
    again = join_outcomes(parts)
    for field in fields(Outcomes):
        assert np.array_equal(getattr(whole, field.name), getattr(again, field.name), equal_nan=True), (
            field.name
        )


def test_decode_is_the_same_at_any_batch_size(space):
    u = units(space)
    whole = space.decode(u)
    for i in range(len(u)):
        alone = space.decode(u[i : i + 1])
        for name in ("body_pose", "global_orient", "transl"):
            assert np.array_equal(getattr(alone, name)[0], getattr(whole, name)[i])


def test_not_found_is_told_twice_the_threshold_and_left_out_of_errors(evaluator, space):
    def lost(joints):
        return Prediction(found=np.arange(len(joints)) > 0, joints=joints.copy())

    outcomes = evaluator(lost)(space.decode(units(space, 5)))
    assert np.isnan(outcomes.error[0])
    assert outcomes.told(100.0)[0] == 200
    assert outcomes.exceeds(100.0)[0]
    assert not outcomes.failures(100.0)[0]


def test_nan_is_told_as_the_least_and_too_many_stop_the_run(evaluator, space):
    def odd(joints):
        joints = (
            joints
            + (1 + np.arange(len(joints)))[:, None, None] * np.array([0, 0, 0.01]) * np.arange(24)[:, None]
        )
        joints[2] = np.nan
        return truth(joints)

    outcomes = evaluator(odd)(space.decode(units(space, 8)))
    assert not outcomes.valid[2]
    assert outcomes.told(100.0)[2] == np.nanmin(outcomes.severity)
    with pytest.raises(
        ValueError, match="expected finite predictions, got NaN or infinity from fake in 4 of 4"
    ):
        evaluator(lambda joints: truth(joints * np.nan))(space.decode(units(space, 4)))


def test_invalid_answers_before_a_resume_count(evaluator, space):
    def one_odd(joints):
        joints = joints.copy()
        joints[0] = np.nan
        return truth(joints)

    before = evaluator(one_odd)
    earlier = [before(space.decode(units(space, 1))) for _ in range(3)]
    after = evaluator(one_odd)
    for outcomes in earlier:
        after.count(outcomes)
    with pytest.raises(ValueError, match="from fake in 4 of 4 queries"):
        after(space.decode(units(space, 1)))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            lambda joints: Prediction(np.ones(2, bool), joints),
            r"expected found of shape \(3,\) from fake, got \(2,\)",
        ),
        (
            lambda joints: truth(joints[:, :5]),
            r"expected joints of shape \(3, 24, 3\) from fake, got \(3, 5, 3\)",
        ),
        (lambda joints: Prediction(np.ones(3, bool)), "expected joints in the prediction of fake, got none"),
        (lambda joints: None, "expected a Prediction from fake, got NoneType"),
        (
            lambda joints: Prediction(np.ones(3, np.int64), joints),
            "expected found from fake to be of bool, got int64",
        ),
        (
            lambda joints: Prediction(np.ones(3, bool), joints.tolist()),
            "expected joints from fake to be a numpy array, got list",
        ),
        (
            lambda joints: Prediction(np.ones(3, bool), joints, joints2d=np.zeros((3, 5, 2))),
            r"expected joints2d of shape \(3, 24, 2\) from fake, got \(3, 5, 2\)",
        ),
        (
            lambda joints: Prediction(np.ones(3, bool), joints, confidence=np.zeros((3, 24))),
            r"expected confidence of shape \(3,\) from fake, got \(3, 24\)",
        ),
        (
            lambda joints: joints["left"],
            "expected fake to answer for joints, got IndexError: .*; examiner check-target tells more",
        ),
    ],
)
def test_a_wrong_shape_stops_at_once(evaluator, space, answer, message):
    with pytest.raises(ValueError, match=message):
        evaluator(answer)(space.decode(units(space, 3)))


def test_target_is_called_with_what_it_needs_and_nothing_else(evaluator, space):
    seen = []

    def watch(**given):
        seen.append(set(given))
        return truth(given["joints"])

    evaluator(watch, needs=("joints", "camera", "image_size"))(space.decode(units(space, 2)))
    assert seen == [{"joints", "camera", "image_size"}]
    strange = evaluator(truth, needs=("joints", "smell"))
    with pytest.raises(ValueError, match=r"expected TargetSpec.needs of fake among images, .* got 'smell'"):
        strange(space.decode(units(space, 2)))


def test_fairness_of_the_margin_is_that_of_the_outcome(evaluator, space, body):
    judge = evaluator(truth)
    scene = space.decode(units(space, 40, seed=3))
    margin = judge.fairness.margin(scene)
    outcomes = judge(scene)
    assert np.array_equal(margin >= 0, outcomes.fair)
    assert 0 < outcomes.fair.sum() < 40


def test_impossible_pose_is_unfair_whatever_is_seen(evaluator, space, body):
    scene = space.default(1)
    pose = scene.body_pose.copy()
    pose[0, 3 * 3] = -1.5
    assert evaluator(truth).fairness.margin(replace(scene, body_pose=pose))[0] < -1


def test_severity_needs_both_errors():
    rows = {f.name: np.zeros((2, 1)) for f in fields(Outcomes)}
    rows |= {"error": np.array([200.0, 200.0]), "visible_error": np.array([50.0, 180.0])}
    rows |= {name: np.ones(2, bool) for name in ("fair", "found", "valid")}
    assert Outcomes(**rows).failures(100.0).tolist() == [False, True]


def test_a_simulator_that_says_nothing_is_called_once_at_a_time(evaluator, space):
    one = evaluator(truth)
    inner, inside, most = one.simulator, [], []

    class FakeSlowSimulator:
        version = "fake slow"

        def render(self, scene):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            batch = inner.render(scene)
            inside.pop()
            return batch

    slow = Evaluator(FakeSlowSimulator(), one.target, one.fairness, one.score)
    slow(space.decode(units(space, 40)))
    assert len(most) == 5
    assert max(most) == 1
