"""Specifications of network files: what is wrong in them is told with its key and line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from targets import Crop, build_target
from targets.file_spec import read_file_spec
from tests.targets.file_targets import V
from tests.targets.tiny_networks import onnx_file

GOOD = """\
onnx: net.onnx
crop:
  size: [32, 24]
  border: replicate
outputs:
  vertices: v
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    onnx_file(tmp_path / "net.onnx", V)
    return tmp_path


def refused(folder: Path, text: str) -> str:
    path = folder / "model.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"^expected") as caught:
        read_file_spec(path)
    return str(caught.value).replace(f"{folder}/", "")


def test_a_short_specification_has_the_usual_defaults(folder: Path) -> None:
    (folder / "model.yml").write_text(GOOD)
    spec = read_file_spec(folder / "model.yml")
    assert spec.crop == Crop(size=(32, 24), border="replicate")
    assert (spec.layout, spec.device, spec.batch, spec.inputs) == ("nchw", "cpu", None, None)
    assert (spec.target.name, spec.target.licence, spec.target.joint_names) == ("model", "unstated", ())
    assert (spec.target.units, spec.target.axes, spec.target.metric) == ("m", (1, 1, 1), False)
    assert spec.target.needs == ("images", "boxes")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GOOD + "joint_name: coco-17\n",
            "expected keys of the specification out of name, licence, onnx, torchscript, device, batch, crop, layout, "
            "inputs, outputs, joint_names, units, axes, root, body, metric, got 'joint_name', in model.yaml, line 7; "
            "did you mean 'joint_names'?",
        ),
        (
            GOOD.replace("border:", "boarder:"),
            "expected keys of crop out of size, box_scale, aspect, channels, range, mean, std, border, antialias, got "
            "'boarder', in model.yaml, line 4; did you mean 'border'?",
        ),
        (
            GOOD.replace("vertices:", "vertexes:"),
            "expected keys of outputs out of joints, joints2d, vertices, betas, pose, global_orient, body_pose, "
            "camera, confidence, heatmaps, got 'vertexes', in model.yaml, line 6; did you mean 'vertices'?",
        ),
        (
            GOOD + "  pose: {output: p, rotation: rotmat}\n",
            "expected keys of outputs.pose out of output, rotations, order, got 'rotation', in model.yaml, line 7; did "
            "you mean 'rotations'?",
        ),
        (
            GOOD + "  pose: p\n",
            "expected outputs.pose.rotations to be one of rotmat, rot6d, axis_angle, got nothing, in "
            "model.yaml, line 7",
        ),
        (
            GOOD + "  pose: {output: p, rotations: rot-6d}\n",
            "expected outputs.pose.rotations to be one of rotmat, rot6d, axis_angle, got 'rot-6d', in model.yaml, line "
            "7: did you mean 'rot6d'?",
        ),
        (
            GOOD + "  pose: {output: p, rotations: rot6d}\n",
            "expected outputs.pose.order to be one of interleaved, columns, rows, got nothing, in model.yaml, line 7",
        ),
        (
            GOOD + "  pose: {output: p, rotations: rotmat, order: rows}\n",
            "expected outputs.pose.order to be there with rotations: rot6d alone, got 'rows', in model.yaml, line 7: "
            "remove it",
        ),
        (
            GOOD + "  pose: {rotations: rotmat}\n",
            "expected outputs.pose.output to be the name of an output or its place, counted from 0, got nothing, in "
            "model.yaml, line 7",
        ),
        (
            GOOD
            + "  pose: {output: p, rotations: rotmat}\n  body_pose: {output: p, rotations: axis_angle}\n",
            "expected outputs.pose or its parts, got body_pose beside it, in model.yaml, line 8: keep one",
        ),
        (
            GOOD.replace("vertices", "betas"),
            "expected one of joints, joints2d, vertices, pose, body_pose in outputs, got none of them, in model.yaml, "
            "line 5",
        ),
        (
            GOOD + "  camera: {output: c, kind: weak}\n",
            "expected outputs.camera.kind to be one of weak_perspective, translation, got 'weak', in "
            "model.yaml, line 7",
        ),
        (
            GOOD + "  camera: {output: c, kind: translation, focal_length: 5000}\n",
            "expected outputs.camera.focal_length to be there with kind: weak_perspective alone, got 5000, in "
            "model.yaml, line 7: remove it",
        ),
        (
            GOOD + "  camera: {output: c, kind: weak_perspective, focal_length: -1}\n",
            "expected outputs.camera.focal_length to be above 0, got -1, in model.yaml, line 7",
        ),
        (
            GOOD + "  confidence: {output: c, columns: [x, y]}\n",
            "expected outputs.confidence.columns to be names of a joint's numbers with score once and - for the "
            "others, got ['x', 'y'], in model.yaml, line 7",
        ),
        (
            GOOD + "  confidence: {output: c, logit: 1}\n",
            "expected outputs.confidence.logit to be true or false, got 1, in model.yaml, line 7",
        ),
        (
            GOOD + "  joints: j\n",
            "expected joint_names to be a list or one of blazepose-33, coco-17, h36m-17, lsp-14, openpose-25, smpl-24, "
            "since outputs.joints has joints, got nothing, in model.yaml, line 1",
        ),
        (
            GOOD + "  joints: j\njoint_names: coco17\n",
            "expected joint_names to be one of blazepose-33, coco-17, h36m-17, lsp-14, openpose-25, smpl-24, got "
            "'coco17', in model.yaml, line 8: did you mean 'coco-17'?",
        ),
        (
            GOOD + "joint_names: [nose, head, nose]\n",
            "expected joint_names to be different names, and nose is there twice, got ['nose', 'head', 'nose'], in "
            "model.yaml, line 7",
        ),
        (
            GOOD + "  joints: {output: j, take: 3}\njoint_names: [nose, head]\n",
            "expected outputs.joints.take to be 2 or a list of 2 places counted from 0, one each of joint_names, got "
            "3, in model.yaml, line 7",
        ),
        (
            GOOD + "  joints: {output: j, columns: [x, y]}\njoint_names: [nose, head]\n",
            "expected outputs.joints.columns to be names of a joint's numbers with x, y, z once each, got ['x', 'y'], "
            "in model.yaml, line 7",
        ),
        (
            GOOD + "  joints2d: j\njoint_names: [nose, head]\n",
            "expected outputs.joints2d.in to be one of crop pixels, crop 0..1, crop -1..1, crop -0.5..0.5, picture "
            "pixels, got nothing, in model.yaml, line 7",
        ),
        (
            GOOD.replace("size: [32, 24]", "box_scale: 1.2"),
            "expected crop.size to be [height, width] in pixels, got nothing, in model.yaml, line 2",
        ),
        (
            GOOD.replace("size: [32, 24]", "size: 32.5"),
            "expected crop.size to be [height, width] in pixels, got 32.5, in model.yaml, line 3",
        ),
        (
            GOOD.replace("border: replicate", "mean: [123.7, 116.3, 103.5]"),
            "expected Crop.mean of values 0..1, got (123.7, 116.3, 103.5): divide mean and std by 255, in model.yaml, "
            "line 2",
        ),
        (
            GOOD.replace("border: replicate", "mean: [0.5, 0.5]"),
            "expected crop.mean to be a list of 3 numbers, got [0.5, 0.5], in model.yaml, line 4",
        ),
        (
            GOOD.replace("border: replicate", "range: 0..1\n  std: [1, 1, 1]"),
            "expected crop.std to be there without crop.range, got [1, 1, 1], in model.yaml, line 5: keep one of them",
        ),
        (
            GOOD.replace("border: replicate", "range: 0-1"),
            "expected crop.range to be one of 0..1, 0..255, -1..1, got '0-1', in model.yaml, line 4",
        ),
        (
            GOOD.replace("crop:", "croop:"),
            "expected keys of the specification out of name, licence, onnx, torchscript, device, batch, crop, layout, "
            "inputs, outputs, joint_names, units, axes, root, body, metric, got 'croop', in model.yaml, line 2; did "
            "you mean 'crop'?",
        ),
        (
            "onnx: net.onnx\noutputs: {vertices: v}\n",
            "expected crop to be how a person is cut out, with crop.size at least, got nothing, in model.yaml, line 1",
        ),
        (
            "onnx: net.onnx\ncrop: {size: 32}\n",
            "expected outputs to be what the network's outputs mean, got nothing, in model.yaml, line 1",
        ),
        (
            GOOD + "torchscript: net.pt\n",
            "expected one of the keys onnx or torchscript, the network's file, got 2 of them, in model.yaml, line 7",
        ),
        (
            GOOD.replace("onnx: net.onnx\n", ""),
            "expected one of the keys onnx or torchscript, the network's file, got 0 of them, in model.yaml, line 1",
        ),
        (
            GOOD + "axes: [1, -1, 2]\n",
            "expected axes to be three signs, 1 or -1, e.g. [1, -1, -1] for OpenGL's axes, got [1, -1, 2], in "
            "model.yaml, line 7",
        ),
        (
            GOOD + "units: cm\n",
            "expected units to be one of m, mm, got 'cm', in model.yaml, line 7",
        ),
        (GOOD + "batch: 0\n", "expected batch to be a whole number above 0, got 0, in model.yaml, line 7"),
        (GOOD + "name: [a]\n", "expected name to be text, got ['a'], in model.yaml, line 7"),
        (
            GOOD + "inputs: {x: crops}\n",
            "expected inputs.x to be one of crop, boxes, cliff_box, intrinsics, height_width, width_height, got "
            "'crops', in model.yaml, line 7: did you mean 'crop'?",
        ),
        (
            GOOD + "inputs: {x: boxes}\n",
            "expected inputs to be names of inputs with what each is given, the crop among them, got {'x': 'boxes'}, "
            "in model.yaml, line 7",
        ),
        (GOOD + "name: a\nname: b\n", "expected a key once, got 'name', in model.yaml, line 8"),
        (
            GOOD.replace("crop:\n  size: [32, 24]\n  border: replicate", "crop: 32"),
            "expected crop to be keys with values, got 32, in model.yaml, line 2",
        ),
        ("- a\n", "expected a specification to be keys with values, got ['a'], in model.yaml, line 1"),
        ("", "expected a specification, got an empty file model.yaml"),
    ],
)
def test_what_is_wrong_is_told_with_its_key_and_line(folder: Path, text: str, message: str) -> None:
    assert refused(folder, text) == message


