"""BlazePose's crops: where the network looks, and back from its pixels to the picture's.

Coordinates in here are MediaPipe's, which hands them to OpenCV as they are: pixel column i has its
middle at i. Ours are continuous: column i covers [i, i + 1). Half a pixel does not matter to where a
region lies, so boxes pass as they are; landmarks are converted on the way out, by `to_picture`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

MARGIN = 1.25
"""Side of the region over side of the box or circle, as in MediaPipe's pose graphs."""
STEPS = 32
"""Steps a pixel to which OpenCV 4, and so MediaPipe, rounds the place of a sample. OpenCV 5 does not,
and the detector notices. Rounded first, the crops of OpenCV 4.11 and 5.0 are the same but for one grey level in
0.3 % of the values."""
KERNEL = 7
"""Side of the window of the heatmap refinement, cells (MediaPipe: kernel_size)."""
CROP_OFFSET = 0.32
"""Pixels of the crop by which refined landmarks lie right of and below what they mark. Measured in x
by mirroring rendered bodies (full network, median over 32, crop scales 0.5 to 4.5): 0.30 to 0.34 when
boxes were moved by half a pixel, up to about 0.05 more as they are now. y is taken to be alike."""
LEAST_HEAT = 0.5
"""Windows without a cell this certain are left as they are (MediaPipe: min_confidence_to_refine)."""


@dataclass(frozen=True)
class Region:
    """A square in the picture: the region of interest."""

    x: float
    """Middle, pixels."""
    y: float
    """Middle, pixels."""
    side: float
    """Pixels."""
    angle: float = 0.0
    """Clockwise turn of the square in the picture, radians."""

    def matrix(self, size: int) -> Float:
        """(2, 3) from pixels of a crop of size x size to pixels of the picture."""
        scale = self.side / size
        cos, sin = scale * np.cos(self.angle), scale * np.sin(self.angle)
        half = size / 2
        return np.array(
            [
                [cos, -sin, self.x - cos * half + sin * half],
                [sin, cos, self.y - sin * half - cos * half],
            ]
        )


def box_region(box: Float) -> Region:
    """The upright square round the middle of a box (4,) x0, y0, x1, y1, pixels."""
    x0, y0, x1, y1 = (float(value) for value in box)
    return Region((x0 + x1) / 2, (y0 + y1) / 2, MARGIN * max(x1 - x0, y1 - y0))


def circle_region(middle: Float, rim: Float) -> Region:
    """The square round a circle's middle (2,) through its rim (2,), turned so that rim points up."""
    right, down = (float(value) for value in rim - middle)
    angle = (np.pi / 2 - np.arctan2(-down, right) + np.pi) % (2 * np.pi) - np.pi
    return Region(float(middle[0]), float(middle[1]), 2 * MARGIN * float(np.hypot(right, down)), float(angle))


def apply(matrix: Float, points: Float) -> Float:
    """Points (..., 2) under a (2, 3) matrix, without a matrix product so that bits do not vary."""
    x, y = points[..., 0], points[..., 1]
    return np.stack([row[0] * x + row[1] * y + row[2] for row in matrix], axis=-1)


def to_picture(matrix: Float, landmarks: Float) -> Float:
    """Refined landmarks (J, 2) in pixels of the crop, as continuous pixels of the picture."""
    return apply(matrix, landmarks - CROP_OFFSET) + 0.5


def warp(image: NDArray[np.uint8], matrix: Float, size: int, border: int) -> NDArray[np.uint8]:
    """Cut a crop, bilinear.

    Args:
        image: (H, W, 3).
        matrix: (2, 3) from pixels of the crop to pixels of the picture.
        size: Side of the crop, pixels.
        border: OpenCV's border mode outside the picture.

    Returns:
        (size, size, 3).
    """
    import cv2  # deferred: `import targets` stays light

    steps = np.arange(size)
    x, y = (np.rint(np.add.outer(b * steps + c, a * steps)) for a, b, c in matrix * STEPS)
    x, y = (x / STEPS).astype(np.float32), (y / STEPS).astype(np.float32)
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=border), dtype=np.uint8)


def turn_back(world: Float, angle: float) -> Float:
    """Points (J, 3) of a crop turned by `angle`, in the axes of the upright camera."""
    cos, sin = np.cos(angle), np.sin(angle)
    x, y, z = world[:, 0], world[:, 1], world[:, 2]
    return np.stack([cos * x - sin * y, sin * x + cos * y, z], axis=-1)


def sigmoid(logits: NDArray[np.float32]) -> Float:
    """Logistic function, clipped so that it cannot overflow."""
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0).astype(np.float64)))


def refine(points: Float, heatmaps: NDArray[np.float32], size: int) -> Float:
    """Move landmarks to the weighted mean of the heat round them, as MediaPipe's graph does.

    Args:
        points: (J, 2) pixels of the crop.
        heatmaps: (h, w, J) logits, h = w.
        size: Side of the crop, pixels.

    Returns:
        (J, 2) pixels of the crop; points outside the map or without heat stay.
    """
    cells = heatmaps.shape[0]
    middle = np.floor(points * (cells / size)).astype(np.intp)
    window = np.arange(KERNEL) - KERNEL // 2
    columns, rows = middle[:, 0, None] + window, middle[:, 1, None] + window
    inside = ((rows >= 0) & (rows < cells))[:, :, None] & ((columns >= 0) & (columns < cells))[:, None, :]
    landmark = np.arange(len(points))[:, None, None]
    near = heatmaps[rows.clip(0, cells - 1)[:, :, None], columns.clip(0, cells - 1)[:, None, :], landmark]
    heat = sigmoid(near) * inside
    total = np.maximum(heat.sum(axis=(1, 2)), np.finfo(np.float64).tiny)
    x = (heat.sum(axis=1) * columns).sum(axis=1) / total
    y = (heat.sum(axis=2) * rows).sum(axis=1) / total
    on_map = ((middle >= 0) & (middle < cells)).all(axis=1)
    sure = on_map & (heat.max(axis=(1, 2)) >= LEAST_HEAT)
    return np.where(sure[:, None], np.stack([x, y], axis=-1) * (size / cells), points)
