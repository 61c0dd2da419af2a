"""Explanations as plain values of `results.json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examiner.distinct import Signature, distance, signature
from examiner.diversity import CUTS, chao1, diversity
from examiner.explain import Explanation
from examiner.journal import scene_columns
from examiner.method import MethodResult
from examiner.rig import Rig
from examiner.words import describe
from simulator import join_scenes

DISTANCES = tuple(np.round(np.arange(0.0, 3.01, 0.25), 2).tolist())
"""Distances from typical at which the curve is given, 1 is distinct."""

SHOWN = 6
"""Causes of a mode that are listed."""


def explanation_result(rig: Rig, explained: Explanation, image: str) -> dict[str, Any]:
    """What is known of a mode beside its figures; `image` is the picture of its mildest variant."""
    mild = explained.mildest
    return {
        "mildest": {
            "error_mm": [float(error) for error in mild.outcomes.severity],
            "way": mild.way,
            "distance": mild.distance,
            "start_distance": mild.start,
            "words": describe(rig.body, mild.scene),
            "image": image,
            "scene": {key: value[0] for key, value in scene_columns(mild.scene).items()},
        },
        "causes": [
            {
                "name": cause.name.replace("_", " ").replace(".", " "),
                "fall_mm": cause.fall,
                "spread_mm": cause.spread,
                "exceed": cause.exceed,
                "fair": cause.fair,
            }
            for cause in explained.causes[:SHOWN]
        ],
        "rule": None if explained.rule is None else explained.rule.plain(),
    }


def nearness(result: MethodResult, explained: Sequence[Explanation], agents: int) -> dict[str, Any]:
    """How many failures lie how near to typical people: the share of agents that found one, and the modes."""
    where = np.array([one.mildest.distance for one in explained]).round(6)
    owner = np.array([mode.agent for mode in result.modes])
    return {
        "distance": list(DISTANCES),
        "agents": [len(set(owner[where <= d].tolist())) / agents for d in DISTANCES],
        "modes": [int((where <= d).sum()) for d in DISTANCES],
    }


def diversity_result(rig: Rig, result: MethodResult) -> dict[str, Any]:
    """Modes counted at other distances, how many different ones they amount to, and how many there may be."""
    if not result.modes:
        return {"distance": list(CUTS), "modes": [0] * len(CUTS), "effective": 0.0, "estimated": 0.0}
    marks = signature(rig.body, join_scenes([mode.scene for mode in result.modes]))
    told = diversity(marks)
    return {
        "distance": list(CUTS),
        "modes": list(told.counts),
        "effective": told.effective,
        "estimated": chao1(encounters(rig, result, marks)),
    }


def encounters(rig: Rig, result: MethodResult, marks: Signature) -> NDArray[np.intp]:
    """(M,) how many agents met each mode: asked for a fair failure that is not distinct from it."""
    failed = np.flatnonzero(result.search.failures(rig.threshold))
    near = distance(marks, signature(rig.body, result.search_scene.rows(failed))) < 1
    met = [len(set(result.agent[failed[row]].tolist())) for row in near]
    return np.maximum(np.array(met, dtype=np.intp), 1)
