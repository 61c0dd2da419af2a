"""The steps of a sweep: what is known of the same people at one value, and where it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from examiner.files import read_json
from examiner.outcomes import Outcomes

COLUMNS = ("step", "value", "people", "seen", "found", "fair", "median_mm", "q25_mm", "q75_mm", "share_above")
STORE = "sweep.json"


@dataclass(frozen=True)
class Step:
    """The same people at one value."""

    step: int
    value: float
    label: str
    """The choice, or the number."""
    people: int
    seen: int
    """Of whom a joint at least can be seen."""
    found: int
    fair: int
    median_mm: float
    q25_mm: float
    q75_mm: float
    share_above: float
    """Of the people seen: error above the threshold, or not found. NaN where nobody can be seen."""
    errors_mm: tuple[float, ...]
    """Of each person, NaN where they were not found, or cannot be seen."""


def step_of(number: int, value: float, label: str, outcomes: Outcomes, threshold: float) -> Step:
    """A step of its outcomes; nobody is blamed for people of whom no joint can be seen."""
    seen = outcomes.visible.any(axis=1)
    errors = np.where(seen, outcomes.severity, np.nan)
    known = errors[np.isfinite(errors)]
    low, median, high = np.quantile(known, [0.25, 0.5, 0.75]) if len(known) else (np.nan,) * 3
    return Step(
        step=number,
        value=value,
        label=label,
        people=len(errors),
        seen=int(seen.sum()),
        found=int(outcomes.found.sum()),
        fair=int(outcomes.fair.sum()),
        median_mm=round(float(median), 2),
        q25_mm=round(float(low), 2),
        q75_mm=round(float(high), 2),
        share_above=round(float(outcomes.exceeds(threshold)[seen].mean()), 4) if seen.any() else float("nan"),
        errors_mm=tuple(round(float(error), 2) for error in errors),
    )


def read_steps(folder: Path, about: dict[str, Any]) -> list[Step]:
    """The steps that the folder holds already.

    Raises:
        ValueError: it holds something else, or a sweep with other settings.
    """
    path = folder / STORE
    if not path.is_file():
        if folder.exists() and any(folder.iterdir()):
            raise ValueError(
                f"expected a new folder or a sweep in {folder}, got something else; choose another --out"
            )
        return []
    stored = read_json(path)
    if not isinstance(stored, dict) or stored.get("about") != about:
        raise ValueError(
            f"expected in {folder} the sweep that was begun there, got other settings; choose another --out"
        )
    return [Step(**{**row, **_numbers(row)}) for row in stored["steps"]]


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    """The fields of a step that JSON may hold as null."""
    names = ("median_mm", "q25_mm", "q75_mm", "share_above")
    numbers = {name: float("nan") if row[name] is None else row[name] for name in names}
    return {**numbers, "errors_mm": tuple(float("nan") if e is None else e for e in row["errors_mm"])}


def picture_path(folder: Path, number: int) -> Path:
    """Where the picture of a step is."""
    return folder / "pictures" / f"step-{number:02d}.png"
