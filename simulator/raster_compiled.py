"""How the fast renderer is compiled: kept between runs, small functions taken into their callers.

numba keeps compiled code until the file of the function itself changes. The functions of the renderer call each
other across files and share sizes of arrays, so old and new ones must never meet: here compiled code is kept until
any file of the renderer changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from simulator.compiled import compiled_fast

F = TypeVar("F", bound=Callable[..., object])

_FILES = sorted(Path(__file__).parent.glob("raster_*.py"))
_FINGERPRINT = hashlib.sha256(b"".join(path.read_bytes() for path in _FILES)).hexdigest()


def kernel(function: F) -> F:
    """Compile as `simulator.compiled.compiled_fast`, anew after any change of the renderer."""
    dispatcher: Any = compiled_fast(function)
    index = dispatcher._cache._cache_file
    index._source_stamp = (*index._source_stamp, _FINGERPRINT)
    return cast("F", dispatcher)


def inlined(function: F) -> F:
    """Compile into the caller: calls of more than a few numbers cost as much as a small triangle."""
    return cast("F", numba.njit(nogil=True, error_model="numpy", fastmath=True, inline="always")(function))
