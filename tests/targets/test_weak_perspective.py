"""Cameras of crops in the picture: what a crop sees at a place, the picture sees there too."""

from __future__ import annotations

import numpy as np

from targets import Crop
from targets.weak_perspective import (
    crop_pixels,
    crop_translation,
    focal_length_of_picture,
    picture_pixels,
    picture_translation,
    regions,
)

RNG = np.random.default_rng(1)
CROP = Crop(size=(224, 224), box_scale=1.2)
IMAGES = np.zeros((2, 300, 500, 3), np.uint8)
BOXES = np.array([[20.0, 40, 110, 230], [300, 100, 480, 260]])
CAMERA = np.array([[0.9, 0.05, -0.1], [0.7, -0.2, 0.15]])
POINTS = RNG.uniform(-0.8, 0.8, (2, 30, 3))


def test_a_crops_translation_is_the_formula_of_hmr():
    np.testing.assert_allclose(crop_translation(CAMERA[:1], 224), [[0.05, -0.1, 2 * 5000 / (224 * 0.9)]])


def test_a_point_of_no_depth_is_seen_at_scale_times_offset():
    flat = POINTS * [1, 1, 0]
    inside = (crop_pixels(flat, CAMERA, 224) - 112) / 112
    np.testing.assert_allclose(inside, CAMERA[:, None, :1] * (flat[..., :2] + CAMERA[:, None, 1:]), atol=1e-9)


def test_the_pictures_camera_sees_what_the_crops_sees():
    where = regions(CROP, IMAGES, BOXES)
    focal = focal_length_of_picture(where, 224)
    placed = POINTS + picture_translation(CAMERA, where, focal)[:, None]
    seen = picture_pixels(placed, focal, (500, 300))
    in_crop = CROP.to_picture(crop_pixels(POINTS, CAMERA, 224), BOXES)
    slant = np.linalg.norm(where.middle - [250, 150], axis=1).max() / focal.min()
    depth = np.ptp(POINTS[..., 2]) / 2 / crop_translation(CAMERA, 224)[:, 2].min()
    assert (
        np.abs(seen - in_crop).max() < slant * depth * focal.max()
    )  # the picture's rays meet, those of crops do not


def test_a_region_knows_its_picture():
    where = regions(CROP, IMAGES, BOXES)
    np.testing.assert_allclose(where.height, [190 * 1.2, 180 * 1.2])
    np.testing.assert_allclose(where.middle, [[65, 135], [390, 180]])
    np.testing.assert_allclose(where.diagonal, np.hypot(500, 300))
    clips = np.zeros((2, 4, 300, 500, 3), np.uint8)
    assert regions(CROP, clips, BOXES).image_size == where.image_size == (500, 300)
