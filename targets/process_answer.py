"""Arrays that came from another process, as a Prediction; nothing in them is trusted."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from targets.base import Prediction, TargetSpec
from targets.check_values import SHAPES


@dataclass(frozen=True)
class _Kind:
    """What a field's numbers have to be."""

    code: str
    """Kinds of dtypes that are taken."""
    dtype: type
    """What they become."""
    words: str
    fix: str


_FLOATS = _Kind("f", np.float64, "floats", ".astype(float) makes them")
_KINDS = MappingProxyType(
    {
        "found": _Kind("b", np.bool_, "bool", "compare with a threshold, e.g. score > 0.5"),
        "picture": _Kind("iu", np.intp, "whole numbers", ".astype(int) makes them"),
        "heatmaps": _Kind("f", np.float32, "floats", ".astype('float32') makes them"),
    }
)
_LAYOUTS = MappingProxyType({"found": ("N",), "picture": ("N",), **SHAPES})
"""The sides of what is known: N rows, J joints. Of the rest the rows alone are checked."""


def prediction_of(given: Mapping[str, NDArray[Any]], spec: TargetSpec, count: int) -> Prediction:
    """The prediction for `count` people out of arrays by name; without `found`, all are.

    Floats become double precision (heatmaps single). NaN stays: it is the examiner's to count.

    Raises:
        ValueError: An unknown field, a wrong dtype or shape, or a `picture` that is none.
    """
    known = [field.name for field in fields(Prediction)]
    for name in given:
        if name not in known:
            raise ValueError(_unknown(name, known, spec))
    rows = given["picture"].size if "picture" in given else count
    arrays = {name: _checked(name, array, spec, rows) for name, array in given.items()}
    if "picture" in arrays:
        _check_picture(arrays["picture"], spec, count)
    return Prediction(**{"found": np.ones(rows, dtype=np.bool_), **arrays})


def join(parts: Sequence[Prediction], batch: int, spec: TargetSpec) -> Prediction:
    """One prediction out of those for `batch` people each, in order.

    Raises:
        ValueError: Their fields, or the shapes of a person's row, differ.
    """
    if len(parts) == 1:
        return parts[0]
    joined: dict[str, Any] = {}
    for name in (field.name for field in fields(Prediction)):
        arrays = [getattr(part, name) for part in parts]
        shapes = sorted({"none" if array is None else str(array.shape[1:]) for array in arrays})
        if len(shapes) > 1:
            raise ValueError(
                f"expected {name} from {spec.name} of one shape for all people, got {' and '.join(shapes)} from one "
                f"batch of {batch} to the next"
            )
        if arrays[0] is not None:
            shift = batch if name == "picture" else 0
            joined[name] = np.concatenate(
                [array + i * shift if shift else array for i, array in enumerate(arrays)]
            )
    return Prediction(**joined)


def _unknown(name: str, known: Sequence[str], spec: TargetSpec) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else f"; leave it out, or name one of {', '.join(known)}"
    return f"expected fields of a prediction from {spec.name}, got {name!r}{hint}"


def _checked(name: str, array: NDArray[Any], spec: TargetSpec, rows: int) -> NDArray[Any]:
    kind = _KINDS.get(name, _FLOATS)
    if array.dtype.kind not in kind.code:
        raise ValueError(
            f"expected {name} from {spec.name} to be {kind.words}, got {array.dtype}; {kind.fix}"
        )
    sides = {"N": rows, "J": len(spec.joint_names)}
    wanted = tuple(sides.get(str(side), side) for side in _LAYOUTS.get(name, ("N", "...")))
    if not _fits(array.shape, wanted):
        text = ", ".join(map(str, wanted)) + ("," if len(wanted) == 1 else "")
        raise ValueError(f"expected {name} of shape ({text}) from {spec.name}, got {array.shape}")
    return array.astype(kind.dtype, copy=False)


def _fits(shape: tuple[int, ...], wanted: tuple[int | str, ...]) -> bool:
    """Whether the sides that are numbers are so; a word stands for any, dots for any more."""
    if wanted[-1] == "...":
        shape, wanted = shape[: len(wanted) - 1], wanted[:-1]
    pairs = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(isinstance(want, str) or side == want for side, want in pairs)


def _check_picture(picture: NDArray[Any], spec: TargetSpec, count: int) -> None:
    bad = (picture < 0) | (picture >= count)
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(
            f"expected picture from {spec.name} in 0..{count - 1}, got {picture[row]} in row {row}"
        )
