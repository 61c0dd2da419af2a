"""Markdown of audits of real targets: a row for each method, and whether the default is beaten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from experiments._agents_cells import Kept
from experiments._planted_statistics import Interval, bootstrap

JUDGED = "policy-gradient"
"""The method that must not be beaten."""

BASELINES = ("random", "typical")
"""The methods of which the better one is the measure."""

Figure = Callable[[Kept], float]


@dataclass(frozen=True)
class Measure:
    """A figure of an audit, of which more is better."""

    name: str
    figure: Figure
    times: float
    """How many times that of the better of the baselines is wanted."""


MEASURES = (
    Measure("QD score", lambda kept: float(kept["qd_score"]), 2.0),
    Measure("modes per 1,000 queries at 1x", lambda kept: rate(kept, "1.0"), 1.0),
    Measure("modes per 1,000 queries at 1.5x", lambda kept: rate(kept, "1.5"), 3.0),
)
"""What is judged."""

HEAD = (
    "method",
    "QD score",
    "modes per 1,000 at 1x",
    "at 1.5x",
    "at 2x",
    "modes",
    "by pose",
    "fair queries",
    "success regions",
    "queries",
    "minutes",
)


def rate(kept: Kept, level: str) -> float:
    """Modes per 1,000 queries at a multiple of the threshold."""
    return float(kept["yield_per_1000"][level])


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, the first column to the left."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def span(values: Sequence[float], form: str) -> str:
    """Mean and 95 % bootstrap interval over seeds."""
    found = bootstrap(values)
    return f"{found.mean:{form}} ({found.low:{form}} to {found.high:{form}})"


def setting(kept: Sequence[Kept]) -> str:
    """What the cells of a table share, in words."""
    one, seeds = kept[0], sorted({k["seed"] for k in kept})
    body = "" if one["body"] == "neutral" else f", body {one['body']}"
    return (
        f"**{one['target']}**, {' and '.join(one['factors'])} (D = {one['dim']}){body}, threshold "
        f"{one['threshold_mm']:.0f} mm `{one['score']}`, drawn by {one['renderer'].partition(',')[0]}, "
        f"{one['agents']} agents, seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
    )


def groups(kept: Sequence[Kept]) -> list[list[Kept]]:
    """The cells of each target, space and body, in the order in which they come."""
    found: dict[tuple[object, ...], list[Kept]] = {}
    for k in kept:
        found.setdefault((k["target"], *k["factors"], k["body"]), []).append(k)
    return list(found.values())


def labelled(kept: Sequence[Kept], label: str) -> list[Kept]:
    """The cells of one row."""
    return [k for k in kept if k["label"] == label]


def labels(kept: Sequence[Kept]) -> list[str]:
    """Rows in the order in which they come."""
    return list(dict.fromkeys(str(k["label"]) for k in kept))


def audits_report(kept: Sequence[Kept]) -> str:
    """Table, ratios and verdicts of every target."""
    parts = []
    for some in groups(kept):
        budget = f"{some[0]['budget']:,} queries each: mean and 95 % bootstrap interval over seeds."
        parts += [f"{setting(some)}, {budget}", markdown(HEAD, [_row(some, label) for label in labels(some)])]
        parts += [judgement(some)] if JUDGED in labels(some) else []
    return "\n\n".join(parts)


def _row(kept: Sequence[Kept], label: str) -> list[str]:
    mine = labelled(kept, label)
    won, tried = (sum(k[name] for k in mine) for name in ("success_regions", "regions_tried"))
    return [
        f"**{label}**" if label == JUDGED else label,
        span([k["qd_score"] for k in mine], ",.0f"),
        *(span([rate(k, level) for k in mine], ".1f") for level in ("1.0", "1.5", "2.0")),
        *(span([k[name] for k in mine], ".1f") for name in ("modes", "modes_by_pose")),
        f"{100 * mean(k['fair_share'] for k in mine):.0f} %",
        f"{won} of {tried}",
        f"{mean(k['queries']['total'] for k in mine):,.0f}",
        f"{mean(k['seconds'] for k in mine) / 60:.1f}",
    ]


def mean(values: Iterable[float]) -> float:
    """The mean of at least one number."""
    some = list(values)
    return sum(some) / len(some)


def judgement(kept: Sequence[Kept]) -> str:
    """Ratios to the better baseline, and by which methods the default is beaten."""
    lines = []
    for measure in MEASURES:
        ratios = ratios_of(kept, measure)
        if ratios:
            listed = ", ".join(f"{ratio:.2f}" for ratio in ratios)
            met = sum(ratio >= measure.times for ratio in ratios)
            lines.append(
                f"- {measure.name}, {JUDGED} over the better of {' and '.join(BASELINES)} by seed: {listed} "
                f"(wanted: at least {measure.times:g}; {met} of {len(ratios)})."
            )
    return "\n".join([*lines, *verdicts(kept)])


def ratios_of(kept: Sequence[Kept], measure: Measure) -> list[float]:
    """By seed, how many times the better baseline the default is; infinite over nothing."""
    ratios = []
    for mine in labelled(kept, JUDGED):
        theirs = [measure.figure(k) for k in kept if k["label"] in BASELINES and k["seed"] == mine["seed"]]
        if theirs:
            best = max(theirs)
            ratios.append(measure.figure(mine) / best if best > 0 else float("inf"))
    return ratios


def paired(ours: Sequence[Kept], theirs: Sequence[Kept], figure: Figure) -> Interval | None:
    """How much more ours is over the seeds that both have; None without any."""
    other = {k["seed"]: figure(k) for k in theirs}
    both = [figure(k) - other[k["seed"]] for k in ours if k["seed"] in other]
    return bootstrap(both) if both else None


def verdicts(kept: Sequence[Kept]) -> list[str]:
    """A line for each measure: by which methods the default is beaten outside the intervals, and of which ahead."""
    ours, lines = labelled(kept, JUDGED), []
    for measure in MEASURES:
        leads = {
            label: lead
            for label in labels(kept)
            if label != JUDGED and (lead := paired(ours, labelled(kept, label), measure.figure))
        }
        beaten = [
            f"{label} (by {-lead.mean:.3g}, {-lead.high:.3g} to {-lead.low:.3g})"
            for label, lead in leads.items()
            if lead.high < 0
        ]
        ahead = [label for label, lead in leads.items() if lead.low > 0]
        said = f"**beaten** by {', '.join(beaten)}" if beaten else "beaten by none"
        lines.append(
            f"- {measure.name}, 95 % paired bootstrap intervals: {said}; ahead of {', '.join(ahead) or 'none'}."
        )
    return lines


def shape_report(kept: Sequence[Kept]) -> str:
    """Where poses are all the same: the worst mean error, and how much of what is fair fails."""
    parts = []
    for some in groups(kept):
        head = (
            "method",
            "worst mean of 20 redraws, mm",
            "worst query, mm",
            "fair failures of fair",
            "modes",
            "QD score",
        )
        rows = [_shape_row(some, label) for label in labels(some)]
        parts += [f"{setting(some)}, {some[0]['budget']:,} queries each.", markdown(head, rows)]
    return "\n\n".join(parts)


def _shape_row(kept: Sequence[Kept], label: str) -> list[str]:
    mine = labelled(kept, label)
    return [
        label,
        span([k["worst_mean_mm"] for k in mine], ".1f"),
        span([k["error_mm"]["max"] or 0.0 for k in mine], ".1f"),
        span([100 * k["above_share"] for k in mine], ".2f") + " %",
        span([k["modes"] for k in mine], ".1f"),
        span([k["qd_score"] for k in mine], ".1f"),
    ]


def ablation_report(kept: Sequence[Kept]) -> str:
    """The audits' table, and how much the default is better than each variant."""
    parts = []
    for some in groups(kept):
        ours = labelled(some, JUDGED)
        rows = []
        for label in labels(some):
            theirs = labelled(some, label)
            leads = [paired(ours, theirs, measure.figure) for measure in (*MEASURES, MODES)]
            rows.append([label, *("-" if lead is None else signed(lead) for lead in leads)])
        budget = f"{some[0]['budget']:,} queries each"
        parts += [
            f"{setting(some)}, {budget}.",
            markdown(HEAD, [_row(some, label) for label in labels(some)]),
            f"What each part earns: {JUDGED} less the variant, mean and interval of the paired differences.",
            markdown(("variant", *(m.name for m in (*MEASURES, MODES))), [r for r in rows if r[0] != JUDGED]),
        ]
    return "\n\n".join(parts)


MODES = Measure("modes", lambda kept: float(kept["modes"]), 1.0)
"""What each part of the default must earn."""


def signed(lead: Interval) -> str:
    """A difference with its interval."""
    return f"{lead.mean:+.3g} ({lead.low:+.3g} to {lead.high:+.3g})"
