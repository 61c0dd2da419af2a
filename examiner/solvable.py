"""Solvable: whether another target does well where this one fails, so that the picture holds what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from examiner.evaluate import Evaluator
from examiner.joints import Bool, Float
from examiner.method import Mode
from examiner.mildest import LOOKS, looks
from examiner.progress import Progress
from examiner.reference import Reference, find_reference, make_reference, reference_scene
from examiner.rig import Rig, reference_about, score_of
from simulator import join_scenes
from targets import Target


@dataclass(frozen=True)
class Solver:
    """Another target on the modes of a run."""

    target: str
    errors: Float
    """(modes,) mean of its own score over LOOKS appearances, mm; NaN where it found nobody in one of them."""
    usual: float
    """Its own 90th percentile on ordinary people in ordinary views, mm."""

    @property
    def solves(self) -> Bool:
        """(modes,) whether it does as well there as it does on nine of ten ordinary people."""
        return np.asarray(self.errors <= self.usual)


def solvers_of(rig: Rig, modes: Sequence[Mode], progress: Progress) -> list[Solver]:
    """Ask every other target of the run for the modes; the queries are charged apart."""
    if not (modes and rig.others):
        return []
    people = join_scenes([looks(rig, mode.scene) for mode in modes])
    solvers = []
    for number, target in enumerate(rig.others):
        progress.update("others", number, len(rig.others), target.spec.name)
        evaluator, reference = _examination(rig, target, progress)
        outcomes = evaluator(people)
        errors = np.where(outcomes.found & outcomes.valid, outcomes.severity, np.nan)
        mean = errors.reshape(-1, LOOKS).mean(axis=1)
        solvers.append(Solver(target.spec.name, mean, reference.calibrated.p90_mm))
    progress.update("others", len(solvers), len(solvers))
    return solvers


def _examination(rig: Rig, target: Target, progress: Progress) -> tuple[Evaluator, Reference]:
    """The run's examination of another target, by the score and calibration that are its own."""
    score = score_of(rig.config, target)
    about = reference_about(rig.body, rig.prior, rig.poses, rig.config, target, score, rig.simulator)
    raw = Evaluator(rig.simulator, target, rig.fairness, score)
    reference = find_reference(about)
    if reference is None:
        scene = reference_scene(rig.space, rig.prior, rig.poses)
        reference = make_reference(raw, scene, about, progress)
    calibrated = Evaluator(rig.simulator, target, rig.fairness, score, np.array(reference.calibration))
    return calibrated, reference
