"""Progress: what a long run says of itself, without owning a terminal."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Listens to a run."""

    def update(self, stage: str, done: int, total: int, note: str = "") -> None:
        """`done` of `total` queries of a stage are through."""


class Silence:
    """Says nothing."""

    def update(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Do nothing."""
