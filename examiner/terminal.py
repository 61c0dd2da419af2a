"""The terminal: live progress where there is one, plain lines where there is none, tables at the end."""

from __future__ import annotations

import sys
import time
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

WIDTH = 116
"""Columns of the summary where there is no terminal."""

LEGEND = (
    "modes: distinct verified failures; 1x, 1.5x, 2x: modes per 1,000 queries that repeat at these multiples of the "
    "threshold; QD score: mm above it per 1,000 queries; regions: success regions of those tried."
)

PAUSE = 5.0
"""Seconds between plain lines."""


class LiveProgress:
    """A bar for each method, for a terminal."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            TextColumn("{task.description:32}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
        )
        self._tasks: dict[str, Any] = {}
        self._bars.start()

    def update(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Move the bar of the stage's method."""
        method = stage.partition(":")[0]
        if method not in self._tasks:
            self._tasks[method] = self._bars.add_task(stage, total=total, note=note)
        task = self._tasks[method]
        self._bars.update(task, completed=min(done, total), total=total, description=stage)
        if note:
            self._bars.update(task, note=note)

    def close(self) -> None:
        """Leave the bars as they stand."""
        self._bars.stop()


class LineProgress:
    """A plain line every few seconds, for logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = -PAUSE
        self._stage = ""

    def update(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Print a line if some time has passed, the stage is new or it is over."""
        now = time.monotonic()
        if now - self._last < PAUSE and stage == self._stage and done < total:
            return
        self._last, self._stage = now, stage
        tail = f"  {note}" if note else ""
        self._console.print(
            f"{stage}  {min(done, total)}/{total} queries{tail}", highlight=False, markup=False
        )

    def close(self) -> None:
        """Nothing is open."""


def open_progress() -> LiveProgress | LineProgress:
    """The progress that suits standard error."""
    console = Console(stderr=True)
    return LiveProgress(console) if sys.stderr.isatty() else LineProgress(console)


def print_summary(results: dict[str, Any], folder: str) -> None:
    """The table of methods and where the report lies, on standard output."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    protocol = results["protocol"]
    title = (
        f"{protocol['target']}: {protocol['score']['name']} above {protocol['threshold_mm']:.0f} mm "
        f"({protocol['threshold_rule']}), {protocol['budget']} queries a method"
    )
    table = Table(title=Text(title), title_justify="left", box=SIMPLE)
    heads = (
        "method",
        "queries",
        "fair",
        "modes",
        "by pose",
        "1x",
        "1.5x",
        "2x",
        "QD score",
        "regions",
        "worst mm",
    )
    for head in heads:
        table.add_column(head, justify="left" if head == "method" else "right", no_wrap=True)
    for row in results["methods"]:
        table.add_row(*_cells(row))
    console.print(table)
    console.print(LEGEND, highlight=False)
    for note in results["notes"]:
        if note.startswith("Finding"):
            console.print(note, highlight=False, markup=False)
    console.print(f"Report: {folder}/report.html", highlight=False, markup=False, soft_wrap=True)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    rate, worst = row["yield_per_1000"], row["error_mm"]["max"]
    return (
        row["name"],
        str(row["queries"]["total"]),
        f"{row['fair_share']:.0%}",
        str(row["modes"]),
        str(row["modes_by_pose"]),
        *(f"{rate[level]:.1f}" for level in ("1.0", "1.5", "2.0")),
        f"{row['qd_score']:.0f}",
        f"{row['success_regions']}/{row['regions_tried']}",
        "-" if worst is None else f"{worst:.0f}",
    )
