"""OpenGL through EGL: what a machine needs for it, and what to say when it is not there."""

from __future__ import annotations

import ctypes
import os
import sys

INSTALL = "apt-get install -y --no-install-recommends libegl1 libgl1 libgl1-mesa-dri"
"""The one command that makes a bare Debian or Ubuntu machine draw."""

_LIBRARIES = ("libEGL.so.1", "libGL.so.1")


class GraphicsError(RuntimeError):
    """The pictures could not be drawn; the message says why and what to type."""


def diagnose() -> str | None:
    """What is missing to draw on this machine.

    Returns:
        None where the EGL libraries load, else one sentence with the command to type.
    """
    missing = [name for name in _LIBRARIES if not _loads(name)]
    return explain(f"{' and '.join(missing)} not found") if missing else None


def explain(reason: str) -> str:
    """One sentence for a reason why nothing can be drawn, with the command that usually helps."""
    return f"cannot draw pictures through EGL: {reason}; type: {INSTALL}"


def environment() -> dict[str, str]:
    """The environment of a process that draws: EGL, no window system, our import path, one rasteriser thread.

    llvmpipe, Mesa's software rasteriser, otherwise takes every core and burns more CPU time a picture; a
    value of `LP_NUM_THREADS` that the user set is kept.
    """
    ours = {
        "PYOPENGL_PLATFORM": "egl",
        "PYGLET_HEADLESS": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    return {"LP_NUM_THREADS": "1", **os.environ, **ours}


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
