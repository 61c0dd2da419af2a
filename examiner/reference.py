"""The reference: what is normal for a target, on ordinary people in ordinary views."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from examiner import seeds
from examiner.calibration import calibrate, fit_calibration
from examiner.config import parse_threshold
from examiner.evaluate import Evaluator
from examiner.files import read_json, write_json
from examiner.joints import Float, Pair, rooted
from examiner.outcomes import Outcomes, join_outcomes
from examiner.progress import Progress
from examiner.scores import PA_MPJPE, Score
from simulator import REFERENCE_VIEW, SPREAD, ParameterSpace, PosePrior, Scene, ViewFactor, shape_of

VERSION = 4
"""Raised when the draws or the fit change."""

DRAWS = 4000
BATCH = 80
RESAMPLES = 1000


@dataclass(frozen=True)
class Spread:
    """Error of ordinary people, millimetres."""

    median_mm: float
    p90_mm: float
    p99_mm: float
    p99_interval_mm: tuple[float, float]
    """95 % bootstrap interval of the 99th percentile."""


@dataclass(frozen=True)
class Reference:
    """Errors of one target on the reference draws, and the calibration fitted on half of them."""

    key: str
    """Digest of all that decides the figures."""
    about: dict[str, Any]
    """What the key was made of."""
    draws: int
    not_found: int
    calibration: tuple[tuple[float, ...], ...]
    """(J, J), see `fit_calibration`; empty where none was fitted."""
    errors_mm: tuple[float | None, ...]
    """Calibrated error of every draw, in order; None where nobody was found."""
    calibrated: Spread
    raw: Spread
    pa_mpjpe: Spread

    @property
    def errors(self) -> Float:
        """(draws,) calibrated error of every draw, mm; NaN where nobody was found."""
        return np.array(self.errors_mm, dtype=np.float64)

    def threshold(self, rule: str) -> float:
        """Millimetres of a threshold rule: a number, or `id:q` for a quantile of these errors."""
        kind, value = parse_threshold(rule)
        return value if kind == "mm" else float(np.nanquantile(self.errors, value))


def reference_scene(space: ParameterSpace, prior: PosePrior, poses: Float | None) -> Scene:
    """DRAWS ordinary people: everyday poses, mild views, typical shape, clothing, background and light."""
    rng = seeds.generator(seeds.FIXED, seeds.REFERENCE)
    ordinary = ParameterSpace([ViewFactor()], space.body, space.image_size)
    scene = ordinary.default(DRAWS)
    scene = shape_of(space.body).apply(rng.random((DRAWS, 10)), scene)
    scene = REFERENCE_VIEW.apply(rng.random((DRAWS, 3)), scene)
    scene = replace(scene, body_pose=_everyday(prior, poses, rng))
    return ordinary.frame(ordinary.redress(scene, rng, shift=0.0))


def unmeasured() -> Reference:
    """No reference: no calibration, and a threshold in millimetres alone."""
    nan = float("nan")
    nothing = Spread(nan, nan, nan, (nan, nan))
    return Reference("none", {}, 0, 0, (), (), nothing, nothing, nothing)


def find_reference(about: dict[str, Any]) -> Reference | None:
    """The shipped or cached reference made of exactly this, if there is one.

    A target that does not say its weights' digest may have been trained again under its name: nothing is found for
    it.
    """
    if not about["weights_sha256"]:
        return None
    key = reference_key(about)
    shipped = files("examiner") / "data" / "references"
    for entry in sorted(shipped.iterdir(), key=lambda e: e.name) if shipped.is_dir() else []:
        found = reference_from(json.loads(entry.read_text()))
        if found.key == key:
            return found
    cached = cache_folder() / f"{key}.json"
    return reference_from(read_json(cached)) if cached.is_file() else None


def make_reference(
    evaluator: Evaluator, scene: Scene, about: dict[str, Any], progress: Progress
) -> Reference:
    """Evaluate the reference scene, fit the calibration on its first half, cache it if it can be found again."""
    note = "first: what is normal for this target, on ordinary people"
    progress.update("reference", 0, len(scene), note)
    parts = []
    for start in range(0, len(scene), BATCH):
        parts.append(evaluator(scene.rows(slice(start, start + BATCH))))
        progress.update("reference", start + BATCH, len(scene))
    reference = summarise(join_outcomes(parts), evaluator.score, evaluator.joints, about)
    if about["weights_sha256"]:
        save_reference(reference, cache_folder() / f"{reference.key}.json")
    return reference


def save_reference(reference: Reference, path: Path) -> None:
    """Write a reference, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, asdict(reference))


def summarise(outcomes: Outcomes, score: Score, names: tuple[str, ...], about: dict[str, Any]) -> Reference:
    """The reference of uncalibrated outcomes."""
    usable = outcomes.found & outcomes.valid
    found = outcomes.rows(usable)
    training = found.rows(slice(0, len(found) // 2))
    weights = fit_calibration(Pair(training.gt, training.prediction, names))
    pair = Pair(found.gt, rooted(calibrate(weights, found.prediction), names), names)
    errors = score(pair)
    told = np.full(len(outcomes), np.nan)
    told[usable] = errors
    return Reference(
        key=reference_key(about),
        about=about,
        draws=len(outcomes),
        not_found=int((~outcomes.found).sum()),
        calibration=tuple(tuple(round(float(w), 6) for w in row) for row in weights),
        errors_mm=tuple(None if np.isnan(e) else round(float(e), 2) for e in told),
        calibrated=spread(errors),
        raw=spread(score(Pair(found.gt, found.prediction, names))),
        pa_mpjpe=spread(PA_MPJPE(pair)),
    )


def spread(errors: Float) -> Spread:
    """Quantiles of errors (n,), with a bootstrap interval of the 99th percentile."""
    rng = seeds.generator(seeds.FIXED, seeds.BOOTSTRAP)
    resampled = errors[rng.integers(len(errors), size=(RESAMPLES, len(errors)))]
    low, high = np.quantile(np.quantile(resampled, 0.99, axis=1), [0.025, 0.975])
    median, p90, p99 = (round(float(q), 2) for q in np.quantile(errors, [0.5, 0.9, 0.99]))
    return Spread(median, p90, p99, (round(float(low), 2), round(float(high), 2)))


def reference_key(about: dict[str, Any]) -> str:
    """Hex digest of all that decides the figures of a reference."""
    text = json.dumps({"version": VERSION, "draws": DRAWS, **about}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def reference_from(stored: dict[str, Any]) -> Reference:
    """The reference of its JSON form."""
    spreads = {
        name: Spread(**{**stored[name], "p99_interval_mm": tuple(stored[name]["p99_interval_mm"])})
        for name in ("calibrated", "raw", "pa_mpjpe")
    }
    rows = tuple(tuple(row) for row in stored["calibration"])
    return Reference(**{**stored, **spreads, "calibration": rows, "errors_mm": tuple(stored["errors_mm"])})


def cache_folder() -> Path:
    """Where references are cached: $POSEEXAMINER_CACHE, or the user's cache folder."""
    base = os.environ.get("POSEEXAMINER_CACHE")
    if base:
        return Path(base) / "references"
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "poseexaminer" / "references"


def _everyday(prior: PosePrior, poses: Float | None, rng: np.random.Generator) -> Float:
    if poses is not None:
        return poses[rng.integers(len(poses), size=DRAWS)]
    if prior.everyday is not None:
        return prior.decode(prior.everyday.sample(DRAWS, rng).clip(-SPREAD, SPREAD))
    return prior.decode(rng.standard_normal((DRAWS, prior.dim)).clip(-SPREAD, SPREAD))
