"""Compiled functions: numba without the lock of the interpreter, so that threads run side by side.

Compiled code is kept beside the source (or in the user's cache folder), so only the first run compiles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile with the arithmetic as it is written."""
    return cast("F", numba.njit(nogil=True, cache=True, error_model="numpy")(function))


def compiled_fast(function: F) -> F:
    """Compile with sums reordered and divisions rewritten, for pixels: the last bit may differ by machine."""
    return cast("F", numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=True)(function))
