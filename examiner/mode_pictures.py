"""Pictures of the modes, and what else is measured where they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from examiner.evaluate import Evaluator
from examiner.explain import Explanation
from examiner.figures import Figure, figures_of
from examiner.files import write_whole
from examiner.joint_sets import COCO_17, COMMON, SMPL_24
from examiner.joints import edges
from examiner.method import Mode
from examiner.pictures import overlay
from examiner.rig import Rig
from targets import BUILT_IN, build_target

SETS = (COMMON, SMPL_24, COCO_17)
"""Joint sets whose figures are printed, where both sides have the joints."""


@dataclass(frozen=True)
class Drawn:
    """What was learnt of a mode while its pictures were drawn."""

    crop: bool | None
    """Whether the failure goes with the target's own detector; None where that was not asked."""
    figures: tuple[Figure, ...]
    """What the field measures, as far as the target's answer allows."""


def draw_modes(rig: Rig, modes: tuple[Mode, ...], folder: Path) -> list[Drawn]:
    """Write each mode's picture and overlay, and measure it once more: one query a mode, charged apart."""
    detector = _with_detector(rig)
    told: list[Drawn] = []
    for number, mode in enumerate(modes, start=1):
        batch = rig.simulator.render(mode.scene)
        drawn = overlay(
            batch.images[0],
            mode.outcomes.gt2d[0],
            _or_none(mode.outcomes.prediction2d[0]),
            edges(rig.evaluator.joints),
            names=rig.evaluator.joints,
        )
        _save(Image.fromarray(batch.images[0]), folder / f"mode-{number:02d}.png")
        _save(drawn, folder / f"mode-{number:02d}-overlay.png")
        [figures] = figures_of(batch, rig.evaluator.predict(batch), rig.target.spec, SETS)
        crop = None if detector is None else _gone(detector, mode, rig.threshold)
        told.append(Drawn(crop, tuple(figures)))
    return told


def draw_mildest(rig: Rig, explained: list[Explanation], folder: Path) -> None:
    """Write a picture of every mode's mildest variant, with the truth and what is predicted in its first look."""
    for number, one in enumerate(explained, start=1):
        outcomes = one.mildest.outcomes
        drawn = overlay(
            rig.simulator.render(one.mildest.scene).images[0],
            outcomes.gt2d[0],
            _or_none(outcomes.prediction2d[0]),
            edges(rig.evaluator.joints),
            names=rig.evaluator.joints,
        )
        _save(drawn, folder / f"mode-{number:02d}-mildest.png")


def _with_detector(rig: Rig) -> Evaluator | None:
    """The same examination with the target's own detector, where the run used the simulator's box."""
    spec = rig.target.spec
    if spec.name not in BUILT_IN or spec.region_of_interest != "box":
        return None
    target = build_target(spec.name, region_of_interest="detector")
    return Evaluator(rig.simulator, target, rig.fairness, rig.score, rig.evaluator.calibration)


def _gone(detector: Evaluator, mode: Mode, threshold: float) -> bool:
    outcomes = detector(mode.scene)
    return bool(outcomes.found[0] and not outcomes.exceeds(threshold)[0])


def _or_none(points: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    return points if np.isfinite(points).all() else None


def _save(picture: Image.Image, path: Path) -> None:
    write_whole(path, lambda stream: picture.save(stream, format="PNG"))
