"""Whole pictures fitted into the square that a network looks at, and the people found in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from targets.base import Prediction
from targets.crop import IMAGENET_MEAN, IMAGENET_STD

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Letterbox:
    """A picture scaled by its longer side into a square, in its middle, black beside it."""

    image_size: tuple[int, int]
    """Width and height of the picture, pixels."""
    side: int
    """Of the square, pixels."""

    @property
    def scale(self) -> float:
        """Pixels of the square a pixel of the picture."""
        return self.side / max(self.image_size)

    @property
    def shift(self) -> Float:
        """(2,) pixels of the square: where the picture's corner lies."""
        return (self.side - self.scale * np.array(self.image_size, np.float64)) / 2

    def fit(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The square (side, side, 3) of a picture (H, W, 3); bicubic, as Pillow's `ImageOps.pad`."""
        from PIL import Image  # deferred: `import targets` stays light

        small = np.asarray(Image.fromarray(image).resize(self._inner(), Image.Resampling.BICUBIC))
        square = np.zeros((self.side, self.side, 3), np.uint8)
        x, y = (round((self.side - size) * 0.5) for size in self._inner())
        square[y : y + small.shape[0], x : x + small.shape[1]] = small
        return square

    def to_square(self, points: Float) -> Float:
        """Pixels (..., 2) of the picture as those of the square."""
        return np.asarray(points * self.scale + self.shift)

    def to_picture(self, points: Float) -> Float:
        """Pixels (..., 2) of the square as those of the picture."""
        return np.asarray((points - self.shift) / self.scale)

    def intrinsics(self, intrinsics: Float) -> Float:
        """Pinhole matrices (..., 3, 3) of the picture as those of the square."""
        fitted = intrinsics.copy()
        fitted[..., :2, :] *= self.scale
        fitted[..., :2, 2] += self.shift
        return fitted

    def _inner(self) -> tuple[int, int]:
        width, height = (round(size * self.scale) for size in self.image_size)
        return width, height


def letterbox(images: NDArray[np.uint8], side: int) -> Letterbox:
    """How pictures (N, H, W, 3) fit into a square."""
    return Letterbox((int(images.shape[2]), int(images.shape[1])), side)


def normalised(square: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A picture (H, W, 3) as a network's input (3, H, W), by ImageNet's mean and deviation."""
    values = (square / 255 - np.array(IMAGENET_MEAN)) / np.array(IMAGENET_STD)
    return np.ascontiguousarray(values.transpose(2, 0, 1), dtype=np.float32)


def pixels(points: Float, intrinsics: Float) -> Float:
    """Pixels (..., P, 2) of points (..., P, 3) in cameras (..., 3, 3)."""
    focal = np.diagonal(intrinsics, axis1=-2, axis2=-1)[..., None, :2]
    return np.asarray(focal * points[..., :2] / points[..., 2:] + intrinsics[..., None, :2, 2])


def everybody(people: Sequence[Sequence[Mapping[str, Any]]], joints: int) -> Prediction:
    """One Prediction of the people found in N pictures.

    Args:
        people: For each picture, the fields of each person by name, without the axis of people.
        joints: How many joints a person has: for an answer when nobody was found.
    """
    rows = [person for found in people for person in found]
    picture = np.array([row for row, found in enumerate(people) for _ in found], np.intp)
    if not rows:
        return Prediction(
            found=np.zeros(0, np.bool_),
            joints=np.zeros((0, joints, 3)),
            joints2d=np.zeros((0, joints, 2)),
            picture=picture,
        )
    fields: dict[str, Any] = {
        name: np.stack([np.asarray(row[name], np.float64) for row in rows]) for name in rows[0]
    }
    return Prediction(found=np.ones(len(rows), np.bool_), picture=picture, **fields)
