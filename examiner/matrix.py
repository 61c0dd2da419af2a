"""The matrix: the failures of each target shown to every other one, by one absolute threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from examiner.adapted import is_flat
from examiner.config import Config, load_config
from examiner.files import read_json
from examiner.joints import Bool, Float
from examiner.mildest import LOOKS, looks
from examiner.progress import Progress
from examiner.report_schema import check_results
from examiner.rig import Rig, build_rig
from examiner.scores import MPJPE, N_MPJPE
from examiner.show import mode_scene
from examiner.subspace_files import check_finished
from simulator import Scene, join_scenes
from targets import build_target

SAME = ("body", "prior", "simulator", "image_size", "factors", "fix", "view", "pose_space")
"""Settings that runs must share to be compared."""


@dataclass(frozen=True)
class Failures:
    """The modes of a run."""

    target: str
    people: Scene
    """A row a mode."""
    threshold: float
    """Millimetres: the run's own."""


@dataclass(frozen=True)
class Shown:
    """What one target makes of the failures of another."""

    found_by: str
    """Whose failures they are."""
    shown_to: str
    modes: int
    failing: float
    """Share of the modes whose mean error over LOOKS appearances exceeds the threshold, or where nobody was found."""
    solved: float
    """Share where it is below its own 90th percentile on ordinary people."""
    mean_mm: float
    """Mean error where somebody was found."""


@dataclass(frozen=True)
class Matrix:
    """Who fails where."""

    threshold: float
    """Millimetres, the same for everybody."""
    targets: tuple[str, ...]
    scores: tuple[str, ...]
    """Name of each target's score."""
    cells: tuple[Shown, ...]
    shared: tuple[float, ...]
    """For the failures of each run, the share that every target fails."""
    solvable: tuple[float, ...]
    """The share that at least one other target solves."""

    def plain(self) -> dict[str, Any]:
        """As it is written to `matrix.json`."""
        return {"schema": "poseexaminer/matrix/1", **asdict(self)}


def read_failures(run: Path) -> tuple[Config, Failures]:
    """The modes of a finished run, and its settings.

    Raises:
        FileNotFoundError: if the folder holds no run.
        ValueError: for a run that is not finished or has no modes.
    """
    check_finished(run)
    config = load_config(run / "config.yaml")
    results = check_results(read_json(run / "results.json"))
    if not results["modes"]:
        raise ValueError(f"expected failures in {run}, got a run without modes; give it a larger budget")
    people = join_scenes([mode_scene(mode, "failure", config.image_size) for mode in results["modes"]])
    return config, Failures(config.target, people, results["protocol"]["threshold_mm"])


def matrix_of(
    runs: Sequence[Path], more: Sequence[str], threshold: float | None, progress: Progress
) -> Matrix:
    """Show the modes of every run to the targets of all runs, and to more targets.

    Args:
        runs: Folders of finished runs, each of another target, of one body and one set of factors.
        more: Further targets that are shown everything.
        threshold: Millimetres for everybody; None takes the largest of the runs' own.
        progress: Told of every pair.

    Raises:
        ValueError: for runs that cannot be compared.
        FileNotFoundError: if a folder holds no run.
    """
    read = [read_failures(run) for run in runs]
    _check(read, runs)
    failures = [found for _, found in read]
    limit = max(found.threshold for found in failures) if threshold is None else threshold
    names = tuple(dict.fromkeys([*(found.target for found in failures), *more]))
    rigs = {name: _rig(read[0][0], name, progress) for name in names}
    try:
        pairs = [(found, name) for found in failures for name in names]
        errors = {}
        for number, (found, name) in enumerate(pairs):
            progress.update("matrix", number, len(pairs), f"failures of {found.target} shown to {name}")
            errors[found.target, name] = _errors(found, rigs[name])
        return _matrix(failures, rigs, errors, limit)
    finally:
        for rig in rigs.values():
            rig.close()


def _rig(config: Config, name: str, progress: Progress) -> Rig:
    """The run's parts with another target, scored by millimetres with the scale aligned; 2D joints without."""
    target = build_target(name, region_of_interest=config.region_of_interest)
    score = MPJPE if is_flat(target.spec) else N_MPJPE
    changed = replace(config, target=name, score=score.name, others=(), keypoints="")
    return build_rig(changed, progress, target=target)


def _errors(found: Failures, rig: Rig) -> Float:
    """(modes,) mean error over LOOKS appearances, mm; NaN where nobody was found in one of them."""
    rows = [slice(row, row + 1) for row in range(len(found.people))]
    outcomes = rig.evaluator(join_scenes([looks(rig, found.people.rows(row)) for row in rows]))
    errors = np.where(outcomes.found & outcomes.valid, outcomes.severity, np.nan)
    return np.asarray(errors.reshape(-1, LOOKS).mean(axis=1))


def _matrix(
    failures: Sequence[Failures], rigs: dict[str, Rig], errors: dict[tuple[str, str], Float], limit: float
) -> Matrix:
    usual = {name: rig.reference.calibrated.p90_mm for name, rig in rigs.items()}
    fails = {pair: ~(value <= limit) for pair, value in errors.items()}
    solves = {(one, other): value <= usual[other] for (one, other), value in errors.items()}
    cells = [
        Shown(
            one,
            other,
            len(value),
            float(fails[one, other].mean()),
            float(solves[one, other].mean()),
            _mean(value),
        )
        for (one, other), value in errors.items()
    ]
    everybody = [np.all([fails[f.target, name] for name in rigs], axis=0) for f in failures]
    somebody = [_any_other(f, solves) for f in failures]
    return Matrix(
        threshold=limit,
        targets=tuple(rigs),
        scores=tuple(rig.score.name for rig in rigs.values()),
        cells=tuple(cells),
        shared=tuple(float(mask.mean()) for mask in everybody),
        solvable=tuple(float(mask.mean()) for mask in somebody),
    )


def _any_other(found: Failures, solves: dict[tuple[str, str], Bool]) -> Bool:
    """(modes,) whether a target that did not find them solves them."""
    solved = np.zeros(len(found.people), np.bool_)
    for (one, other), mask in solves.items():
        if one == found.target != other:
            solved |= mask
    return solved


def _mean(values: Float) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _check(read: Sequence[tuple[Config, Failures]], runs: Sequence[Path]) -> None:
    first = read[0][0]
    for (config, _), run in zip(read[1:], runs[1:], strict=True):
        for name in SAME:
            if getattr(config, name) != getattr(first, name):
                raise ValueError(
                    f"expected runs with one {name}, got {getattr(first, name)!r} in {runs[0]} and "
                    f"{getattr(config, name)!r} in {run}: audit both alike"
                )
    targets = [found.target for _, found in read]
    if doubled := sorted({name for name in targets if targets.count(name) > 1}):
        raise ValueError(
            f"expected runs of different targets, got more than one of {doubled[0]}: give one of them"
        )
