"""Fair or not: by what stands in front of people, what cuts them, and how they are posed."""

from dataclasses import replace

import numpy as np
import pytest

from examiner.evaluate import Evaluator
from examiner.fairness import Fairness, part_of_a_person, whole_person
from examiner.joints import LIMB_JOINTS
from examiner.scores import MPJPE
from simulator import ParameterSpace, RasterSimulator, ViewFactor, load_motion_range
from simulator.occluder import KINDS, OCCLUDER
from targets import FakeTarget, Prediction, TargetSpec

SIZE = 64
FOREARM_IN_TRUNK = {"left_shoulder": (1.2, 0.0, -1.2), "left_elbow": (0.0, -1.6, 0.0)}
LEG_THROUGH_LEG = {"left_hip": (0.0, 0.0, -0.4)}
ARMS_HANGING = {"left_shoulder": (0.0, 0.0, -1.2), "right_shoulder": (0.0, 0.0, 1.2)}
HAND_AT_CHEST = {"left_shoulder": (0.3, 0.0, -1.2), "left_elbow": (0.0, -1.9, 0.0)}


@pytest.fixture(scope="module")
def space(body):
    return ParameterSpace([ViewFactor()], body, SIZE)


@pytest.fixture(scope="module")
def judge(body):
    motion_range = load_motion_range()
    return {
        rule: Fairness(body, motion_range, LIMB_JOINTS, rule) for rule in (whole_person, part_of_a_person)
    }


@pytest.fixture(scope="module")
def outcome(body, judge):
    """Of a target that is wrong by half a metre about the named joints, and right about all others."""
    with RasterSimulator(body, image_size=SIZE) as simulator:

        def build(scene, rule, *wrong):
            where = np.isin(body.joint_names, wrong)[:, None] * np.array([0.0, 0.0, 0.5])
            spec = TargetSpec("fake", body.joint_names, ("joints",), metric=True)
            target = FakeTarget(lambda joints: Prediction(np.ones(len(joints), bool), joints + where), spec)
            return Evaluator(simulator, target, judge[rule], MPJPE)(scene)

        yield build


def behind_box(scene, x, y, size):
    """The scene with an upright box in front, its middle and height as shares of the person's box."""
    rows = OCCLUDER.rows(len(scene))
    rows[:, OCCLUDER.column("kind")] = KINDS.index("box") + 0.5
    rows[:, [OCCLUDER.column(name) for name in ("x", "y", "size")]] = x, y, size
    return replace(scene, occluder=rows)


def posed(space, body, turns):
    pose = np.zeros((21, 3))
    for joint, turn in turns.items():
        pose[body.joint_names.index(joint) - 1] = turn
    return space.frame(replace(space.default(1), body_pose=pose.reshape(1, 63)))


def framed(space, scale, x, y):
    return space.frame(replace(space.default(1), framing=np.array([[scale, x, y]])))


def hidden(outcome):
    return {name for name, seen in zip(LIMB_JOINTS, outcome.visible[0], strict=True) if not seen}


@pytest.mark.parametrize("rule", [whole_person, part_of_a_person])
def test_a_box_in_front_of_nearly_everything_is_unfair(space, judge, outcome, rule):
    scene = behind_box(space.default(1), 0.0, 0.0, 1.0)
    result = outcome(scene, rule)
    assert len(hidden(result)) >= 10
    assert judge[rule].margin(scene)[0] < 0
    assert not result.fair[0]
    assert not result.failures(100.0)[0]


def test_a_box_in_front_of_an_arm_is_fair_and_that_arm_is_not_scored(space, judge, outcome):
    scene, arm = behind_box(space.default(1), 0.6, -0.6, 0.5), ("left_shoulder", "left_elbow", "left_wrist")
    about_the_arm = outcome(scene, part_of_a_person, *arm)
    assert hidden(about_the_arm) == set(arm)
    assert judge[part_of_a_person].margin(scene)[0] >= 0
    assert about_the_arm.fair[0]
    np.testing.assert_allclose(about_the_arm.error, 0, atol=1e-9)
    other = outcome(scene, part_of_a_person, "right_wrist")
    np.testing.assert_allclose(other.error, 500 / 9)
    assert other.failures(50.0)[0]


def test_of_a_whole_person_a_hidden_arm_is_too_much_and_is_scored(space, judge, outcome):
    scene, arm = behind_box(space.default(1), 0.6, -0.6, 0.5), ("left_shoulder", "left_elbow", "left_wrist")
    result = outcome(scene, whole_person, *arm)
    assert judge[whole_person].margin(scene)[0] < 0
    assert not result.fair[0]
    np.testing.assert_allclose(result.error, 3 * 500 / 12)


@pytest.mark.parametrize(
    ("framing", "fair"), [((1.0, 0.0, 0.0), True), ((1.6, 0.0, 0.3), True), ((2.5, 0.0, -0.5), False)]
)
def test_people_cut_by_the_border_are_fair_while_six_joints_a_hip_and_a_shoulder_are_left(
    space, judge, outcome, framing, fair
):
    scene = framed(space, *framing)
    result = outcome(scene, part_of_a_person)
    left = set(LIMB_JOINTS) - hidden(result)
    enough = len(left) >= 6 and all(any(n.endswith(part) for n in left) for part in ("hip", "shoulder"))
    assert enough == fair
    assert (judge[part_of_a_person].margin(scene)[0] >= 0) == fair
    assert result.fair[0] == fair


@pytest.mark.parametrize(
    ("seen", "fair"),
    [
        (("left_hip", "left_shoulder", "left_elbow", "left_wrist", "left_knee", "left_ankle"), True),
        (("left_hip", "left_shoulder", "left_elbow", "left_wrist", "left_knee"), False),
        ([n for n in LIMB_JOINTS if not n.endswith("hip")], False),
        ([n for n in LIMB_JOINTS if not n.endswith("shoulder")], False),
    ],
    ids=["six", "five", "no hip", "no shoulder"],
)
def test_part_of_a_person_needs_six_joints_a_hip_and_a_shoulder(seen, fair):
    visible = np.isin(LIMB_JOINTS, seen)[None]
    assert (part_of_a_person(visible, LIMB_JOINTS)[0] >= 0) == fair


@pytest.mark.parametrize("turns", [FOREARM_IN_TRUNK, LEG_THROUGH_LEG], ids=["forearm in trunk", "leg in leg"])
def test_a_body_that_cuts_through_itself_is_unfair_whatever_is_seen(space, judge, body, outcome, turns):
    scene = posed(space, body, turns)
    for rule, one in judge.items():
        assert one.motion_margin(scene.body_pose)[0] >= 0, "joints can do that"
        assert one.penetration_margin(scene.betas, scene.body_pose)[0] < 0
        assert one.pose_margin(scene)[0] < 0
        assert one.margin(scene)[0] < -1
        assert not outcome(scene, rule).fair[0]


@pytest.mark.parametrize(
    "turns", [{}, ARMS_HANGING, HAND_AT_CHEST], ids=["T", "arms hanging", "hand at chest"]
)
def test_a_body_that_may_touch_itself_is_fair(space, judge, body, turns):
    scene = posed(space, body, turns)
    assert judge[whole_person].penetration_margin(scene.betas, scene.body_pose)[0] > 0
    assert judge[whole_person].margin(scene)[0] >= 0
