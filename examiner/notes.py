"""Notes: what a reader of an audit must know to read its figures right."""

from __future__ import annotations

from dataclasses import dataclass

from examiner.config import Config
from examiner.error_maps import ErrorMap
from examiner.explain import Explanation
from examiner.judging import Judged
from examiner.method import MethodResult
from examiner.mode_pictures import Drawn
from examiner.rig import Rig
from examiner.solvable import Solver
from examiner.summary import method_summary
from examiner.unfair import Unfair


@dataclass(frozen=True)
class Verdicts:
    """What was asked about the search after it; item i of the first three belongs to mode i."""

    drawn: list[Drawn]
    """What was measured where its pictures were drawn."""
    judged: list[Judged | None]
    """What the judge's pictures said."""
    explained: list[Explanation]
    """What else was asked of it."""
    explaining: int
    """Queries that this took."""
    solvers: list[Solver]
    """What other targets make of them all."""
    unfair: Unfair
    """The search's queries that are no fair test."""
    maps: list[ErrorMap]
    """Error over pairs of features."""


def notes(rig: Rig, methods: list[MethodResult], verdicts: Verdicts) -> list[str]:
    """What a reader must know to read the figures right."""
    said = [
        "Self-penetration is measured on capsules round the limbs, within a centimetre or so of the mesh.",
        f"The skeleton is scored on {len(rig.evaluator.joints)} joints after a linear calibration of the target's "
        "joint definitions; raw errors stand beside it.",
        "Ambiguous: the prediction would be right for another pose that gives the same picture, limbs flipped in depth "
        "or the predicted pose itself; other poses are not looked for.",
        "Regions are tried from the most severe mode down, as far as the budget reaches.",
    ]
    said += settings_notes(rig.config)
    if rig.poses is None and rig.prior.everyday is None:
        said.append(
            "The pose prior has no mixture of real poses and no --poses were given: the reference and the baseline "
            "typical draw from the prior as a whole."
        )
    tried = sum(mode.region is not None for mode in methods[0].modes)
    if tried < len(methods[0].modes):
        said.append(
            f"The budget reached {tried} of {len(methods[0].modes)} modes with a region; agents without one count as "
            "not successful."
        )
    said += judged_notes(verdicts.judged)
    said += [
        f"Solvable by {one.target}: {int(one.solves.sum())} of {len(one.solves)} modes, where its mean error is below "
        f"{one.usual:.0f} mm, its own 90th percentile on ordinary people."
        for one in verdicts.solvers
    ]
    if verdicts.explained:
        said.append(
            f"{verdicts.explaining:,} queries, charged apart, went into the mildest variants of the modes and into "
            f"what matters about those with a region; {len(verdicts.drawn)} more into the field's own figures."
        )
    if rig.referee is not None:
        said.append(
            "Pictures of the search are drawn by the fast renderer; every verified failure was drawn once more by "
            "the reference renderer and exceeded the threshold there too."
        )
    crop = [one.crop for one in verdicts.drawn]
    if any(flag is not None for flag in crop):
        said.append(
            f"{sum(map(bool, crop))} of {len(crop)} modes are failures of the crop alone: gone with the target's own "
            f"detector (asked once a mode, {len(crop)} queries charged apart)."
        )
    said += regressor_notes(verdicts.drawn)
    said.append(f"The reference's {rig.reference.draws} queries are charged apart.")
    said += findings(rig, methods)
    return said


def settings_notes(config: Config) -> list[str]:
    """What was drawn at random beside the search, and what was held."""
    said = []
    if config.vary:
        said.append(
            f"Drawn anew for every search query from their typical ranges: {', '.join(config.vary)}; the screening "
            "does not know them."
        )
    if config.fix:
        said.append(f"Held at a value: {', '.join(config.fix)}.")
    return said


def judged_notes(judged: list[Judged | None]) -> list[str]:
    """What the judge found, in a sentence; nothing where it was not asked."""
    asked = [one for one in judged if one is not None]
    if not asked:
        return []
    survived = sum(one.survives for one in asked)
    pictures = sum(len(one.outcomes) for one in asked)
    return [
        f"{survived} of {len(asked)} modes survive the judge, a path tracer with another body, clothes, lights and "
        f"places ({pictures} pictures, charged apart): at least half of its pictures exceed the threshold."
    ]


def regressor_notes(drawn: list[Drawn]) -> list[str]:
    """Why the run's regressor gave no figures of LSP's 14 joints; nothing where it did."""
    reasons = dict.fromkeys(one.no_regressor for one in drawn if one.no_regressor)
    return [f"No figures by --regressor: {reason}." for reason in reasons]


def findings(rig: Rig, methods: list[MethodResult]) -> list[str]:
    """Where a baseline beats the search: a finding, said plainly."""
    rows = [method_summary(m, "", rig) for m in methods]
    return [
        f"Finding: the baseline {row['name']} has the higher QD score ({row['qd_score']:.0f} against "
        f"{rows[0]['qd_score']:.0f} mm per 1,000 queries)."
        for row in rows[1:]
        if row["qd_score"] > rows[0]["qd_score"]
    ]
