"""Asking: one batch of people put to the target through the run's journal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from examiner.evaluate import Evaluator
from examiner.journal import Journal, Part
from examiner.outcomes import Outcomes
from simulator import Scene

Ask = Callable[[str, Scene], Outcomes]
"""Stage, people -> outcomes; every person is a query that somebody is charged for."""


def ask_journal(journal: Journal, stage: str, scene: Scene, evaluator: Evaluator) -> Outcomes:
    """Outcomes of people outside a search: read back where the step is written down, else evaluated and written."""
    recorded = journal.replaying
    part = journal.step(
        stage,
        lambda: Part(stage, journal.queries, np.empty((len(scene), 0)), scene, evaluator(scene), {}),
    )
    if recorded:
        evaluator.count(part.outcomes)
    return part.outcomes
