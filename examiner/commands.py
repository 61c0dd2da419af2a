"""What each command does, once its words are read."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from rich.console import Console

from examiner.adapted import adapted, close_target
from examiner.audit import resume_config
from examiner.clips import clips_of
from examiner.config import Config, load_config, with_values
from examiner.evaluate import CLIPS, FIELDS
from examiner.export import export_parquet
from examiner.files import read_json
from examiner.joints import LIMB_JOINTS, common_joints
from examiner.presets import PRESETS
from examiner.reference import save_reference
from examiner.rig import build_rig
from examiner.runners import RUNNERS, Runner
from examiner.simulators import RENDERERS
from examiner.subspace_files import check_finished
from examiner.terminal import open_progress
from simulator import GraphicsError, ParameterSpace, PyrenderSimulator, ViewFactor, diagnose, load_body
from targets import Target, Truth, build_target
from targets import check_target as find_faults

SETTINGS = (
    "target",
    "protocol",
    "agents",
    "algorithm",
    "agent_options",
    "agents_from",
    "regions",
    "budget",
    "seed",
    "factors",
    "vary",
    "fix",
    "view",
    "pose_space",
    "score",
    "threshold",
    "region_of_interest",
    "body",
    "prior",
    "poses",
    "regressor",
    "simulator",
    "backgrounds",
    "uv",
    "texture",
    "judge",
    "others",
    "keypoints",
    "baselines",
    "image_size",
)
"""Options of `examiner audit` that are settings of the configuration."""

PEOPLE = 16
"""Pictures on which a target is checked."""


def audit(arguments: argparse.Namespace) -> int:
    """Examine a target and write a run folder."""
    config, folder = _audit_config(arguments)
    if config.simulator in RENDERERS:  # the fast one's failures are confirmed by the other
        check_opengl()
    runner = RUNNERS[config.protocol]
    runner.check(config)
    progress = open_progress()
    try:
        rig = build_rig(config, progress, reference=runner.reference(arguments.resume))
        try:
            _say(runner.opening(rig))
            done = runner.run(rig, folder, progress, _run_name(arguments, runner, folder))
        finally:
            rig.close()
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_way_on(folder)) from None
    finally:
        progress.close()
    runner.show(done, str(folder))
    return 0


def export(arguments: argparse.Namespace) -> int:
    """Write failure cases of a run as a dataset."""
    check_finished(arguments.run_folder)
    check_opengl()
    progress = open_progress()
    try:
        out = export_parquet(arguments.run_folder, arguments.out, arguments.samples, arguments.seed, progress)
    finally:
        progress.close()
    count = pq.read_metadata(out / "labels.parquet").num_rows
    Console().print(
        f"{count} pictures and labels.parquet in {out}", highlight=False, markup=False, soft_wrap=True
    )
    return 0


def fetch(arguments: argparse.Namespace) -> int:
    """Get built-in weights into the cache."""

    def say(text: str) -> None:
        Console().print(text, highlight=False, markup=False, soft_wrap=True)

    for name in arguments.target:
        target = build_target(name, report=say)
        say(f"{name} is there, sha256 {target.spec.weights_sha256[:16]}")
    return 0


def check_target(arguments: argparse.Namespace) -> int:
    """Check a target's contract on a few upright people; 1 where it has faults."""
    own = build_target(arguments.target)
    target = adapted(own, load_body("neutral"))
    check_opengl()
    fields, truth = _few_people(target)
    try:
        faults = find_faults(target, fields, truth, own.spec)
        pace = _milliseconds(target, fields) if not faults else None
    finally:
        close_target(target)
    console = Console()
    scored = common_joints(target.spec.joint_names)
    missing = [name for name in LIMB_JOINTS if name not in scored]
    tail = f"; not among its names: {', '.join(missing)}" if missing else ""
    console.print(
        f"scored joints: {len(scored)} of {len(LIMB_JOINTS)}{tail}", highlight=False, soft_wrap=True
    )
    for fault in faults:
        console.print(f"- {fault}", highlight=False, markup=False, soft_wrap=True)
    if pace is not None:
        console.print(f"{pace:.1f} ms a picture", highlight=False)
    verdict = "keeps the contract" if not faults else f"breaks the contract in {len(faults)} places"
    console.print(f"{arguments.target} {verdict}", highlight=False, markup=False, soft_wrap=True)
    return int(bool(faults))


