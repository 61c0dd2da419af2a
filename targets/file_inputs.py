"""What the inputs of a network file are fed with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from targets.base import Float
from targets.crop import Crop
from targets.weak_perspective import box_numbers, regions

Layout = Literal["nchw", "nhwc"]


@dataclass(frozen=True)
class Asked:
    """People whom a network is asked about, one a picture."""

    images: NDArray[np.uint8]
    """(N, H, W, 3) RGB."""
    boxes: Float
    """(N, 4) x0, y0, x1, y1, pixels."""
    intrinsics: Float | None
    """(N, 3, 3) where the network takes them."""
    crop: Crop
    layout: Layout

    def rows(self, start: int, count: int) -> Asked:
        """So many of them, the last one several times where there are no more."""
        rows = np.minimum(np.arange(start, start + count), len(self.images) - 1)
        intrinsics = None if self.intrinsics is None else self.intrinsics[rows]
        return replace(self, images=self.images[rows], boxes=self.boxes[rows], intrinsics=intrinsics)


def _crop(asked: Asked) -> NDArray[np.float32]:
    cut = asked.crop.cut(asked.images, asked.boxes)
    return cut if asked.layout == "nchw" else np.ascontiguousarray(cut.transpose(0, 2, 3, 1))


def _intrinsics(asked: Asked) -> Float:
    assert asked.intrinsics is not None
    return asked.intrinsics


def _sides(asked: Asked, order: tuple[int, int]) -> Float:
    return np.tile(np.array([asked.images.shape[i] for i in order], np.float64), (len(asked.images), 1))


def _cliff_box(asked: Asked) -> Float:
    return box_numbers(regions(asked.crop, asked.images, asked.boxes))


INPUTS: Mapping[str, Callable[[Asked], NDArray[Any]]] = MappingProxyType(
    {
        "crop": _crop,
        "boxes": lambda asked: asked.boxes,
        "cliff_box": _cliff_box,
        "intrinsics": _intrinsics,
        "height_width": lambda asked: _sides(asked, (1, 2)),
        "width_height": lambda asked: _sides(asked, (2, 1)),
    }
)
"""What an input may be given, a row each person: the crop, boxes (N, 4) pixels, CLIFF's description of the box (N, 3),
intrinsics (N, 3, 3) pixels of the picture, and the picture's sides (N, 2) pixels."""
