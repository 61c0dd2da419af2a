"""Inputs of published networks, made a second time and another way: by affine warps and by Pillow."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

Float = NDArray[np.float64]

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def warped(
    image: NDArray[np.uint8],
    box: Float,
    size: tuple[int, int],
    scale: float,
    aspect: float = 1.0,
    mean: tuple[float, ...] = MEAN,
    std: tuple[float, ...] = STD,
) -> Float:
    """The input (3, h, w) of a person; `size` is (height, width), the region has that shape."""
    height = max(box[3] - box[1], (box[2] - box[0]) / aspect) * scale
    half = np.array([height * size[1] / size[0], height]) / 2
    middle, target = (box[:2] + box[2:]) / 2, np.array([size[1], size[0]]) / 2
    corners = np.array([[0, 0], [0, 1], [1, 0]])
    source, wanted = np.float32(middle + corners * half), np.float32(target + corners * target)
    crop = cv2.warpAffine(image, cv2.getAffineTransform(source, wanted), size[::-1], flags=cv2.INTER_LINEAR)
    return ((crop / 255 - mean) / std).transpose(2, 0, 1)


def padded(image: NDArray[np.uint8], side: int) -> Float:
    """The input (3, side, side) of a whole picture."""
    square = np.asarray(ImageOps.pad(Image.fromarray(image), (side, side)))
    return ((square / 255 - MEAN) / STD).transpose(2, 0, 1)


class FakeEyes:
    """Tells by a network's input which person is looked at; refuses an input that no published code would make."""

    def __init__(self, expected: list[Float], tolerance: float = 0.05) -> None:
        self._expected = np.stack(expected)
        self._tolerance = tolerance

    def __call__(self, given: Float) -> int:
        differences = np.abs(self._expected - np.asarray(given)).reshape(len(self._expected), -1).mean(axis=1)
        row = int(differences.argmin())
        assert differences[row] < self._tolerance, (
            f"no person's input: off by {differences[row]:.3f} on average"
        )
        return row
