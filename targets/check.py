"""The contract of a target, checked on a few pictures: what `examiner check-target` runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import fields as dataclass_fields
from typing import Any

import numpy as np

from targets.axes import in_camera_axes
from targets.base import Prediction, Target, TargetSpec
from targets.check_values import value_findings
from targets.truth import Truth

Fields = Mapping[str, Any]


def check_target(
    target: Target, fields: Fields, truth: Truth | None = None, declared: TargetSpec | None = None
) -> list[str]:
    """Check that a target keeps the contract of `Target`.

    Args:
        target: The model under test.
        fields: Everything on offer, by keyword: N >= 2 upright people, one a row, such as `images`
            (N, H, W, 3) uint8, `boxes` (N, 4) and `intrinsics` (N, 3, 3). Arrays, or objects with
            `rows(slice)`, are cut by row; anything else is passed whole. The target gets those named
            in its `spec.needs`.
        truth: Where given, axes and sides are checked against it.
        declared: The spec whose lines findings name, where the target adapts another one, whose units and axes it has
            applied; by default the target's own.

    Returns:
        One sentence a finding, "expected X, got Y"; empty where the target is fine.

    Raises:
        ValueError: Fewer than two people are given.
    """
    count = _count(fields)
    if findings := list(_spec_findings(target.spec, fields)):
        return findings
    given = {name: fields[name] for name in target.spec.needs}
    kept = deepcopy(given)
    try:
        prediction = target.predict(**given)
        again = target.predict(**deepcopy(kept))
        singles = [target.predict(**deepcopy(_row(kept, row))) for row in range(count)]
    except Exception as error:
        return [_raised(target.spec, error)]
    values = _values(prediction, target.spec, count, kept, truth, declared or target.spec)
    findings = [*_changed_input(kept, given), *values]
    if isinstance(prediction, Prediction) and isinstance(again, Prediction):
        findings += _differences(prediction, again, "the same bits when asked again", "asked again")
        findings += _single_differences(prediction, singles)
    return findings


def _values(
    prediction: Prediction,
    spec: TargetSpec,
    count: int,
    given: Fields,
    truth: Truth | None,
    declared: TargetSpec,
) -> list[str]:
    """What is wrong with the values, after the units and axes that the spec declares are applied."""
    try:
        turned = in_camera_axes(prediction, spec) if isinstance(prediction, Prediction) else prediction
    except ValueError as error:
        return [str(error)]
    return value_findings(turned, spec, count, given, truth, declared)


def _count(fields: Fields) -> int:
    counts = {len(value) for value in fields.values() if isinstance(value, np.ndarray)}
    if len(counts) != 1 or min(counts) < 2:
        raise ValueError(f"expected arrays of one length, at least 2 people, got lengths {sorted(counts)}")
    return counts.pop()


def _spec_findings(spec: TargetSpec, offered: Fields) -> Iterator[str]:
    if not isinstance(spec, TargetSpec):
        yield f"expected spec to be a TargetSpec, got {type(spec).__name__}"
        return
    for name in spec.needs:
        if name not in offered:
            yield f"expected spec.needs to be out of {', '.join(sorted(offered))}, got {name!r}"
    doubled = sorted({name for name in spec.joint_names if spec.joint_names.count(name) > 1})
    if doubled:
        yield f"expected spec.joint_names to differ, got {', '.join(doubled)} more than once"


def _raised(spec: TargetSpec, error: Exception) -> str:
    return (
        f"expected predict to answer for the keywords {', '.join(spec.needs)} at any batch size, "
        f"got {type(error).__name__}: {error}"
    )


def _row(given: Fields, row: int) -> dict[str, Any]:
    """The fields of one person, with the batch axis kept."""
    one = slice(row, row + 1)
    cut: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, np.ndarray):
            cut[name] = value[one]
        else:
            cut[name] = value.rows(one) if hasattr(value, "rows") else value
    return cut


def _changed_input(kept: Fields, given: Fields) -> Iterator[str]:
    for name, value in kept.items():
        if isinstance(value, np.ndarray) and not _same(value, given[name]):
            yield f"expected predict to leave its input alone, got {name!r} changed: copy it first"


def _arrays(prediction: Prediction) -> dict[str, Any]:
    values = {each.name: getattr(prediction, each.name) for each in dataclass_fields(Prediction)}
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


def _same(one: Any, other: Any) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype and bool(one.tobytes() == other.tobytes())


def _differences(one: Prediction, other: Prediction, wanted: str, case: str) -> Iterator[str]:
    left, right = _arrays(one), _arrays(other)
    for name, value in left.items():
        if name not in right:
            yield f"expected {wanted}, got no {name!r} {case}"
        elif not _same(value, right[name]):
            yield f"expected {wanted}, got another {name!r} {case}{_by_how_much(value, right[name])}"


def _by_how_much(one: Any, other: Any) -> str:
    if one.shape != other.shape:
        return f" (shape {other.shape} for {one.shape})"
    difference = np.abs(one.astype(np.float64) - other.astype(np.float64)).max(initial=0.0)
    return f" (by up to {difference:.3g})"


def _single_differences(whole: Prediction, singles: list[Prediction]) -> list[str]:
    """What differs when a person is alone in the batch; the first person of whom anything does."""
    for row, single in enumerate(singles):
        values = _arrays(whole)
        if not isinstance(single, Prediction) or any(value.ndim == 0 for value in values.values()):
            continue
        alone = Prediction(**{name: value[row : row + 1] for name, value in values.items()})
        if found := list(
            _differences(alone, single, "a batch of one to give the same bits", f"in row {row}")
        ):
            return found
    return []
