from dataclasses import replace

import numpy as np
import pytest

from examiner.ambiguity import flipped_limbs, is_ambiguous
from examiner.joints import pick, rooted
from examiner.scores import N_MPJPE
from simulator import orientation


@pytest.fixture(scope="module")
def rig(planted):
    return replace(planted(), score=N_MPJPE, threshold=20.0)


@pytest.fixture(scope="module")
def reaching(rig):
    """Somebody whose left arm hangs and whose left forearm points towards the camera and down."""
    person = rig.space.default(1)
    person.body_pose[:] = 0
    person.body_pose[:, 15 * 3 : 16 * 3] = [0, 0, -1.2]
    person.body_pose[:, 16 * 3 : 17 * 3] = [0, 0, 1.2]
    person.body_pose[:, 17 * 3 : 18 * 3] = [0, -0.9, 0]
    return rig.space.frame(replace(person, global_orient=orientation(np.zeros((1, 3)))))


def joints_of(rig, person):
    return rig.body.joints(person.betas, person.body_pose, person.global_orient, person.transl)


def predicted(rig, person, joints):
    """Outcomes of a target that answers with these joints (J, 3)."""
    names = rig.evaluator.joints
    answer = rooted(pick(joints[None], rig.body.joint_names, names), names)
    return replace(rig.evaluator(person), prediction=answer)


def test_flipped_limbs_keep_every_joint_on_its_ray_and_every_bone_its_length(rig, reaching):
    joints = joints_of(rig, reaching)
    flipped = flipped_limbs(rig, reaching, joints[0])
    assert len(flipped) >= 1
    camera = reaching.camera.rows(np.zeros(len(flipped), int))
    np.testing.assert_allclose(
        camera.project(flipped), np.tile(reaching.camera.project(joints), (len(flipped), 1, 1)), atol=1e-6
    )
    place = rig.body.joint_names.index
    for a, b in (("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"), ("right_hip", "right_knee")):
        bone = np.linalg.norm(flipped[:, place(b)] - flipped[:, place(a)], axis=1)
        assert bone == pytest.approx(np.linalg.norm(joints[0, place(b)] - joints[0, place(a)]), abs=1e-9)
    assert np.abs(flipped - joints).max(axis=(1, 2)).min() > 1e-6


def test_a_prediction_of_a_flipped_limb_is_ambiguous(rig, reaching):
    joints = joints_of(rig, reaching)[0]
    flipped = flipped_limbs(rig, reaching, joints)
    far = flipped[np.abs(flipped - joints).sum(axis=(1, 2)).argmax()]
    assert is_ambiguous(rig, reaching, predicted(rig, reaching, far))


def test_a_prediction_that_fits_the_picture_is_ambiguous_at_any_size(rig, reaching):
    joints = joints_of(rig, reaching)[0]
    assert is_ambiguous(rig, reaching, predicted(rig, reaching, 1.7 * joints))


def test_a_prediction_that_the_picture_refutes_is_not(rig, reaching):
    joints = joints_of(rig, reaching)[0].copy()
    joints[rig.body.joint_names.index("left_wrist"), 1] -= 0.5
    joints[rig.body.joint_names.index("right_knee"), 0] -= 0.3
    assert not is_ambiguous(rig, reaching, predicted(rig, reaching, joints))


def test_a_joint_that_is_hidden_does_not_refute(rig, reaching):
    joints = joints_of(rig, reaching)[0].copy()
    joints[rig.body.joint_names.index("left_wrist"), 1] -= 0.5
    outcomes = predicted(rig, reaching, joints)
    assert not is_ambiguous(rig, reaching, outcomes)
    hidden = outcomes.visible.copy()
    hidden[:, rig.evaluator.joints.index("left_wrist")] = False
    assert is_ambiguous(rig, reaching, replace(outcomes, visible=hidden))


def test_a_knee_does_not_flip_forward(rig):
    """A shin that points away from the camera could only point towards it with the knee bent the wrong way."""
    person = rig.space.default(1)
    person.body_pose[:] = 0
    person.body_pose[:, 9:12] = [0.9, 0, 0]
    person = rig.space.frame(replace(person, global_orient=orientation(np.zeros((1, 3)))))
    joints = joints_of(rig, person)[0]
    knee, ankle = (rig.body.joint_names.index(f"left_{j}") for j in ("knee", "ankle"))
    flipped = flipped_limbs(rig, person, joints)
    straight = np.abs(flipped[:, knee] - joints[knee]).max(axis=1) < 1e-6
    assert not (straight & (flipped[:, ankle, 2] < joints[ankle, 2] - 0.05)).any()
