"""How a person is cut out: the region, its scale, its border, and back from the crop to the picture."""

from __future__ import annotations

import numpy as np
import pytest

from targets import Crop

RNG = np.random.default_rng(0)
PLAIN = Crop(size=(8, 8), box_scale=1.0, mean=(0, 0, 0), std=(1, 1, 1))


def test_a_box_of_the_crops_own_size_is_cut_out_as_it_is():
    images = RNG.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    cut = PLAIN.cut(images, np.array([[3.0, 5, 11, 13], [10, 10, 18, 18]]))
    np.testing.assert_allclose(cut[0], images[0, 5:13, 3:11].transpose(2, 0, 1) / 255, atol=1e-6)
    np.testing.assert_allclose(cut[1], images[1, 10:18, 10:18].transpose(2, 0, 1) / 255, atol=1e-6)


def test_a_box_is_widened_to_the_aspect_and_then_scaled():
    crop = Crop(size=(256, 192), box_scale=1.5, aspect=0.75)
    boxes = np.array([[0.0, 0, 60, 100], [0, 0, 150, 100]])
    np.testing.assert_allclose(crop.heights(boxes), [150, 300])


def test_a_square_crop_of_a_tall_box_is_as_high_as_the_box():
    crop = Crop(size=(256, 256), box_scale=1.0, aspect=0.75)
    corners = crop.to_picture(np.array([[[0.0, 0], [256, 256]]]), np.array([[40.0, 0, 115, 100]]))
    np.testing.assert_allclose(corners[0], [[27.5, 0], [127.5, 100]])


def test_points_come_back_to_where_they_were_cut_from():
    crop = Crop(size=(64, 48), box_scale=1.3, aspect=0.75)
    boxes = np.array([[12.0, 7, 70, 99]])
    matrix = crop.matrices(boxes)[0]
    points = RNG.uniform(0, 48, (1, 5, 2))
    np.testing.assert_allclose(crop.to_picture(points, boxes)[0], points[0] @ matrix[:, :2].T + matrix[:, 2])


def test_outside_the_picture_it_is_black_or_as_at_the_border():
    images = np.full((1, 16, 16, 3), 200, np.uint8)
    box = np.array([[-8.0, 4, 0, 12]])
    assert PLAIN.cut(images, box).max() == 0
    replicated = Crop(size=(8, 8), box_scale=1, mean=(0, 0, 0), std=(1, 1, 1), border="replicate")
    np.testing.assert_allclose(replicated.cut(images, box), 200 / 255, atol=1e-6)


def test_channels_are_turned_round_before_they_are_normalised():
    images = np.zeros((1, 16, 16, 3), np.uint8)
    images[..., 0] = 255
    crop = Crop(size=(4, 4), box_scale=1, channels="BGR", mean=(0.1, 0.2, 0.3), std=(0.5, 0.5, 0.25))
    cut = crop.cut(images, np.array([[4.0, 4, 12, 12]]))
    np.testing.assert_allclose(cut[0, :, 0, 0], [-0.2, -0.4, 2.8], atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mean": (123.7, 116.3, 103.5)}, "divide mean and std by 255"),
        ({"box_scale": 0.0}, r"expected Crop.box_scale above 0, got 0.0"),
        ({"channels": "GRB"}, r"expected Crop.channels to be one of RGB, BGR, got 'GRB'"),
        ({"antialias": -1.0}, r"expected Crop.antialias of at least 0, got -1.0"),
        ({"size": (0, 4)}, r"expected Crop.size \(height, width\)"),
    ],
)
def test_a_crop_that_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Crop(**options)


def test_a_fine_picture_is_blurred_before_a_coarse_crop():
    stripes = np.zeros((1, 256, 256, 3), np.uint8)
    stripes[:, :, ::2] = 255
    box = np.array([[0.0, 0, 256, 256]])
    plain = {"box_scale": 1.0, "mean": (0, 0, 0), "std": (1, 1, 1)}
    contrast = {
        (side, antialias): float(
            np.std(Crop(size=(side, side), antialias=antialias, **plain).cut(stripes, box))
        )
        for side in (32, 256)
        for antialias in (0.0, 2.0)
    }
    assert contrast[32, 2.0] < 0.02
    assert contrast[256, 2.0] == contrast[256, 0.0] == pytest.approx(0.5)


def test_the_blur_is_that_of_4d_humans():
    skimage = pytest.importorskip("skimage.filters")
    image = RNG.integers(0, 256, (1, 300, 300, 3), dtype=np.uint8)
    box, size = np.array([[0.0, 0, 300, 300]]), (50, 50)
    plain = {"size": size, "box_scale": 1.0, "mean": (0, 0, 0), "std": (1, 1, 1)}
    blurred = skimage.gaussian(image[0].astype(np.float64), sigma=(300 / 50 / 2 - 1) / 2, channel_axis=2)
    wanted = Crop(**plain).cut(np.round(blurred).astype(np.uint8)[None], box)
    np.testing.assert_allclose(Crop(**plain, antialias=2.0).cut(image, box), wanted, atol=1.1 / 255)
