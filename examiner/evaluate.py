"""The one road from a scene to its error: render, predict, score."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import BoundedSemaphore
from typing import Any

import numpy as np

from examiner.adapted import UnfitAnswerError
from examiner.calibration import calibrate, identity
from examiner.clips import clips_of
from examiner.cores import cores
from examiner.fairness import Fairness, part_of_a_person
from examiner.joints import Bool, Float, Pair, common_joints, pick, rooted
from examiner.outcomes import Outcomes, join_outcomes
from examiner.scores import PA_MPJPE, Score
from simulator import Batch, Scene, Simulator
from targets import Prediction, Target

CHUNK = 8
MAX_INVALID = 0.01
"""Share of predictions with NaN above which a run stops (definitions: score)."""

FIELDS: dict[str, Callable[[Batch], Any]] = {
    "images": lambda batch: batch.images,
    "boxes": lambda batch: batch.boxes,
    "intrinsics": lambda batch: batch.intrinsics,
    "camera": lambda batch: batch.camera,
    "image_size": lambda batch: batch.camera.image_size,
    "joints2d": lambda batch: batch.joints2d,
    "joints": lambda batch: batch.joints,
    "vertices": lambda batch: batch.vertices,
    "mask": lambda batch: batch.mask,
}
"""What a target may name in `spec.needs`, and where it comes from."""


CLIPS, KEYPOINTS = "clips", "keypoints"
"""What a target may need beside them: frames that lead up to the picture, and 2D joints (`examiner.keypoints`)."""


def fields_for(batch: Batch, target: Target, simulator: Simulator) -> dict[str, Any]:
    """The keywords that the target's spec names.

    Raises:
        ValueError: if it names a field that no simulator gives.
    """
    spec = target.spec
    unknown = [name for name in spec.needs if name not in (*FIELDS, CLIPS)]
    if unknown:
        offered = ", ".join((*FIELDS, CLIPS, KEYPOINTS))
        raise ValueError(f"expected TargetSpec.needs of {spec.name} among {offered}, got {unknown[0]!r}")
    fields = {name: FIELDS[name](batch) for name in spec.needs if name != CLIPS}
    return fields | ({CLIPS: clips_of(batch, spec.frames, simulator)} if CLIPS in spec.needs else {})


class Evaluator:
    """Evaluates scenes: search, redraws, regions, sweeps and exports all come through here."""

    def __init__(
        self,
        simulator: Simulator,
        target: Target,
        fairness: Fairness,
        score: Score,
        calibration: Float | None = None,
    ) -> None:
        self.simulator = simulator
        self.target = target
        self.fairness = fairness
        self.score = score
        self.joints = common_joints(target.spec.joint_names)
        self.calibration = identity(len(self.joints)) if calibration is None else calibration
        self.queries = 0
        self.invalid = 0
        self._workers = ThreadPoolExecutor(max_workers=cores())
        self._calls = BoundedSemaphore(target.spec.calls_at_once)
        self._drawings = BoundedSemaphore(getattr(simulator, "calls_at_once", 1))

    def __call__(self, scene: Scene) -> Outcomes:
        """Outcomes of every row; chunks are drawn, predicted and judged side by side, one a core.

        Raises:
            ValueError: if the target returns a wrong shape, or NaN in more than 1 % of its answers.
        """
        outcomes = join_outcomes(list(self._workers.map(self._evaluate, chunks_of(scene))))
        self.count(outcomes)
        return outcomes

    def _evaluate(self, scene: Scene) -> Outcomes:
        batch = self._draw(scene)
        with self._calls:
            prediction = self.predict(batch)
        return self.judge(batch, prediction)

    def _draw(self, scene: Scene) -> Batch:
        with self._drawings:
            return self.simulator.render(scene)

    def count(self, outcomes: Outcomes) -> None:
        """Keep count of invalid answers, those of a resumed run too.

        Raises:
            ValueError: if more than 1 % (and more than three) are not finite.
        """
        self.queries += len(outcomes)
        self.invalid += int((~outcomes.valid).sum())
        if self.invalid > max(3.0, MAX_INVALID * self.queries):
            raise ValueError(
                f"expected finite predictions, got NaN or infinity from {self.target.spec.name} in "
                f"{self.invalid} of {self.queries} queries; check its weights and preprocessing"
            )

    def draw(self, scene: Scene) -> Iterator[Batch]:
        """Batches of at most CHUNK people, one drawn ahead."""
        chunks = chunks_of(scene)
        ahead = self._workers.submit(self._draw, chunks[0])
        for chunk in [*chunks[1:], None]:
            batch = ahead.result()
            if chunk is not None:
                ahead = self._workers.submit(self._draw, chunk)
            yield batch

    def predict(self, batch: Batch) -> Prediction:
        """The target's answer, its shapes checked.

        Raises:
            ValueError: if the target fails, or naming the field that is missing or of a wrong shape.
        """
        name, fields = self.target.spec.name, fields_for(batch, self.target, self.simulator)
        try:
            prediction = self.target.predict(**fields)
        except UnfitAnswerError:
            raise
        except Exception as error:
            raise ValueError(
                f"expected {name} to answer for {', '.join(fields)}, got {type(error).__name__}: {error}; "
                "examiner check-target tells more"
            ) from error
        check_prediction(name, prediction, len(batch), len(self.target.spec.joint_names))
        return prediction

    def pair(self, batch: Batch, prediction: Prediction, calibration: Float) -> Pair:
        """Truth and calibrated prediction on the common joints, each relative to its root."""
        assert prediction.joints is not None
        gt = rooted(pick(batch.joints, batch.joint_names, self.joints), self.joints)
        joints = pick(prediction.joints, self.target.spec.joint_names, self.joints)
        moved = calibrate(calibration, rooted(np.nan_to_num(joints), self.joints))
        return Pair(gt, rooted(moved, self.joints), self.joints)

    def judge(self, batch: Batch, prediction: Prediction) -> Outcomes:
        """What the target's answer is worth, row for row."""
        pair = self.pair(batch, prediction, self.calibration)
        raw = self.pair(batch, prediction, identity(len(self.joints)))
        visible = pick(batch.visibility, batch.joint_names, self.joints)
        assert prediction.joints is not None
        valid = np.isfinite(prediction.joints).all(axis=(1, 2)) | ~prediction.found
        usable = np.where(prediction.found & valid, 1.0, np.nan)
        per_joint = self.score.per_joint(pair) * usable[:, None]
        return Outcomes(
            error=self._scored(per_joint, visible),
            visible_error=mean_where(per_joint, visible),
            raw_error=self.score(raw) * usable,
            pa_mpjpe=PA_MPJPE(pair) * usable,
            per_joint=per_joint,
            visible=visible,
            fair=self._fair(batch, visible),
            found=prediction.found.copy(),
            valid=valid,
            confidence=_or_nan(prediction.confidence, (len(batch),)),
            gt=pair.gt,
            prediction=pair.prediction,
            gt2d=pick(batch.joints2d, batch.joint_names, self.joints),
            prediction2d=self._prediction2d(batch, prediction),
            **self._guesses(batch, prediction),
        )

    def _guesses(self, batch: Batch, prediction: Prediction) -> dict[str, Float]:
        """The smallest and the mean error (n,) over a target's hypotheses; NaN where it makes one guess."""
        if prediction.hypotheses is None:
            return {name: np.full(len(batch), np.nan) for name in ("best_error", "expected_error")}
        usable = np.where(prediction.found, 1.0, np.nan)
        guesses = np.moveaxis(prediction.hypotheses, 1, 0)
        errors = [
            self.score(self.pair(batch, replace(prediction, joints=joints), self.calibration)) * usable
            for joints in guesses
        ]
        return {"best_error": np.min(errors, axis=0), "expected_error": np.mean(errors, axis=0)}

    def _scored(self, per_joint: Float, visible: Bool) -> Float:
        """(n,) the error over all joints; over the visible ones where something may hide people in part."""
        if self.fairness.rule is part_of_a_person:
            return mean_where(per_joint, visible)
        return np.asarray(per_joint.mean(axis=1))

    def _fair(self, batch: Batch, visible: Bool) -> Bool:
        pose = self.fairness.pose_margin(batch.scene)
        return np.asarray((pose >= 0) & (self.fairness.visible_margin(visible) >= 0))

    def _prediction2d(self, batch: Batch, prediction: Prediction) -> Float:
        if prediction.joints2d is None:
            return np.full((len(batch), len(self.joints), 2), np.nan)
        return pick(prediction.joints2d, self.target.spec.joint_names, self.joints)


