"""What a recipe takes from the user's own environment: a repository's modules and a checkpoint."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path
from typing import Any


def repository_module(module: str, repository: str) -> Any:
    """Import a module of a repository that the user has cloned or installed.

    Raises:
        ModuleNotFoundError: The message says which repository must be importable, and how.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ModuleNotFoundError(
            f"expected the module {module} of the repository {repository} to be importable, got {error}: "
            "install it, or put the folder of your clone on PYTHONPATH"
        ) from error


def checkpoint_file(model: str | Path | None, expected: str, repository: str) -> Path:
    """The path of a checkpoint, file or folder.

    Raises:
        ValueError: None was given; the message says what is expected.
        FileNotFoundError: There is no such file.
    """
    if model is None:
        raise ValueError(
            f"expected build(model=...) with the path of {expected}, got none: get it as {repository} describes"
        )
    path = Path(model)
    if not path.exists():
        raise FileNotFoundError(f"expected {expected} of {repository} at {path}, found no such file")
    return path


def weights_digest(model: str | Path | None) -> str:
    """Hex sha256 of a checkpoint, for `TargetSpec.weights_sha256`; empty for a folder or none."""
    if model is None or not Path(model).is_file():
        return ""
    with Path(model).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
