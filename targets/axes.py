"""From a target's own units and axes to metres in OpenCV's camera axes, as its spec declares them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from targets.base import Float, Prediction, TargetSpec

METRES = {"m": 1.0, "mm": 0.001}


def in_camera_axes(prediction: Prediction, spec: TargetSpec) -> Prediction:
    """The prediction with lengths in metres and in axes x right, y down, z forward.

    With D = diag(spec.axes), points p become D p and the rotation of the root, from the body's axes to the camera's,
    D R. D must be a rotation for a `global_orient`; mirrored axes have none.

    Raises:
        ValueError: Unknown units, axes that are not signs, or a `global_orient` in mirrored axes.
    """
    _check(spec)
    if spec.units == "m" and spec.axes == (1, 1, 1):
        return prediction
    scale = METRES[spec.units] * np.array(spec.axes, np.float64)
    named = ("joints", "vertices", "transl", "hypotheses")
    given = {name: value for name in named if (value := getattr(prediction, name)) is not None}
    moved = {name: np.asarray(value * scale) for name, value in given.items()}
    if prediction.global_orient is not None and spec.axes != (1, 1, 1):
        moved["global_orient"] = _turned(prediction.global_orient, spec)
    return replace(prediction, **moved)


def _turned(global_orient: Float, spec: TargetSpec) -> Float:
    """(N, 3) axis-angle, radians, after the half turn of the axes: the quaternion of D times that of R."""
    if np.prod(spec.axes) < 0:
        raise ValueError(
            f"expected axes of {spec.name} without a mirror where it gives global_orient, got {spec.axes}: an even "
            "number of signs must be -1"
        )
    kept = spec.axes.index(1)
    angle = np.linalg.norm(global_orient, axis=1, keepdims=True)
    unit = global_orient / np.maximum(angle, 1e-12)
    w, v = np.cos(angle / 2), np.sin(angle / 2) * unit
    half = np.zeros(3)
    half[kept] = 1.0
    turned_w, turned_v = -(v @ half)[:, None], half * w + np.cross(half, v)
    sign = np.where(turned_w < 0, -1.0, 1.0)
    sine = np.linalg.norm(turned_v, axis=1, keepdims=True)
    full = 2 * np.arctan2(sine, turned_w * sign)
    return np.asarray(sign * turned_v / np.maximum(sine, 1e-12) * full)


def _check(spec: TargetSpec) -> None:
    if spec.units not in METRES:
        raise ValueError(f"expected TargetSpec.units of {spec.name} to be m or mm, got {spec.units!r}")
    if len(spec.axes) != 3 or any(sign not in (-1, 1) for sign in spec.axes):
        raise ValueError(
            f"expected TargetSpec.axes of {spec.name} to be three signs, 1 or -1, got {spec.axes}"
        )
