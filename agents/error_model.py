"""A cheap model of the error, shared by all agents: kernel ridge regression on what the population has seen."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from agents.base import Float

Matrix = NDArray[Any]

LENGTHS = (0.7, 1.0, 1.5)
"""Length scales tried, in units of the square root of the dimension."""

RIDGES = (0.03, 0.1, 0.3)
"""Ridges tried, in units of the error's variance."""

CAP = 800
"""Most points a model is fitted on: the worst half and the latest half of what was seen."""


@cache
def _libraries() -> ThreadpoolController:
    """The linear algebra of this process; finding it costs milliseconds."""
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Linear algebra on one thread: on several its last bits depend on their number, and the search on those."""
    limits: AbstractContextManager[Any] = _libraries().limit(limits=1)
    return limits


CHOICE_CAP = 256
"""Latest points that the choice of length scale and ridge looks at."""


class ErrorModel:
    """Predicts the error of points in normal quantiles from points (n, D) and their errors (n,).

    Kernel ridge regression with a Gaussian kernel of `length` (in square roots of D) and `ridge`.
    """

    def __init__(self, points: Float, error: Float, length: float, ridge: float) -> None:
        keep = _worst_and_latest(error)
        self._mean = float(error[keep].mean())
        self._scale = length * np.sqrt(points.shape[1])
        kernel = _kernel(points[keep], points[keep], self._scale)
        with one_thread():
            weights = np.linalg.solve(kernel + ridge * np.eye(len(keep)), error[keep] - self._mean)
        self._points, self._weights = points[keep].astype(np.float32), weights.astype(np.float32)

    def __call__(self, points: Float) -> Float:
        """Predicted errors (n,) of points (n, D)."""
        kernel = _kernel(points.astype(np.float32), self._points, self._scale)
        with one_thread():
            return np.asarray(self._mean + kernel @ self._weights, np.float64)


def choose(points: Float, error: Float) -> tuple[float, float]:
    """The length scale and ridge with the smallest leave-one-out error on the latest points.

    The leave-one-out formula of Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, section 5.4.2.
    """
    points, error = points[-CHOICE_CAP:], error[-CHOICE_CAP:]
    choices = [(length, ridge) for length in LENGTHS for ridge in RIDGES]
    return min(choices, key=lambda choice: _leave_one_out(points, error - error.mean(), *choice))


def _leave_one_out(points: Float, target: Float, length: float, ridge: float) -> float:
    kernel = _kernel(points, points, length * np.sqrt(points.shape[1]))
    with one_thread():
        inverse = np.linalg.inv(kernel + ridge * np.eye(len(points)))
        return float(((inverse @ target / np.diag(inverse)) ** 2).mean())


def _kernel(a: Matrix, b: Matrix, scale: float) -> Matrix:
    """Gaussian kernel (n, m), in the precision of the points; squared distances by the scalar product."""
    with one_thread():
        kernel = a @ (2.0 * b.T)
    kernel -= (a * a).sum(axis=1)[:, None]
    kernel -= (b * b).sum(axis=1)
    kernel *= 0.5 / scale**2
    return np.exp(kernel, out=kernel)


def _worst_and_latest(error: Float) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    if len(error) <= CAP:
        return np.arange(len(error))
    worst = np.argsort(-error, kind="stable")[: CAP // 2]
    return np.unique(np.concatenate([worst, np.arange(len(error) - CAP // 2, len(error))]))