def chunks_of(scene: Scene) -> list[Scene]:
    """The scene in parts of at most CHUNK people."""
    return [scene.rows(slice(i, i + CHUNK)) for i in range(0, len(scene), CHUNK)]


def check_prediction(name: str, prediction: Prediction, people: int, joints: int) -> None:
    """Refuse an answer that does not fit `people` pictures and the spec's `joints`.

    Raises:
        ValueError: naming the target and the field.
    """
    if not isinstance(prediction, Prediction):
        raise ValueError(f"expected a Prediction from {name}, got {type(prediction).__name__}")
    if prediction.joints is None:
        raise ValueError(f"expected joints in the prediction of {name}, got none")
    shapes = {"found": (people,), "joints": (people, joints, 3)}
    optional = {"joints2d": (people, joints, 2), "confidence": (people,)}
    if isinstance(prediction.hypotheses, np.ndarray) and prediction.hypotheses.ndim == 4:
        optional["hypotheses"] = (people, max(1, prediction.hypotheses.shape[1]), joints, 3)
    shapes |= {field: shape for field, shape in optional.items() if getattr(prediction, field) is not None}
    for field, shape in shapes.items():
        value = getattr(prediction, field)
        if not isinstance(value, np.ndarray):
            raise ValueError(f"expected {field} from {name} to be a numpy array, got {type(value).__name__}")
        if value.shape != shape:
            raise ValueError(f"expected {field} of shape {shape} from {name}, got {value.shape}")
    if prediction.found.dtype != np.bool_:
        raise ValueError(f"expected found from {name} to be of bool, got {prediction.found.dtype}")


def mean_where(values: Float, keep: Bool) -> Float:
    """(n,) means over what is kept of each row, NaN where nothing is."""
    count = keep.sum(axis=1)
    total = np.where(keep, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _or_nan(values: Float | None, shape: tuple[int, ...]) -> Float:
    return np.full(shape, np.nan) if values is None else np.array(values, dtype=np.float64)
