"""BlazePose: its geometry, and the real networks on three rendered people."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from targets import BUILT_IN, BlazePose, Prediction, Target, Truth, build_target, check_target
from targets.blazepose import LANDMARKS
from targets.blazepose_geometry import Region, apply, box_region, circle_region, refine, turn_back, warp

HERE = Path(__file__).parent
NEEDS_NPM = pytest.mark.skipif(
    shutil.which("npm") is None, reason="lite and heavy come with the npm client, which is not installed"
)
NAMES = [
    pytest.param(name, marks=[] if name == "blazepose-full" else [NEEDS_NPM])
    for name in sorted(BUILT_IN)
    if name.startswith("blazepose")
]


@cache
def people() -> dict[str, Any]:
    """Three people, drawn from the front by our own simulator at 192 px, with the truth."""
    truth = json.loads((HERE / "people.json").read_text())
    sheet = np.asarray(Image.open(HERE / "people.png").convert("RGB"))
    images = np.ascontiguousarray(np.stack(np.split(sheet, 3, axis=1)))
    return {"images": images, **{name: np.array(truth[name]) for name in ("joints", "joints2d", "boxes")}}


@cache
def built(name: str, region_of_interest: str = "box") -> Target:
    return build_target(name, region_of_interest=region_of_interest)


def inputs() -> dict[str, Any]:
    return {"images": people()["images"], "boxes": people()["boxes"]}


def truth() -> Truth:
    names = json.loads((HERE / "people.json").read_text())["joint_names"]
    return Truth(people()["joints"], tuple(names))


def common(prediction: Prediction) -> tuple[Any, Any, Any, Any]:
    """Predicted and true joints (mm, root-aligned) and pixels of the joints that both know."""
    wanted = truth()
    names = [name for name in LANDMARKS if name in wanted.joint_names]
    ours = [LANDMARKS.index(name) for name in names]
    theirs = [wanted.joint_names.index(name) for name in names]
    assert prediction.joints is not None
    assert prediction.joints2d is not None
    joints, gt = prediction.joints[:, ours], wanted.joints[:, theirs]
    centred = [1000 * (points - points.mean(axis=1, keepdims=True)) for points in (joints, gt)]
    return centred[0], centred[1], prediction.joints2d[:, ours], people()["joints2d"][:, theirs]


def test_a_box_gives_an_upright_square_a_quarter_larger() -> None:
    assert box_region(np.array([10.0, 20.0, 50.0, 120.0])) == Region(30.0, 70.0, 125.0, 0.0)


def test_a_circle_is_turned_so_that_its_rim_is_up() -> None:
    region = circle_region(np.array([50.0, 60.0]), np.array([70.0, 60.0]))
    assert region.side == pytest.approx(50.0)
    assert region.angle == pytest.approx(np.pi / 2)
    top = apply(region.matrix(256), np.array([128.0, 0.0]))
    np.testing.assert_allclose(top, [75.0, 60.0], atol=1e-9)


def test_a_region_of_the_whole_picture_is_the_picture() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    crop = warp(image, Region(32.0, 32.0, 64.0).matrix(64), 64, 1)
    np.testing.assert_array_equal(crop, image)


def test_world_joints_are_turned_with_the_region() -> None:
    turned = turn_back(np.array([[0.0, -1.0, 0.5]]), np.pi / 2)
    np.testing.assert_allclose(turned, [[1.0, 0.0, 0.5]], atol=1e-12)


def test_refinement_follows_the_heat_where_there_is_some() -> None:
    heat = np.full((64, 64, 3), -30.0, np.float32)
    heat[21, 31, 0] = 20.0
    heat[40, 40, 2] = -1.0
    points = np.array([[120.0, 80.0], [50.0, 50.0], [160.0, 160.0]])
    np.testing.assert_allclose(
        refine(points, heat, 256), [[124.0, 84.0], [50.0, 50.0], [160.0, 160.0]], atol=1e-6
    )


def test_refinement_leaves_points_outside_the_map() -> None:
    heat = np.full((64, 64, 2), 20.0, np.float32)
    points = np.array([[-9.0, 80.0], [80.0, 300.0]])
    np.testing.assert_array_equal(refine(points, heat, 256), points)


def test_options_are_checked_before_anything_is_fetched() -> None:
    with pytest.raises(ValueError, match="size") as caught:
        BlazePose("huge")  # type: ignore[arg-type]
    assert str(caught.value) == "expected size to be one of lite, full, heavy, got 'huge'"
    with pytest.raises(ValueError, match="region_of_interest") as caught:
        BlazePose("full", region_of_interest="mask")  # type: ignore[arg-type]
    assert str(caught.value) == "expected region_of_interest to be one of box, detector, got 'mask'"


@pytest.mark.slow
@pytest.mark.parametrize("region_of_interest", ["box", "detector"])
@pytest.mark.parametrize("name", NAMES)
def test_every_built_in_target_keeps_the_contract(name: str, region_of_interest: str) -> None:
    target = built(name, region_of_interest)
    assert check_target(target, inputs(), truth()) == []
    assert target.spec.name == name
    assert target.spec.region_of_interest == region_of_interest
    assert target.spec.licence == "Apache-2.0"


@pytest.mark.slow
@pytest.mark.parametrize("region_of_interest", ["box", "detector"])
@pytest.mark.parametrize("name", NAMES)
def test_every_built_in_target_is_right_about_easy_people(name: str, region_of_interest: str) -> None:
    prediction = built(name, region_of_interest).predict(**inputs())
    joints, gt, pixels, gt_pixels = common(prediction)
    assert prediction.found.all()
    assert np.linalg.norm(joints - gt, axis=2).mean() < 110.0
    assert np.linalg.norm(pixels - gt_pixels, axis=2).mean() < 6.0


@pytest.mark.slow
def test_mirrored_pictures_give_mirrored_pixels() -> None:
    given = inputs()
    width = given["images"].shape[2]
    mirrored = {
        "images": np.ascontiguousarray(given["images"][:, :, ::-1]),
        "boxes": np.array([width, 0, width, 0]) + given["boxes"][:, [2, 1, 0, 3]] * [-1, 1, -1, 1],
    }
    side = {"left": "right", "right": "left"}
    other = [
        LANDMARKS.index("_".join(side.get(word, word) for word in name.split("_"))) for name in LANDMARKS
    ]
    target = built("blazepose-full")
    first, second = target.predict(**given).joints2d, target.predict(**mirrored).joints2d
    assert first is not None
    assert second is not None
    assert abs(np.median(first[..., 0] + second[:, other, 0] - width) / 2) < 0.15


@pytest.mark.slow
def test_the_detector_turns_its_region_with_the_person_and_the_joints_back() -> None:
    target = built("blazepose-full", "detector")
    upright = target.predict(**inputs()).joints
    images = np.ascontiguousarray(np.rot90(inputs()["images"], axes=(1, 2)))
    lying = target.predict(images=images, boxes=inputs()["boxes"])
    assert lying.found.all()
    assert upright is not None
    assert lying.joints is not None
    x, y, z = (upright[..., axis] for axis in range(3))
    distance = np.linalg.norm(lying.joints - np.stack([y, -x, z], axis=-1), axis=2)
    assert distance.mean() < 0.03


@pytest.mark.slow
def test_the_detector_finds_nobody_in_an_empty_picture() -> None:
    images = np.concatenate([inputs()["images"][:1], np.full((1, 192, 192, 3), 120, np.uint8)])
    prediction = built("blazepose-full", "detector").predict(images=images, boxes=inputs()["boxes"][:2])
    assert prediction.found.tolist() == [True, False]
    assert prediction.joints is not None
    assert prediction.confidence is not None
    assert not prediction.joints[1].any()
    assert prediction.confidence[1] == 0.0


@pytest.mark.slow
def test_threads_do_not_change_a_bit() -> None:
    one, two = (BlazePose("full", threads=threads).predict(**inputs()) for threads in (1, 2))
    assert one.joints is not None
    assert two.joints is not None
    assert one.joints.tobytes() == two.joints.tobytes()


@pytest.mark.slow
def test_no_people_give_an_empty_prediction() -> None:
    given = inputs()
    prediction = built("blazepose-full").predict(images=given["images"][:0], boxes=given["boxes"][:0])
    assert prediction.found.shape == (0,)
    assert prediction.joints is not None
    assert prediction.joints.shape == (0, 33, 3)


@pytest.mark.slow
def test_the_runtime_announces_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    BlazePose("full")
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_bad_input_is_refused_in_one_sentence() -> None:
    given, target = inputs(), built("blazepose-full")
    flat = given["boxes"].copy()
    flat[1] = [5.0, 5.0, 5.0, 9.0]
    cases = [
        (
            {**given, "images": given["images"][0]},
            "expected images (N, H, W, 3) uint8, got (192, 192, 3) uint8",
        ),
        (
            {**given, "images": given["images"] / 255.0},
            "expected images (N, H, W, 3) uint8, got (3, 192, 192, 3) float64",
        ),
        ({**given, "boxes": given["boxes"][:2]}, "expected boxes (3, 4), one an image, got (2, 4)"),
        (
            {**given, "boxes": flat},
            "expected boxes x0, y0, x1, y1 with x0 < x1 and y0 < y1, got [5.0, 5.0, 5.0, 9.0] in row 1",
        ),
    ]
    for fields, message in cases:
        with pytest.raises(ValueError, match=r"^expected") as caught:
            target.predict(**fields)
        assert str(caught.value) == message
