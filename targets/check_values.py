"""What a prediction must look like: shapes, dtypes, finite, metres and pixels, axes and sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from targets.base import Float, Prediction, TargetSpec
from targets.check_flat import flat_findings
from targets.truth import Truth

LIMBS = tuple(
    (f"{side}_{upper}", f"{side}_{lower}")
    for side in ("left", "right")
    for upper, lower in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
)
LIMB_LENGTH = (0.05, 1.0)
"""Metres from end to end of a limb; generous, children and giants are inside."""
BODY_EXTENT = (0.3, 3.0)
"""Metres along the longest side of the box round a body's vertices."""
LEAST_PIXELS = 3.0
"""A person smaller than this has most likely been given in shares of the picture."""
LEAST_AGREEMENT = -0.2
"""Correlation with the truth below which an axis is called flipped; a poor model is near 0 or above."""
LEAST_COMMON = 4
"""Joints by the same name as the truth's that the check of axes and sides wants."""

SHAPES: Mapping[str, tuple[str | int, ...]] = {
    "joints": ("N", "J", 3),
    "joints2d": ("N", "J", 2),
    "vertices": ("N", "V", 3),
    "betas": ("N", 10),
    "body_pose": ("N", "63 or 69"),
    "global_orient": ("N", 3),
    "confidence": ("N",),
    "heatmaps": ("N", "J", "h", "w"),
}
"""Fields of a Prediction: N people, the J joints of the spec; any V, h and w."""
AXES = (
    "x to the right, got it to the left",
    "y down, got it up",
    "z away from the camera, got it towards it",
)


def value_findings(
    prediction: Prediction,
    spec: TargetSpec,
    count: int,
    given: Mapping[str, Any],
    truth: Truth | None,
    declared: TargetSpec,
) -> list[str]:
    """One sentence for each way in which a prediction of `count` people breaks the contract."""
    if findings := list(_found(prediction, count)):
        return findings
    if findings := list(_shapes(prediction, spec, count)):
        return findings
    if findings := list(_finite(prediction)):
        return findings
    if not prediction.found.any():
        return ["expected at least one person to be found in the pictures, got none"]
    findings = [*_units(prediction, spec, declared), *_confidence(prediction), *_pixels(prediction, given)]
    if truth is not None and prediction.joints is not None:
        findings += _axes(prediction.joints, prediction.found, spec.joint_names, truth, declared.axes)
    return [*findings, *flat_findings(prediction, spec, truth)]


def _found(prediction: Any, count: int) -> Iterator[str]:
    if not isinstance(prediction, Prediction):
        yield f"expected predict to return a Prediction, got {type(prediction).__name__}"
        return
    found: Any = prediction.found
    if not isinstance(found, np.ndarray) or found.dtype != np.bool_ or found.shape != (count,):
        yield f"expected found ({count},) bool, got {_describe(found)}"


def _describe(value: Any) -> str:
    return f"{value.shape} {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__


def _given(prediction: Prediction) -> dict[str, Any]:
    values = {name: getattr(prediction, name) for name in SHAPES}
    return {name: value for name, value in values.items() if value is not None}


def _shapes(prediction: Prediction, spec: TargetSpec, count: int) -> Iterator[str]:
    given = _given(prediction)
    if not given.keys() & {"joints", "joints2d", "vertices", "body_pose"}:
        yield "expected joints, joints2d, vertices or body_pose in the prediction, got none of them"
    for name, value in given.items():
        wanted = tuple({"N": count, "J": len(spec.joint_names)}.get(str(side), side) for side in SHAPES[name])
        floating = isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating)
        if not floating or not _fits(value.shape, wanted):
            sides = ", ".join(str(side) for side in wanted) + ("," if len(wanted) == 1 else "")
            names = " (a joint each name in spec.joint_names)" if "J" in SHAPES[name] else ""
            yield f"expected {name} ({sides}) floating{names}, got {_describe(value)}"


def _fits(shape: tuple[int, ...], wanted: tuple[str | int, ...]) -> bool:
    if len(shape) != len(wanted):
        return False
    pairs = zip(shape, wanted, strict=True)
    return all(side == want or (isinstance(want, str) and _any_side(side, want)) for side, want in pairs)


def _any_side(side: int, want: str) -> bool:
    return str(side) in want.split(" or ") if " or " in want else side > 0


def _finite(prediction: Prediction) -> Iterator[str]:
    for name, value in _given(prediction).items():
        bad = ~np.isfinite(value).reshape(len(value), -1).all(axis=1) & prediction.found
        if bad.any():
            yield f"expected finite {name} where a person is found, got nan or infinity in row {bad.argmax()}"


