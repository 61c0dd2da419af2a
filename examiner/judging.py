"""The judge: whether failures survive a picture maker that shares nothing with the search but the scene."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import numpy as np

from examiner import seeds
from examiner.evaluate import Evaluator
from examiner.method import Mode
from examiner.outcomes import Outcomes
from examiner.progress import Progress
from examiner.rig import Rig
from examiner.simulators import build_judge

SURVIVES = 0.5
"""Share of the judge's pictures that must exceed the threshold."""


@dataclass(frozen=True)
class Judged:
    """What the judge's pictures of one mode said."""

    outcomes: Outcomes
    threshold: float
    """Millimetres."""

    @property
    def exceed(self) -> int:
        """Pictures above the threshold or not found."""
        return int(self.outcomes.exceeds(self.threshold).sum())

    @property
    def mean(self) -> float:
        """Mean error of the pictures in which a person was found, mm; NaN if in none."""
        errors = self.outcomes.severity[self.outcomes.found & self.outcomes.valid]
        return float(errors.mean()) if len(errors) else float("nan")

    @property
    def survives(self) -> bool:
        """Whether the failure is no matter of this renderer, these clothes or this body."""
        return self.exceed >= SURVIVES * len(self.outcomes)


def judge_modes(rig: Rig, modes: tuple[Mode, ...], progress: Progress) -> list[Judged | None]:
    """Show every mode to the target in pictures of the judge; nothing is judged where the run asks for none.

    The queries are charged apart: every mode costs `config.judge` of them.

    Raises:
        ModuleNotFoundError: where the judge's packages are not installed; the message says what to type.
    """
    pictures = rig.config.judge
    if not pictures or not modes:
        return [None] * len(modes)
    verdicts: list[Judged | None] = []
    with closing(build_judge(rig.body, rig.config.image_size)) as judge:
        evaluator = Evaluator(judge, rig.target, rig.fairness, rig.score, rig.evaluator.calibration)
        for number, mode in enumerate(modes):
            progress.update("judge", number * pictures, len(modes) * pictures)
            rng = seeds.generator(seeds.FIXED, seeds.JUDGE)
            people = mode.scene.rows(np.zeros(pictures, dtype=np.intp))
            verdicts.append(Judged(evaluator(rig.space.redress(people, rng)), rig.threshold))
    progress.update("judge", len(modes) * pictures, len(modes) * pictures)
    return verdicts
