"""A TargetSpec out of plain text, numbers and lists, as they come from another process."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from targets.base import TargetSpec
from targets.crop import Crop

_WORDS: Mapping[Any, str] = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def spec_of(told: Any, whose: str = "the spec") -> TargetSpec:
    """The spec that a mapping of its fields' names to plain values describes; `crop` is a mapping of Crop's fields.

    Args:
        told: The mapping.
        whose: What messages call it, e.g. `the spec of my_model.py:build`.

    Raises:
        ValueError: It is no mapping, or a field is unknown, missing or of another type.
    """
    spec: TargetSpec = _built(TargetSpec, told, "", whose)
    return spec


def _built(kind: Any, told: Any, path: str, whose: str) -> Any:
    """An instance of a dataclass from plain values; `path` leads there, e.g. `crop`."""
    whose = f"{path} in {whose}" if path else whose
    if not isinstance(told, Mapping):
        raise ValueError(f"expected {whose} to be a dict of the fields of {kind.__name__}, got {told!r}")
    for name in told:
        if name not in (known := [field.name for field in fields(kind)]):
            raise ValueError(_unknown(kind, name, known, whose))
    for field in fields(kind):
        if field.default is MISSING and field.default_factory is MISSING and field.name not in told:
            raise ValueError(f"expected {whose} to have {field.name!r}, got {', '.join(told) or 'nothing'}")
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints[name], value, name, whose) for name, value in told.items()})


def _unknown(kind: Any, name: str, known: list[str], whose: str) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else f"; they are {', '.join(known)}"
    return f"expected {whose} to have fields of {kind.__name__} only, got {name!r}{hint}"


def _value(hint: Any, value: Any, name: str, whose: str) -> Any:
    """A plain value as the type that a field is annotated with."""
    if get_origin(hint) is UnionType:
        return None if value is None else _value(get_args(hint)[0], value, name, whose)
    if hint is Crop:
        return _built(Crop, value, name, whose)
    if get_origin(hint) is tuple:
        return _tuple(get_args(hint), value, name, whose)
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ValueError(
                f"expected {name} in {whose} to be one of {', '.join(get_args(hint))}, got {value!r}"
            )
        return value
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise ValueError(f"expected {name} in {whose} to be {_WORDS[hint]}, got {value!r}")
    return value


def _tuple(hints: tuple[Any, ...], value: Any, name: str, whose: str) -> tuple[Any, ...]:
    any_length = hints[-1] is Ellipsis
    if not isinstance(value, list | tuple) or not (any_length or len(value) == len(hints)):
        length = "" if any_length else f" {len(hints)},"
        raise ValueError(
            f"expected {name} in {whose} to be a list of{length} {_WORDS[hints[0]]} each, got {value!r}"
        )
    each = (hints[0],) * len(value) if any_length else hints
    return tuple(
        _value(hint, part, f"{name}[{i}]", whose)
        for i, (hint, part) in enumerate(zip(each, value, strict=True))
    )
