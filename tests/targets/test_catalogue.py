"""Targets by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from targets import BUILT_IN, build_target

OWN = """
from dataclasses import dataclass
from neighbour import NAME

@dataclass
class Own:
    spec: str = NAME
    def predict(self, **fields): ...

def make(): return Own()
def number(): return 3
def broken(): raise RuntimeError("no weights")
"""

NAMES = [
    *(f"blazepose-{size}{end}" for end in ("", "-torch") for size in ("lite", "full", "heavy")),
    *("movenet-lightning", "movenet-thunder", "hmr-lite"),
]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "neighbour.py").write_text("NAME = 'mine'\n")
    path = tmp_path / "only_here.py"
    path.write_text(OWN)
    return path


def test_the_built_in_targets_are_listed() -> None:
    assert sorted(BUILT_IN) == sorted(NAMES)


def test_an_unknown_name_is_refused_with_a_guess() -> None:
    options = f"{', '.join(NAMES)}, or model.yaml, module:factory, file.py:factory or process:PYTHON file.py:factory"
    with pytest.raises(ValueError, match="unknown target") as caught:
        build_target("blazepose-ful")
    assert str(caught.value) == (
        f"unknown target 'blazepose-ful': expected one of {options}; did you mean 'blazepose-full'?"
    )
    with pytest.raises(ValueError, match="unknown target") as caught:
        build_target("x")
    assert str(caught.value) == f"unknown target 'x': expected one of {options}"


def test_a_file_of_the_user_is_loaded_with_its_neighbours(own: Path) -> None:
    assert build_target(f"{own}:make").spec == "mine"


def test_a_module_in_the_current_folder_is_loaded(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own.parent)
    monkeypatch.delitem(sys.modules, "only_here", raising=False)
    assert build_target("only_here:make").spec == "mine"


def test_what_is_wrong_with_a_users_target_is_one_sentence(own: Path) -> None:
    expectations = {
        f"{own}:mak": (
            f"expected a callable 'mak' for the target {own}:mak, got none there; did you mean 'make'?"
        ),
        f"{own}:number": "expected number() to return a target with `spec` and `predict`, got int",
        f"{own}:broken": (
            f"expected broken() to build the target {own}:broken, got RuntimeError: no weights"
        ),
        "no_such_module:make": (
            "expected to import no_such_module for the target no_such_module:make, "
            "got ModuleNotFoundError: No module named 'no_such_module'"
        ),
    }
    for name, message in expectations.items():
        with pytest.raises(ValueError, match=r"^expected") as caught:
            build_target(name)
        assert str(caught.value) == message


def test_a_missing_file_is_refused() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        build_target("gone.py:make")
    assert str(caught.value) == "expected a Python file for the target gone.py:make, got no file gone.py"


def test_a_region_of_interest_is_refused_for_a_users_target(own: Path) -> None:
    with pytest.raises(ValueError, match="an option of the built-in targets") as caught:
        build_target(f"{own}:make", region_of_interest="detector")
    assert str(caught.value) == (
        f"expected region of interest 'box' with the target {own}:make, got 'detector': "
        "it is an option of the built-in targets; let the factory choose"
    )


def test_importing_the_room_stays_light() -> None:
    code = "import sys, targets; print([m for m in ('cv2', 'ai_edge_litert', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
