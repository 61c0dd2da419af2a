"""Reads the arrays of a pickle without running any code of it.

The model files of SMPL are pickles, some written by Python 2 with `chumpy` objects inside. A pickle may
name any function of any package and have it called. Here it may name only what is listed below, and
even those names lead to stubs of this module: numpy, scipy and chumpy themselves are never called with
what the file says.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_PLAIN_KINDS = "biufc"
"""Numbers; text and records of a model file are never needed."""


def read_pickle(content: bytes) -> Any:
    """The object of a pickle: plain data, with a `Stub` wherever it holds an array or an object.

    Raises:
        ValueError: The pickle names a class or function that is not on the list, or is damaged.
    """
    try:
        return _Unpickler(io.BytesIO(content), encoding="latin1").load()
    except ForbiddenError:
        raise
    except Exception as error:
        raise ValueError(
            f"the pickle is damaged, or it is no pickle at all ({type(error).__name__}: {error}); get the file again"
        ) from error


def plain_array(value: Any) -> NDArray[Any]:
    """The numbers of a value from `read_pickle`: an array, a sparse matrix (made dense), a chumpy object.

    Raises:
        ValueError: The value is something else.
    """
    try:
        array = value.array() if isinstance(value, Stub) else np.asarray(value)
    except (AttributeError, IndexError, KeyError, MemoryError, TypeError) as error:
        raise ValueError(f"expected an array, got a damaged one ({type(error).__name__}: {error})") from error
    if array.dtype.kind not in _PLAIN_KINDS:
        raise ValueError(f"expected numbers, got {array.dtype} values")
    return array


class ForbiddenError(ValueError):
    """The pickle asks for something that is not plain data."""


class Stub:
    """Stands for an object of the file and keeps its state; nothing of it is run."""

    state: Any = None

    def __init__(self, *_: Any) -> None:
        """Take any arguments and forget them."""

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def array(self) -> NDArray[Any]:
        """Its numbers."""
        raise ValueError("expected numbers, got an object")


class _Dtype(Stub):
    text: Any = ""

    def __init__(self, text: Any = "", *_: Any) -> None:
        self.text = text

    def dtype(self) -> np.dtype[Any]:
        order: Any = self.state[1] if self.state else "="
        if self.text[:1] not in tuple(_PLAIN_KINDS) or order not in tuple("<>=|"):
            raise ValueError(f"expected numbers, got {self.text!r} values")
        kind: np.dtype[Any] = np.dtype(self.text)
        return kind.newbyteorder(order)


class _Array(Stub):
    def array(self) -> NDArray[Any]:
        _, shape, dtype, fortran, data = self.state
        return _from_bytes(data, dtype, shape, "F" if fortran else "C")


class _Sparse(Stub):
    kind: type[Any]

    def array(self) -> NDArray[Any]:
        parts = [plain_array(self.state[key]) for key in ("data", "indices", "indptr")]
        shape = self.state["_shape"] if "_shape" in self.state else self.state["shape"]
        matrix = self.kind(tuple(parts), shape=tuple(int(n) for n in shape))
        matrix.check_format(full_check=True)
        return np.asarray(matrix.todense())


class _Csc(_Sparse):
    kind = sparse.csc_matrix


class _Csr(_Sparse):
    kind = sparse.csr_matrix


class _Chumpy(Stub):
    def array(self) -> NDArray[Any]:
        if not isinstance(self.state, dict) or "x" not in self.state:
            raise ValueError("a chumpy object without numbers of its own; save the file with plain arrays")
        return plain_array(self.state["x"])


class _Call:
    """A function that a pickle may call; it cannot be given a state."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise ForbiddenError("the pickle changes a function; save the file with plain arrays")


def _from_bytes(data: Any, dtype: _Dtype, shape: Any, order: Any, *_: Any) -> NDArray[Any]:
    raw = data.encode("latin1") if isinstance(data, str) else data
    flat = np.frombuffer(raw, dtype.dtype())
    return flat.reshape(shape, order="F" if order == "F" else "C")


def _scalar(dtype: _Dtype, data: Any = b"") -> Any:
    return _from_bytes(data, dtype, (), "C").item()


def _rebuilt(kind: Any, base: Any, state: Any) -> Stub:
    if not (isinstance(kind, type) and issubclass(kind, Stub)):
        raise ForbiddenError(f"the pickle rebuilds {kind!r}; save the file with plain arrays")
    return kind()


def _latin1(text: Any, encoding: Any) -> bytes:
    return str(text).encode("latin1")


def _allowed() -> dict[tuple[str, str], Any]:
    table: dict[tuple[str, str], Any] = {("collections", "OrderedDict"): OrderedDict}
    for core in ("numpy.core", "numpy._core"):
        table[f"{core}.multiarray", "_reconstruct"] = _Call(lambda *_: _Array())
        table[f"{core}.multiarray", "scalar"] = _Call(_scalar)
        table[f"{core}.numeric", "_frombuffer"] = _Call(_from_bytes)
    table["numpy", "ndarray"], table["numpy", "dtype"] = _Array, _Dtype
    for form, kind in (("csc", _Csc), ("csr", _Csr)):
        for module in (f"scipy.sparse.{form}", f"scipy.sparse._{form}"):
            table[module, f"{form}_matrix"] = table[module, f"{form}_array"] = kind
    for module in ("builtins", "__builtin__"):
        table |= {(module, plain.__name__): plain for plain in (set, frozenset, complex, object)}
    for module in ("copyreg", "copy_reg"):
        table[module, "_reconstructor"] = _Call(_rebuilt)
    table["_codecs", "encode"] = _Call(_latin1)
    return table


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, *, encoding: str) -> None:
        super().__init__(file, encoding=encoding)
        self._table = _allowed()

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in self._table:
            return self._table[module, name]
        if module == "chumpy" or module.startswith("chumpy."):
            return _Chumpy
        raise ForbiddenError(
            f"the pickle names {module}.{name}, which is not plain data and was not run; get the file from"
            " its official site, or save its arrays with numpy.savez"
        )
