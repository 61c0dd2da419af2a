"""What runs a network file: arrays in, arrays out by name or by place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

Array = NDArray[Any]
Outputs = Mapping[str | int, Array]
"""By place, and by name where they have names."""


@dataclass(frozen=True)
class Slot:
    """An input of a network."""

    name: str
    shape: tuple[int | None, ...] | None = None
    """None for a side that may have any length; None altogether where the file does not say."""


class Network(Protocol):
    """A network file that can be run, from several threads at once."""

    @property
    def inputs(self) -> tuple[Slot, ...]:
        """In the order in which they are given."""

    def __call__(self, given: Sequence[Array]) -> Outputs:
        """The outputs for arrays (N, ...), one each input.

        Raises:
            NetworkError: The network cannot take them.
        """


class NetworkError(Exception):
    """What a runtime says of arrays that its network cannot take, in one line."""


def first_line(error: Exception) -> str:
    """The first line of an error that says something, or the error's kind."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0][:200]
