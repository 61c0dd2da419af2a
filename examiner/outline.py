"""Outlines: the projected mesh filled in, and how a mask lies on it and in its picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from examiner.joints import Bool, Float
from simulator import Camera

_SHIFT = 4
"""Bits of a fraction of a pixel."""

_REACH = 6
"""Pixels that `best_shift` looks to each side."""

_RING = 2
"""Pixels inside and outside an outline that `edge_contrast` compares."""


def silhouette(vertices: NDArray[np.float32], faces: NDArray[np.int32], camera: Camera) -> Bool:
    """Pixels (N, H, W) that the faces of N meshes cover, each filled by OpenCV; nothing of ours draws here.

    Args:
        vertices: (N, V, 3) metres, camera axes. Faces with a vertex behind the camera are left out.
        faces: (F, 3).
        camera: N cameras.
    """
    width, height = camera.image_size
    filled = np.zeros((len(vertices), height, width), np.uint8)
    for row, points in enumerate(vertices.astype(np.float64)):
        before = points[:, 2] > 0.05
        safe = np.where(before[:, None], points, 1.0)
        pixels = camera.rows(slice(row, row + 1)).project(safe[None])[0]
        corners = np.round((pixels - 0.5) * 2**_SHIFT).clip(-(2**18), 2**18).astype(np.int32)
        for triangle in corners[faces[before[faces].all(axis=1)]]:
            cv2.fillConvexPoly(filled[row], triangle, 1, shift=_SHIFT)
    return filled > 0


def overlap(a: Bool, b: Bool) -> Float:
    """(N,) intersection over union of masks (N, H, W); 1 where both are empty."""
    union = (a | b).sum(axis=(1, 2))
    return np.where(union == 0, 1.0, (a & b).sum(axis=(1, 2)) / np.maximum(union, 1))


def best_shift(wanted: Bool, mask: Bool) -> tuple[int, int]:
    """Pixels, right and down, by which a mask (H, W) lies beside the wanted one."""
    image = np.pad(mask.astype(np.float32), _REACH)
    score = cv2.matchTemplate(image, wanted.astype(np.float32), cv2.TM_CCORR)
    y, x = np.unravel_index(int(score.argmax()), score.shape)
    return int(x) - _REACH, int(y) - _REACH


def edge_contrast(image: NDArray[np.uint8], mask: Bool) -> float:
    """Mean difference, levels of 255, between the colours just inside and just outside of an outline.

    Each pixel inside is held against the mean of those outside within a few pixels of it.
    """
    inside = mask.astype(np.float32)
    reach = (2 * _RING + 1, 2 * _RING + 1)
    colour = image.astype(np.float32)
    share_in, share_out = cv2.blur(inside, reach), cv2.blur(1 - inside, reach)
    mean_in = cv2.blur(colour * inside[..., None], reach) / np.maximum(share_in, 1e-6)[..., None]
    mean_out = cv2.blur(colour * (1 - inside)[..., None], reach) / np.maximum(share_out, 1e-6)[..., None]
    edge = (share_in > 0.25) & (share_out > 0.25)
    return float(np.abs(mean_in - mean_out).mean(axis=-1)[edge].mean()) if edge.any() else 0.0
