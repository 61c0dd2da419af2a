"""How a target's picture of one person is cut out of the whole one: a region round the box, scaled and normalised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Channels = Literal["RGB", "BGR"]
Border = Literal["zero", "replicate"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Of values 0..1, RGB; the figures that torchvision's classifiers are trained with."""
LEAST_EXCESS = 1.1
"""Times `Crop.antialias` from which on a picture is blurred, as in 4D-Humans."""


@dataclass(frozen=True)
class Crop:
    """A region round a person's box, as an input of a network.

    The box is widened to `aspect` and scaled by `box_scale`; the region of that height and of `size`'s shape is cut
    out bilinearly. Pixels outside the picture are black (`zero`) or the nearest inside (`replicate`). Values are
    (v / 255 - mean) / std in `channels` order. Coordinates are continuous: column i covers [i, i + 1).
    """

    size: tuple[int, int] = (224, 224)
    """Height and width, pixels."""
    box_scale: float = 1.2
    """Region over box."""
    aspect: float = 1.0
    """Width over height that the box is widened to first, e.g. 0.75 of HMR2 and CLIFF."""
    channels: Channels = "RGB"
    """Order of the channels that the network sees."""
    mean: tuple[float, float, float] = IMAGENET_MEAN
    """Of values 0..1, in `channels` order."""
    std: tuple[float, float, float] = IMAGENET_STD
    """Of values 0..1, in `channels` order."""
    border: Border = "zero"
    """What lies outside the picture."""
    antialias: float = 0.0
    """Pixels of the picture a pixel of the crop beyond which the picture is blurred first: 2 of HMR2; 0 for never."""

    def __post_init__(self) -> None:
        _check(self)

    def heights(self, boxes: Float) -> Float:
        """(N,) pixels: the heights of the regions round boxes (N, 4)."""
        width, height = (boxes[:, 2:] - boxes[:, :2]).T
        return np.asarray(np.maximum(height, width / self.aspect) * self.box_scale)

    def matrices(self, boxes: Float) -> Float:
        """(N, 2, 3) from continuous pixels of the crop to those of the picture."""
        scale = self.heights(boxes) / self.size[0]
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2
        half = np.array([self.size[1], self.size[0]]) / 2
        matrices = np.zeros((len(boxes), 2, 3))
        matrices[:, 0, 0] = matrices[:, 1, 1] = scale
        matrices[:, :, 2] = middle - scale[:, None] * half
        return matrices

    def cut(self, images: NDArray[np.uint8], boxes: Float) -> NDArray[np.float32]:
        """Network inputs (N, 3, h, w) float32 of the people in boxes (N, 4) of pictures (N, H, W, 3), RGB.

        Raises:
            ValueError: Wrong shape or dtype, or a box without an area.
        """
        check_people(images, boxes)
        matrices = self.matrices(boxes)
        cut = np.stack([self._one(image, m) for image, m in zip(images, matrices, strict=True)])
        if self.channels == "BGR":
            cut = cut[..., ::-1]
        scaled = (cut / np.float32(255) - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), dtype=np.float32)

    def to_picture(self, points: Float, boxes: Float) -> Float:
        """Points (N, ..., 2) in pixels of the crops, as pixels of the pictures."""
        matrices = self.matrices(boxes)
        lead = (len(boxes),) + (1,) * (points.ndim - 2)
        scale, shift = matrices[:, 0, 0].reshape(*lead, 1), matrices[:, :, 2].reshape(*lead, 2)
        return np.asarray(points * scale + shift)

    def _one(self, image: NDArray[np.uint8], matrix: Float) -> NDArray[np.float32]:
        """(h, w, 3) bilinear samples of one picture, unrounded."""
        import cv2  # deferred: `import targets` stays light

        height, width = self.size
        x = ((np.arange(width) + 0.5) * matrix[0, 0] + matrix[0, 2] - 0.5).astype(np.float32)
        y = ((np.arange(height) + 0.5) * matrix[1, 1] + matrix[1, 2] - 0.5).astype(np.float32)
        border = cv2.BORDER_CONSTANT if self.border == "zero" else cv2.BORDER_REPLICATE
        columns, rows = np.meshgrid(x, y)
        source = self._blurred(image.astype(np.float32), float(matrix[0, 0]))
        samples = cv2.remap(source, columns, rows, cv2.INTER_LINEAR, borderMode=border)
        return np.asarray(samples, dtype=np.float32)

    def _blurred(self, image: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
        """The picture, smoothed where it is much finer than the crop; widths of 4D-Humans (S. Goel et al., 2023)."""
        import cv2  # deferred: `import targets` stays light

        if not self.antialias or scale <= LEAST_EXCESS * self.antialias:
            return image
        sigma = (scale / self.antialias - 1) / 2
        side = 2 * int(4 * sigma + 0.5) + 1
        blurred = cv2.GaussianBlur(image, (side, side), sigma, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(blurred, dtype=np.float32)


def check_people(images: NDArray[np.uint8], boxes: Float) -> None:
    """Refuse pictures and boxes that do not fit each other.

    Raises:
        ValueError: Images that are not (N, H, W, 3) uint8, boxes that are not (N, 4), or a box without an area.
    """
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
        raise ValueError(f"expected images (N, H, W, 3) uint8, got {images.shape} {images.dtype}")
    if boxes.shape != (len(images), 4):
        raise ValueError(f"expected boxes ({len(images)}, 4), one an image, got {boxes.shape}")
    bad = ~(np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1))
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(
            f"expected boxes x0, y0, x1, y1 with x0 < x1 and y0 < y1, got {boxes[row].tolist()} in row {row}"
        )


def _check(crop: Crop) -> None:
    if len(crop.size) != 2 or min(crop.size) < 1:
        raise ValueError(f"expected Crop.size (height, width) in pixels, got {crop.size}")
    for name in ("box_scale", "aspect"):
        number = getattr(crop, name)
        if not (np.isfinite(number) and number > 0):
            raise ValueError(f"expected Crop.{name} above 0, got {number}")
    if not (np.isfinite(crop.antialias) and crop.antialias >= 0):
        raise ValueError(f"expected Crop.antialias of at least 0, got {crop.antialias}")
    if len(crop.mean) != 3 or len(crop.std) != 3 or min(crop.std) <= 0:
        raise ValueError(
            f"expected Crop.mean and a positive Crop.std, 3 each, got {crop.mean} and {crop.std}"
        )
    if max(crop.mean) > 1:
        raise ValueError(f"expected Crop.mean of values 0..1, got {crop.mean}: divide mean and std by 255")
    for name, options in (("channels", get_args(Channels)), ("border", get_args(Border))):
        if (word := getattr(crop, name)) not in options:
            raise ValueError(f"expected Crop.{name} to be one of {', '.join(options)}, got {word!r}")
