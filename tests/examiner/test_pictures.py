from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from examiner.pictures import PREDICTION, TRUTH, contact_sheet, overlay

NAMES = ("left_hip", "right_hip", "head")
EDGES = [(0, 2), (1, 2)]


def canvas(value: int = 0, size: int = 64) -> np.ndarray:
    return np.full((size, size, 3), value, np.uint8)


def changed(picture: Image.Image, value: int) -> np.ndarray:
    return np.abs(np.asarray(picture, int) - value).sum(axis=2) > 40


@pytest.mark.parametrize("at", [(20.5, 30.5), (20.0, 31.0), (40.25, 9.75)])
def test_joint_lies_at_its_continuous_pixel(at: tuple[float, float]) -> None:
    picture = overlay(canvas(128), np.array([at]), None, [], scale=4)
    rows, columns = np.nonzero(changed(picture, 128))
    centre = np.array([columns.mean() + 0.5, rows.mean() + 0.5]) / 4
    np.testing.assert_allclose(centre, at, atol=0.13)


@pytest.mark.parametrize("background", [0, 128, 255])
def test_both_skeletons_show_on_any_background(background: int) -> None:
    gt = np.array([[40.0, 200.0], [110.0, 200.0], [70.0, 40.0]])
    beside = gt + np.array([120, 0])
    picture = np.asarray(overlay(canvas(background, 256), gt, beside, EDGES, names=NAMES), int)
    for shades in (TRUTH, PREDICTION):
        for colour in (shades.left, shades.right):
            assert (np.abs(picture - colour).sum(axis=2) < 12).sum() > 20, (shades, colour)


def test_sides_differ_in_lightness_and_in_the_form_of_their_joints() -> None:
    for shades in (TRUTH, PREDICTION):
        assert np.mean(shades.left) - np.mean(shades.right) > 70
    left, right = (
        changed(overlay(canvas(), np.array([[32.0, 32.0]]), None, [], names=[name]), 0).sum()
        for name in ("left_knee", "right_knee")
    )
    assert right > 1.15 * left, "a square covers 4/pi of its circle"


def test_limbs_are_anti_aliased() -> None:
    picture = np.asarray(overlay(canvas(), np.array([[5.0, 8.0], [60.0, 51.0]]), None, [(0, 1)]))
    assert len(np.unique(picture[..., 1])) > 12


def test_missing_prediction_and_missing_joints_are_left_out() -> None:
    gt = np.array([[10.0, 50.0], [30.0, 50.0], [20.0, 10.0]])
    nothing = overlay(canvas(), np.full((3, 2), np.nan), None, EDGES)
    assert not changed(nothing, 0).any()
    with_nan = overlay(canvas(), gt, np.where(np.arange(3)[:, None] == 1, np.nan, gt), EDGES)
    assert changed(with_nan, 0).any()


def test_overlay_has_the_scaled_size_and_leaves_the_image_alone() -> None:
    image = canvas(7)
    picture = overlay(image, np.zeros((0, 2)), None, [], scale=3)
    assert picture.size == (192, 192)
    assert picture.mode == "RGB"
    assert (image == 7).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"image": np.zeros((4, 4), np.uint8)},
            r"expected an image \(H, W, 3\) of uint8, got \(4, 4\) of uint8",
        ),
        ({"gt": np.zeros((3, 3))}, r"expected gt \(J, 2\) pixels, got \(3, 3\)"),
        ({"prediction": np.zeros((2, 2))}, r"expected prediction \(3, 2\) like gt, got \(2, 2\)"),
        ({"edges": [(0, 3)]}, r"expected edges between joints 0 to 2, got \[\(0, 3\)\]"),
        ({"names": ["nose"]}, r"expected 3 joint names, got 1"),
    ],
)
def test_overlay_refuses_what_does_not_fit(change: dict, message: str) -> None:
    given = {"image": canvas(), "gt": np.zeros((3, 2)), "prediction": None, "edges": EDGES, "names": NAMES}
    with pytest.raises(ValueError, match=message):
        overlay(**(given | change))


def test_contact_sheet_lays_out_rows_with_captions() -> None:
    images = [canvas(10 * i, 32) for i in range(5)]
    plain = contact_sheet(images, columns=3)
    assert plain.size == (3 * 40 + 8, 2 * 40 + 8)
    assert [plain.getpixel((24 + 40 * i, 24))[0] for i in range(3)] == [0, 10, 20]
    captioned = contact_sheet([Image.fromarray(i) for i in images], 3, ["a very long caption indeed"] * 5)
    assert captioned.width == plain.width
    assert captioned.height > plain.height
    strip = np.asarray(captioned)[42:58]
    assert (strip < 128).any(), "the caption is written"
    assert (strip[:, 40:48] == 255).all(), "and stays in its cell"


def test_contact_sheet_refuses_what_does_not_fit() -> None:
    with pytest.raises(
        ValueError, match="expected at least one image and one column, got 0 images and 3 columns"
    ):
        contact_sheet([], 3)
    with pytest.raises(ValueError, match="expected one caption an image, got 1 for 2 images"):
        contact_sheet([canvas(), canvas()], 2, ["one"])
