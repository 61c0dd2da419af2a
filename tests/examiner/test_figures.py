"""Figures by hand, by property, against independent implementations, and on a simulator's people."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from examiner.figures import (
    Figure,
    auc,
    figures_of,
    joint_angle_error,
    joint_errors,
    mpjpe,
    n_mpjpe,
    pa_mpjpe,
    pa_pve,
    part_errors,
    pck,
    pve,
)
from examiner.figures_2d import mask_area, oks, pck_2d, pixels_of, sigmas_of
from examiner.joint_sets import COCO_17, COMMON, SMPL_24, lsp_14
from examiner.joints import LIMB_JOINTS, Pair
from simulator import ParameterSpace, PoseFactor, StickSimulator, ViewFactor, load_prior
from targets import Prediction, TargetSpec

MEASURES = {"mpjpe": mpjpe, "n_mpjpe": n_mpjpe, "pa_mpjpe": pa_mpjpe, "pck": pck, "auc": auc}
MESH = {"pve": pve, "pa_pve": pa_pve}
ROWWISE = {
    **MEASURES,
    **MESH,
    "joint_errors": joint_errors,
    "arms": lambda p: part_errors(p)["arms"],
    "mpjae": lambda p: joint_angle_error(p.gt.reshape(-1, 63), p.prediction.reshape(-1, 63)),
}
JOINTS = {"pve": 300, "pa_pve": 300, "mpjae": 21}
PEOPLE = 5


def pair(seed=0, count=7, joints=12, noise=0.1):
    rng = np.random.default_rng(seed)
    gt = rng.normal(size=(count, joints, 3))
    return Pair(gt, gt + noise * rng.normal(size=gt.shape), LIMB_JOINTS if joints == 12 else ())


def off_by(*millimetres):
    """A person whose first joints are off by so many millimetres along one axis."""
    gt = pair(count=1).gt
    prediction = gt.copy()
    prediction[0, : len(millimetres), 1] += np.array(millimetres) / 1000
    return Pair(gt, prediction, LIMB_JOINTS)


def similar(p, seed):
    """The same pair, its prediction turned, scaled and moved."""
    rng = np.random.default_rng(seed)
    turned = p.prediction @ Rotation.random(rng=rng).as_matrix().T
    return Pair(p.gt, rng.uniform(0.3, 3.0) * turned + rng.normal(size=3), p.names)


def test_points_off_by_hand():
    assert mpjpe(off_by(30)) == pytest.approx([30 / 12])
    assert pve(off_by(30, 60)) == pytest.approx([90 / 12])
    assert joint_errors(off_by(30))[0].tolist() == pytest.approx([30] + 11 * [0])
    assert part_errors(off_by(30, 60))["legs"] == pytest.approx([90 / 6])
    assert part_errors(off_by(30, 60))["arms"] == pytest.approx([0])
    assert part_errors(off_by(30)).keys() == {"arms", "legs"}


def test_n_mpjpe_by_hand():
    p = pair(count=1)
    assert n_mpjpe(Pair(p.gt, 1.7 * p.gt, p.names)) == pytest.approx([0], abs=1e-9)
    gt, prediction = np.zeros((2, 1, 2, 3))
    gt[0, :, 0], prediction[0, 0, 0], prediction[0, 1, 1] = 1.0, 1.0, 1.0
    assert n_mpjpe(Pair(gt, prediction, ("a", "b"))) == pytest.approx([1000 * (0.5 + 1.25**0.5) / 2])


def test_pck_and_auc_by_hand():
    assert pck(off_by(100, 149, 151, 400)) == pytest.approx([100 * 10 / 12])
    assert pck(off_by(100, 149, 151, 400), 120.0) == pytest.approx([100 * 9 / 12])
    for error, beyond in ((0.0, 30), (2.0, 30), (7.0, 29), (51.3, 20), (149.0, 1), (151.0, 0)):
        assert auc(off_by(*12 * [error])) == pytest.approx([100 * beyond / 31])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("measure", [pa_mpjpe, pa_pve])
def test_procrustes_forgives_every_similarity_but_no_mirror(measure, seed):
    p = pair(seed, joints=60 if measure is pa_pve else 12)
    assert measure(similar(p, seed)) == pytest.approx(measure(p), abs=1e-8)
    copy = similar(Pair(p.gt, p.gt, p.names), seed)
    assert measure(copy) == pytest.approx(np.zeros(7), abs=1e-8)
    assert mpjpe(copy).min() > 100
    assert measure(Pair(p.gt, p.gt * [-1, 1, 1], p.names)).min() > 50


@pytest.mark.parametrize("measure", [pa_mpjpe, pa_pve])
def test_procrustes_agrees_with_scipys_rotation(measure):
    p = similar(pair(3, joints=40, noise=0.4), 4)
    for gt, prediction, ours in zip(p.gt, p.prediction, measure(p), strict=True):
        wanted, moved = gt - gt.mean(axis=0), prediction - prediction.mean(axis=0)
        turned = Rotation.align_vectors(wanted, moved)[0].apply(moved)
        scale = (turned * wanted).sum() / (turned**2).sum()
        assert ours == pytest.approx(1000 * np.linalg.norm(scale * turned - wanted, axis=1).mean(), rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_more_is_near_a_wider_threshold_and_a_smaller_error(seed):
    p = pair(seed, noise=0.1)
    shares = np.stack([pck(p, t) for t in np.linspace(0, 400, 30)])
    assert (np.diff(shares, axis=0) >= 0).all()
    assert shares[0].max() == 0
    assert shares[-1].min() > 60
    halved = Pair(p.gt, (p.gt + p.prediction) / 2, p.names)
    for measure in (pck, auc):
        assert (measure(halved) > measure(p)).all()
    assert (auc(p) <= pck(p)).all()


@pytest.mark.parametrize("count", [1, 2, 9])
@pytest.mark.parametrize("widths", [(63, 63), (63, 69), (69, 63), (69, 69)])
def test_mpjae_agrees_with_scipys_rotation(count, widths):
    rng = np.random.default_rng(count)
    gt, prediction = (2.5 * rng.normal(size=(count, width)) for width in widths)
    shared = min(widths)
    for one, other, ours in zip(gt, prediction, joint_angle_error(gt, prediction), strict=True):
        turns = [Rotation.from_rotvec(pose[:shared].reshape(-1, 3)) for pose in (one, other)]
        assert ours == pytest.approx(np.degrees((turns[0].inv() * turns[1]).magnitude()).mean(), abs=1e-9)


def test_mpjae_by_hand():
    gt, prediction = np.zeros((3, 63)), np.zeros((3, 69))
    prediction[0, 5] = np.radians(42.0)
    prediction[0, 63:] = 1.0
    prediction[1, 0] = np.radians(360.0 - 21.0)
    gt[2, 3], prediction[2, 3] = np.radians([-100.0, 100.0])
    assert joint_angle_error(gt, prediction) == pytest.approx([42 / 21, 21 / 21, 160 / 21])


@pytest.mark.parametrize("name", ROWWISE)
@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_row_does_not_depend_on_its_batch(name, size):
    p = pair(1, 13, JOINTS.get(name, 12), noise=0.2)
    whole = ROWWISE[name](p)
    assert np.isfinite(whole).all()
    assert len(np.unique(whole)) > 1
    for start in range(0, 13, size):
        rows = slice(start, start + size)
        assert np.array_equal(ROWWISE[name](Pair(p.gt[rows], p.prediction[rows], p.names)), whole[rows])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_row_that_is_not_finite_spoils_no_other(bad):
    for name, measure in ROWWISE.items():
        p = pair(joints=JOINTS.get(name, 12))
        spoilt = Pair(p.gt, p.prediction.copy(), p.names)
        spoilt.prediction[2, 5, 1] = bad
        assert np.isnan(measure(spoilt)[2]).all()
        assert np.array_equal(np.delete(measure(spoilt), 2, 0), np.delete(measure(p), 2, 0))


def test_true_poses_of_another_shape_are_refused():
    with pytest.raises(
        ValueError, match=r"expected a true body_pose of shape \(N, 63 or 69\), got \(2, 66\)"
    ):
        joint_angle_error(np.zeros((2, 66)), np.zeros((2, 63)))


@pytest.fixture(scope="module")
def scene(body):
    space = ParameterSpace([PoseFactor(load_prior("default")), ViewFactor()], body, 64)
    return space.decode(np.random.default_rng(0).random((PEOPLE, space.dim)))


@pytest.fixture(scope="module")
def batch(body, scene):
    return StickSimulator(body, image_size=64).render(scene)


def spec(batch, metric=True):
    return TargetSpec("fake", batch.joint_names, metric=metric)


def answer(batch, fields=("joints", "joints2d", "vertices", "body_pose"), off=0.0):
    """A fake prediction: the truth, every second joint off by so many metres."""
    sign = off * (np.arange(len(batch.joint_names)) % 2)[:, None]
    values = {"joints": batch.joints + sign * [0, 0, 1], "joints2d": batch.joints2d + 10 * sign}
    values |= {"vertices": batch.vertices + 0.0, "body_pose": batch.scene.body_pose + off}
    return Prediction(np.ones(len(batch), bool), **{field: values[field] for field in fields})


def test_the_truth_is_as_good_as_can_be(batch):
    rows = figures_of(batch, answer(batch), spec(batch), [COMMON, SMPL_24])
    best = {"pck": 100, "auc": 3000 / 31, "pck_2d": 100, "oks": 1}
    for figure in (figure for row in rows for figure in row):
        assert figure.value == pytest.approx(best.get(figure.name, 0), abs=1e-6)
    assert [len(row) for row in rows] == PEOPLE * [(5 + 2 + 12 + 2) + (5 + 3 + 24 + 1) + 3 + 1]


def test_figures_are_those_of_the_plain_functions(batch):
    said = answer(batch, off=0.2)
    row = {figure.name: figure.value for figure in figures_of(batch, said, spec(batch), [SMPL_24])[2]}
    gt, prediction = (joints - joints[:, :1] for joints in (batch.joints, said.joints))
    p = Pair(gt, prediction, SMPL_24.joints)
    assert {name: row[name] for name in MEASURES} == {name: m(p)[2] for name, m in MEASURES.items()}
    flat = [pixels_of(COMMON, batch.joint_names, side.joints2d) for side in (batch, said)]
    row |= {f.name: f.value for f in figures_of(batch, replace(said, joints=None), spec(batch), [COMMON])[2]}
    assert row["oks"] == oks(*flat, mask_area(batch.mask), sigmas_of(COMMON))[2]
    assert row["pck_2d"] == pck_2d(*flat, batch.boxes)[2]
    assert 0.01 < row["oks"] < 0.99 < row["pck_2d"] < 99
    assert row["mpjpe"] == pytest.approx(100)
    assert row["mpjpe.pelvis"] == 0
    assert row["mpjpe.left_hip"] == pytest.approx(200)
    assert row["mpjpe.trunk"] == part_errors(p)["trunk"][2]


def test_what_the_fields_do_not_allow_is_left_out(batch):
    cases = {
        ("joints",): set(MEASURES),
        ("joints2d",): {"pck_2d", "oks"},
        ("vertices",): {"pa_pve"},
        ("joints", "vertices"): {*MEASURES, "pve", "pa_pve"},
        ("body_pose",): {"mpjae"},
        (): set(),
    }
    for fields, names in cases.items():
        row = figures_of(batch, answer(batch, fields), spec(batch), [COMMON, COCO_17])[0]
        assert {figure.name for figure in row if "." not in figure.name} == names


def test_vertices_of_another_topology_are_left_out(batch):
    said = replace(answer(batch, ("joints", "vertices")), vertices=batch.vertices[:, :-1])
    names = {figure.name for figure in figures_of(batch, said, spec(batch), [COMMON])[0]}
    assert "mpjpe" in names
    assert not {"pve", "pa_pve"} & names


def test_a_regressor_gives_figures_to_a_target_of_vertices(batch):
    joint_set = lsp_14(np.eye(17, batch.vertices.shape[1]))
    row = figures_of(batch, answer(batch, ("vertices",)), spec(batch), [joint_set])[0]
    protocols = {figure.name: figure.protocol for figure in row}
    count, root = batch.vertices.shape[1], "root pelvis of lsp-14, no further alignment"
    assert protocols["mpjpe"] == f"lsp-14 (14 joints regressed from {count} vertices), {root}"
    assert protocols["pve"] == f"{count} vertices of one topology, {root}"


def test_people_who_were_not_found_have_no_figures_and_nan_takes_its_own_only(batch):
    said = answer(batch)
    said.joints[1, 4] = np.nan
    found = np.arange(PEOPLE) != 3
    rows = figures_of(batch, replace(said, found=found), spec(batch), [COMMON])
    assert [bool(row) for row in rows] == found.tolist()
    assert {"pck_2d", "oks", "mpjae", "pve", "pa_pve"} == {figure.name for figure in rows[1]}
    assert "mpjpe" in {figure.name for figure in rows[0]}


def test_figures_do_not_depend_on_the_batch(body, scene, batch):
    sets = [COMMON, SMPL_24, lsp_14(np.random.default_rng(0).random((17, batch.vertices.shape[1])))]
    whole = figures_of(batch, answer(batch, off=0.1), spec(batch), sets)
    simulator = StickSimulator(body, image_size=64)
    for row in range(PEOPLE):
        one = simulator.render(scene.rows(slice(row, row + 1)))
        assert figures_of(one, answer(one, off=0.1), spec(one), sets) == [whole[row]]


def test_every_figure_says_its_protocol_and_no_two_are_alike(batch):
    sets = [COMMON, SMPL_24, replace(COMMON, name="other")]
    row = figures_of(batch, answer(batch, off=0.1), spec(batch, metric=False), sets)[0]
    assert len({(figure.name, figure.protocol) for figure in row}) == len(row)
    for figure in row:
        assert figure.protocol in str(figure)
        assert "\n" not in figure.protocol
    protocols = {figure.name: figure.protocol for figure in reversed(row)}
    assert protocols["pck"].startswith(
        "common (12 joints by name), root middle of left_hip and right_hip, no "
    )
    assert protocols["pck"].endswith(" though the target's scale is not metric, nearer than 150 mm")
    assert "mean of pck over 0 to 150 mm in steps of 5 mm" in protocols["auc"]
    assert "similarity (Procrustes): rotation, scale, translation" in protocols["pa_mpjpe"]
    assert "within 0.05 of the longer side of the box" in protocols["pck_2d"]
    assert "SMPL joints 1 to 21, geodesic angle" in protocols["mpjae"]
    assert str(Figure("mpjpe", 43.21, "mm", "by hand")) == "mpjpe 43.2 mm (by hand)"
    assert str(Figure("oks", 0.8765, "", "by hand")) == "oks 0.876 (by hand)"


def test_wrong_shapes_of_a_prediction_are_refused(batch):
    said = answer(batch)
    cases = {
        r"expected found of shape \(5,\), got \(2,\)": {"found": np.ones(2, bool)},
        r"expected joints of shape \(N, 24, 3\), one a name, got \(5, 3, 3\)": {"joints": said.joints[:, :3]},
        "expected a prediction of 5 people, got 2": {"joints": said.joints[:2]},
        r"expected joints2d of shape \(N, 24, 2\)": {"joints2d": said.joints2d[:, :3]},
        r"expected body_pose of shape \(5, 63 or 69\), got \(5, 72\)": {"body_pose": np.zeros((5, 72))},
        r"expected body_pose of shape \(5, 63 or 69\), got \(4, 63\)": {"body_pose": np.zeros((4, 63))},
    }
    for message, wrong in cases.items():
        with pytest.raises(ValueError, match=message):
            figures_of(batch, replace(said, **wrong), spec(batch), [COMMON])
