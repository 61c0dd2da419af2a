"""y = W x, row by row: the one product in the hot path whose bits do not depend on the batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


class RowLinear:
    """A linear map whose result for a row is bit-identical at any batch size and thread count.

    BLAS picks another kernel (and another order of the additions) for another matrix shape or
    number of threads, so a person rendered alone would differ in the last bits from the same
    person rendered in a batch of sixteen. SciPy's CSR product adds the terms of an output in the
    order of its stored columns, one thread, whatever the number of rows; it also skips the zeros.
    """

    def __init__(self, weight: NDArray[Any] | sparse.csr_array[Any]) -> None:
        """Keep the non-zero entries of `weight` (out, in), floating point."""
        self._matrix = sparse.csr_array(weight)
        self._matrix.sort_indices()

    @classmethod
    def from_entries(cls, rows: NDArray[Any], columns: NDArray[Any], shape: tuple[int, int]) -> RowLinear:
        """The float32 map of `shape` (out, in) that is one at (rows[k], columns[k]) for every k."""
        ones = np.ones(len(rows), np.float32)
        return cls(sparse.csr_array((ones, (rows, columns)), shape=shape))

    @property
    def shape(self) -> tuple[int, int]:
        """(out, in)."""
        rows, columns = self._matrix.shape
        return int(rows), int(columns)

    def columns(self, x: NDArray[Any]) -> NDArray[Any]:
        """W x (out, N) of the columns of x (in, N)."""
        result: NDArray[Any] = self._matrix @ np.ascontiguousarray(x, dtype=self._matrix.dtype)
        return result

    def __call__(self, x: NDArray[Any]) -> NDArray[Any]:
        """W x (N, out) of the rows of x (N, in), in the precision of the weight.

        Raises:
            ValueError: x is not (N, in).
        """
        if x.ndim != 2 or x.shape[1] != self.shape[1]:
            raise ValueError(f"expected x of shape (N, {self.shape[1]}), got {x.shape}")
        return np.ascontiguousarray(self.columns(x.T).T)
