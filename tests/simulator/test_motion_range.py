import json

import numpy as np
import pytest

from simulator.motion_range import JOINT_NAMES, TABLE, load_motion_range

TOLERANCE = 15.0
SWAPPED = [1, 0, 2, 4, 3, 5, 7, 6, 8, 10, 9, 11, 13, 12, 14, 16, 15, 18, 17, 20, 19]


@pytest.fixture(scope="module")
def motion_range():
    return load_motion_range()


def pose(**degrees):
    """A pose (1, 63) of joints turned by axis-angle vectors in degrees; `hips=` sets both sides."""
    result = np.zeros((21, 3))
    for name, vector in degrees.items():
        if name in JOINT_NAMES:
            result[JOINT_NAMES.index(name)] = vector
        else:
            side = name.removesuffix("s")
            result[JOINT_NAMES.index("left_" + side)] = vector
            result[JOINT_NAMES.index("right_" + side)] = np.array(vector) * [1, -1, -1]
    return np.radians(result).reshape(1, 63)


ARMS_DOWN = {"shoulders": (0, 0, -80)}

POSSIBLE = {
    "T-pose": pose(),
    "standing": pose(**ARMS_DOWN),
    "arms overhead": pose(shoulders=(0, 0, 85)),
    "arms overhead with shrugged collars": pose(collars=(0, 0, 35), shoulders=(0, 0, 50)),
    "arms straight ahead": pose(shoulders=(0, -90, 0)),
    "hands behind the back": pose(shoulders=(0, 40, -70), elbows=(0, -60, 0)),
    "deep squat": pose(
        hips=(-120, 0, 20), knees=(140, 0, 0), ankles=(-30, 0, 0), spine1=(25, 0, 0), **ARMS_DOWN
    ),
    "sitting on a chair": pose(hips=(-90, 0, 5), knees=(90, 0, 0), **ARMS_DOWN),
    "sitting cross-legged": pose(hips=(-62, 25, 62), knees=(115, 0, 0), spine1=(20, 0, 0), **ARMS_DOWN),
    "kneeling on the heels": pose(hips=(-50, 0, 0), knees=(148, 0, 0), ankles=(50, 0, 0), **ARMS_DOWN),
    "lunge": pose(left_hip=(-95, 0, 0), left_knee=(95, 0, 0), right_hip=(20, 0, 0), right_knee=(40, 0, 0)),
    "touching the toes": pose(
        hips=(-85, 0, 0), spine1=(35, 0, 0), spine2=(20, 0, 0), spine3=(15, 0, 0), shoulders=(0, -90, 0)
    ),
    "looking over the shoulder": pose(neck=(0, 40, 0), head=(0, 30, 0), **ARMS_DOWN),
    "thinking, hand at the chin": pose(right_shoulder=(0, 40, 60), right_elbow=(0, 140, 0)),
    "tree in yoga": pose(left_hip=(-55, 30, 60), left_knee=(130, 0, 0), shoulders=(0, 0, 80)),
}
IMPOSSIBLE = {
    "left_knee bent backwards": pose(left_knee=(-45, 0, 0)),
    "right_knee bent sideways": pose(right_knee=(0, 0, 40)),
    "left_knee twisted": pose(left_knee=(0, 60, 0)),
    "left_elbow hyperextended": pose(left_elbow=(0, 45, 0)),
    "right_elbow hyperextended": pose(right_elbow=(0, -45, 0)),
    "head turned round": pose(neck=(0, 90, 0), head=(0, 90, 0)),
    "head turned by 115 degrees in two steps": pose(neck=(0, 65, 0), head=(0, 50, 0)),
    "neck bent to the side by 80 degrees": pose(neck=(0, 0, 80)),
    "spine1 bent backwards by 60 degrees": pose(spine1=(-60, 0, 0)),
    "spine3 last of a spine turned by 90 degrees": pose(
        spine1=(0, 30, 0), spine2=(0, 30, 0), spine3=(0, 29, 0)
    ),
    "left_hip extended by 70 degrees": pose(left_hip=(70, 0, 0)),
    "right_hip across the body by 70 degrees": pose(right_hip=(0, 0, 70)),
    "left_hip turned by 100 degrees": pose(left_hip=(0, 100, 0)),
    "left_shoulder straight back": pose(left_shoulder=(0, 95, 0)),
    "right_shoulder up and across": pose(right_shoulder=(0, 110, -90)),
    "left_shoulder twisted by 120 degrees": pose(left_shoulder=(120, 0, 0)),
    "left_collar lifted by 80 degrees": pose(left_collar=(0, 0, 80)),
    "right_wrist bent by 120 degrees": pose(right_wrist=(0, 0, 120)),
    "left_ankle turned round": pose(left_ankle=(0, 150, 0)),
    "right_foot folded over": pose(right_foot=(110, 0, 0)),
}


