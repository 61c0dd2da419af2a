"""Targets that find people by themselves: which of those found is the one that was asked about."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from targets.base import Float, Prediction
from targets.overlap import boxes_of, overlap

LEAST_OVERLAP = 0.1
"""Intersection over union of the boxes below which a found person is somebody else."""


def one_a_picture(prediction: Prediction, boxes: Float) -> Prediction:
    """The found person of each picture whose 2D joints' box overlaps the given box most.

    Args:
        prediction: M rows; `picture` says which picture each is in. Without `picture` it is returned as it is.
        boxes: (N, 4) x0, y0, x1, y1 pixels, the person asked about in each picture.

    Returns:
        N rows without `picture`; one where nobody overlaps by LEAST_OVERLAP is not found and holds zeros.

    Raises:
        ValueError: `picture` out of range or of another length, or no `joints2d` to choose by.
    """
    if prediction.picture is None:
        return prediction
    _check(prediction, len(boxes))
    assert prediction.joints2d is not None
    share = overlap(boxes_of(prediction.joints2d), boxes[prediction.picture])
    share[~prediction.found] = -1.0
    chosen = np.full(len(boxes), -1)
    for row in np.argsort(share, kind="stable"):
        if share[row] >= LEAST_OVERLAP:
            chosen[prediction.picture[row]] = row
    return _rows(prediction, chosen)


def _rows(prediction: Prediction, chosen: NDArray[np.intp]) -> Prediction:
    there = chosen >= 0
    values = {}
    for field in fields(Prediction):
        value = getattr(prediction, field.name)
        if field.name in ("found", "picture") or value is None:
            continue
        rows = np.zeros((len(chosen), *value.shape[1:]), value.dtype)
        rows[there] = value[chosen[there]]
        values[field.name] = rows
    return replace(prediction, found=there, picture=None, **values)


def _check(prediction: Prediction, pictures: int) -> None:
    assert prediction.picture is not None
    rows, picture = len(prediction.found), np.asarray(prediction.picture)
    if picture.shape != (rows,) or not np.issubdtype(picture.dtype, np.integer):
        raise ValueError(
            f"expected picture ({rows},) of integers, a row each, got {picture.shape} {picture.dtype}"
        )
    if rows and not (picture.min() >= 0 and picture.max() < pictures):
        bad = int(((picture < 0) | (picture >= pictures)).argmax())
        raise ValueError(f"expected picture 0 to {pictures - 1}, got {picture[bad]} in row {bad}")
    if prediction.joints2d is None:
        raise ValueError(
            "expected joints2d in pixels from a target that finds people by itself, got none: whom a row is about is "
            "told by 2D overlap"
        )
    for field in fields(Prediction):
        value = getattr(prediction, field.name)
        if value is not None and len(value) != rows:
            raise ValueError(f"expected {rows} rows of {field.name}, one each row of found, got {len(value)}")
