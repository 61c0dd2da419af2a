"""Compiled functions: numba without the lock of the interpreter, so that threads run side by side.

Compiled code is kept beside the source (or in the user's cache folder), so only the first run compiles. numba keeps
it until the file of the function itself changes; since compiled functions call each other across files, here it is
kept until any file with compiled functions changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def _fingerprint() -> str:
    """Digest of all files of the package that hold compiled functions."""
    contents = (path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    kernels = [content for content in contents if b"compiled import" in content]
    return hashlib.sha256(b"".join(kernels)).hexdigest()


_FINGERPRINT = _fingerprint()


def compiled(function: F) -> F:
    """Compile with the arithmetic as it is written."""
    return cast("F", _kept(numba.njit(nogil=True, cache=True, error_model="numpy")(function)))


def compiled_fast(function: F) -> F:
    """Compile with sums reordered and divisions rewritten, for pixels: the last bit may differ by machine."""
    return cast("F", _kept(numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=True)(function)))


def inlined(function: F) -> F:
    """Compile into the caller: calls of more than a few numbers cost as much as a small triangle."""
    return cast("F", numba.njit(nogil=True, error_model="numpy", fastmath=True, inline="always")(function))


def _kept(dispatcher: Any) -> Any:
    """The same, its compiled code kept until the fingerprint changes."""
    index = dispatcher._cache._cache_file
    index._source_stamp = (*index._source_stamp, _FINGERPRINT)
    return dispatcher