def test_what_is_no_yaml_is_refused_with_the_place(folder: Path) -> None:
    message = refused(folder, "onnx: net.onnx\ncrop: {size: [32\n")
    assert message.startswith("expected YAML, got something else in model.yaml: ")
    assert "line 3" in message
    assert "\n" not in message


def test_nothing_in_a_specification_is_run(folder: Path) -> None:
    message = refused(folder, GOOD + "name: !!python/object/apply:os.getcwd []\n")
    assert "python/object/apply" in message


def test_missing_files_are_refused(folder: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        build_target(str(folder / "gone.yaml"))
    assert (
        str(caught.value) == f"expected a specification, got no file {folder / 'gone.yaml'}: check the path"
    )
    (folder / "model.yaml").write_text(GOOD.replace("net.onnx", "gone.onnx"))
    with pytest.raises(FileNotFoundError) as caught:
        build_target(str(folder / "model.yaml"))
    assert str(caught.value) == (
        f"expected onnx to be a file beside the specification, got no file {folder / 'gone.onnx'}, "
        f"in {folder / 'model.yaml'}, line 1: check the path"
    )


def test_a_region_of_interest_is_refused(folder: Path) -> None:
    (folder / "model.yaml").write_text(GOOD)
    with pytest.raises(ValueError, match="region of interest") as caught:
        build_target(str(folder / "model.yaml"), region_of_interest="detector")
    assert str(caught.value) == (
        f"expected region of interest 'box' with the target {folder / 'model.yaml'}, got 'detector': "
        "it is an option of the built-in targets"
    )


def test_a_specification_may_be_used_from_another_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "model.yaml").write_text(GOOD.replace("24", "32"))
    monkeypatch.chdir(folder.parent)
    target = build_target(f"{folder.name}/model.yaml")
    given = {"images": np.zeros((1, 32, 32, 3), np.uint8), "boxes": np.array([[4.0, 4, 28, 28]])}
    assert target.predict(**given).vertices is not None
