"""Targets by name: the built-in ones, network files by their YAML, and a user's own code as `module:factory`."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from targets.base import Target
from targets.blazepose import BlazePose, Size
from targets.blazepose_torch import BlazePoseTorch
from targets.file_target import load_file_target
from targets.hmr_lite import HmrLite
from targets.movenet import Kind, MoveNet
from targets.process import PROCESS, ProcessTarget
from targets.user_code import built_by_user, names_user_code
from targets.weights import Report, silent


def _blazepose(size: Size, **options: Any) -> Target:
    return BlazePose(size, **options)


def _blazepose_torch(size: Size, **options: Any) -> Target:
    return BlazePoseTorch(size, **options)


def _movenet(kind: Kind, **options: Any) -> Target:
    return MoveNet(kind, **options)


BUILT_IN: MappingProxyType[str, Callable[..., Target]] = MappingProxyType(
    {
        "blazepose-lite": partial(_blazepose, "lite"),
        "blazepose-full": partial(_blazepose, "full"),
        "blazepose-heavy": partial(_blazepose, "heavy"),
        "blazepose-lite-torch": partial(_blazepose_torch, "lite"),
        "blazepose-full-torch": partial(_blazepose_torch, "full"),
        "blazepose-heavy-torch": partial(_blazepose_torch, "heavy"),
        "movenet-lightning": partial(_movenet, "lightning"),
        "movenet-thunder": partial(_movenet, "thunder"),
        "hmr-lite": HmrLite,
    }
)
"""Factories by name; keywords `region_of_interest` and `report`."""


ENDINGS = (".yaml", ".yml")
"""Of a specification of a network file."""


def build_target(name: str, *, region_of_interest: str = "box", report: Report = silent) -> Target:
    """Build a target from its name on the command line.

    Args:
        name: A built-in name; `model.yaml`, which describes a network file (docs/targets-files.md);
            `module:factory` or `path/to/file.py:factory`, the user's own code, which is imported and called without
            arguments; or `process:PYTHON file.py:factory`, the same in another Python (`targets.ProcessTarget`).
        region_of_interest: `box` or `detector`, for built-in targets; a user's target decides itself.
        report: Called with one sentence before a download.

    Returns:
        The target.

    Raises:
        ValueError: Unknown name, a wrong specification, or the user's factory could not be found or did not give a
            target.
        FileNotFoundError: The user's file, or a client that fetches weights, is not there.
        ModuleNotFoundError: The runtime of a network file is not installed.
        ConnectionError: Weights could not be downloaded.
        OSError: A target in another Python ended or took too long before it was built.
    """
    if name in BUILT_IN:
        return BUILT_IN[name](region_of_interest=region_of_interest, report=report)
    from_file = name.endswith(ENDINGS) and not name.startswith(PROCESS)
    if not from_file and not name.startswith(PROCESS) and not names_user_code(name):
        raise ValueError(_unknown(name))
    if region_of_interest != "box":
        raise ValueError(
            f"expected region of interest 'box' with the target {name}, got {region_of_interest!r}: "
            f"it is an option of the built-in targets{'' if from_file else '; let the factory choose'}"
        )
    if from_file:
        return load_file_target(Path(name))
    if name.startswith(PROCESS):
        return ProcessTarget(name.removeprefix(PROCESS), report=report)
    target = built_by_user(name, "target")
    if not isinstance(target, Target):
        factory = name.rpartition(":")[2]
        raise ValueError(
            f"expected {factory}() to return a target with `spec` and `predict`, got {type(target).__name__}"
        )
    return target


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, BUILT_IN, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    options = ", ".join(BUILT_IN)
    others = "model.yaml, module:factory, file.py:factory or process:PYTHON file.py:factory"
    return f"unknown target {name!r}: expected one of {options}, or {others}{hint}"
