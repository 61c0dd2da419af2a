"""`examiner matrix`: the failures of each target shown to every other one."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from examiner.commands import check_opengl, new_folder
from examiner.files import write_json
from examiner.matrix import Matrix, matrix_of
from examiner.matrix_chart import draw_matrix
from examiner.options import names
from examiner.terminal import open_progress

WIDTH = 4
"""Of a column at least: 100%."""

EXAMPLES = """examples:
  examiner matrix runs/lite runs/full runs/heavy --out runs/matrix
  examiner matrix runs/full --others movenet-thunder,my_model.py:build --threshold 150
"""


def add_matrix(commands_of: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command and its options."""
    parser = commands_of.add_parser(
        "matrix",
        help="show the failures of each target to every other one",
        description="Show the failures of each target to the targets of all runs, by one threshold for all.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("runs", nargs="+", type=Path, metavar="RUN", help="folders of finished runs, each of another target")
    add("--others", type=names, default=(), metavar="TARGETS", help="further targets to show them to")
    add(
        "--threshold",
        type=float,
        metavar="MM",
        help="millimetres for all (default: the largest of the runs')",
    )
    add("--out", type=Path, help="a new folder (default: the next runs/matrix-NNN)")
    parser.set_defaults(run=matrix)


def matrix(arguments: argparse.Namespace) -> int:
    """Write matrix.json and matrix.png, and print the table."""
    check_opengl()
    folder = new_folder(arguments.out, "matrix")
    progress = open_progress()
    try:
        found = matrix_of(arguments.runs, arguments.others, arguments.threshold, progress)
    finally:
        progress.close()
    folder.mkdir(parents=True)
    write_json(folder / "matrix.json", found.plain())
    draw_matrix(found, folder / "matrix.png")
    for line in [*table(found), f"Picture: {folder / 'matrix.png'}"]:
        Console().print(line, highlight=False, markup=False, soft_wrap=True)
    return 0


def table(found: Matrix) -> list[str]:
    """Lines of the share of failures that each target fails too."""
    rows = list(dict.fromkeys(cell.found_by for cell in found.cells))
    share = {(cell.found_by, cell.shown_to): cell for cell in found.cells}
    width = max(map(len, (*rows, "failures of")))
    heads = [name.rjust(WIDTH) for name in (*found.targets, "everybody", "solvable")]
    lines = [f"Share above {found.threshold:.0f} mm", "  ".join(["failures of".ljust(width), *heads])]
    for row, shared, solvable in zip(rows, found.shared, found.solvable, strict=True):
        values = [*(share[row, name].failing for name in found.targets), shared, solvable]
        cells = [f"{value:.0%}".rjust(len(head)) for value, head in zip(values, heads, strict=True)]
        lines.append("  ".join([row.ljust(width), *cells]))
    return lines
