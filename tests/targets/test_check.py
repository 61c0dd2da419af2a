"""The contract checker finds each planted fault, and nothing in a target that keeps the contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pytest

from targets import FakePlantedTarget, FakeTarget, Prediction, TargetSpec, Truth, check_target

NAMES = (
    *("nose", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
    *("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"),
)
PERSON = np.array(
    [
        *([0.0, -0.6, -0.1], [0.2, -0.4, 0.0], [-0.2, -0.4, 0.0], [0.3, -0.1, 0.05], [-0.3, -0.1, 0.1]),
        *([0.35, 0.1, -0.2], [-0.35, 0.1, 0.0], [0.1, 0.0, 0.0], [-0.1, 0.0, 0.0], [0.12, 0.45, -0.1]),
        *([-0.12, 0.45, 0.0], [0.12, 0.9, 0.1], [-0.12, 0.9, 0.15]),
    ]
)
JOINTS = np.stack([PERSON, PERSON * 1.1, PERSON + np.array([0.1, 0, 0])]) + np.array([0, 0, 3.0])
FIELDS = {
    "images": np.zeros((3, 64, 64, 3), np.uint8),
    "boxes": np.tile([8.0, 2.0, 56.0, 62.0], (3, 1)),
    "joints": JOINTS,
}
TRUTH = Truth(JOINTS, NAMES)
SPEC = TargetSpec("fake", NAMES, ("joints",))
SWAPPED = [
    NAMES.index(
        name.replace("left", "l").replace("right", "left").replace("l_", "right_") if "_" in name else name
    )
    for name in NAMES
]


def answer(joints: Any, **others: Any) -> Prediction:
    return Prediction(**{"found": np.ones(len(joints), np.bool_), "joints": joints, **others})


def faulty(handler: Callable[..., Any], spec: TargetSpec = SPEC) -> list[str]:
    return check_target(FakeTarget(handler, spec), FIELDS, TRUTH)


def test_a_target_that_keeps_the_contract_has_no_findings() -> None:
    def good(joints: Any) -> Prediction:
        confidence = np.full(len(joints), 0.9)
        return answer(joints - joints[:, :1], joints2d=joints[..., :2] * 30 + 32, confidence=confidence)

    assert faulty(good) == []


VALUE_FAULTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no prediction": (lambda joints: joints, "expected predict to return a Prediction, got ndarray"),
    "found": (
        lambda joints: answer(joints, found=np.ones(len(joints))),
        "expected found (3,) bool, got (3,) float64",
    ),
    "nothing": (
        lambda joints: Prediction(np.ones(len(joints), np.bool_)),
        "expected joints, joints2d, vertices or body_pose in the prediction, got none of them",
    ),
    "joint count": (
        lambda joints: answer(joints[:, :5]),
        "expected joints (3, 13, 3) floating (a joint each name in spec.joint_names), got (3, 5, 3) float64",
    ),
    "dtype": (
        lambda joints: answer(joints.astype(np.int64)),
        "expected joints (3, 13, 3) floating (a joint each name in spec.joint_names), got (3, 13, 3) int64",
    ),
    "pose width": (
        lambda joints: answer(joints, body_pose=np.zeros((len(joints), 72))),
        "expected body_pose (3, 63 or 69) floating, got (3, 72) float64",
    ),
    "confidence shape": (
        lambda joints: answer(joints, confidence=np.zeros((len(joints), 13))),
        "expected confidence (3,) floating, got (3, 13) float64",
    ),
    "nan": (
        lambda joints: answer(np.where(joints > 3.1, np.nan, joints)),
        "expected finite joints where a person is found, got nan or infinity in row 0",
    ),
    "nobody": (
        lambda joints: answer(joints, found=np.zeros(len(joints), np.bool_)),
        "expected at least one person to be found in the pictures, got none",
    ),
    "millimetres": (
        lambda joints: answer(joints * 1000),
        "expected joints in metres (left_hip to left_knee 0.05 to 1.0 m), got 461: "
        'write units="mm" into the TargetSpec',
    ),
    "vertices in millimetres": (
        lambda joints: answer(joints, vertices=joints * 1000),
        'expected vertices in metres (a body of 0.3 to 3.0 m), got 1.5e+03: write units="mm" into the TargetSpec',
    ),
    "confidence range": (
        lambda joints: answer(joints, confidence=np.full(len(joints), 90.0)),
        "expected confidence in 0..1, got 90 to 90",
    ),
    "shares of the picture": (
        lambda joints: answer(joints, joints2d=joints[..., :2] * 0.5 + 0.5),
        "expected joints2d in pixels of the picture, got a person of 0.75 px: shares of it?",
    ),
    "y up": (
        lambda joints: answer(joints * [1, -1, 1]),
        "expected y down, got it up (correlation -1.00 with the truth): "
        "write axes=(1, -1, 1) into the TargetSpec",
    ),
    "z towards the camera": (
        lambda joints: answer(joints * [1, 1, -1]),
        "expected z away from the camera, got it towards it (correlation -1.00 with the truth): "
        "write axes=(1, 1, -1) into the TargetSpec",
    ),
    "x to the left": (
        lambda joints: answer(joints * [-1, 1, 1]),
        "expected x to the right, got it to the left (correlation -1.00 with the truth): "
        "write axes=(-1, 1, 1) into the TargetSpec",
    ),
    "left and right": (
        lambda joints: answer(joints[:, SWAPPED]),
        "expected left_ and right_ to be the person's own sides, got them exchanged: swap the names",
    ),
}


@pytest.mark.parametrize("fault", VALUE_FAULTS)
def test_each_fault_of_a_value_is_found_and_nothing_else(fault: str) -> None:
    handler, message = VALUE_FAULTS[fault]
    assert faulty(handler) == [message]


def test_pixels_far_from_the_picture_are_found() -> None:
    spec = replace(SPEC, needs=("images", "joints"))
    found = faulty(lambda images, joints: answer(joints, joints2d=joints[..., :2] * 30 + 900), spec)
    assert found == ["expected joints2d near the picture of 64 x 64 px, got 0% there"]


def test_a_crash_names_the_keywords() -> None:
    def wrong(pictures: Any) -> Prediction:
        return answer(pictures)

    assert faulty(wrong) == [
        "expected predict to answer for the keywords joints at any batch size, got TypeError: "
        "test_a_crash_names_the_keywords.<locals>.wrong() got an unexpected keyword argument 'joints'"
    ]


def test_changed_input_is_found() -> None:
    def rude(joints: Any) -> Prediction:
        given = joints.copy()
        joints -= joints[:, :1]
        return answer(given)

    fields = {**FIELDS, "joints": JOINTS.copy()}
    assert check_target(FakeTarget(rude, SPEC), fields, TRUTH) == [
        "expected predict to leave its input alone, got 'joints' changed: copy it first"
    ]


def test_answers_that_differ_are_found() -> None:
    calls = count()
    found = faulty(lambda joints: answer(joints + 0.25 * next(calls)))
    assert found[0] == (
        "expected the same bits when asked again, got another 'joints' asked again (by up to 0.25)"
    )


def test_rows_that_depend_on_their_batch_are_found() -> None:
    assert faulty(lambda joints: answer(joints + 0.25 * len(joints))) == [
        "expected a batch of one to give the same bits, got another 'joints' in row 0 (by up to 0.5)"
    ]


def test_a_wrong_spec_is_found() -> None:
    doubled = replace(SPEC, needs=("joints", "depth"), joint_names=(*NAMES[:-1], "nose"))
    assert faulty(answer, doubled) == [
        "expected spec.needs to be out of boxes, images, joints, got 'depth'",
        "expected spec.joint_names to differ, got nose more than once",
    ]


def test_foreign_joint_names_are_found() -> None:
    foreign = replace(SPEC, joint_names=tuple(f"j{number}" for number in range(len(NAMES))))
    assert faulty(answer, foreign) == [
        f"expected at least 4 joint names out of {', '.join(NAMES)}, got 0",
    ]


def test_one_person_is_too_few_for_a_check() -> None:
    with pytest.raises(ValueError, match="at least 2 people") as caught:
        check_target(FakeTarget(answer, SPEC), {"joints": JOINTS[:1]})
    assert str(caught.value) == "expected arrays of one length, at least 2 people, got lengths [1]"


def test_the_planted_failure_is_where_its_predicate_holds() -> None:
    target = FakePlantedTarget(NAMES, lambda joints: joints[:, 0, 0] > 0.05, depth=0.3)
    assert check_target(target, FIELDS) == []
    prediction = target.predict(joints=JOINTS)
    assert prediction.joints is not None
    error = np.abs(prediction.joints - JOINTS).max(axis=2)
    np.testing.assert_allclose(error, np.repeat([[0.0], [0.0], [0.3]], len(NAMES), axis=1), atol=1e-12)
    assert target.spec.needs == ("joints",)


def test_what_the_spec_declares_is_applied_before_values_are_judged() -> None:
    spec = TargetSpec("gl", NAMES, ("joints",), units="mm", axes=(1, -1, -1))
    assert faulty(lambda joints: answer(joints * [1000, -1000, -1000]), spec) == []
    found = faulty(lambda joints: answer(joints * [1000, -1000, 1000]), spec)
    assert found == [
        "expected z away from the camera, got it towards it (correlation -1.00 with the truth): write axes=(1, -1, 1) "
        "into the TargetSpec"
    ]
    bad = TargetSpec("gl", NAMES, ("joints",), axes=(1, 0, 1))
    assert faulty(answer, bad) == ["expected TargetSpec.axes of gl to be three signs, 1 or -1, got (1, 0, 1)"]


def test_pixels_of_the_crop_are_told_from_those_of_the_picture() -> None:
    joints2d = JOINTS[..., :2] * 20 + 32
    truth = Truth(JOINTS, NAMES, joints2d)

    def given(points: Any) -> list[str]:
        target = FakeTarget(lambda joints: answer(joints, joints2d=points[: len(joints)]), SPEC)
        return [one for one in check_target(target, FIELDS, truth) if "batch of one" not in one]

    assert given(joints2d) == []
    assert given(joints2d * 2 - 40) == [
        "expected joints2d in pixels of the whole picture, got the right person 42% of its size away: are they "
        "of the crop? bring them back with Crop.to_picture"
    ]


def test_2d_joints_in_another_order_than_those_in_space_are_told() -> None:
    def swapped(joints: Any) -> Prediction:
        return answer(joints, joints2d=joints[:, ::-1, :2] * 30 + 32)

    [found] = faulty(swapped)
    assert found.startswith("expected joints2d to be where joints project to, got them ")
    assert found.endswith("is their order another, or one of the two mirrored or turned?")


def test_findings_name_the_lines_of_the_spec_that_its_author_wrote() -> None:
    declared = TargetSpec("gl", NAMES, ("joints",), units="mm", axes=(1, -1, -1))
    small_and_turned = FakeTarget(lambda joints: answer(joints * [0.001, 0.001, -0.001]), SPEC)
    found = check_target(small_and_turned, FIELDS, TRUTH, declared)
    assert found == [
        "expected joints in metres (left_hip to left_knee 0.05 to 1.0 m), got 0.000461: "
        'write units="m" into the TargetSpec',
        "expected z away from the camera, got it towards it (correlation -1.00 with the truth): write axes=(1, -1, 1) "
        "into the TargetSpec",
    ]
