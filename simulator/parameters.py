"""What a factor varies: named numbers with units, ranges, a default and what is typical."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from simulator.camera import Float

SPREAD = 2.5
"""Standard deviations at which a normal dimension is cut (definitions: unit cube)."""

_TAIL = float(ndtr(-SPREAD))


def normal_quantile(unit: Float) -> Float:
    """Standard-normal values, cut at +-SPREAD, of units in [0, 1]: uniform units are normal draws."""
    return np.asarray(ndtri(_TAIL + unit * (1 - 2 * _TAIL))).clip(-SPREAD, SPREAD)


def normal_unit(value: Float) -> Float:
    """Units in [0, 1] of standard-normal values; values beyond the cut land on it."""
    return np.asarray((ndtr(value) - _TAIL) / (1 - 2 * _TAIL)).clip(0.0, 1.0)


NORMAL = "SD"
"""Unit of the dimensions of which units are quantiles of a normal distribution; all others are linear."""


@dataclass(frozen=True)
class Dimension:
    """One number that can be searched."""

    name: str
    """Unique in a space, e.g. `view.azimuth`."""
    unit: str
    """E.g. `SD`, `degree`, `px`, `share`; `choice` where the value is the number of one of `choices`."""
    low: float
    """Physical value at unit 0."""
    high: float
    """Physical value at unit 1."""
    choices: tuple[str, ...] = ()
    """For a choice: value v means `choices[floor(v)]`, and the range is 0 to their number."""

    def value_of(self, unit: float) -> float:
        """Physical value of a unit."""
        if self.unit == NORMAL:
            return float(normal_quantile(np.array([unit]))[0])
        return self.low + unit * (self.high - self.low)

    def unit_of(self, value: float) -> float:
        """Unit in [0, 1] of a physical value; values outside the range land on its end."""
        if self.unit == NORMAL:
            return float(normal_unit(np.array([value]))[0])
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def choice(self, value: float) -> str:
        """The choice that a value stands for."""
        return self.choices[min(int(value), len(self.choices) - 1)]


def choice(name: str, choices: tuple[str, ...]) -> Dimension:
    """A dimension whose value selects one of some choices."""
    return Dimension(name, "choice", 0.0, float(len(choices)), choices)


@dataclass(frozen=True)
class Parameters:
    """The columns of one field of a scene, as one factor owns them."""

    name: str
    """Of the factor and of the scene's field."""
    dimensions: tuple[Dimension, ...]
    """One for each column of the field, named `<factor>.<what>`."""
    default: tuple[float, ...]
    """Physical values of the person nobody could complain about."""
    typical: Callable[[int, np.random.Generator], Float]
    """(count, d) physical values as common training sets contain them, inside the ranges."""

    def __post_init__(self) -> None:
        assert len(self.default) == len(self.dimensions)

    @property
    def low(self) -> Float:
        """(d,) physical values at unit 0."""
        return np.array([d.low for d in self.dimensions])

    @property
    def high(self) -> Float:
        """(d,) physical values at unit 1."""
        return np.array([d.high for d in self.dimensions])

    def rows(self, count: int) -> Float:
        """(count, d) rows of the default."""
        return np.tile(np.array(self.default, np.float64), (count, 1))

    def values(self, unit: Float) -> Float:
        """Physical values (N, d) of units (N, d)."""
        return np.asarray(self.low + unit * (self.high - self.low))

    def units(self, values: Float) -> Float:
        """Units (N, d) in [0, 1] of physical values (N, d); values outside their range land on its end."""
        return np.asarray((values - self.low) / (self.high - self.low)).clip(0.0, 1.0)

    def column(self, what: str) -> int:
        """The column of the dimension `<name>.<what>`."""
        return [d.name for d in self.dimensions].index(f"{self.name}.{what}")
