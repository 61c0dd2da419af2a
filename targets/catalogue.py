"""Targets by name: the built-in ones, and a user's own as `module:factory` or `file.py:factory`."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from targets.base import Target
from targets.blazepose import BlazePose, Size
from targets.weights import Report, silent


def _blazepose(size: Size, **options: Any) -> Target:
    return BlazePose(size, **options)


BUILT_IN: MappingProxyType[str, Callable[..., Target]] = MappingProxyType(
    {
        "blazepose-lite": partial(_blazepose, "lite"),
        "blazepose-full": partial(_blazepose, "full"),
        "blazepose-heavy": partial(_blazepose, "heavy"),
    }
)
"""Factories by name; keywords `region_of_interest`, `threads` and `report`."""


def build_target(name: str, *, region_of_interest: str = "box", report: Report = silent) -> Target:
    """Build a target from its name on the command line.

    Args:
        name: A built-in name, `module:factory` or `path/to/file.py:factory`. The factory is the user's
            own code: it is imported, and called without arguments.
        region_of_interest: `box` or `detector`, for built-in targets; a user's target decides itself.
        report: Called with one sentence before a download.

    Returns:
        The target.

    Raises:
        ValueError: Unknown name, or the user's factory could not be found or did not give a target.
        FileNotFoundError: The user's file, or a client that fetches weights, is not there.
        ConnectionError: Weights could not be downloaded.
    """
    if name in BUILT_IN:
        return BUILT_IN[name](region_of_interest=region_of_interest, report=report)
    where, colon, factory = name.rpartition(":")
    if not (colon and where and factory.isidentifier()):
        raise ValueError(_unknown(name))
    if region_of_interest != "box":
        raise ValueError(
            f"expected region of interest 'box' with the target {name}, got {region_of_interest!r}: "
            "it is an option of the built-in targets; let the factory choose"
        )
    return _call(_import(where, name), factory, name)


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, BUILT_IN, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    options = ", ".join(BUILT_IN)
    return f"unknown target {name!r}: expected one of {options}, or module:factory / file.py:factory{hint}"


def _import(where: str, name: str) -> ModuleType:
    path = Path(where)
    if path.suffix == ".py" and not path.is_file():
        raise FileNotFoundError(f"expected a Python file for the target {name}, got no file {where}")
    try:
        if path.suffix == ".py":
            return _run_file(path.resolve())
        _find_neighbours(Path.cwd())
        return importlib.import_module(where)
    except Exception as error:
        raise ValueError(
            f"expected to import {where} for the target {name}, got {type(error).__name__}: {error}"
        ) from error


def _run_file(path: Path) -> ModuleType:
    _find_neighbours(path.parent)
    spec = importlib.util.spec_from_file_location(f"user_target_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def _find_neighbours(folder: Path) -> None:
    """Let the user's code import what lies beside it; last, so that it hides nothing of ours."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def _call(module: ModuleType, factory: str, name: str) -> Target:
    make: Any = getattr(module, factory, None)
    if not callable(make):
        public = [each for each in vars(module) if not each.startswith("_") and callable(vars(module)[each])]
        close = difflib.get_close_matches(factory, public, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"expected a callable {factory!r} for the target {name}, got none there{hint}")
    try:
        target = make()
    except Exception as error:
        raise ValueError(
            f"expected {factory}() to build the target {name}, got {type(error).__name__}: {error}"
        ) from error
    if not isinstance(target, Target):
        raise ValueError(
            f"expected {factory}() to return a target with `spec` and `predict`, got {type(target).__name__}"
        )
    return target
