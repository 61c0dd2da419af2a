"""What `hmr-lite` sees of a crop: features of BlazePose full, whose weights stay as they are published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from targets.blazepose_torch import HEATMAPS, MASK, PRESENCE, SCREEN, WORLD
from targets.tflite import Float32, TfliteModel

POOLED = 300
"""Number of the last tensor of 8 x 8 places in the published file, 288 channels."""
LOCAL = 251
"""Number of the last tensor of 16 x 16 places that is no inner one of a block, 88 channels."""
CHANNELS = {POOLED: 288, LOCAL: 88}
CROP = 256
POINTS = 39
"""Landmarks: the 33 that are published, and six helpers."""
WIDTH = 3 * POINTS + 5 * POINTS + CHANNELS[POOLED] + CHANNELS[LOCAL] * POINTS
"""Values a person: world landmarks, screen landmarks, the pooled channels, the local channels at every landmark."""
CLIPPED = np.float32(8.0)
"""Logits beyond this say no more."""


class Features:
    """The features of a crop, and whether somebody is there.

    The published network without its decoder: half the time of the whole one.
    """

    def __init__(self, path: Path) -> None:
        """Load the published file of BlazePose full (known by its checksum, so its tensors are known by number)."""
        self._model = TfliteModel(path, instead={HEATMAPS: LOCAL, MASK: POOLED})

    def __call__(self, crop: NDArray[np.uint8]) -> tuple[Float32, float]:
        """Features (WIDTH,) and the pose flag of an RGB crop (256, 256, 3)."""
        found = self._model(crop * np.float32(1 / 255))
        screen = found[SCREEN].reshape(POINTS, 5)
        places = screen[:, :2] * np.float32(2 / CROP) - 1
        logits = screen[:, 3:].clip(-CLIPPED, CLIPPED) / 4
        parts = [found[WORLD], places, screen[:, 2:3] * np.float32(2 / CROP), logits]
        parts += [found[MASK].mean(axis=(0, 1)), bilinear(found[HEATMAPS], places)]
        return np.concatenate([part.ravel() for part in parts]), float(found[PRESENCE][0])


def bilinear(channels: Float32, places: Float32) -> Float32:
    """Values (P, C) of channels (h, w, C) at places (P, 2), right and down, sides at -1 and 1; nothing outside."""
    height, width = channels.shape[:2]
    x = ((places[:, 0] + 1) * width - 1) / 2
    y = ((places[:, 1] + 1) * height - 1) / 2
    left, top = np.floor(x), np.floor(y)
    total = np.zeros((len(places), channels.shape[2]), np.float32)
    for column, across in ((left, 1 - (x - left)), (left + 1, x - left)):
        for row, down in ((top, 1 - (y - top)), (top + 1, y - top)):
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            i, j = row.clip(0, height - 1).astype(np.intp), column.clip(0, width - 1).astype(np.intp)
            total += channels[i, j] * (across * down * inside)[:, None]
    return total


def world_landmarks(features: Float32) -> Float32:
    """(N, 39, 3) metres: BlazePose's own answer, which is part of the features (N, WIDTH)."""
    return np.asarray(features[:, : 3 * POINTS].reshape(-1, POINTS, 3))
