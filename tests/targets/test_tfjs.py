"""TensorFlow.js graphs: tiny ones, made here, against numpy."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from targets.tfjs_graph import TfjsGraph, read_tfjs
from targets.tfjs_torch import TfjsModel

RNG = np.random.default_rng(0)
PICTURE = RNG.normal(size=(1, 5, 6, 2)).astype(np.float32)


def text(value: str) -> dict[str, str]:
    return {"s": base64.b64encode(value.encode()).decode()}


def node(name: str, operation: str, inputs: list[str], **attributes: Any) -> dict[str, Any]:
    return {"name": name, "op": operation, "input": inputs, "attr": attributes}


def convolution(padding: str = "SAME", stride: int = 2, fused: tuple[str, ...] = ()) -> dict[str, Any]:
    sides = {"list": {"i": ["1", str(stride), str(stride), "1"]}}
    more = {"fused_ops": {"list": {"s": [text(each)["s"] for each in fused]}}} if fused else {}
    return {"padding": text(padding), "data_format": text("NHWC"), "strides": sides, **more}


def write(
    folder: Path, nodes: list[dict[str, Any]], constants: dict[str, Any], output: str, stored: str = "float32"
) -> tuple[Path, Path]:
    described, data = [], b""
    for name, value in constants.items():
        kind = "float32" if value.dtype == np.float32 else "int32"
        each: dict[str, Any] = {"name": name, "shape": list(value.shape), "dtype": kind}
        if kind == "float32" and stored != "float32":
            each["quantization"] = {"dtype": stored}
        data += value.astype({"float32": stored, "int32": "<i4"}[kind]).tobytes()
        described.append(each)
    sides = [{"size": str(side)} for side in PICTURE.shape]
    signature = {
        "inputs": {"x": {"name": "x:0", "tensorShape": {"dim": sides}}},
        "outputs": {"y": {"name": output}},
    }
    source = {"name": "x", "op": "Placeholder", "attr": {}}
    names = [{"name": name, "op": "Const", "attr": {}} for name in constants]
    document = {
        "modelTopology": {"node": [*nodes, *names, source]},
        "signature": signature,
        "weightsManifest": [{"paths": ["net.bin"], "weights": described}],
    }
    (folder / "net.json").write_text(json.dumps(document))
    (folder / "net.bin").write_bytes(data)
    return folder / "net.json", folder / "net.bin"


def run(graph: TfjsGraph) -> Any:
    return TfjsModel(graph)(torch.from_numpy(PICTURE)).numpy()


def padded(stride: int, kernel: int) -> Any:
    """The picture with TensorFlow's zeros: outputs are ceil(size / stride), the odd zero comes after."""
    around = []
    for side in PICTURE.shape[1:3]:
        total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        around.append((total // 2, total - total // 2))
    return np.pad(PICTURE, [(0, 0), *around, (0, 0)])


def convolved(weight: Any, stride: int) -> Any:
    """By sums over windows."""
    picture, (height, width) = padded(stride, weight.shape[0]), weight.shape[:2]
    rows, columns = (picture.shape[1] - height) // stride + 1, (picture.shape[2] - width) // stride + 1
    out = np.zeros((1, rows, columns, weight.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = picture[0, i * stride : i * stride + height, j * stride : j * stride + width]
            out[0, i, j] = np.einsum("hwc,hwco->o", window, weight)
    return out


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_pads_adds_its_bias_and_clips(tmp_path: Path, stride: int) -> None:
    weight, bias = (RNG.normal(size=shape).astype(np.float32) for shape in ((3, 3, 2, 4), (4,)))
    nodes = [
        node("y", "_FusedConv2D", ["x", "w", "b"], **convolution(stride=stride, fused=("BiasAdd", "Relu6")))
    ]
    graph = read_tfjs(*write(tmp_path, nodes, {"w": weight, "b": bias}, "y:0"))
    np.testing.assert_allclose(run(graph), np.clip(convolved(weight, stride) + bias, 0, 6), atol=1e-5)


def test_a_convolution_by_one_pixel_is_a_product(tmp_path: Path) -> None:
    weight = RNG.normal(size=(1, 1, 2, 3)).astype(np.float32)
    nodes = [node("y", "_FusedConv2D", ["x", "w"], **convolution("VALID", 1))]
    graph = read_tfjs(*write(tmp_path, nodes, {"w": weight}, "y"))
    np.testing.assert_allclose(run(graph), PICTURE @ weight[0, 0], atol=1e-5)


def test_a_depthwise_convolution_keeps_channels_apart(tmp_path: Path) -> None:
    weight = RNG.normal(size=(3, 3, 2, 1)).astype(np.float32)
    nodes = [node("y", "DepthwiseConv2dNative", ["x", "w"], **convolution(stride=1))]
    apart = np.stack([np.diag(weight[i, j, :, 0]) for i in range(3) for j in range(3)]).reshape(3, 3, 2, 2)
    graph = read_tfjs(*write(tmp_path, nodes, {"w": weight}, "y"))
    np.testing.assert_allclose(run(graph), convolved(apart, 1), atol=1e-5)


def test_several_outputs_places_and_axes(tmp_path: Path) -> None:
    nodes = [
        node("planes", "Unpack", ["x"], axis={"i": "3"}),
        node("pair", "Pack", ["planes:1", "planes"], axis={"i": "1"}),
        node("one", "GatherNd", ["pair", "places"]),
        node("flat", "Reshape", ["one", "shape"]),
        node("best", "ArgMax", ["flat", "axis"]),
        node("more", "ConcatV2", ["best", "best", "axis0"]),
    ]
    constants = {
        "places": np.array([[0, 0], [0, 1]]),
        "shape": np.array([2, -1]),
        "axis": np.array(1),
        "axis0": np.array(0),
    }
    graph = read_tfjs(*write(tmp_path, nodes, constants, "more"))
    best = [int(PICTURE[0, :, :, plane].argmax()) for plane in (1, 0)]
    assert run(graph).tolist() == [*best, *best]


def test_what_the_output_does_not_need_is_left_out(tmp_path: Path) -> None:
    nodes = [node("odd", "Cosh", ["x"]), node("y", "AddV2", ["x", "x"], T={"type": "DT_FLOAT"})]
    graph = read_tfjs(*write(tmp_path, nodes, {"w": np.zeros(3, np.float32)}, "y"))
    assert [each.name for each in graph.nodes] == ["y"]
    assert graph.constants == {}
    np.testing.assert_array_equal(run(graph), 2 * PICTURE)


def test_half_precision_weights_are_read(tmp_path: Path) -> None:
    nodes = [node("y", "Mul", ["x", "w"])]
    graph = read_tfjs(*write(tmp_path, nodes, {"w": np.array([0.5, 2.0], np.float32)}, "y", "float16"))
    np.testing.assert_allclose(run(graph), PICTURE * [0.5, 2.0], rtol=1e-6)


@pytest.mark.parametrize(
    ("operation", "options", "message"),
    [
        ("Cosh", {}, r"^expected operations out of AddV2, .*_FusedConv2D, got Cosh at the node y$"),
        (
            "ResizeBilinear",
            {"half_pixel_centers": {"b": False}},
            r"^expected half_pixel_centers of ResizeBilinear to be True, got False at y$",
        ),
        (
            "_FusedConv2D",
            convolution("EXPLICIT"),
            r"^expected padding of _FusedConv2D to be SAME or VALID, got EXPLICIT at y$",
        ),
        (
            "_FusedConv2D",
            convolution(fused=("BiasAdd", "Elu")),
            r"^expected BiasAdd, Relu or Relu6 fused into y, got BiasAdd, Elu$",
        ),
        ("Reshape", {}, r"^expected a constant as input 1 of Reshape at z, got y$"),
    ],
)
def test_what_is_not_known_is_refused_by_its_name(
    tmp_path: Path, operation: str, options: dict[str, Any], message: str
) -> None:
    weight, bias = np.zeros((3, 3, 2, 4), np.float32), np.zeros(4, np.float32)
    nodes, output = [node("y", operation, ["x", "w", "b"], **options)], "y"
    if operation == "Reshape":
        nodes, output = [node("y", "Identity", ["x"]), node("z", "Reshape", ["x", "y"])], "z"
    graph = read_tfjs(*write(tmp_path, nodes, {"w": weight, "b": bias}, output))
    with pytest.raises(ValueError, match=message):
        TfjsModel(graph)


def test_files_that_are_damaged_or_missing_are_refused(tmp_path: Path) -> None:
    nodes, constants = [node("y", "Mul", ["x", "w"])], {"w": np.zeros(2, np.float32)}
    model, weights = write(tmp_path, nodes, constants, "y")
    with pytest.raises(FileNotFoundError) as missing:
        read_tfjs(model, tmp_path / "gone.bin")
    assert str(missing.value) == (
        f"expected a TensorFlow.js model, got no file {tmp_path / 'gone.bin'}: check the path"
    )
    whole = weights.read_bytes()
    for data, message in (
        (whole[:-1], f"expected 8 bytes of weights or more, got 7 in {weights}: fetch it again"),
        (whole + b"12", f"expected 8 bytes of weights, got 10 in {weights}: fetch it again"),
    ):
        weights.write_bytes(data)
        with pytest.raises(ValueError, match=r"^expected") as caught:
            read_tfjs(model, weights)
        assert str(caught.value) == message
    model.write_text("{}")
    with pytest.raises(
        ValueError, match=r"^expected a TensorFlow.js graph model, got KeyError: 'weightsManifest' in"
    ):
        read_tfjs(model, weights)
    model, weights = write(tmp_path, nodes, constants, "y", "uint8")
    with pytest.raises(
        ValueError, match=r"^expected weights stored as one of float32, float16, int32, got uint8 in"
    ):
        read_tfjs(model, weights)
