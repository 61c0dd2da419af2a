"""What a recipe is: how a published model becomes a target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from targets.base import Target


@dataclass(frozen=True)
class Recipe:
    """One published model: what the user must have, and a factory."""

    name: str
    """Of the target, e.g. `hmr2`."""
    repository: str
    """Owner and name of the published code; empty where we know none."""
    checkpoint: str
    """The file that the user must have."""
    licence: str
    """Of code and weights."""
    build: Callable[..., Target]
    """`build(model, ...)` from a checkpoint, or `build(network=...)` from anything called like the network."""
