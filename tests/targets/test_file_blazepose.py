"""A published network as a file: BlazePose full in ONNX and in TorchScript beside the built-in target."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from targets import BlazePose, BlazePoseTorch, Prediction, Target, Truth, build_target, check_target
from tests.targets.tiny_networks import torchscript_file

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "targets-files.md").read_text()
CROP = 256
MARGIN = 1.25

pytestmark = pytest.mark.slow


@cache
def sheet() -> Any:
    """Three people, drawn from the front by our own simulator at 192 px."""
    pictures = np.asarray(Image.open(HERE / "people.png").convert("RGB"))
    return np.stack(np.split(pictures, 3, axis=1))


def read(name: str) -> Any:
    return np.array(json.loads((HERE / "people.json").read_text())[name])


def exact() -> dict[str, Any]:
    """Six pictures whose crops are whole pixels of the picture, so that nothing is interpolated or rounded."""
    side, scale = 320, 320 / 192
    both = np.concatenate([sheet(), sheet()[:, :, ::-1]])
    images = np.stack(
        [np.asarray(Image.fromarray(each).resize((side, side), Image.Resampling.BICUBIC)) for each in both]
    )
    middle = np.rint((read("boxes")[:, :2] + read("boxes")[:, 2:]) / 2 * scale)
    middles = np.concatenate([middle, np.array([side, 0]) + middle * [-1, 1]])
    half = CROP / MARGIN / 2
    return {"images": images, "boxes": np.concatenate([middles - half, middles + half], axis=1)}


@pytest.fixture(scope="module", params=["onnx", "torchscript"])
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Target:
    folder = tmp_path_factory.mktemp("files")
    network = BlazePoseTorch("full")
    network.export_onnx(folder / "blazepose.onnx")
    torchscript_file(folder / "blazepose.pt", network.graph, torch.zeros(1, 3, CROP, CROP))
    (text,) = re.findall(r"^```yaml\n(# blazepose\.yaml\n.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    if request.param == "torchscript":
        text = text.replace("onnx: blazepose.onnx", "torchscript: blazepose.pt")
    (folder / "blazepose.yaml").write_text(text)
    return build_target(str(folder / "blazepose.yaml"))


def apart(one: Prediction, other: Prediction) -> Any:
    """(N, 33) mm."""
    assert one.joints is not None
    assert other.joints is not None
    return 1000 * np.linalg.norm(one.joints - other.joints, axis=2)


def test_it_answers_as_the_built_in_target(target: Target) -> None:
    built_in = BlazePose("full")
    file, published = (each.predict(**exact()) for each in (target, built_in))
    assert published.found.all()
    assert apart(file, published).max() < 0.1
    np.testing.assert_array_equal(file.found, published.found)
    np.testing.assert_allclose(file.confidence, published.confidence, atol=1e-4)
    assert target.spec.joint_names == built_in.spec.joint_names
    # published landmarks are refined by heatmaps, which a specification cannot say
    assert file.joints2d is not None
    assert np.median(np.linalg.norm(file.joints2d - published.joints2d, axis=2)) < 2.0


def test_elsewhere_half_a_pixel_and_rounding_are_some_millimetres(target: Target) -> None:
    given = {"images": sheet(), "boxes": read("boxes")}
    distance = apart(target.predict(**given), BlazePose("full").predict(**given))
    assert 0.5 < distance.mean() < 5.0
    assert distance.max() < 25.0


def test_it_keeps_the_contract(target: Target) -> None:
    given = {"images": sheet(), "boxes": read("boxes")}
    names = tuple(json.loads((HERE / "people.json").read_text())["joint_names"])
    assert check_target(target, given, Truth(read("joints"), names)) == []
