"""Pictures fitted into a square, there and back, and the people found in them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from targets.whole_picture import everybody, letterbox, normalised, pixels

RNG = np.random.default_rng(2)


@pytest.mark.parametrize("size", [(320, 400), (333, 250), (896, 896), (1200, 700)])
def test_the_square_is_pillows(size):
    image = RNG.integers(0, 256, (*size, 3), dtype=np.uint8)
    square = letterbox(image[None], 896).fit(image)
    np.testing.assert_array_equal(square, np.asarray(ImageOps.pad(Image.fromarray(image), (896, 896))))


def test_points_and_cameras_go_along():
    box = letterbox(np.zeros((1, 320, 400, 3), np.uint8), 672)
    camera = np.array([[500.0, 0, 190], [0, 510, 150], [0, 0, 1]])
    points = RNG.uniform([-1, -1, 3], [1, 1, 5], (7, 3))
    seen = pixels(points, camera)
    np.testing.assert_allclose(pixels(points, box.intrinsics(camera)), box.to_square(seen))
    np.testing.assert_allclose(box.to_picture(box.to_square(seen)), seen)
    np.testing.assert_allclose(box.to_square(np.array([200.0, 160])), [336, 336])


def test_a_networks_input_is_normalised():
    assert normalised(np.zeros((4, 5, 3), np.uint8)).shape == (3, 4, 5)
    np.testing.assert_allclose(
        normalised(np.full((1, 1, 3), 255, np.uint8))[:, 0, 0], [2.2489, 2.4286, 2.64], atol=1e-3
    )


def test_everybody_has_a_row_and_a_picture():
    people = [[{"joints": np.zeros((2, 3))}, {"joints": np.ones((2, 3))}], [], [{"joints": np.ones((2, 3))}]]
    prediction = everybody(people, 2)
    assert prediction.picture.tolist() == [0, 0, 2]
    assert prediction.joints[:, 0, 0].tolist() == [0, 1, 1]
    assert everybody([[], []], 2).joints.shape == (0, 2, 3)