@pytest.mark.parametrize("name", POSSIBLE)
def test_possible_poses_are_inside(motion_range, name):
    found = motion_range.violation(POSSIBLE[name])
    assert found.max() <= TOLERANCE, JOINT_NAMES[int(found.argmax())]


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_impossible_poses_are_outside_at_the_named_joint(motion_range, name):
    found = motion_range.violation(IMPOSSIBLE[name])[0]
    assert found.max() > TOLERANCE
    assert JOINT_NAMES[int(found.argmax())] == name.split()[0]


def test_a_hinge_bent_backwards_counts_from_its_limit(motion_range):
    found = motion_range.violation(IMPOSSIBLE["left_knee bent backwards"])[0]
    assert found[JOINT_NAMES.index("left_knee")] == pytest.approx(45.0 - 5.0)


def test_at_least_95_percent_of_uniform_poses_are_outside(motion_range):
    uniform = np.random.default_rng(0).uniform(-1.2, 1.2, (2000, 63))
    assert (motion_range.violation(uniform).max(1) > TOLERANCE).mean() >= 0.95


def test_the_mirror_image_is_as_far_outside(motion_range):
    poses = np.random.default_rng(1).uniform(-1.5, 1.5, (100, 21, 3))
    mirrored = poses[:, SWAPPED] * [1.0, -1.0, -1.0]
    found = motion_range.violation(mirrored.reshape(-1, 63))
    np.testing.assert_allclose(found[:, SWAPPED], motion_range.violation(poses.reshape(-1, 63)), atol=1e-9)


def test_it_does_not_matter_how_collar_and_shoulder_share_a_raised_arm(motion_range):
    shoulder = JOINT_NAMES.index("left_shoulder")
    alone = motion_range.violation(pose(left_shoulder=(0, 0, 130)))[0, shoulder]
    shared = motion_range.violation(pose(left_collar=(0, 0, 40), left_shoulder=(0, 0, 90)))[0, shoulder]
    assert alone == pytest.approx(shared)
    assert alone > TOLERANCE


def test_a_small_change_of_pose_is_a_small_change_of_the_measure(motion_range):
    rng = np.random.default_rng(2)
    poses = rng.uniform(-1.2, 1.2, (2000, 63))
    step = rng.normal(size=poses.shape) * 1e-6
    change = np.abs(motion_range.violation(poses + step) - motion_range.violation(poses))
    assert change.max() < 0.01


@pytest.mark.parametrize("size", [1, 3, 16])
def test_a_row_does_not_depend_on_its_batch(motion_range, size):
    poses = np.random.default_rng(3).uniform(-1.5, 1.5, (64, 63))
    parts = [motion_range.violation(poses[i : i + size]) for i in range(0, 64, size)]
    np.testing.assert_array_equal(np.concatenate(parts), motion_range.violation(poses))


def test_shape_is_21_joints_and_no_rows_are_fine(motion_range):
    assert motion_range.violation(np.zeros((5, 63))).shape == (5, 21)
    assert motion_range.violation(np.zeros((0, 63))).shape == (0, 21)


def test_another_shape_is_refused(motion_range):
    message = r"^expected body_pose of shape \(N, 63\), got \(2, 69\); pass SMPL joints 1\.\.21$"
    with pytest.raises(ValueError, match=message):
        motion_range.violation(np.zeros((2, 69)))


def test_the_table_is_the_union_of_literature_and_motion_capture():
    for entry in json.loads(TABLE.read_text())["ranges"]:
        for i, (low, high) in enumerate(zip(entry["lower"], entry["upper"], strict=True)):
            assert (low is None) == (entry["literature"][0][i] is None)
            if low is not None:
                assert low == min(entry["literature"][0][i], entry["motion_capture"][0][i])
                assert high == max(entry["literature"][1][i], entry["motion_capture"][1][i])
        assert entry["source"]


def test_every_joint_but_the_shoulder_has_a_range_of_its_own(motion_range):
    alone = {check.joints[0] for check in motion_range.checks if len(check.joints) == 1}
    assert {JOINT_NAMES[i] for i in set(range(21)) - alone} == {"left_shoulder", "right_shoulder"}
    assert set(range(21)) == {check.joints[-1] for check in motion_range.checks}
