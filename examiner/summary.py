"""Summaries: a method's figures, the same for the search and for every baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from examiner.config import Config
from examiner.distinct import Metric, clusters, distance, pose_distance, signature
from examiner.joints import Float
from examiner.method import MethodResult, Mode
from examiner.rig import Rig
from simulator import join_scenes

CURVE = tuple(range(60, 401, 10))
"""Thresholds of the curve, millimetres."""

LEVELS = (1.0, 1.5, 2.0)
"""Multiples of the threshold at which the yield is given."""


def method_summary(result: MethodResult, role: str, rig: Rig) -> dict[str, Any]:
    """The row of a method in `results.json`."""
    outcomes, threshold, config = result.search, rig.threshold, rig.config
    usable = outcomes.fair & outcomes.found & outcomes.valid
    severity = outcomes.severity[usable]
    regions = [mode.region for mode in result.modes if mode.region is not None]
    return {
        "name": result.name,
        "role": role,
        "queries": result.queries,
        "screened": result.screened,
        "fair_share": float(outcomes.fair.mean()),
        "failures": int(outcomes.failures(threshold).sum()),
        "definition": int((usable & (outcomes.raw_error > threshold) & (outcomes.error <= threshold)).sum()),
        "candidates": result.candidates,
        "fragile": len(result.fragile),
        "modes": count_modes(result, rig, distance),
        "modes_by_pose": count_modes(result, rig, pose_distance),
        "yield_per_1000": {f"{level:.1f}": yield_at(result, level * threshold, config) for level in LEVELS},
        "qd_score": qd_score(result, threshold, config),
        "regions_tried": len(regions),
        "success_regions": sum(region.proof.success for region in regions),
        "success_rate": success_rate(result.modes, config.agents),
        "agents": config.agents,
        "error_mm": _quantiles(severity),
        "not_found": int((~outcomes.found).sum()),
        "invalid": int((~outcomes.valid).sum()),
        "curve": {
            "threshold_mm": list(CURVE),
            "share": [float((severity > level).mean()) if len(severity) else 0.0 for level in CURVE],
        },
    }


def qd_score(result: MethodResult, threshold: float, config: Config) -> float:
    """Sum over modes of mean redraw error less the threshold, mm per 1,000 queries of budget."""
    gains = [max(0.0, mode.redraw.mean(threshold) - threshold) for mode in result.modes]
    return sum(gains) * 1000 / config.budget


def yield_at(result: MethodResult, threshold: float, config: Config) -> float:
    """Modes that are repeatable at a threshold, per 1,000 queries of budget."""
    kept = [mode for mode in result.modes if replace(mode.redraw, threshold=threshold).verified]
    return len(kept) * 1000 / config.budget


def success_rate(modes: tuple[Mode, ...], agents: int) -> float:
    """Share of all agents that ended in a success region."""
    winners = {mode.agent for mode in modes if mode.region is not None and mode.region.proof.success}
    return len(winners) / agents


def count_modes(result: MethodResult, rig: Rig, metric: Metric) -> int:
    """Clusters of the modes under a distance."""
    if not result.modes:
        return 0
    marks = signature(rig.body, join_scenes([mode.scene for mode in result.modes]))
    return int(clusters(metric(marks, marks)).max())


def _quantiles(values: Float) -> dict[str, float | None]:
    if not len(values):
        return dict.fromkeys(("median", "p90", "p99", "max"))
    found = np.quantile(values, [0.5, 0.9, 0.99, 1.0])
    return dict(zip(("median", "p90", "p99", "max"), map(float, found), strict=True))
