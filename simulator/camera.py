"""The camera: the only place that knows how a point becomes a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """A batch of pinhole cameras in OpenCV axes: x right, y down, z forward.

    Image coordinates are continuous: pixel column i covers [i, i + 1), so the middle of a
    256 px wide image is x = 128.
    """

    focal_length: Float
    """(N,) pixels."""
    center: Float
    """(N, 2) principal point, pixels."""
    image_size: tuple[int, int] = (256, 256)
    """(width, height), pixels, the same for every row."""

    def project(self, points: Float) -> Float:
        """Pixels (N, P, 2) of points (N, P, 3), metres in camera axes."""
        focal = self.focal_length[:, None, None]
        return focal * points[..., :2] / points[..., 2:] + self.center[:, None]

    @property
    def intrinsics(self) -> Float:
        """(N, 3, 3) pinhole matrices, pixels."""
        matrix = np.zeros((len(self.focal_length), 3, 3))
        matrix[:, 0, 0] = matrix[:, 1, 1] = self.focal_length
        matrix[:, :2, 2] = self.center
        matrix[:, 2, 2] = 1.0
        return matrix

    def __len__(self) -> int:
        return len(self.focal_length)

    def rows(self, index: slice | NDArray[np.intp]) -> Camera:
        """The cameras of some rows."""
        return Camera(self.focal_length[index], self.center[index], self.image_size)