def reference(arguments: argparse.Namespace) -> int:
    """Compute what is normal for targets, whatever is cached or shipped, into files that ship."""
    check_opengl()
    for name in arguments.target:
        progress = open_progress()
        try:
            rig = build_rig(Config(target=name), progress, find=lambda about: None)
            rig.close()
        finally:
            progress.close()
        path = arguments.out / f"{rig.target.spec.name}.json"
        save_reference(rig.reference, path)
        figures = rig.reference.calibrated
        Console().print(
            f"{name}: median {figures.median_mm:.0f}, 99th percentile {figures.p99_mm:.0f} mm, in {path}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    return 0


def _audit_config(arguments: argparse.Namespace) -> tuple[Config, Path]:
    settings = given(arguments)
    if arguments.resume is not None:
        apart = ("preset", "config", "out")
        others = [*settings, *(name for name in apart if getattr(arguments, name) is not None)]
        if others:
            raise ValueError(
                f"expected --resume alone, got --{others[0].replace('_', '-')} too: a run goes on with its own "
                "settings; leave it out, or start a new run"
            )
        folder = Path(arguments.resume)
        if not (folder / "manifest.json").is_file():
            raise FileNotFoundError(f"expected a stopped run in {folder}, found no manifest.json there")
        return resume_config(folder), folder
    base = with_values(Config(), dict(PRESETS.get(arguments.preset, {})), "the preset")
    if arguments.protocol is not None:
        base = with_values(base, {"protocol": arguments.protocol}, "the command line")
    if arguments.config:
        base = load_config(arguments.config, base)
    config = with_values(base, settings, "the command line")
    return config, new_folder(arguments.out, RUNNERS[config.protocol].name(arguments.preset))


def given(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that the command line names."""
    values = {name: getattr(arguments, name, None) for name in SETTINGS}
    return {name: value for name, value in values.items() if value is not None}


def new_folder(out: Path | None, name: str) -> Path:
    """A folder that is not there yet: the one wanted, or the next number below runs/.

    Raises:
        FileExistsError: if it is there.
        PermissionError: if it cannot be made.
    """
    if out is not None:
        if out.exists():
            way_on = f", or --resume {out}" if (out / "manifest.json").is_file() else ""
            raise FileExistsError(
                f"expected a new folder, got {out}, which exists; choose another --out{way_on}"
            )
        _check_writable(out)
        return out
    runs, number = Path("runs"), 1
    while (runs / f"{name}-{number:03d}").exists():
        number += 1
    _check_writable(runs)
    return runs / f"{name}-{number:03d}"


def _check_writable(path: Path) -> None:
    """Refuse a place where no folder can be made, before anything is computed for it."""
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise PermissionError(
            f"expected a place to write {path}, got {there}, which is no folder or read-only"
        )


def _way_on(folder: Path) -> str:
    """What to type to go on with a run that was stopped; nothing where it had not begun."""
    begun = (folder / "manifest.json").is_file()
    return (
        f"; go on with examiner audit --resume {folder}"
        if begun
        else " before the search began; nothing was kept"
    )


def _run_name(arguments: argparse.Namespace, runner: Runner, folder: Path) -> str:
    if arguments.resume is None:
        return runner.name(arguments.preset)
    return str(read_json(folder / "manifest.json")["name"])


def _say(text: str) -> None:
    if text:
        Console().print(text, highlight=False, markup=False, soft_wrap=True)


def check_opengl() -> None:
    """Refuse early where OpenGL does not start.

    Raises:
        GraphicsError: saying what to type.
    """
    problem = diagnose()
    if problem:
        raise GraphicsError(problem)


def _milliseconds(target: Target, fields: dict[str, Any]) -> float:
    """Time that the target takes for a picture, all at once, after it has been asked before."""
    given = {name: fields[name] for name in target.spec.needs}
    started = time.perf_counter()
    target.predict(**given)
    return 1000 * (time.perf_counter() - started) / PEOPLE


def _few_people(target: Target) -> tuple[dict[str, Any], Truth]:
    """Upright people in mild views, every field the target may name, and the truth of them."""
    body = load_body("neutral")
    space = ParameterSpace([ViewFactor((-30.0, 0.0, 0.0), (30.0, 10.0, 0.0))], body)
    scene = space.decode(np.random.default_rng(0).random((PEOPLE, 3)))
    with PyrenderSimulator(body) as simulator:
        batch = simulator.render(scene)
        clips = {CLIPS: clips_of(batch, target.spec.frames, simulator)} if CLIPS in target.spec.needs else {}
    truth = Truth(batch.joints, batch.joint_names, batch.joints2d)
    return {name: read(batch) for name, read in FIELDS.items()} | clips, truth
