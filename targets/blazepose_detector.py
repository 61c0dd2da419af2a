"""BlazePose's person detector: the region of interest that the published pipeline starts from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from targets.blazepose_geometry import Float, Region, apply, circle_region, sigmoid, warp
from targets.overlap import overlap
from targets.tflite import TfliteModel

SIZE = 224
GRIDS = ((28, 2), (14, 2), (7, 6))
"""Cells a side and anchors a cell of the detector's maps: strides 8, 16 and three times 32."""
LEAST_SCORE = 0.5
"""MediaPipe: min_score_thresh."""
LEAST_OVERLAP = 0.3
"""MediaPipe: min_suppression_threshold of the weighted non-maximum suppression."""


class PersonDetector:
    """Finds the most certain person of a picture."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Load the detector's .tflite file, to run on so many threads."""
        self._model = TfliteModel(path, threads)
        self._anchors = _anchors()

    def find(self, image: NDArray[np.uint8]) -> Region | None:
        """The turned region of interest round the person of a picture (H, W, 3), None without one."""
        import cv2  # deferred: `import targets` stays light

        height, width = image.shape[:2]
        matrix = Region(width / 2, height / 2, float(max(height, width))).matrix(SIZE)
        letterbox = warp(image, matrix, SIZE, cv2.BORDER_CONSTANT)
        tensors = self._model(letterbox * np.float32(1 / 127.5) - np.float32(1.0))
        circle = self._circle(tensors["Identity"].astype(np.float64), sigmoid(tensors["Identity_1"][:, 0]))
        if circle is None:
            return None
        middle, rim = apply(matrix, circle)
        return circle_region(middle, rim)

    def _circle(self, raw: Float, score: Float) -> Float | None:
        """(2, 2) middle and rim of the best person, letterbox pixels: the mean over overlapping finds."""
        best = int(score.argmax())
        if score[best] < LEAST_SCORE:
            return None
        middle, extent = self._anchors + raw[:, :2], raw[:, 2:4]
        boxes = np.concatenate([middle - extent / 2, middle + extent / 2], axis=1)
        near = (overlap(boxes, boxes[best]) > LEAST_OVERLAP) & (score >= LEAST_SCORE)
        points = raw[near, 4:8].reshape(-1, 2, 2) + self._anchors[near, None]
        weight = score[near] / score[near].sum()
        circle: Float = (points * weight[:, None, None]).sum(axis=0)
        return circle


def _anchors() -> Float:
    """(2254, 2) middles of the anchors, letterbox pixels, row by row."""
    maps = []
    for cells, each in GRIDS:
        middle = (np.arange(cells) + 0.5) * (SIZE / cells)
        x, y = np.meshgrid(middle, middle)
        maps.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), each, axis=0))
    return np.concatenate(maps)
