"""What outputs of network files mean: tiny networks whose answers are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from targets import JOINT_SETS
from tests.targets.file_targets import CROP, FOUR, V, built, first, refused
from tests.targets.tiny_networks import onnx_file

RNG = np.random.default_rng(0)
ROTATIONS = Rotation.from_rotvec(RNG.normal(0, 0.8, (24, 3)))
MATRICES = ROTATIONS.as_matrix()
POSE = ROTATIONS.as_rotvec()


def as_six(order: str) -> Any:
    columns = MATRICES[:, :, :2]
    return {
        "interleaved": columns.reshape(24, 6),
        "columns": columns.swapaxes(1, 2).reshape(24, 6),
        "rows": MATRICES[:, :2].reshape(24, 6),
    }[order]


@pytest.mark.parametrize("order", ["interleaved", "columns", "rows"])
@pytest.mark.parametrize("flat", [False, True])
def test_a_regressor_of_parameters_as_hmr_and_its_heirs_have_it(
    tmp_path: Path, order: str, flat: bool
) -> None:
    outputs = {
        "pose": as_six(order).reshape(-1) if flat else as_six(order),
        "shape": np.linspace(-1, 1, 10),
        "cam": np.array([0.9, 0.1, -0.2]),
    }
    text = CROP + (
        "outputs:\n"
        f"  pose: {{output: pose, rotations: rot6d, order: {order}}}\n"
        "  betas: shape\n"
        "  camera: {output: cam, kind: weak_perspective, focal_length: 1000}\n"
        "body: smpl\nmetric: true\nlicence: mine\n"
    )
    target = built(tmp_path, text, outputs)
    prediction = first(target)
    assert (target.spec.name, target.spec.body, target.spec.licence) == ("net", "smpl", "mine")
    assert target.spec.gives == ("body_pose",)
    assert target.spec.metric
    np.testing.assert_allclose(prediction.global_orient, POSE[:1], atol=1e-6)
    np.testing.assert_allclose(prediction.body_pose, POSE[1:].reshape(1, 69), atol=1e-6)
    np.testing.assert_allclose(prediction.betas, outputs["shape"][None], atol=1e-6)
    # in the crop's camera (0.1, -0.2, 2 * 1000 / (32 * 0.9)); the crop's middle is (40, 24) of 80 x 60, its side 40
    np.testing.assert_allclose(
        prediction.transl, [[0.1, -0.2 + 2 * (24 - 30) / (0.9 * 40), 2000 / (32 * 0.9)]], rtol=1e-5
    )
    np.testing.assert_allclose(prediction.focal_length, [1000 * 40 / 32])


def test_matrices_may_be_noisy_and_in_parts(tmp_path: Path) -> None:
    outputs = {"root": MATRICES[:1] * 1.0001, "rest": MATRICES[1:].reshape(23, 9)}
    text = (
        CROP
        + "outputs: {global_orient: {output: root, rotations: rotmat}, body_pose: {output: rest, rotations: rotmat}}"
    )
    prediction = first(built(tmp_path, text, outputs))
    np.testing.assert_allclose(prediction.global_orient, POSE[:1], atol=1e-5)
    np.testing.assert_allclose(prediction.body_pose, POSE[1:].reshape(1, 69), atol=1e-5)


def test_a_pose_without_hands_is_that_of_smplx(tmp_path: Path) -> None:
    text = CROP + "outputs: {pose: {output: pose, rotations: axis_angle}}\nbody: smplx\n"
    prediction = first(built(tmp_path, text, {"pose": POSE[:22]}))
    np.testing.assert_allclose(prediction.body_pose, POSE[1:22].reshape(1, 63), atol=1e-6)


def test_a_translation_is_taken_as_it_is(tmp_path: Path) -> None:
    text = (
        CROP
        + "outputs: {pose: {output: pose, rotations: axis_angle}, camera: {output: t, kind: translation}}\n"
    )
    prediction = first(built(tmp_path, text, {"pose": POSE, "t": np.array([1.0, 2, 3])}))
    np.testing.assert_allclose(prediction.transl, [[1, 2, 3]])
    assert prediction.focal_length is None


def test_a_weak_camera_of_a_target_in_millimetres_is_in_millimetres(tmp_path: Path) -> None:
    camera = "camera: {output: cam, kind: weak_perspective, focal_length: 1000}"
    text = CROP + f"outputs: {{pose: {{output: pose, rotations: axis_angle}}, {camera}}}\n"
    outputs = {"pose": POSE, "cam": np.array([0.9, 0.1, -0.2])}
    metres, millimetres = (
        first(built(tmp_path, text + more, outputs)).transl for more in ("", "units: mm\n")
    )
    assert metres is not None
    np.testing.assert_allclose(millimetres, 1000 * metres)


def test_joints_are_picked_out_of_columns_and_rows(tmp_path: Path) -> None:
    table = RNG.normal(size=(6, 5))
    text = (
        CROP + FOUR + "units: mm\naxes: [1, -1, -1]\nroot: hips\n"
        'outputs: {joints: {output: table, columns: ["-", z, x, y, "-"], take: [5, 0, 2, 3]}}\n'
    )
    for output in (table, table.reshape(-1), table[None]):
        target = built(tmp_path, text, {"table": output})
        np.testing.assert_allclose(first(target).joints, table[None, [5, 0, 2, 3]][..., [2, 3, 1]], atol=1e-6)
    assert target.spec.joint_names == ("left_hip", "right_hip", "left_knee", "right_knee")
    assert (target.spec.units, target.spec.axes, target.spec.root) == ("mm", (1, -1, -1), "hips")


@pytest.mark.parametrize(
    ("within", "point"),
    [
        ("crop pixels", (8.0, 24.0)),
        ("crop 0..1", (0.25, 0.75)),
        ("crop -1..1", (-0.5, 0.5)),
        ("crop -0.5..0.5", (-0.25, 0.25)),
        ("picture pixels", (30.0, 34.0)),
    ],
)
def test_points_of_the_picture_may_be_told_in_many_ways(
    tmp_path: Path, within: str, point: tuple[float, float]
) -> None:
    text = CROP + FOUR + f"outputs: {{joints2d: {{output: points, in: {within}}}}}\n"
    prediction = first(built(tmp_path, text, {"points": np.tile(point, (4, 1))}))
    np.testing.assert_allclose(prediction.joints2d, np.tile([30.0, 34.0], (1, 4, 1)), atol=1e-5)


def test_movenets_form_of_keypoints_with_scores(tmp_path: Path) -> None:
    keypoints = RNG.uniform(0.2, 0.8, (1, 17, 3))
    text = CROP + (
        "joint_names: coco-17\n"
        "outputs:\n"
        "  joints2d: {output: keypoints, in: crop 0..1, columns: [y, x, score]}\n"
        '  confidence: {output: keypoints, columns: ["-", "-", score], least: 0.9}\n'
    )
    target = built(tmp_path, text, {"keypoints": keypoints})
    prediction = first(target)
    assert target.spec.joint_names == JOINT_SETS["coco-17"]
    np.testing.assert_allclose(prediction.joints2d, keypoints[:, :, 1::-1] * 40 + [20, 4], atol=1e-5)
    np.testing.assert_allclose(prediction.confidence, [keypoints[..., 2].mean()], atol=1e-6)
    assert prediction.found.tolist() == [False]


def test_a_logit_becomes_a_confidence(tmp_path: Path) -> None:
    outputs = {"vertices": RNG.normal(size=(7, 3)), "sure": np.array([2.0])}
    text = CROP + "outputs: {vertices: vertices, confidence: {output: sure, logit: true, least: 0.5}}\n"
    prediction = first(built(tmp_path, text, outputs))
    np.testing.assert_allclose(prediction.confidence, [1 / (1 + np.exp(-2))], atol=1e-6)
    assert prediction.found.tolist() == [True]
    np.testing.assert_allclose(prediction.vertices, outputs["vertices"][None], atol=1e-6)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_heatmaps_come_joint_by_joint(tmp_path: Path, layout: str) -> None:
    maps = RNG.normal(size=(4, 5, 6))
    given = maps.transpose(1, 2, 0) if layout == "nhwc" else maps
    heatmaps = f"heatmaps: {{output: maps, layout: {layout}}}"
    text = CROP + FOUR + f"outputs: {{joints: joints, {heatmaps}}}\n"
    prediction = first(built(tmp_path, text, {"joints": np.zeros((4, 3)), "maps": given}))
    np.testing.assert_allclose(prediction.heatmaps, maps[None], atol=1e-6)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (
            "{vertices: fiv}",
            "expected outputs.vertices to name an output of net.onnx (v, five), got 'fiv', in net.yaml, line 3; "
            "did you mean 'five'?",
        ),
        (
            "{vertices: five}",
            "expected 'five', the output for outputs.vertices, to be (N, vertices, 3), got (1, 5), "
            "in net.yaml, line 3: name another output at outputs.vertices",
        ),
        (
            "{joints: v}",
            "expected 'v', the output for outputs.joints, to be (N, joints, 3) or the same flat, of 4 joints, "
            "got (1, 5, 3), in net.yaml, line 3: set joint_names, outputs.joints.take or outputs.joints.columns",
        ),
        (
            "{joints: {output: v, take: [0, 1, 2, 5]}}",
            "expected 'v', the output for outputs.joints, to be (N, joints, 3) or the same flat, of more than 5 "
            "joints, got (1, 5, 3), in net.yaml, line 3: set joint_names, outputs.joints.take or "
            "outputs.joints.columns",
        ),
        (
            "{joints2d: {output: v, in: crop pixels}}",
            "expected 'v', the output for outputs.joints2d, to be (N, joints, 2) or the same flat, of 4 joints, "
            "got (1, 5, 3), in net.yaml, line 3: set joint_names, outputs.joints2d.take or "
            "outputs.joints2d.columns",
        ),
        (
            "{vertices: v, betas: five}",
            "expected 'five', the output for outputs.betas, to be (N, 10), got (1, 5), in net.yaml, line 3: "
            "name another output at outputs.betas",
        ),
        (
            "{pose: {output: v, rotations: rotmat}}",
            "expected 'v', the output for outputs.pose, to be (N, 24 or 22, 3, 3) or the same flat, as rotmat has "
            "it, got (1, 5, 3), in net.yaml, line 3: set outputs.pose.rotations to rotmat, rot6d or axis_angle",
        ),
        (
            "{vertices: v, camera: {output: five, kind: translation}}",
            "expected 'five', the output for outputs.camera, to be (N, 3), got (1, 5), in net.yaml, line 3: "
            "name another output at outputs.camera",
        ),
        (
            "{vertices: v, heatmaps: v}",
            "expected 'v', the output for outputs.heatmaps, to be (N, 4, h, w), got (1, 5, 3), in net.yaml, "
            "line 3: set outputs.heatmaps.layout to nchw or nhwc",
        ),
        (
            '{vertices: v, confidence: {output: v, columns: ["-", score]}}',
            "expected 'v', the output for outputs.confidence, to be (N, ..., 2), got (1, 5, 3), in net.yaml, "
            "line 3: set outputs.confidence.columns",
        ),
    ],
)
def test_outputs_that_do_not_fit_are_refused_with_the_key(tmp_path: Path, outputs: str, message: str) -> None:
    text = CROP + f"outputs: {outputs}\n" + FOUR
    assert refused(tmp_path, text, {**V, "five": np.zeros(5)}) == message


def test_what_is_no_rotation_matrix_is_refused(tmp_path: Path) -> None:
    mirrored = MATRICES.copy()
    mirrored[3] = np.diag([1.0, 1, -1])
    text = CROP + "outputs: {pose: {output: pose, rotations: rotmat}}\n"
    onnx_file(tmp_path / "net.onnx", {"pose": mirrored})
    message = refused(tmp_path, text, {"pose": mirrored})
    assert message.startswith(
        "expected 'pose', the output for outputs.pose, to hold rotation matrices, got [[1."
    )
    assert message.endswith(
        "in row 0, joint 3, in net.yaml, line 3: set outputs.pose.rotations or name another output"
    )
