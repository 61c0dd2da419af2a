"""MoveNet on three rendered people, beside TensorFlow.js's own runtime and the truth."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from targets import JOINT_SETS, MoveNet, Target, build_target, check_target

HERE = Path(__file__).parent
LIMBS = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
NAMES = ("movenet-lightning", "movenet-thunder")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("npm") is None, reason="MoveNet comes with the npm client, which is not installed"
    ),
]


@cache
def truth() -> dict[str, Any]:
    read = json.loads((HERE / "people.json").read_text())
    return {
        "joint_names": read["joint_names"],
        **{name: np.array(read[name]) for name in ("joints2d", "boxes")},
    }


def inputs() -> dict[str, Any]:
    """Three people, drawn from the front by our own simulator at 192 px."""
    sheet = np.asarray(Image.open(HERE / "people.png").convert("RGB"))
    return {"images": np.stack(np.split(sheet, 3, axis=1)), "boxes": truth()["boxes"]}


@cache
def built(name: str, region_of_interest: str = "box") -> Target:
    return build_target(name, region_of_interest=region_of_interest)


def shares(points: Any) -> Any:
    """Distances to the true limb joints, as shares of the longer side of the box."""
    names, coco = truth()["joint_names"], JOINT_SETS["coco-17"]
    common = [name for name in coco if name in names and name.endswith(LIMBS)]
    assert len(common) == 12
    gt = truth()["joints2d"][:, [names.index(name) for name in common]]
    boxes = truth()["boxes"]
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    return np.linalg.norm(points[:, [coco.index(name) for name in common]] - gt, axis=2) / sides[:, None]


@pytest.mark.parametrize("name", NAMES)
def test_the_contract_is_kept_alone_and_in_a_batch(name: str) -> None:
    target = built(name)
    assert check_target(target, inputs()) == []
    assert target.spec.name == name
    assert target.spec.licence == "Apache-2.0"
    assert target.spec.gives == ("joints2d",)
    assert target.spec.joint_names[:3] == ("nose", "left_eye", "right_eye")


@pytest.mark.parametrize("region_of_interest", ["box", "detector"])
@pytest.mark.parametrize("name", NAMES)
def test_easy_people_are_found_where_they_are(name: str, region_of_interest: str) -> None:
    prediction = built(name, region_of_interest).predict(**inputs())
    assert prediction.found.all()
    assert np.median(shares(prediction.joints2d)) < 0.02
    assert shares(prediction.joints2d).max() < 0.06


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_that_of_the_published_runtime(name: str) -> None:
    target, given = built(name), inputs()
    published = np.array(json.loads((HERE / "movenet_tfjs.json").read_text())[name.removeprefix("movenet-")])
    prediction = target.predict(**given)
    assert target.spec.crop is not None
    pixels = published[:, :, 1::-1] * target.spec.crop.size[0]
    wanted = target.spec.crop.to_picture(pixels, given["boxes"])
    np.testing.assert_allclose(prediction.joints2d, wanted, atol=0.05)
    np.testing.assert_allclose(prediction.confidence, published[:, :, 2].mean(axis=1), atol=0.005)


def test_nobody_is_found_in_an_empty_picture() -> None:
    images = np.full((1, 192, 192, 3), 120, np.uint8)
    prediction = built("movenet-lightning").predict(images=images, boxes=inputs()["boxes"][:1])
    assert not prediction.found[0]
    assert prediction.joints2d is not None
    assert not prediction.joints2d.any()


def test_no_people_give_an_empty_prediction() -> None:
    given = {name: value[:0] for name, value in inputs().items()}
    prediction = built("movenet-lightning").predict(**given)
    assert prediction.joints2d is not None
    assert prediction.joints2d.shape == (0, 17, 2)


def test_options_are_checked_before_anything_is_fetched() -> None:
    with pytest.raises(ValueError, match="kind") as caught:
        MoveNet("storm")  # type: ignore[arg-type]
    assert str(caught.value) == "expected kind to be one of lightning, thunder, got 'storm'"
    with pytest.raises(ValueError, match="region_of_interest") as caught:
        MoveNet("thunder", region_of_interest="mask")  # type: ignore[arg-type]
    assert str(caught.value) == "expected region_of_interest to be one of box, detector, got 'mask'"
