"""Network files as targets: what goes in, batches, threads, and what is refused."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from targets import build_target, check_target
from tests.targets.file_targets import CROP, PLAIN, V, built, first, people, refused
from tests.targets.tiny_networks import GAIN

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("crop", "white"),
    [
        ("range: 0..1", 1.0),
        ("range: 0..255", 255.0),
        ("range: -1..1", 1.0),
        ("mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]", 2.0),
    ],
)
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_the_crop_has_the_range_and_layout_that_the_network_wants(
    tmp_path: Path, crop: str, white: float, layout: str
) -> None:
    sides = ("N", 32, 32, 3) if layout == "nhwc" else ("N", 3, 32, 32)
    text = f"crop: {{size: 32, {crop}}}\nlayout: {layout}\noutputs: {{vertices: v}}\n"
    target = built(tmp_path, text, {"v": np.zeros((1, 3))}, inputs={"x": sides})
    given = {"images": np.full((1, 60, 80, 3), 255, np.uint8), "boxes": np.array([[30.0, 20, 40, 30]])}
    np.testing.assert_allclose(target.predict(**given).vertices, np.full((1, 1, 3), GAIN * white), rtol=1e-5)


def test_whole_numbers_are_rounded_for_a_network_that_takes_them(tmp_path: Path) -> None:
    text = "crop: {size: 32, range: 0..255}\noutputs: {vertices: v}\n"
    kinds = {"pictures": TensorProto.INT32}
    target = built(tmp_path, text, {"v": np.zeros((1, 3))}, kinds=kinds)
    given = people()
    crops = target.spec.crop.cut(**given) if target.spec.crop else None
    assert crops is not None
    wanted = GAIN * np.rint(crops).reshape(3, -1).mean(axis=1)
    vertices = target.predict(**given).vertices
    assert vertices is not None
    np.testing.assert_allclose(vertices[:, 0, 0], wanted, rtol=1e-5)


@pytest.mark.parametrize(("sides", "batch"), [(4, ""), ("N", "batch: 2\n"), ("N", ""), (1, "batch: 1\n")])
def test_a_row_does_not_depend_on_its_batch(tmp_path: Path, sides: int | str, batch: str) -> None:
    inputs = {"x": (sides, 3, 32, 32)}
    text = CROP + batch + "outputs: {vertices: v}\n"
    target = built(tmp_path, text, {"v": RNG.uniform(size=(5, 3))}, inputs=inputs)
    given = people()
    assert check_target(target, given) == []
    assert target.spec.calls_at_once > 1
    alone = target.predict(**{name: value[2:] for name, value in given.items()})
    np.testing.assert_array_equal(target.predict(**given).vertices[2:], alone.vertices)  # type: ignore[index]


def test_nobody_gives_nothing(tmp_path: Path) -> None:
    target = built(tmp_path, CROP + "outputs: {vertices: v, confidence: v}\n", {"v": np.zeros((5, 3))})
    prediction = target.predict(**{name: value[:0] for name, value in people().items()})
    assert prediction.vertices is not None
    assert prediction.vertices.shape == (0, 5, 3)
    assert prediction.found.shape == (0,)


def test_many_threads_may_ask_at_once(tmp_path: Path) -> None:
    target, given = built(tmp_path, CROP + "outputs: {vertices: v}\n", {"v": np.zeros((5, 3))}), people()
    wanted = target.predict(**given).vertices
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: target.predict(**given).vertices, range(12)))
    for answer in answers:
        np.testing.assert_array_equal(answer, wanted)


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("boxes", [20.0, 4, 60, 44]),
        ("intrinsics", np.arange(9.0)),
        ("height_width", [60.0, 80]),
        ("width_height", [80.0, 60]),
        # the diagonal is 100; the box's middle is (0, -6) from the picture's, its side 40
        ("cliff_box", [0.0, -6 / 100 * 2.8, (40 - 24) / 6]),
    ],
)
def test_a_network_is_told_more_than_the_crop(tmp_path: Path, word: str, wanted: Any) -> None:
    more: Any = ("N", 3, 3) if word == "intrinsics" else ("N", len(wanted))
    text = CROP + f"inputs: {{pictures: crop, more: {word}}}\noutputs: {{vertices: v}}\n"
    inputs = {"more": more, "pictures": ("N", 3, 32, 32)}
    target = built(tmp_path, text, {"v": np.zeros((1, 3))}, inputs=inputs)
    fields = {"intrinsics": np.arange(9.0).reshape(1, 3, 3)} if word == "intrinsics" else {}
    assert target.spec.needs == ("images", "boxes", *fields)
    vertices = first(target, **fields).vertices
    np.testing.assert_allclose(vertices, np.full((1, 1, 3), GAIN * np.mean(wanted)), rtol=1e-5)


def test_weights_and_specification_are_in_the_digest(tmp_path: Path) -> None:
    text, outputs = CROP + "outputs: {vertices: v}\n", {"v": np.zeros((5, 3))}
    digests = [built(tmp_path, text, outputs).spec.weights_sha256 for _ in range(2)]
    (tmp_path / "net.onnx.data").write_bytes(b"weights beside it")
    digests.append(build_target(str(tmp_path / "net.yaml")).spec.weights_sha256)
    digests.append(built(tmp_path, text + "licence: MIT\n", outputs).spec.weights_sha256)
    assert len(set(digests)) == 3
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    ("text", "inputs", "message"),
    [
        (
            PLAIN,
            {"x": ("N", 32, 32, 3)},
            "expected 'x', an input of net.onnx, to be given (any, 32, 32, 3), got the crop (1, 3, 32, 32), "
            "in net.yaml, line 2: set layout: nhwc",
        ),
        (
            PLAIN,
            {"x": ("N", 3, 256, 192)},
            "expected 'x', an input of net.onnx, to be given (any, 3, 256, 192), got the crop (1, 3, 32, 32), "
            "in net.yaml, line 2: set crop.size: [256, 192]",
        ),
        (
            PLAIN,
            {"x": ("N", 10)},
            "expected 'x', an input of net.onnx, to be given (any, 10), got the crop (1, 3, 32, 32), "
            "in net.yaml, line 2: give it something else in inputs",
        ),
        (
            PLAIN + "batch: 3\n",
            {"x": (1, 3, 32, 32)},
            "expected batch to be 1, as net.onnx has it, got 3, in net.yaml, line 4: remove it",
        ),
        (
            PLAIN,
            {"x": ("N", 3, 32, 32), "boxes": ("N", 4)},
            "expected inputs to be what each of the inputs x, boxes of net.onnx is given, got nothing, "
            "in net.yaml, line 1",
        ),
        (
            PLAIN + "inputs: {x: crop, box: boxes}\n",
            {"x": ("N", 3, 32, 32), "boxes": ("N", 4)},
            "expected inputs out of x, boxes of net.onnx, got 'box', in net.yaml, line 4; did you mean 'boxes'?",
        ),
        (
            PLAIN + "inputs: {0: crop}\n",
            {"x": ("N", 3, 32, 32), "boxes": ("N", 4)},
            "expected inputs to be what each of the inputs of net.onnx is given, 'boxes' too, got {0: 'crop'}, "
            "in net.yaml, line 4",
        ),
        (
            PLAIN + "inputs: {x: crop, boxes: intrinsics}\n",
            {"x": ("N", 3, 32, 32), "boxes": ("N", 4)},
            "expected 'boxes', an input of net.onnx, to be given (any, 4), got the intrinsics (1, 3, 3), "
            "in net.yaml, line 4: give it something else in inputs",
        ),
        (
            PLAIN + "device: cuda\n",
            {"x": ("N", 3, 32, 32)},
            "expected device to be cpu, or cuda where onnxruntime-gpu is installed, got 'cuda': set device: cpu, "
            "in net.yaml, line 4",
        ),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_the_key(
    tmp_path: Path, text: str, inputs: dict[str, Any], message: str
) -> None:
    assert refused(tmp_path, text, V, inputs=inputs) == message


def test_a_missing_runtime_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        built(tmp_path, PLAIN, V)
    assert str(caught.value) == (
        "expected the package onnxruntime for ONNX files; pip install 'poseexaminer[onnx]'"
    )


def test_a_damaged_onnx_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"not a model")
    (tmp_path / "net.yaml").write_text("onnx: net.onnx\n" + PLAIN)
    with pytest.raises(
        ValueError, match=r"^expected an ONNX model that onnxruntime can load, got "
    ) as caught:
        build_target(str(tmp_path / "net.yaml"))
    assert str(caught.value).endswith(f"in {tmp_path / 'net.onnx'}, in {tmp_path / 'net.yaml'}, line 1")
