"""Figures of the picture by hand, by property, and against the formula of COCO's own tools."""

import numpy as np
import pytest

from examiner.figures_2d import COCO_SIGMAS, mask_area, oks, pck_2d, pixels_of, sigmas_of
from examiner.joint_sets import COCO_17, COMMON, SMPL_24, JointSet, lsp_14
from examiner.joints import LIMB_JOINTS

SIGMAS = sigmas_of(COMMON)


def pixels(seed=0, count=13, noise=6.0):
    """Truth and prediction (N, 12, 2), boxes (N, 4), area (N,)."""
    rng = np.random.default_rng(seed)
    gt = rng.uniform(0, 256, (count, 12, 2))
    boxes = np.concatenate([np.zeros((count, 2)), rng.uniform(60, 250, (count, 2))], axis=1)
    return gt, gt + rng.normal(0, noise, gt.shape), boxes, rng.uniform(400, 9000, count)


def test_pck_in_the_picture_by_hand():
    gt = np.zeros((2, 4, 2))
    prediction = gt.copy()
    prediction[:, :, 0] = [0.0, 4.9, 5.0, 5.1]
    boxes = np.array([[10.0, 20, 50, 120], [0, 0, 200, 30]])
    assert pck_2d(gt, prediction, boxes).tolist() == [75, 100]
    assert pck_2d(gt, prediction, boxes, share=0.01).tolist() == [25, 25]


def test_oks_agrees_with_the_formula_of_the_coco_tools():
    gt, prediction, _, area = pixels()
    for row, ours in enumerate(oks(gt, prediction, area, SIGMAS)):
        total = 0.0
        for joint, name in enumerate(LIMB_JOINTS):
            dx, dy = prediction[row, joint] - gt[row, joint]
            variance = (2 * COCO_SIGMAS[name]) ** 2
            total += np.exp(-(dx * dx + dy * dy) / variance / (area[row] + np.spacing(1)) / 2)
        assert ours == pytest.approx(total / 12, rel=1e-12)
        assert 0.05 < ours < 1


def test_oks_by_hand():
    gt = np.zeros((1, 2, 2))
    prediction = np.array([[[0.0, 0.0], [0.0, 2 * 0.107 * 10]]])
    sigmas = np.array([COCO_SIGMAS["nose"], COCO_SIGMAS["left_hip"]])
    assert oks(gt, prediction, np.array([100.0]), sigmas) == pytest.approx([(1 + np.exp(-0.5)) / 2])
    assert np.isnan(oks(gt, prediction, np.array([0.0]), sigmas)).all()
    assert mask_area(np.arange(12).reshape(2, 2, 3) > 4).tolist() == [1, 6]


def test_cocos_sigmas():
    published = [26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]
    assert sigmas_of(COCO_17) == pytest.approx(np.array(published) / 1000)
    assert sigmas_of(SMPL_24) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_smaller_error_is_never_worse(seed):
    gt, prediction, boxes, area = pixels(seed)
    halved = (gt + prediction) / 2
    assert (oks(gt, halved, area, SIGMAS) > oks(gt, prediction, area, SIGMAS)).all()
    assert (oks(gt, prediction, 2 * area, SIGMAS) > oks(gt, prediction, area, SIGMAS)).all()
    assert (pck_2d(gt, halved, boxes) >= pck_2d(gt, prediction, boxes)).all()
    shares = np.stack([pck_2d(gt, prediction, boxes, share) for share in np.linspace(0, 0.5, 30)])
    assert (np.diff(shares, axis=0) >= 0).all()
    assert shares[0].max() == 0
    assert shares[-1].min() == 100


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_row_does_not_depend_on_its_batch(size):
    gt, prediction, boxes, area = pixels()
    whole = oks(gt, prediction, area, SIGMAS), pck_2d(gt, prediction, boxes)
    assert all(len(np.unique(values)) > 1 for values in whole)
    for start in range(0, len(gt), size):
        r = slice(start, start + size)
        assert np.array_equal(oks(gt[r], prediction[r], area[r], SIGMAS), whole[0][r])
        assert np.array_equal(pck_2d(gt[r], prediction[r], boxes[r]), whole[1][r])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_row_that_is_not_finite_spoils_no_other(bad):
    gt, prediction, boxes, area = pixels()
    spoilt = prediction.copy()
    spoilt[2, 5, 1] = bad
    for values in (oks(gt, spoilt, area, SIGMAS), pck_2d(gt, spoilt, boxes)):
        assert np.flatnonzero(np.isnan(values)).tolist() == [2]


def test_pixels_are_picked_by_name_and_not_rooted():
    points = np.arange(48.0).reshape(1, 24, 2)
    picked = pixels_of(COMMON, SMPL_24.joints, points)
    assert picked[0].tolist() == [points[0, SMPL_24.joints.index(name)].tolist() for name in LIMB_JOINTS]


def test_the_root_of_a_set_is_not_needed_in_the_picture():
    knees = JointSet("knees", ("left_knee", "right_knee"), ("pelvis",))
    assert pixels_of(knees, ("right_knee", "left_knee"), np.array([[[1, 2], [3, 4]]])).tolist() == [
        [[3, 4], [1, 2]]
    ]


@pytest.mark.parametrize(
    ("measure", "shapes", "message"),
    [
        (
            pck_2d,
            [(1, 4, 2), (2, 4)],
            r"^expected joints \(N, J, 2\) on both sides, got \(2, 4, 2\) and \(1, 4, 2\)$",
        ),
        (pck_2d, [(2, 4, 2), (2, 2)], r"^expected boxes of shape \(2, 4\), got \(2, 2\)$"),
        (oks, [(2, 4, 2), (1,), (4,)], r"^expected area of shape \(2,\), got \(1,\)$"),
        (oks, [(2, 4, 2), (2,), (5,)], r"^expected sigmas of shape \(4,\), got \(5,\)$"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(measure, shapes, message):
    with pytest.raises(ValueError, match=message):
        measure(np.zeros((2, 4, 2)), *(np.ones(shape) for shape in shapes))


@pytest.mark.parametrize(
    ("joint_set", "names", "message"),
    [
        (
            COCO_17,
            SMPL_24.joints,
            r"^expected the joints of coco-17, got none called nose, left_eye, right_eye, left_ear, right_ear$",
        ),
        (COMMON, LIMB_JOINTS, r"^expected joints2d of shape \(N, 12, 2\), one a name, got \(1, 24, 2\)$"),
        (
            lsp_14(np.zeros((17, 9))),
            SMPL_24.joints,
            "expected a set of joints by name, got lsp-14, whose joints are regressed",
        ),
    ],
)
def test_pixels_that_cannot_be_had_are_refused(joint_set, names, message):
    with pytest.raises(ValueError, match=message):
        pixels_of(joint_set, names, np.zeros((1, 24, 2)))
