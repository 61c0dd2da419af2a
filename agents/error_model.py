"""A cheap model of the error: kernel ridge regression on what the population has seen near an agent."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from threadpoolctl import ThreadpoolController

from agents.base import Float

Matrix = NDArray[Any]

LENGTH = 1.0
"""Length scale of the kernel, in units of the square root of the dimension."""

RIDGE = 0.1
"""Ridge, in units of the kernel's variance."""


@cache
def _libraries() -> ThreadpoolController:
    """The linear algebra of this process; finding it costs milliseconds."""
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Linear algebra on one thread: on several its last bits depend on their number, and the search on those."""
    limits: AbstractContextManager[Any] = _libraries().limit(limits=1)
    return limits


class ErrorModel:
    """Predicts the error of points in normal quantiles from points (n, D) and their errors (n,).

    Kernel ridge regression with a Gaussian kernel. Call it, and make it, inside `one_thread`.
    """

    def __init__(self, points: Float, error: Float) -> None:
        self._mean = float(error.mean())
        self._points = points.astype(np.float32)
        self._scale = LENGTH * float(np.sqrt(points.shape[1]))
        kernel = _kernel(self._points, self._points, self._scale)
        kernel[np.diag_indices(len(kernel))] += RIDGE
        target = (error - self._mean).astype(np.float32)
        self._weights = cho_solve(
            cho_factor(kernel, lower=True, overwrite_a=True, check_finite=False), target
        )

    def __call__(self, points: Float) -> Float:
        """Predicted errors (n,) of points (n, D)."""
        kernel = _kernel(points.astype(np.float32), self._points, self._scale)
        return np.asarray(self._mean + kernel @ self._weights, np.float64)


def _kernel(a: Matrix, b: Matrix, scale: float) -> Matrix:
    """Gaussian kernel (n, m), in the precision of the points; squared distances by the scalar product."""
    kernel = a @ (2.0 * b.T)
    kernel -= (a * a).sum(axis=1)[:, None]
    kernel -= (b * b).sum(axis=1)
    kernel *= 0.5 / scale**2
    return np.exp(kernel, out=kernel)
