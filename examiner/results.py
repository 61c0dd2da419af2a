"""Results: the audit as plain values, in the versioned schema of `data/results.schema.json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from examiner import seeds
from examiner.adapted import joints_from
from examiner.confidence import Confidence, confidence_of
from examiner.distinct import mirror_pose
from examiner.explained import diversity_result, explanation_result, nearness
from examiner.fairness import PENETRATION_MM, TOLERANCE, VISIBLE_SHARE
from examiner.found import found_curve
from examiner.joints import Float, edges
from examiner.journal import scene_columns
from examiner.judging import Judged
from examiner.kinds import failure_kind
from examiner.method import MethodResult, Mode
from examiner.mode_pictures import picture_name
from examiner.notes import Verdicts, notes
from examiner.outcomes import Outcomes
from examiner.regions import Region
from examiner.rig import Rig, assets
from examiner.solvable import Solver
from examiner.subspace import beside_pose, usual_spread
from examiner.summary import method_summary
from examiner.unfair import unfair_result
from examiner.version import VERSION
from examiner.widths import widths_of
from examiner.words import describe, describe_region

SCHEMA = "poseexaminer-results/1"
MASS_DRAWS = 4000


def results_of(
    rig: Rig, methods: list[MethodResult], verdicts: Verdicts, run: dict[str, Any]
) -> dict[str, Any]:
    """Everything but `timings`; the first method is the search, the others its baselines."""
    roles = ["search"] + ["baseline"] * (len(methods) - 1)
    spread = rig.pose_spread
    sure = confidence_of([m.search for m in methods], rig.threshold)
    found = [
        {
            **mode_result(rig, mode, i + 1, flags(verdicts, i), spread),
            "confident": None if sure is None else bool(mode.outcomes.confidence[0] >= sure.usual),
            "judged": judged_result(verdicts.judged[i]),
            "others": [others_result(solver, i) for solver in verdicts.solvers],
            "figures": [asdict(figure) for figure in verdicts.drawn[i].figures],
            **explanation_result(rig, verdicts.explained[i], picture_name(i + 1, "mildest")),
        }
        for i, mode in enumerate(methods[0].modes)
    ]
    return {
        "schema": SCHEMA,
        "run": {"version": VERSION, "seed": rig.config.seed, **run},
        "protocol": protocol(rig),
        "reference": reference_result(rig),
        "assets": assets(rig),
        "methods": [
            {**method_summary(m, role, rig), "found": found_curve(m, rig)}
            for m, role in zip(methods, roles, strict=True)
        ],
        "modes": found,
        "confidence": confidence_result(sure),
        "nearness": nearness(methods[0], verdicts.explained, rig.config.agents),
        "diversity": diversity_result(rig, methods[0]),
        "maps": [one.plain() for one in verdicts.maps],
        "unfair": unfair_result(rig, verdicts.unfair),
        "fragile": [fragile_result(r, methods[0]) for r in methods[0].fragile],
        "notes": notes(rig, methods, verdicts),
    }


def protocol(rig: Rig) -> dict[str, Any]:
    """How the figures were made."""
    config, spec = rig.config, rig.target.spec
    return {
        "target": spec.name,
        "target_weights_sha256": spec.weights_sha256,
        "score": {
            "name": rig.score.name,
            "unit": rig.score.unit,
            "joints": list(rig.evaluator.joints),
            "root": "mid_hip",
            "alignment": rig.score.alignment,
            "calibrated": True,
            "higher_is_worse": rig.score.higher_is_worse,
        },
        "region_of_interest": spec.region_of_interest,
        "joints_from": joints_from(rig.target.spec),
        "renderer": rig.simulator.version,
        "image_size": config.image_size,
        "factors": [_factor_row(rig, name) for name in config.factors],
        "threshold_mm": rig.threshold,
        "threshold_rule": config.threshold,
        "budget": config.budget,
        "shares": dict(zip(("search", "regions", "verification"), config.shares, strict=True)),
        "agents": config.agents,
        "algorithm": config.algorithm,
        "agent_options": list(config.agent_options),
        "agents_from": config.agents_from,
        "regions": config.regions,
        "fairness": {
            "motion_range_tolerance_deg": TOLERANCE,
            "visible_share": VISIBLE_SHARE,
            "self_penetration_mm": PENETRATION_MM,
            "rule": rig.fairness.rule.__name__,
        },
    }


def reference_result(rig: Rig) -> dict[str, Any]:
    """The reference's figures."""
    stored = rig.reference
    return {
        "draws": stored.draws,
        "not_found": stored.not_found,
        "key": stored.key,
        **asdict(stored.calibrated),
        "raw": asdict(stored.raw),
        "pa_mpjpe": asdict(stored.pa_mpjpe),
    }


def confidence_result(told: Confidence | None) -> dict[str, Any] | None:
    """What the target's confidence tells, in `results.json`."""
    return None if told is None else asdict(told)


def flags(verdicts: Verdicts, row: int) -> list[str]:
    """Flags of the mode of a row."""
    known = {
        "crop": verdicts.drawn[row].crop,
        "ambiguous": verdicts.explained[row].ambiguous,
        "solvable": any(one.solves[row] for one in verdicts.solvers),
    }
    return [name for name, holds in known.items() if holds]


