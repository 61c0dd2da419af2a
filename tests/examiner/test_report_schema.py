from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from examiner.report_schema import SCHEMA_FILE, check_results

EXAMPLE = json.loads((Path(__file__).parent / "fake_results.json").read_text(encoding="utf-8"))


def test_schema_is_valid_and_accepts_the_example() -> None:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(EXAMPLE, schema, jsonschema.Draft202012Validator)
    assert check_results(EXAMPLE) == EXAMPLE


def test_every_field_of_the_schema_is_documented() -> None:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    text = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")

    def names(part: Any) -> set[str]:
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
        own = set(part["properties"]) if isinstance(part, dict) and "properties" in part else set()
        return own.union(*(names(item) for item in inner))

    assert {name for name in names(schema) if f"`{name}`" not in text} == set()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("run", "seed"), "7", "expected results.run.seed to be of type integer, got str"),
        (("modes", 0, "id"), True, r"expected results.modes\[0\].id to be of type integer, got bool"),
        (
            ("methods", 0, "role"),
            "x",
            r"expected results.methods\[0\].role to be 'search' or 'baseline', got 'x'",
        ),
        (
            ("methods", 0, "found", "distinct", "1.0"),
            [0.5],
            r"expected results.methods\[0\].found.distinct.1.0\[0\] to be of type integer, got float",
        ),
        (
            ("methods", 1, "found", "distinct", "1.5"),
            [0, 1],
            r"expected 25 counts in results.methods\[1\].found.distinct.1.5, got 2",
        ),
        (("methods",), [], "expected a method of the role 'search' in results.methods, got none"),
        (("protocol", "score"), {}, "expected results.protocol.score.name, got nothing there"),
    ],
)
def test_misfits_are_named(path: tuple, value: Any, message: str) -> None:
    results = copy.deepcopy(EXAMPLE)
    inner = results
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(ValueError, match=message):
        check_results(results)


def test_numpy_and_numbers_that_are_not_finite_are_taken() -> None:
    results = copy.deepcopy(EXAMPLE)
    results["modes"][0] |= {"error_mm": np.float64(200.5), "raw_error_mm": float("nan")}
    results["modes"][0]["skeleton"]["gt_m"] = np.zeros((12, 3))
    mode = check_results(results)["modes"][0]
    assert (mode["error_mm"], mode["raw_error_mm"]) == (200.5, None)
    assert mode["skeleton"]["gt_m"][0] == [0.0, 0.0, 0.0]
