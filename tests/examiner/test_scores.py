"""Scores by hand, by property, and against an independent implementation."""

import numpy as np
import pytest
from scipy.spatial import procrustes
from scipy.spatial.transform import Rotation

from examiner.calibration import calibrate, fit_calibration
from examiner.joints import LIMB_JOINTS, Pair, common_joints, edges, pick, rooted
from examiner.scores import MPJPE, N_MPJPE, PA_MPJPE, SCORES, find_score


def pair(seed=0, count=7):
    rng = np.random.default_rng(seed)
    gt = rooted(rng.normal(size=(count, 12, 3)), LIMB_JOINTS)
    prediction = rooted(gt + 0.1 * rng.normal(size=gt.shape), LIMB_JOINTS)
    return Pair(gt, prediction, LIMB_JOINTS)


def test_mpjpe_by_hand():
    gt = np.zeros((1, 12, 3))
    prediction = gt.copy()
    prediction[0, 3] = [0.3, 0.0, 0.4]
    assert MPJPE(Pair(gt, prediction, LIMB_JOINTS)) == pytest.approx([500 / 12])
    assert MPJPE.per_joint(Pair(gt, prediction, LIMB_JOINTS))[0, 3] == pytest.approx(500)


def test_n_mpjpe_forgives_scale_and_nothing_else():
    p = pair()
    larger = Pair(p.gt, 1.7 * p.gt, p.names)
    assert N_MPJPE(larger) == pytest.approx(0, abs=1e-9)
    assert MPJPE(larger).min() > 100
    turned = Pair(p.gt, p.gt @ Rotation.from_rotvec([0, 1, 0]).as_matrix().T, p.names)
    assert N_MPJPE(turned).min() > 100


@pytest.mark.parametrize("seed", range(5))
def test_pa_mpjpe_forgives_every_similarity_but_no_mirror(seed):
    rng = np.random.default_rng(seed)
    p = pair(seed)
    turn = Rotation.random(rng=rng).as_matrix()
    moved = Pair(p.gt, 0.6 * p.prediction @ turn.T + rng.normal(size=3), p.names)
    assert PA_MPJPE(moved) == pytest.approx(PA_MPJPE(p), abs=1e-9)
    mirrored = Pair(p.gt, p.gt * [-1, 1, 1], p.names)
    assert PA_MPJPE(mirrored).min() > 50


def test_pa_mpjpe_agrees_with_an_independent_implementation():
    p = pair(3)
    for gt, prediction, ours in zip(p.gt, p.prediction, PA_MPJPE(p), strict=True):
        one, other, _ = procrustes(gt, prediction)
        size = np.linalg.norm(gt - gt.mean(axis=0))
        assert ours == pytest.approx(1000 * size * np.linalg.norm(one - other, axis=1).mean(), rel=1e-6)


@pytest.mark.parametrize("score", SCORES, ids=lambda s: s.name)
def test_a_row_does_not_depend_on_its_batch(score):
    p = pair(1, 9)
    whole = score(p)
    for i in range(9):
        alone = score(Pair(p.gt[i : i + 1], p.prediction[i : i + 1], p.names))
        assert alone[0] == whole[i]


@pytest.mark.parametrize("score", SCORES, ids=lambda s: s.name)
def test_scores_say_their_protocol(score):
    assert score.unit == "mm"
    assert score.alignment
    assert find_score(score.name) is score


def test_unknown_score_is_refused():
    with pytest.raises(ValueError, match="unknown score 'mpjp': expected one of mpjpe, n_mpjpe, pa_mpjpe"):
        find_score("mpjp")


def test_calibration_undoes_a_definition_but_no_rotation_of_the_person():
    p = pair(2, 4000)
    wide = p.gt.copy()
    wide[:, 0] += 0.2 * (p.gt[:, 0] - p.gt[:, 1])
    wide[:, 1] -= 0.2 * (p.gt[:, 0] - p.gt[:, 1])
    weights = fit_calibration(Pair(p.gt, rooted(wide, p.names), p.names))
    fixed = Pair(p.gt, rooted(calibrate(weights, rooted(wide, p.names)), p.names), p.names)
    raw = Pair(p.gt, rooted(wide, p.names), p.names)
    assert N_MPJPE(fixed).mean() < N_MPJPE(raw).mean() / 3
    turn = Rotation.from_rotvec([0.3, -0.8, 0.2]).as_matrix()
    assert np.allclose(calibrate(weights, wide @ turn.T), calibrate(weights, wide) @ turn.T)


def test_common_joints_and_their_refusal():
    names = (*reversed(LIMB_JOINTS), "nose")
    assert common_joints(names) == LIMB_JOINTS
    assert np.array_equal(pick(np.arange(3)[None], "abc", "cb"), [[2, 1]])
    assert (0, 1) in edges(LIMB_JOINTS)
    with pytest.raises(ValueError, match="expected a target with both hips"):
        common_joints(("nose", "left_knee"))
