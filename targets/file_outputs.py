"""What an output of a network file means: it is checked and turned into fields of a Prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from targets.base import Float
from targets.crop import Crop
from targets.network import Array
from targets.weak_perspective import Regions


@dataclass(frozen=True)
class Source:
    """An output of the network and the key of the specification that gives it a meaning."""

    output: str | int
    """Its name, or its place counted from 0."""
    key: str
    """E.g. `outputs.pose`."""
    where: str
    """File and line, for messages."""

    def misfit(self, wanted: str, got: Array, fix: str) -> ValueError:
        """An error on the shape of the output."""
        return ValueError(
            f"expected {self.output!r}, the output for {self.key}, to be {wanted}, got {got.shape}, "
            f"{self.where}: {fix}"
        )


@dataclass(frozen=True)
class People:
    """Who the outputs are about."""

    crop: Crop
    boxes: Float
    """(N, 4) pixels."""
    where: Regions
    """The regions that the crop cuts out."""


class Meaning(Protocol):
    """Turns one output of the network into fields of a Prediction."""

    @property
    def source(self) -> Source:
        """Which output it is."""

    @property
    def gives(self) -> tuple[str, ...]:
        """The fields."""

    def read(self, output: Array, people: People) -> dict[str, Any]:
        """Fields of N people from an output (N, ...).

        Raises:
            ValueError: The output has another shape than its meaning needs.
        """
