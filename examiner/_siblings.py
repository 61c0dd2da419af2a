"""Guards against another distribution that installs a package of one of our rooms' names."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

ROOMS = ("simulator", "agents", "targets")


def check_siblings(here: Path = Path(__file__).parent.parent) -> None:
    """Refuse to run with somebody else's `agents`, `simulator` or `targets`.

    Raises:
        ImportError: naming both folders.
    """
    for room in ROOMS:
        spec = find_spec(room)
        found = Path(spec.origin).parent if spec and spec.origin else None
        if found != here / room:
            raise ImportError(
                f"expected the package {room!r} of poseexaminer in {here / room}, got {found}: another distribution "
                "uses this name; install poseexaminer into a virtual environment of its own"
            )