def mode_result(rig: Rig, mode: Mode, number: int, doubts: list[str], spread: Float) -> dict[str, Any]:
    """A mode in `results.json`."""
    outcomes, names = mode.outcomes, rig.evaluator.joints
    errors = mode.redraw.outcomes.severity
    return {
        "id": number,
        "query": mode.query,
        "agent": mode.agent,
        "error_mm": float(outcomes.error[0]),
        "visible_error_mm": float(outcomes.visible_error[0]),
        "raw_error_mm": float(outcomes.raw_error[0]),
        "hypotheses": guesses(outcomes),
        "pa_mpjpe_mm": float(outcomes.pa_mpjpe[0]),
        "redraw": {
            "errors_mm": [float(e) for e in errors],
            "exceed": mode.redraw.exceed,
            "mean_mm": mode.redraw.mean(rig.threshold),
        },
        "reference_renderer_mm": confirmed_error(mode),
        "type": failure_kind(outcomes.gt[0], outcomes.prediction[0], names, rig.score, rig.threshold),
        "flags": doubts,
        "per_joint_mm": dict(zip(names, map(float, outcomes.per_joint[0]), strict=True)),
        "visible": dict(zip(names, map(bool, outcomes.visible[0]), strict=True)),
        "words": describe(rig.body, mode.scene),
        "confidence": float(outcomes.confidence[0]),
        "image": picture_name(number),
        "overlay": picture_name(number, "overlay"),
        "skeleton": {
            "names": list(names),
            "edges": [list(edge) for edge in edges(names)],
            "up": Rotation.from_rotvec(mode.scene.global_orient[0]).apply([0.0, 1.0, 0.0]).round(5),
            "gt_m": outcomes.gt[0].round(5),
            "prediction_m": _drawn(rig, outcomes.gt[0], outcomes.prediction[0]).round(5),
        },
        "scene": {key: value[0] for key, value in scene_columns(mode.scene).items()},
        "region": region_result(rig, mode.region, spread, picture_name(number, "strip")),
    }


def confirmed_error(mode: Mode) -> float | None:
    """The error of the same person drawn by the reference renderer, mm; None where the run drew with it."""
    return None if mode.redraw.confirmed is None else float(mode.redraw.confirmed.severity[0])


def judged_result(judged: Judged | None) -> dict[str, Any] | None:
    """The judge's verdict in `results.json`; None where it was not asked."""
    if judged is None:
        return None
    return {
        "pictures": len(judged.outcomes),
        "exceed": judged.exceed,
        "mean_mm": judged.mean,
        "survives": judged.survives,
    }


def others_result(solver: Solver, row: int) -> dict[str, Any]:
    """What another target makes of the mode of a row, in `results.json`."""
    error = float(solver.errors[row])
    return {
        "target": solver.target,
        "error_mm": error if np.isfinite(error) else None,
        "usual_mm": solver.usual,
        "solves": bool(solver.solves[row]),
    }


def _drawn(rig: Rig, gt: Float, prediction: Float) -> Float:
    """The prediction in the truth's size where the score forgives scale: a drawing should not shrink it away."""
    if rig.score.name == "mpjpe":
        return prediction
    return prediction * (np.linalg.norm(gt) / max(float(np.linalg.norm(prediction)), 1e-9))


def region_result(rig: Rig, region: Region | None, spread: Float, strip: str) -> dict[str, Any] | None:
    """A region in `results.json`, `strip` its picture; None where the budget did not reach it."""
    if region is None:
        return None
    subspace, proof = region.subspace, region.proof
    lacking = proof.shortfalls()
    scale = np.concatenate([spread, [usual_spread(d) for d in beside_pose(rig.space)]])
    return {
        "shape": subspace.shape,
        "size_rad": subspace.size,
        "log10_volume": subspace.log10_volume,
        "log_fair_volume": region.log_volume if np.isfinite(region.log_volume) else None,
        "queries": region.growth_queries,
        "draws": proof.draws,
        "failures": proof.failures,
        "rate": proof.rate,
        "lower_bound": proof.lower_bound,
        "fair_share": proof.fair_share,
        "prior_mass": prior_mass(rig, region),
        "success": proof.success,
        "why": "; ".join(lacking) if lacking else "fails on fresh fair draws",
        "words": describe_region(subspace.ranges, scale),
        "widths": widths_of(subspace.ranges, scale),
        "image": strip if len(region.people) else None,
    }


def prior_mass(rig: Rig, region: Region) -> float:
    """Share of typical poses, mirrored too, that lie in the region, whatever is searched beside them."""
    poses = rig.typical_poses(MASS_DRAWS, seeds.generator(seeds.FIXED, seeds.MASS, 1))
    both = np.concatenate([poses, mirror_pose(poses)])
    return float(region.subspace.contains_poses(both).mean())


def fragile_result(redraw: Any, result: MethodResult) -> dict[str, Any]:
    """A candidate that was not repeatable."""
    return {
        "query": redraw.query,
        "error_mm": float(result.search.severity[redraw.row]),
        "exceed": redraw.exceed,
        "redraws": len(redraw.outcomes),
        "refuted": redraw.repeatable and not redraw.verified,
    }


def _factor_row(rig: Rig, name: str) -> dict[str, Any]:
    factor = next(f for f in rig.space.factors if f.name == name)
    units = sorted({d.unit for d in factor.dimensions})
    ranges = ", ".join(dict.fromkeys(f"{d.low:g} to {d.high:g}" for d in factor.dimensions))
    return {"name": name, "dimensions": len(factor.dimensions), "unit": ", ".join(units), "range": ranges}


def guesses(outcomes: Outcomes) -> dict[str, float] | None:
    """The best and the expected error of a target's hypotheses about one person; None where it makes one guess."""
    best, expected = float(outcomes.best_error[0]), float(outcomes.expected_error[0])
    return None if np.isnan(best) else {"best_mm": best, "expected_mm": expected}
