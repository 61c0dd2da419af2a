"""Small functions that compiled code takes in where they are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def inlined(function: F) -> F:
    """Compile as `simulator.compiled.compiled_fast`, into the caller.

    Calls of more than a few numbers cost as much as a small triangle.
    """
    return cast("F", numba.njit(nogil=True, error_model="numpy", fastmath=True, inline="always")(function))
