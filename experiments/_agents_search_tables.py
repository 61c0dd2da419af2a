"""Markdown of searches of real targets: final points, and transfer from target to target."""

from __future__ import annotations

from collections.abc import Sequence

from experiments._agents_cells import Kept
from experiments._agents_tables import groups, labelled, labels, markdown, setting
from experiments._agents_transfer import WANTED

REPEATABLE_WANTED, DISTINCT_WANTED = 90, 16
"""Figures of the trial's setting: per cent of the final points that repeat, and how many of those are distinct."""

SOONER = 3.0
"""How many times sooner a policy that learned elsewhere should reach WANTED modes."""

REACHES = {"distinct": "distinct fair failures", "modes": "distinct verified ones"}


def finals_report(kept: Sequence[Kept]) -> str:
    """A row for each method, values by seed where there are few."""
    head = (
        "method",
        "fair and repeatable",
        "distinct of these",
        "fair and above on average",
        "mean redraw error, mm",
        "of all queries fair and above",
        "queries",
    )
    parts = []
    for some in groups(kept):
        rows = [_final_row(some, label) for label in labels(some)]
        parts += [
            f"{setting(some)}, one final point for each agent; values by seed.",
            markdown(head, rows),
            f"Wanted: at least {REPEATABLE_WANTED} % fair and repeatable, at least {DISTINCT_WANTED} distinct.",
        ]
    return "\n\n".join(parts)


def _final_row(kept: Sequence[Kept], label: str) -> list[str]:
    mine = labelled(kept, label)
    above = [sum(f["mean_mm"] > k["threshold_mm"] for f in k["finals"]) / k["agents"] for k in mine]
    errors = [sum(f["mean_mm"] for f in k["finals"]) / max(1, len(k["finals"])) for k in mine]
    return [
        label,
        _each([100 * k["repeatable"] / k["agents"] for k in mine], ".0f", " %"),
        _each([k["distinct"] for k in mine], ".0f"),
        _each([100 * share for share in above], ".0f", " %"),
        _each(errors, ".0f"),
        _each([100 * k["failure_share"] for k in mine], ".1f", " %"),
        _each([k["queries"] for k in mine], ",.0f"),
    ]


def _each(values: Sequence[float], form: str, unit: str = "") -> str:
    """Values by seed, and their mean where there are several."""
    listed = " / ".join(f"{value:{form}}" for value in values)
    return (
        f"{listed}{unit}" if len(values) < 2 else f"{listed} (mean {sum(values) / len(values):{form}}){unit}"
    )


def queries_to(kept: Kept, what: str) -> int | None:
    """Number of the query that brought the last of the WANTED; None where too few were found."""
    hits = kept[what]
    return int(hits[WANTED - 1]) if len(hits) >= WANTED else None


def transfer_report(kept: Sequence[Kept]) -> str:
    """Queries to five failures of each start, and how many times sooner than from cold."""
    head = ("start", *(f"queries to {WANTED} {words}" for words in REACHES.values()))
    parts = []
    for some in groups(kept):
        rows = [
            [label, *(_reached(labelled(some, label), what) for what in REACHES)] for label in labels(some)
        ]
        parts += [
            f"{setting(some)}; distinct by pose or view; values by seed, of the search alone.",
            markdown(head, rows),
            *sooner(some),
        ]
    return "\n\n".join(parts)


def _reached(kept: Sequence[Kept], what: str) -> str:
    said = []
    for k in kept:
        hit = queries_to(k, what)
        said.append(f"over {k['queries']:,} ({len(k[what])} found)" if hit is None else f"{hit:,}")
    return " / ".join(said)


def sooner(kept: Sequence[Kept]) -> list[str]:
    """How many times sooner than from cold each start that learned is, by the same algorithm and seed."""
    lines = []
    for label in labels(kept):
        warm = [k for k in labelled(kept, label) if k["learned"]]
        for what, words in REACHES.items():
            ratios = [ratio for k in warm if (ratio := times_sooner(kept, k, what))]
            if ratios:
                lines.append(
                    f"- {label}, times sooner than from cold to {WANTED} {words}, by seed: {', '.join(ratios)} "
                    f"(wanted: at least {SOONER:g})."
                )
    return ["\n".join(lines)] if lines else []


def times_sooner(kept: Sequence[Kept], warm: Kept, what: str) -> str:
    """Queries from cold over those of a start that learned, or a bound; empty where nobody started from cold."""
    same: tuple[object, ...] = (warm["algorithm"], warm["seed"], [])
    cold = next((k for k in kept if (k["algorithm"], k["seed"], k["learned"]) == same), None)
    if cold is None:
        return ""
    theirs, ours = queries_to(cold, what), queries_to(warm, what)
    if theirs is None and ours is None:
        return "neither got there"
    ratio = (theirs or cold["queries"]) / (ours or warm["queries"])
    bound = "over " if theirs is None else "under " if ours is None else ""
    return f"{bound}{ratio:.2f}"
