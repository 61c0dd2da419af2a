"""The results of an audit, checked against the shipped schema before they are drawn."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

SCHEMA = "poseexaminer-results/1"
SCHEMA_FILE = Path(__file__).parent / "data" / "results.schema.json"

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


def check_results(results: Mapping[str, Any]) -> dict[str, Any]:
    """Plain copy of the results, in the form that JSON would give back.

    Args:
        results: a mapping as `docs/results.md` describes it; numpy numbers and arrays are welcome,
            numbers that are not finite become None.

    Raises:
        ValueError: another schema version, a missing field, a field of another type, counts that
            do not fit their queries, or no search method.
    """
    found = results.get("schema")
    if found != SCHEMA:
        raise ValueError(
            f"expected results of the schema {SCHEMA}, got {found!r}; write them with this version"
        )
    plain: dict[str, Any] = _plain(results)
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    _check(plain, schema, schema["$defs"], "results")
    if not any(method["role"] == "search" for method in plain["methods"]):
        raise ValueError("expected a method of the role 'search' in results.methods, got none")
    for index, method in enumerate(plain["methods"]):
        _check_found(method.get("found"), f"results.methods[{index}].found")
    return plain


def _check_found(found: dict[str, Any] | None, path: str) -> None:
    if found is None:
        return
    queries = len(found["queries"])
    for level, counts in found["distinct"].items():
        if len(counts) != queries:
            raise ValueError(f"expected {queries} counts in {path}.distinct.{level}, got {len(counts)}")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _check(value: Any, schema: dict[str, Any], defs: dict[str, Any], path: str) -> None:
    """The part of JSON Schema that the shipped schema uses."""
    if "$ref" in schema:
        _check(value, defs[schema["$ref"].rsplit("/", 1)[1]], defs, path)
    allowed = [schema["const"]] if "const" in schema else schema.get("enum")
    if allowed is not None and value not in allowed:
        raise ValueError(f"expected {path} to be {' or '.join(map(repr, allowed))}, got {value!r}")
    _check_type(value, schema.get("type"), path)
    if isinstance(value, dict):
        _check_fields(value, schema, defs, path)
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            _check(item, schema["items"], defs, f"{path}[{index}]")


def _check_type(value: Any, kinds: str | list[str] | None, path: str) -> None:
    if kinds is None:
        return
    names = [kinds] if isinstance(kinds, str) else kinds
    if any(_is(value, name) for name in names):
        return
    raise ValueError(f"expected {path} to be of type {' or '.join(names)}, got {type(value).__name__}")


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _KINDS[kind])


def _check_fields(value: dict[str, Any], schema: dict[str, Any], defs: dict[str, Any], path: str) -> None:
    missing = [name for name in schema.get("required", []) if name not in value]
    if missing:
        raise ValueError(f"expected {path}.{missing[0]}, got nothing there; docs/results.md describes it")
    known = schema.get("properties", {})
    for name, item in value.items():
        inner = known.get(name, schema.get("additionalProperties"))
        if isinstance(inner, dict):
            _check(item, inner, defs, f"{path}.{name}")
