"""What the commands round the simulator do: check it, preview factors, sweep one, list them."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console

from examiner.check_simulator import check_simulator as find_faults
from examiner.commands import check_opengl, given, new_folder
from examiner.config import Config, with_values
from examiner.factor_table import factor_tables, markdown, terminal_tables
from examiner.files import write_whole
from examiner.preview import preview_sheet, sample
from examiner.rig import build_rig
from examiner.simulators import build_simulator, dressed_body
from examiner.spaces import build_spaces
from examiner.sweep import PEOPLE_FACTORS, Sweep, check_dimension, check_sizes, sweep_config
from examiner.sweep_steps import STORE
from examiner.terminal import open_progress
from simulator import load_poses, load_prior


def check_simulator(arguments: argparse.Namespace) -> int:
    """Check a simulator's contract on ordinary people; 1 where it has faults."""
    config = with_values(Config(), {**given(arguments), "simulator": arguments.name}, "the command line")
    body = dressed_body(config)
    _check_graphics(config)
    simulator = build_simulator(config, body)
    progress = open_progress()
    try:
        prior = load_prior(config.prior)
        findings = find_faults(simulator, body, prior, config.image_size, arguments.n, progress.update)
    finally:
        simulator.close()
        progress.close()
    for note in findings.notes:
        _say(f"note: {note}")
    for fault in findings.faults:
        _say(f"- {fault}")
    count = len(findings.faults)
    places = f"{count} place{'s' if count > 1 else ''}"
    _say(f"{arguments.name} {f'breaks the contract in {places}' if count else 'keeps the contract'}")
    return int(bool(count))


def preview(arguments: argparse.Namespace) -> int:
    """Draw a contact sheet of factors."""
    config = with_values(Config(), given(arguments), "the command line")
    _check_picture(arguments.out)
    body, prior = dressed_body(config), load_prior(config.prior)
    poses = load_poses(config.poses) if config.poses else None
    space = build_spaces(config, body, prior, poses).space
    samples = sample(space, arguments.n, config.seed, arguments.range)
    _check_graphics(config)
    simulator = build_simulator(config, body)
    progress = open_progress()
    note = (
        f"{arguments.n} people, {arguments.range} range, seed {config.seed}; {config.simulator}, body {body.name}, "
        f"{config.image_size} px"
    )
    try:
        sheet = preview_sheet(samples, simulator, ", ".join(config.factors), note, progress)
    finally:
        simulator.close()
        progress.close()
    write_whole(arguments.out, lambda stream: sheet.save(stream, "PNG"))
    _say(f"{arguments.out}: {arguments.n} pictures, {sheet.width} x {sheet.height} px")
    return 0


def sweep(arguments: argparse.Namespace) -> int:
    """Sweep one dimension and draw the error curve."""
    values = {"factors": PEOPLE_FACTORS, **given(arguments)}
    config = sweep_config(with_values(Config(), values, "the command line"), arguments.factor)
    check_sizes(arguments.steps, arguments.people)
    check_dimension(config, arguments.factor)
    folder = _sweep_folder(arguments.out)
    _check_graphics(config)
    progress = open_progress()
    try:
        rig = build_rig(config, progress)
        try:
            steps = Sweep(rig, arguments.factor, arguments.steps, arguments.people).run(folder, progress)
        finally:
            rig.close()
    finally:
        progress.close()
    worst = max(steps, key=lambda step: np.nan_to_num(step.share_above, nan=-1.0))
    _say(
        f"{config.target} over {arguments.factor}: worst at {worst.label}, median {worst.median_mm:.0f} mm, "
        f"{worst.share_above:.0%} of {worst.seen} people above {rig.threshold:.0f} mm or not found"
    )
    _say(f"{folder}/sweep.png, sweep.csv, sweep.json")
    return 0


def factors(arguments: argparse.Namespace) -> int:
    """List every dimension of every factor."""
    sections = factor_tables()
    if arguments.markdown is not None:
        page = markdown(sections)
        write_whole(arguments.markdown, lambda stream: stream.write(page.encode()))
        _say(f"{arguments.markdown}: {sum(len(section.rows) for section in sections)} rows")
        return 0
    console = Console()
    for table in terminal_tables(sections):
        console.print(table)
    return 0


def _sweep_folder(out: Path | None) -> Path:
    """A new folder, or that of a sweep to go on with."""
    if out is not None and (out / STORE).is_file():
        return out
    return new_folder(out, "sweep")


def _check_graphics(config: Config) -> None:
    if config.simulator == "pyrender":
        check_opengl()


def _check_picture(path: Path) -> None:
    if path.suffix.lower() != ".png":
        raise ValueError(f"expected a name that ends in .png for --out, got {path}")
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(
            f"expected a folder for {path}, got none at {path.absolute().parent}; make it first"
        )


def _say(text: str) -> None:
    Console().print(text, highlight=False, markup=False, soft_wrap=True)
