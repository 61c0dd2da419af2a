"""The worker's file: what it may use, and its frames."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from targets import worker

SOURCE = Path(worker.__file__).read_text()


def test_the_worker_keeps_to_the_grammar_of_python_3_7() -> None:
    assert ast.parse(SOURCE, feature_version=(3, 7)).body
    with pytest.raises(SyntaxError):
        ast.parse("if (line := 1): pass", feature_version=(3, 7))


def test_the_worker_imports_the_standard_library_and_numpy_only() -> None:
    names: set[str] = set()
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add((node.module or "").partition(".")[0])
    assert names - set(sys.stdlib_module_names) == {"numpy"}


def test_a_frame_comes_back_as_it_was() -> None:
    arrays: dict[str, Any] = {
        "images": np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)[:, ::-1],
        "found": np.array([True, False]),
        "none": np.zeros((0, 4), dtype=">f4"),
        "alone": np.array(2.5),
    }
    sent = bytearray()
    worker.write_frame(sent.extend, {"values": {"nan": float("nan"), "name": "é"}}, arrays)

    def read(count: int) -> bytearray:
        part = sent[:count]
        del sent[:count]
        return part

    header, back = worker.read_frame(read)
    assert header["values"]["name"] == "é"
    assert np.isnan(header["values"]["nan"])
    assert not sent
    for name, array in arrays.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(back[name], array)
    back["images"][:] = 0  # a model may write into its pictures


def test_the_worker_alone_says_who_starts_it(tmp_path: Path) -> None:
    command = [sys.executable, worker.__file__, "a.py:build"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "expected worker.py my_model.py:build FOLDER; the examiner starts it\n"
