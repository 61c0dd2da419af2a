"""Whether a batch has the form that the contract wants: kinds, shapes, finite numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from simulator import Batch, Body, Scene

Shape = tuple[int | None, ...]


def check_form(batch: Any, scene: Scene, body: Body) -> Iterator[str]:
    """One sentence for every field that is not as `Batch` says."""
    if not isinstance(batch, Batch):
        yield f"render: expected a Batch, got {type(batch).__name__}"
        return
    people, joints = len(scene), len(batch.joint_names)
    width, height = scene.camera.image_size
    wanted: dict[str, tuple[Shape, str]] = {
        "images": ((people, height, width, 3), "uint8"),
        "joints": ((people, joints, 3), "float64"),
        "vertices": ((people, None, 3), "float32"),
        "joints2d": ((people, joints, 2), "float64"),
        "visibility": ((people, joints), "bool"),
        "visible_share": ((people, joints), "float64"),
        "mask": ((people, height, width), "bool"),
        "depth": ((people, height, width), "float32"),
        "boxes": ((people, 4), "float64"),
        "others": ((people, None, joints, 3), "float64"),
    }
    missing = [name for name in body.joint_names[:22] if name not in batch.joint_names]
    if missing:
        yield f"joint_names: expected SMPL's names, got none for {', '.join(missing[:3])}"
    if len(batch.scene) != people:
        yield f"scene: expected the scene that was drawn, {people} people, got {len(batch.scene)}"
    for name, (shape, kind) in wanted.items():
        yield from _field(name, getattr(batch, name), shape, kind)


def _field(name: str, value: Any, shape: Shape, kind: str) -> Iterator[str]:
    if not isinstance(value, np.ndarray):
        yield f"{name}: expected a numpy array, got {type(value).__name__}"
        return
    fits = value.ndim == len(shape) and all(
        w in (None, got) for w, got in zip(shape, value.shape, strict=True)
    )
    if not fits:
        words = ", ".join("any" if size is None else str(size) for size in shape)
        yield f"{name}: expected the shape ({words}), got {value.shape}"
    elif value.dtype.name != kind:
        yield f"{name}: expected {kind}, got {value.dtype}"
    elif name != "others" and not np.isfinite(value).all():
        row = int(np.argwhere(~np.isfinite(value))[0][0])
        yield f"{name}: expected finite numbers, got {value[~np.isfinite(value)][0]} in row {row}"
    elif name == "visible_share" and not ((value >= 0) & (value <= 1)).all():
        yield f"{name}: expected shares in 0..1, got {value.min():g} to {value.max():g}"
