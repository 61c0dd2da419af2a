"""Weak-perspective cameras (s, tx, ty) of a crop: as a translation in the crop's camera and in the picture's.

A point X of the body is seen at s (X + t) in a crop that goes from -1 to 1. The focal length that the literature
writes down for such a crop is 5000 px (A. Kanazawa et al., CVPR 2018; N. Kolotouros et al., ICCV 2019), so far
away that the rays are nearly parallel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from targets.crop import Crop

Float = NDArray[np.float64]

FOCAL_LENGTH = 5000.0
"""Pixels of the crop."""
LEAST_SCALE = 1e-9
"""Keeps a degenerate camera finite."""


@dataclass(frozen=True)
class Regions:
    """The squares of N crops in their pictures."""

    middle: Float
    """(N, 2) pixels."""
    height: Float
    """(N,) pixels."""
    image_size: tuple[int, int]
    """Width and height of the pictures, pixels."""

    @property
    def diagonal(self) -> Float:
        """(N,) pixels of the pictures: the focal length that CLIFF assumes where none is known."""
        return np.full(len(self.height), float(np.hypot(*self.image_size)))


def regions(crop: Crop, images: NDArray[np.uint8], boxes: Float) -> Regions:
    """The regions round boxes (N, 4) of pictures (N, ..., H, W, 3)."""
    size = (int(images.shape[-2]), int(images.shape[-3]))
    return Regions((boxes[:, :2] + boxes[:, 2:]) / 2, crop.heights(boxes), size)


def crop_translation(camera: Float, side: int, focal_length: float = FOCAL_LENGTH) -> Float:
    """The body's translation (N, 3) in the camera of a crop of `side` pixels: (tx, ty, 2 f / (side s))."""
    depth = 2 * focal_length / (side * camera[:, 0] + LEAST_SCALE)
    return np.column_stack([camera[:, 1], camera[:, 2], depth])


def crop_pixels(points: Float, camera: Float, side: int, focal_length: float = FOCAL_LENGTH) -> Float:
    """Where a body's points (N, P, 3) are in a square crop: (N, P, 2) pixels of the crop, as networks are trained."""
    placed = points + crop_translation(camera, side, focal_length)[:, None]
    return np.asarray(focal_length * placed[..., :2] / placed[..., 2:] + side / 2)


def picture_translation(camera: Float, where: Regions, focal_length: Float) -> Float:
    """The body's translation (N, 3) in the camera of the whole picture, which looks through its middle.

    Source: Z. Li et al., "CLIFF", ECCV 2022, section 3.2.

    Args:
        camera: (N, 3) s, tx, ty of the crops.
        where: The crops' regions.
        focal_length: (N,) pixels of the picture.
    """
    scale = camera[:, 0] * where.height + LEAST_SCALE
    shift = 2 * (where.middle - np.array(where.image_size) / 2) / scale[:, None]
    return np.column_stack([camera[:, 1:] + shift, 2 * focal_length / scale])


def focal_length_of_picture(where: Regions, side: int, focal_length: float = FOCAL_LENGTH) -> Float:
    """(N,) pixels of the picture that are `focal_length` pixels of each crop."""
    return np.asarray(focal_length * where.height / side)


def box_numbers(where: Regions) -> Float:
    """(N, 3): where the region lies and how large it is, over the focal length, as CLIFF scales them to about -1..1."""
    shift = 2.8 * (where.middle - np.array(where.image_size) / 2) / where.diagonal[:, None]
    size = (where.height / where.diagonal - 0.24) / 0.06
    return np.column_stack([shift, size])


def picture_pixels(points: Float, focal_length: Float, image_size: tuple[int, int]) -> Float:
    """Pixels (N, P, 2) of points (N, P, 3) in cameras of the picture that look through its middle."""
    placed = focal_length[:, None, None] * points[..., :2] / points[..., 2:]
    return np.asarray(placed + np.array(image_size) / 2)
