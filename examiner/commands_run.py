"""What the commands on a finished run do."""

from __future__ import annotations

import argparse

from rich.console import Console

from examiner.config import LEAST_SIDE, MOST_SIDE
from examiner.files import read_json, write_whole
from examiner.report import write_report
from examiner.show import show_mode
from examiner.subspace_files import check_finished


def report(arguments: argparse.Namespace) -> int:
    """Write the report of a finished run again."""
    check_finished(arguments.run_folder)
    path = write_report(read_json(arguments.run_folder / "results.json"), arguments.run_folder)
    Console().print(f"Report: {path}", highlight=False, markup=False, soft_wrap=True)
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Draw one case of a finished run again."""
    if not LEAST_SIDE <= arguments.size <= MOST_SIDE:
        raise ValueError(f"expected --size from {LEAST_SIDE} to {MOST_SIDE} pixels, got {arguments.size}")
    path = arguments.out or arguments.run_folder / f"mode-{arguments.mode:02d}-{arguments.variant}.png"
    picture = show_mode(arguments.run_folder, arguments.mode, arguments.size, arguments.variant)
    write_whole(path, lambda stream: picture.save(stream, format="PNG"))
    Console().print(f"Picture: {path}", highlight=False, markup=False, soft_wrap=True)
    return 0