def _units(prediction: Prediction, spec: TargetSpec, declared: TargetSpec) -> Iterator[str]:
    if prediction.joints is not None:
        lengths = _limb_lengths(prediction.joints[prediction.found], spec.joint_names)
        for (upper, lower), length in lengths.items():
            if not LIMB_LENGTH[0] <= length <= LIMB_LENGTH[1]:
                low, high = LIMB_LENGTH
                yield (
                    f"expected joints in metres ({upper} to {lower} {low} to {high} m), got {length:.3g}"
                    f"{_other_units(length, LIMB_LENGTH, declared)}"
                )
                break
    if prediction.vertices is not None:
        extent = float(np.median(np.ptp(prediction.vertices[prediction.found], axis=1).max(axis=1)))
        if not BODY_EXTENT[0] <= extent <= BODY_EXTENT[1]:
            low, high = BODY_EXTENT
            yield (
                f"expected vertices in metres (a body of {low} to {high} m), got {extent:.3g}"
                f"{_other_units(extent, BODY_EXTENT, declared)}"
            )


def _other_units(length: float, wanted: tuple[float, float], declared: TargetSpec) -> str:
    """The line to change, where a length would be one in the other unit."""
    other, times = ("mm", 0.001) if declared.units == "m" else ("m", 1000.0)
    return f': write units="{other}" into the TargetSpec' if wanted[0] <= length * times <= wanted[1] else ""


def _limb_lengths(joints: Float, names: tuple[str, ...]) -> dict[tuple[str, str], float]:
    """Median length of each limb whose ends are named."""
    index = {name: number for number, name in enumerate(names)}
    known = [limb for limb in LIMBS if limb[0] in index and limb[1] in index]
    return {
        limb: float(np.median(np.linalg.norm(joints[:, index[limb[0]]] - joints[:, index[limb[1]]], axis=1)))
        for limb in known
    }


def _confidence(prediction: Prediction) -> Iterator[str]:
    if prediction.confidence is not None:
        low, high = prediction.confidence.min(), prediction.confidence.max()
        if low < 0 or high > 1:
            yield f"expected confidence in 0..1, got {low:.3g} to {high:.3g}"


def _pixels(prediction: Prediction, given: Mapping[str, Any]) -> Iterator[str]:
    if prediction.joints2d is None or len(prediction.joints2d[0]) < 2:
        return
    points = prediction.joints2d[prediction.found]
    extent = float(np.median(np.ptp(points, axis=1).max(axis=1)))
    if extent < LEAST_PIXELS:
        yield f"expected joints2d in pixels of the picture, got a person of {extent:.3g} px: shares of it?"
    elif (images := given.get("images")) is not None:
        size = np.array([images.shape[-2], images.shape[-3]])
        near = (points > -size / 2) & (points < 1.5 * size)
        inside = float(near.all(axis=2).mean())
        if inside < 0.5:
            yield f"expected joints2d near the picture of {size[0]} x {size[1]} px, got {inside:.0%} there"


def _axes(
    joints: Float,
    found: NDArray[np.bool_],
    names: tuple[str, ...],
    truth: Truth,
    declared: tuple[int, int, int],
) -> Iterator[str]:
    common = [name for name in names if name in truth.joint_names]
    if len(common) < LEAST_COMMON:
        known = ", ".join(truth.joint_names)
        yield f"expected at least {LEAST_COMMON} joint names out of {known}, got {len(common)}"
        return
    given, wanted = (
        _centred(points[found][:, [order.index(name) for name in common]])
        for points, order in ((joints, names), (truth.joints, truth.joint_names))
    )
    agreement = [_correlation(given[..., axis], wanted[..., axis]) for axis in range(3)]
    if agreement[0] < LEAST_AGREEMENT and _sides_are_swapped(given, wanted, common):
        yield "expected left_ and right_ to be the person's own sides, got them exchanged: swap the names"
        agreement[0] = 1.0
    signs = tuple(-s if value < LEAST_AGREEMENT else s for s, value in zip(declared, agreement, strict=True))
    for axis, value in enumerate(agreement):
        if value < LEAST_AGREEMENT:
            yield (
                f"expected {AXES[axis]} (correlation {value:.2f} with the truth): write axes={signs} into the "
                "TargetSpec"
            )


def _centred(joints: Float) -> Float:
    centred: Float = joints - joints.mean(axis=1, keepdims=True)
    return centred


def _correlation(one: Float, other: Float) -> float:
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / scale if scale > 0 else 0.0


def _sides_are_swapped(given: Float, wanted: Float, names: list[str]) -> bool:
    """Whether exchanging the names explains the truth better than mirroring x does."""
    other = {"left": "right", "right": "left"}
    opposite = [
        "_".join(other.get(word, word) for word in name.split("_")) for name in names
    ]  # left_hip to right_hip, mouth_left to mouth_right
    order = [names.index(name) if name in names else number for number, name in enumerate(opposite)]
    mirrored = given * np.array([-1.0, 1.0, 1.0])
    exchanged = float(np.linalg.norm(given[:, order] - wanted, axis=2).mean())
    return exchanged < float(np.linalg.norm(mirrored - wanted, axis=2).mean())
