"""The simulators that a configuration names, and the body that they draw."""

from __future__ import annotations

import difflib
import hashlib
import shlex
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from examiner.config import Config
from simulator import (
    Backgrounds,
    Body,
    MeshSimulator,
    ProcessSimulator,
    PyrenderSimulator,
    RasterSimulator,
    Simulator,
    TextureMaps,
    load_body,
    load_photographs,
    load_uv,
)
from targets import built_by_user, names_user_code

RENDERERS: Mapping[str, type[PyrenderSimulator | RasterSimulator]] = MappingProxyType(
    {"raster": RasterSimulator, "pyrender": PyrenderSimulator}
)
"""The built-in simulators for a search, by name."""

JUDGE = "judge"
PROCESS = "process:"
"""How the name of a simulator in a process of its own begins; its command follows."""


def dressed_body(config: Config) -> Body:
    """The body of a configuration, with the user's texture coordinates where it names some.

    Raises:
        FileNotFoundError: for a file that is not there.
        ValueError: for one that does not fit, or texture maps without texture coordinates.
    """
    body = load_body(config.body)
    if config.uv:
        uv = load_uv(config.uv, body)
        content = hashlib.sha256(body.sha256.encode() + uv.vt.tobytes() + uv.ft.tobytes())
        body = replace(body, uv=uv, sha256=content.hexdigest())
    if config.texture and body.uv is None:
        raise ValueError(
            f"expected texture coordinates for the maps in {config.texture}, got the body {config.body}, which "
            "has none; name a file that has them by --uv"
        )
    return body


def build_simulator(config: Config, body: Body) -> Simulator:
    """The simulator of a configuration: `raster`, `pyrender`, `judge` or the user's own.

    A factory (`module:factory` or `file.py:factory`) is called with the body and the picture's side in pixels.

    Raises:
        FileNotFoundError: for a file or folder that is not there.
        ValueError: for an unknown name, a factory that gives no simulator, or photographs or texture maps for a
            simulator that takes none.
        ModuleNotFoundError: for the judge, where its packages are not installed.
    """
    name, size = config.simulator, config.image_size
    if name in RENDERERS:
        return RENDERERS[name](body, image_size=size, **_looks(config))
    _check_own_looks(config)
    if name == JUDGE:
        return build_judge(body, size)
    if name.startswith(PROCESS):
        return ProcessSimulator(_words(name.removeprefix(PROCESS)), body, size)
    if not names_user_code(name):
        raise ValueError(_unknown(name))
    return _checked(built_by_user(name, "simulator", body, size), name)


def build_referee(config: Config, body: Body) -> MeshSimulator | None:
    """The reference renderer that confirms what the fast one found; None where the run does not use the fast one.

    Raises:
        As `build_simulator`.
    """
    return build_reference_renderer(config, body) if config.simulator == "raster" else None


def build_reference_renderer(config: Config, body: Body) -> MeshSimulator:
    """The reference renderer with the photographs and texture maps of a configuration.

    Raises:
        As `build_simulator`.
    """
    return PyrenderSimulator(body, image_size=config.image_size, **_looks(config))


def _looks(config: Config) -> dict[str, Any]:
    """The user's own photographs and texture maps, as keywords."""
    looks: dict[str, Any] = {}
    if config.texture:
        looks["painter"] = TextureMaps(config.texture)
    if config.backgrounds:
        looks["backgrounds"] = Backgrounds(config.image_size, load_photographs(Path(config.backgrounds)))
    return looks


def _check_own_looks(config: Config) -> None:
    for option in ("backgrounds", "texture", "uv"):
        if getattr(config, option):
            raise ValueError(
                f"expected --{option} with --simulator {' or '.join(RENDERERS)}, got {config.simulator}, which "
                "draws its own; leave one of the two out"
            )


def check_judge() -> None:
    """Refuse early where the judge's packages are not installed.

    Raises:
        ModuleNotFoundError: saying what to type.
    """
    if find_spec("mitsuba") is None:
        raise ModuleNotFoundError(
            "expected the package mitsuba for the judge, which --judge and --preset full ask; pip install "
            "'poseexaminer[judge]', or add --judge 0"
        )


def build_judge(body: Body, size: int) -> Simulator:
    """The path tracer; its packages are imported here, so that nobody else needs them.

    Raises:
        ModuleNotFoundError: they are not installed.
    """
    from simulator.judge import JudgeSimulator

    return JudgeSimulator(body, image_size=size)


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise ValueError(
            f"expected a command as in a shell after {PROCESS!r}, got {command!r} ({error})"
        ) from None


def _checked(simulator: Any, name: str) -> Simulator:
    missing = [word for word in ("version", "render", "close") if not hasattr(simulator, word)]
    if missing:
        raise ValueError(
            f"expected {name.rpartition(':')[2]}(body, image_size) to return a simulator with version, render and "
            f"close, got {type(simulator).__name__} without {missing[0]}"
        )
    checked: Simulator = simulator
    return checked


def _unknown(name: str) -> str:
    known = (*RENDERERS, JUDGE)
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return (
        f"unknown simulator {name!r}: expected one of {', '.join(known)}, module:factory, file.py:factory "
        f"or 'process:COMMAND'{hint}"
    )
