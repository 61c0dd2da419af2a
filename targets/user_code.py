"""A user's own code, named as `module:factory` or `file.py:factory`: found, imported, called."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any


def names_user_code(name: str) -> bool:
    """Whether a name on the command line has the form `module:factory` or `file.py:factory`."""
    where, colon, factory = name.rpartition(":")
    return bool(colon and where and factory.isidentifier())


def built_by_user(
    name: str, what: str, *arguments: Any, call: Callable[..., Any] = lambda make, *given: make(*given)
) -> Any:
    """Import what `module:factory` or `file.py:factory` names and call it. This runs the user's code.

    Args:
        name: As on the command line; `names_user_code` holds for it.
        what: What the factory builds, for messages: `target`, `simulator` or `agents`.
        arguments: What the factory is called with.
        call: How it is called: given the factory and the arguments.

    Returns:
        Whatever the factory gave.

    Raises:
        ValueError: The module cannot be imported, there is no such factory, or it fails.
        FileNotFoundError: There is no such file.
    """
    where, _, factory = name.rpartition(":")
    make = _factory(_import(where, name, what), factory, name, what)
    try:
        return call(make, *arguments)
    except Exception as error:
        raise ValueError(
            f"expected {factory}() to build the {what} {name}, got {type(error).__name__}: {error}"
        ) from error


def _import(where: str, name: str, what: str) -> ModuleType:
    path = Path(where)
    if path.suffix == ".py" and not path.is_file():
        raise FileNotFoundError(f"expected a Python file for the {what} {name}, got no file {where}")
    try:
        if path.suffix == ".py":
            return _run_file(path.resolve(), what)
        _find_neighbours(Path.cwd())
        return importlib.import_module(where)
    except Exception as error:
        raise ValueError(
            f"expected to import {where} for the {what} {name}, got {type(error).__name__}: {error}"
        ) from error


def _run_file(path: Path, what: str) -> ModuleType:
    _find_neighbours(path.parent)
    spec = importlib.util.spec_from_file_location(f"user_{what}_{path.stem}", path)
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


def _factory(module: ModuleType, factory: str, name: str, what: str) -> Callable[..., Any]:
    make: Callable[..., Any] | None = getattr(module, factory, None)
    if callable(make):
        return make
    public = [each for each in vars(module) if not each.startswith("_") and callable(vars(module)[each])]
    close = difflib.get_close_matches(factory, public, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"expected a callable {factory!r} for the {what} {name}, got none there{hint}")
