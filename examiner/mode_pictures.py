"""Pictures of the modes, and what else is measured where they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from examiner.adapted import adapted
from examiner.evaluate import Evaluator
from examiner.explain import Explanation
from examiner.figures import Figure, figures_of, predicted_points, true_points
from examiner.files import write_whole
from examiner.joint_sets import COCO_17, COMMON, SMPL_24, JointSet
from examiner.joints import edges
from examiner.method import Mode
from examiner.mildest import looks
from examiner.outcomes import Outcomes
from examiner.pictures import overlay
from examiner.regions import Region
from examiner.rig import Rig
from examiner.unfair import Unfair, unfair_picture
from simulator import Batch
from targets import BUILT_IN, Prediction, build_target

STRIP, STRIP_PIXELS = 6, 240
"""People in the strip of a region, and the side of each."""

SETS = (COMMON, SMPL_24, COCO_17)
"""Joint sets whose figures are printed, where both sides have the joints."""


def picture_name(number: int, kind: str = "") -> str:
    """Where the picture of a mode lies in the run's folder; kinds are overlay, strip and mildest."""
    return f"images/mode-{number:02d}{'-' * bool(kind)}{kind}.png"


@dataclass(frozen=True)
class Drawn:
    """What was learnt of a mode while its pictures were drawn."""

    crop: bool | None
    """Whether the failure goes with the target's own detector; None where that was not asked."""
    figures: tuple[Figure, ...]
    """What the field measures, as far as the target's answer allows."""
    no_regressor: str = ""
    """Why the run's regressor gives no figures of it, in a sentence; empty where it does or there is none."""


def draw_modes(rig: Rig, modes: tuple[Mode, ...], folder: Path) -> list[Drawn]:
    """Write each mode's picture and overlay, and measure it once more: one query a mode, charged apart."""
    detector = _with_detector(rig)
    told: list[Drawn] = []
    for number, mode in enumerate(modes, start=1):
        batch = rig.simulator.render(mode.scene)
        _save(Image.fromarray(batch.images[0]), folder / picture_name(number))
        _save(_over(rig, batch, mode.outcomes), folder / picture_name(number, "overlay"))
        if mode.region is not None and len(mode.region.people):
            _save(strip(rig, mode.region), folder / picture_name(number, "strip"))
        prediction = rig.evaluator.predict(batch)
        [figures] = figures_of(batch, prediction, rig.target.spec, joint_sets(rig))
        crop = None if detector is None else _gone(detector, mode, rig.threshold)
        told.append(Drawn(crop, tuple(figures), _no_regressor(rig, batch, prediction)))
    return told


def joint_sets(rig: Rig) -> tuple[JointSet, ...]:
    """Joint sets whose figures are printed: SETS, and that of the run's regressor."""
    return SETS if rig.regressor is None else (*SETS, rig.regressor.joint_set)


def _no_regressor(rig: Rig, batch: Batch, prediction: Prediction) -> str:
    if rig.regressor is None:
        return ""
    return rig.regressor.shortfall(true_points(batch), predicted_points(prediction, rig.target.spec))


def draw_mildest(rig: Rig, explained: list[Explanation], folder: Path) -> None:
    """Write a picture of every mode's mildest variant in its first look, with the truth and what is predicted."""
    for number, one in enumerate(explained, start=1):
        batch = rig.simulator.render(looks(rig, one.mildest.scene).rows(slice(0, 1)))
        _save(_over(rig, batch, one.mildest.outcomes), folder / picture_name(number, "mildest"))


def draw_unfair(rig: Rig, unfair: Unfair, folder: Path) -> None:
    """Write a picture of each of the worst unfair failures, with the truth and what was predicted."""
    for number, case in enumerate(unfair.worst, start=1):
        _save(_over(rig, rig.simulator.render(case.scene), case.outcomes), folder / unfair_picture(number))


def strip(rig: Rig, region: Region) -> Image.Image:
    """People of a region's proof side by side, from the smallest error to the largest, with both skeletons."""
    order = np.argsort(region.outcomes.severity, kind="stable")
    shown = order[np.linspace(0, len(order) - 1, min(STRIP, len(order))).round().astype(np.intp)]
    batch, outcomes = rig.simulator.render(region.people.rows(shown)), region.outcomes.rows(shown)
    pictures = [_over(rig, batch, outcomes, row) for row in range(len(shown))]
    side = STRIP_PIXELS
    sheet = Image.new("RGB", (len(pictures) * side, side))
    for place, picture in enumerate(pictures):
        sheet.paste(picture.resize((side, side), Image.Resampling.LANCZOS), (place * side, 0))
    return sheet


def _over(rig: Rig, batch: Batch, outcomes: Outcomes, row: int = 0) -> Image.Image:
    """A row's picture with the true and the predicted skeleton."""
    return overlay(
        batch.images[row],
        outcomes.gt2d[row],
        _or_none(outcomes.prediction2d[row]),
        edges(rig.evaluator.joints),
        names=rig.evaluator.joints,
    )


def _with_detector(rig: Rig) -> Evaluator | None:
    """The same examination with the target's own detector, where the run used the simulator's box."""
    spec = rig.target.spec
    if spec.name not in BUILT_IN or spec.region_of_interest != "box":
        return None
    target = adapted(build_target(spec.name, region_of_interest="detector"), rig.body)
    return Evaluator(rig.simulator, target, rig.fairness, rig.score, rig.evaluator.calibration)


def _gone(detector: Evaluator, mode: Mode, threshold: float) -> bool:
    outcomes = detector(mode.scene)
    return bool(outcomes.found[0] and not outcomes.exceeds(threshold)[0])


def _or_none(points: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    return points if np.isfinite(points).all() else None


def _save(picture: Image.Image, path: Path) -> None:
    write_whole(path, lambda stream: picture.save(stream, format="PNG"))
