"""Unfair: queries of the search that cannot be held against the target, why not, and the worst it did there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from examiner.distinct import any_near, distance, signature
from examiner.fairness import PENETRATION_MM, TOLERANCE
from examiner.joints import Bool, Float
from examiner.journal import scene_columns
from examiner.method import MethodResult
from examiner.outcomes import Outcomes
from examiner.rig import Rig
from examiner.words import describe
from simulator import Scene

SHOWN = 6
"""Worst unfair failures that are drawn."""

NAMED = 3
"""Joints out of sight that are named."""

REASONS = ("motion_range", "self_penetration", "out_of_sight")


@dataclass(frozen=True)
class UnfairFailure:
    """A query above the threshold that is no fair test."""

    query: int
    reason: str
    """In words."""
    scene: Scene
    """One row."""
    outcomes: Outcomes
    """One row."""


@dataclass(frozen=True)
class Unfair:
    """The unfair queries of a search."""

    queries: int
    """Of the search in all."""
    unfair: int
    reasons: dict[str, int]
    """By REASONS, how many have each; a query may have several."""
    failures: int
    """How many exceed the threshold."""
    worst: tuple[UnfairFailure, ...]
    """Distinct ones, the worst first."""


def unfair_of(rig: Rig, result: MethodResult) -> Unfair:
    """What is unfair about the queries of the run's first search; asks nothing."""
    rows = np.flatnonzero(~result.search.fair)
    scene, outcomes = result.search_scene.rows(rows), result.search.rows(rows)
    broken = _broken(rig, scene, outcomes)
    failed = np.flatnonzero(outcomes.found & outcomes.valid & (outcomes.severity > rig.threshold))
    order = failed[np.argsort(-outcomes.severity[failed], kind="stable")]
    return Unfair(
        queries=len(result.search),
        unfair=len(rows),
        reasons={name: int(broken[:, k].sum()) for k, name in enumerate(REASONS)},
        failures=len(failed),
        worst=tuple(_failure(rig, result, int(rows[row])) for row in _distinct(rig, scene, order)),
    )


def unfair_result(rig: Rig, unfair: Unfair) -> dict[str, Any]:
    """The unfair queries in `results.json`."""
    return {
        "queries": unfair.queries,
        "unfair": unfair.unfair,
        "reasons": unfair.reasons,
        "failures": unfair.failures,
        "worst": [
            {
                "query": case.query,
                "error_mm": float(case.outcomes.severity[0]),
                "reason": case.reason,
                "words": describe(rig.body, case.scene),
                "image": unfair_picture(number),
                "scene": {key: value[0] for key, value in scene_columns(case.scene).items()},
            }
            for number, case in enumerate(unfair.worst, start=1)
        ],
    }


def unfair_picture(number: int) -> str:
    """Where the picture of an unfair failure lies in the run's folder."""
    return f"images/unfair-{number:02d}.png"


def _failure(rig: Rig, result: MethodResult, row: int) -> UnfairFailure:
    """The query of a row: those of the run's first search are numbered as its rows are."""
    at = np.array([row])
    scene, outcomes = result.search_scene.rows(at), result.search.rows(at)
    return UnfairFailure(row, _reason(rig, scene, outcomes), scene, outcomes)


def _broken(rig: Rig, scene: Scene, outcomes: Outcomes) -> Bool:
    """(n, 3) which of REASONS each person has."""
    fairness = rig.fairness
    if not len(scene):
        return np.zeros((0, len(REASONS)), dtype=np.bool_)
    return np.column_stack(
        [
            fairness.motion_margin(scene.body_pose) < 0,
            fairness.penetration_margin(scene.betas, scene.body_pose) < 0,
            fairness.visible_margin(outcomes.visible) < 0,
        ]
    )


def _distinct(rig: Rig, scene: Scene, order: np.ndarray[Any, np.dtype[np.intp]]) -> list[int]:
    """The first rows of an order that are distinct from each other, SHOWN at most."""
    if not len(order):
        return []
    marks = signature(rig.body, scene.rows(order))
    kept: list[int] = []
    for place in range(len(order)):
        if len(kept) < SHOWN and not any_near(marks, place, kept, distance):
            kept.append(place)
    return [int(order[place]) for place in kept]


def _reason(rig: Rig, scene: Scene, outcomes: Outcomes) -> str:
    """Why a person (one row) is no fair test, in words."""
    broken = _broken(rig, scene, outcomes)[0]
    said = (_beyond(rig, scene), _sunk(rig, scene), _out_of_sight(rig, scene, outcomes))
    return "; ".join(words for words, holds in zip(said, broken, strict=True) if holds)


def _beyond(rig: Rig, scene: Scene) -> str:
    beyond = rig.fairness.beyond_range(scene.body_pose)[0]
    worst = int(beyond.argmax())
    return (
        f"{_plain(rig, worst + 1)} {beyond[worst]:.0f} degrees beyond its range ({TOLERANCE:.0f} are allowed)"
    )


def _sunk(rig: Rig, scene: Scene) -> str:
    depth: Float = rig.fairness.sunk(scene.betas, scene.body_pose)[0]
    one, other = rig.fairness.parts[int(depth.argmax())].tolist()
    return (
        f"{_plain(rig, one)} and {_plain(rig, other)} {depth.max():.0f} mm into each other "
        f"({PENETRATION_MM:.0f} are allowed)"
    )


def _out_of_sight(rig: Rig, scene: Scene, outcomes: Outcomes) -> str:
    hidden = ~outcomes.visible[0]
    places, (width, height) = outcomes.gt2d[0], scene.camera.image_size
    outside = hidden & ((places < 0) | (places >= [width, height])).any(axis=1)
    names = [name.replace("_", " ") for name, lost in zip(rig.evaluator.joints, hidden, strict=True) if lost]
    shown = ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
    where = f", {outside.sum()} of them outside the picture" if outside.any() else ""
    return f"{hidden.sum()} of {len(hidden)} joints out of sight ({shown}){where}"


def _plain(rig: Rig, joint: int) -> str:
    return rig.body.joint_names[joint].replace("_", " ")
