"""The picture of a matrix: whose failures, shown to whom."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from examiner.matrix import Matrix
from examiner.scores import MPJPE

CELL = 1.35
"""Inches a side."""


def draw_matrix(matrix: Matrix, path: Path) -> None:
    """Write a PNG: a row for the failures of each target, a column for each target that was shown them."""
    rows = list(dict.fromkeys(cell.found_by for cell in matrix.cells))
    share = {(cell.found_by, cell.shown_to): cell for cell in matrix.cells}
    with mpl.rc_context({"font.size": 11}):
        figure = Figure(
            figsize=(2.4 + CELL * len(matrix.targets), 1.7 + 0.8 * CELL * len(rows)), layout="constrained"
        )
        axes = figure.subplots()
        values = [[share[row, column].failing for column in matrix.targets] for row in rows]
        axes.imshow(values, cmap="Reds", vmin=0, vmax=1.25, aspect="auto")
        for y, row in enumerate(rows):
            for x, column in enumerate(matrix.targets):
                cell = share[row, column]
                ink = "white" if cell.failing > 0.75 else "black"
                text = f"{cell.failing:.0%}\n{cell.mean_mm:.0f} mm"
                axes.text(x, y, text, ha="center", va="center", color=ink)
        axes.set_xticks(range(len(matrix.targets)), _labels(matrix))
        axes.set_yticks(range(len(rows)), [f"{row}\n{share[row, row].modes} modes" for row in rows])
        axes.set_xlabel("shown to")
        axes.set_ylabel("failures of")
        axes.set_title(f"Share above {matrix.threshold:.0f} mm, and mean error")
        axes.tick_params(length=0)
        for side in axes.spines.values():
            side.set_visible(False)
        figure.savefig(path, dpi=110, metadata={"Software": None})


def _labels(matrix: Matrix) -> list[str]:
    """Names of the columns; a target of 2D joints is scored in the plane of the picture."""
    pairs = zip(matrix.targets, matrix.scores, strict=True)
    return [f"{name}\n(2D, in the plane)" if score == MPJPE.name else name for name, score in pairs]
