"""The target's error on the fast renderer against its error on the reference."""

from dataclasses import replace

import numpy as np
import pytest

from examiner.evaluate import Evaluator
from examiner.fairness import Fairness, part_of_a_person
from examiner.joints import common_joints
from examiner.scores import N_MPJPE
from simulator import (
    BACKGROUND_FACTOR,
    CLOTHING_FACTOR,
    IMAGING_FACTOR,
    LIGHT_FACTOR,
    OCCLUDER_FACTOR,
    REFERENCE_VIEW,
    CameraFactor,
    ParameterSpace,
    PyrenderSimulator,
    RasterSimulator,
    ShapeFactor,
    diagnose,
    load_motion_range,
    load_prior,
)
from targets import build_target

pytestmark = [pytest.mark.slow, pytest.mark.skipif(diagnose() is not None, reason=str(diagnose()))]

SCENES = 64


@pytest.fixture(scope="module")
def outcomes(body):
    """Of everyday people, everything about their looks as it usually is, on either renderer."""
    prior, rng = load_prior("default"), np.random.default_rng(31)
    looks = CameraFactor(), LIGHT_FACTOR, CLOTHING_FACTOR, BACKGROUND_FACTOR, OCCLUDER_FACTOR, IMAGING_FACTOR
    space = ParameterSpace([ShapeFactor(), REFERENCE_VIEW, *looks], body)
    scene = space.decode(space.typical(SCENES, rng))
    scene = space.frame(replace(scene, body_pose=prior.decode(prior.everyday.sample(SCENES, rng))))
    target = build_target("blazepose-lite")
    joints = common_joints(target.spec.joint_names)
    fairness = Fairness(body, load_motion_range(), joints, part_of_a_person)
    results = []
    for kind in (PyrenderSimulator, RasterSimulator):
        with kind(body) as simulator:
            results.append(Evaluator(simulator, target, fairness, N_MPJPE)(scene))
    return results


def test_errors_differ_by_at_most_two_millimetres_at_the_median(outcomes):
    reference, fast = outcomes
    found = reference.found & fast.found
    assert found.sum() > 0.9 * SCENES
    gap = np.abs(reference.error - fast.error)[found]
    assert np.median(gap) <= 2.0
    assert abs(np.median(reference.error[found]) - np.median(fast.error[found])) <= 2.0


def test_what_is_not_predicted_is_the_same(outcomes):
    reference, fast = outcomes
    for name in ("gt", "gt2d", "visible", "fair"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(reference, name), name)
    assert (reference.found == fast.found).mean() > 0.95
