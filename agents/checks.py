"""Checks that every population makes of what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from agents.base import Float


def check_population(dim: int, agents: int, batch: int) -> None:
    """Refuse an empty cube, population or batch.

    Raises:
        ValueError: naming the number.
    """
    for name, value in (("dim", dim), ("agents", agents), ("batch", batch)):
        if value < 1:
            raise ValueError(f"expected {name} of at least 1, got {value}")


def check_choice(name: str, value: str, known: Sequence[str]) -> None:
    """Refuse a value that is not among those there are.

    Raises:
        ValueError: naming them.
    """
    if value not in known:
        raise ValueError(f"expected {name} among {', '.join(known)}, got {value!r}")


def check_told(asked: Float | None, units: Float, error: Float) -> None:
    """Refuse a `tell` that does not answer the last `ask`.

    Raises:
        RuntimeError: if nothing was asked.
        ValueError: if the rows differ or an error is not finite.
    """
    if asked is None:
        raise RuntimeError("expected ask() before tell(); each tell answers one ask")
    if units.shape != asked.shape or not np.array_equal(units, asked):
        raise ValueError(f"expected the {len(asked)} units that ask() returned, row for row, got others")
    if error.shape != (len(asked),):
        raise ValueError(f"expected one error for each of {len(asked)} units, got shape {error.shape}")
    bad = np.flatnonzero(~np.isfinite(error))
    if len(bad):
        raise ValueError(f"expected finite errors, got {error[bad[0]]} in row {bad[0]}")


def save_rng(rng: np.random.Generator) -> dict[str, Any]:
    """The generator's state as plain numbers and strings."""
    return dict(rng.bit_generator.state)


def load_rng(state: dict[str, Any]) -> np.random.Generator:
    """A generator that goes on from a saved state."""
    bits = np.random.PCG64()
    bits.state = cast(Any, state)
    return np.random.Generator(bits)
