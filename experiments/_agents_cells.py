"""Cells of the studies on real targets: what each is, and the small file in which its figures are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examiner import Config
from examiner.files import read_json, write_json
from examiner.progress import Progress
from examiner.rig import Rig

Kept = dict[str, Any]
"""The settings of a cell and its figures, as they lie in its file."""

Builder = Callable[[Config, Progress], Rig]

TOLD = ("target", "algorithm", "agent_options", "agents", "budget", "seed", "factors", "body", "shares")
"""Settings of an audit that are kept with its figures, and that a kept cell must share."""


@dataclass(frozen=True)
class Cell:
    """One search of a real target."""

    part: str
    label: str
    """What its row is called: a method, or a variant of it."""
    config: Config
    learned: tuple[str, ...] = ()
    """Targets that its agents learned on before, in order."""

    @property
    def stem(self) -> str:
        """Name of its file and of its run, without an ending."""
        return run_name(self.config, self.label)

    def path(self, results: Path) -> Path:
        """Where its figures lie."""
        return results / self.part / f"{self.stem}.json"

    @property
    def settings(self) -> Kept:
        """What decides its figures, beside the code."""
        values = {name: getattr(self.config, name) for name in TOLD}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        return {"part": self.part, "label": self.label, "learned": list(self.learned), **plain}


@dataclass(frozen=True)
class Bench:
    """Where cells are computed, and with what."""

    runs: Path
    """Folder of the run folders, from which a stopped cell goes on."""
    build: Builder
    progress: Progress


def run_name(config: Config, label: str) -> str:
    """Name of a run in one folder with those of other targets, factors, labels and seeds."""
    return f"{config.target}-{'+'.join(config.factors)}-{label.replace(' ', '-')}-seed{config.seed}"


def about(rig: Rig) -> Kept:
    """What a reader must know of a rig to read figures made with it."""
    return {
        "threshold_mm": rig.threshold,
        "score": rig.score.name,
        "renderer": rig.simulator.version,
        "dim": rig.space.dim,
    }


def read_cell(cell: Cell, results: Path) -> Kept | None:
    """The kept figures of a cell, if there are any.

    Raises:
        ValueError: if the file is of other settings.
    """
    path = cell.path(results)
    if not path.is_file():
        return None
    kept: Kept = read_json(path)
    for name, value in cell.settings.items():
        if kept.get(name) != value:
            raise ValueError(
                f"expected {path} of {name} {value}, got {kept.get(name)}; delete it or name another --results"
            )
    return kept


def keep_cell(cell: Cell, results: Path, figures: Kept) -> Kept:
    """Write the figures of a cell, whole or not at all, and return what was written."""
    path = cell.path(results)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {**cell.settings, **figures})
    kept: Kept = read_json(path)
    return kept
