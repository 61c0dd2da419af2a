"""Markdown of the results of planted landscapes: tables and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from experiments._planted_cells import Result
from experiments._planted_statistics import BETTER, Interval, area, bootstrap, first, measure, paired, pick

JUDGED = "policy-gradient"
"""The method that must not be beaten."""

WORDS = {"regions": "regions", "area": "area under the curve", "first": "queries to the first"}
Cell = Callable[[list[Result]], str]


def report(results: Sequence[Result]) -> str:
    """All tables and verdicts, in the order in which landscapes and methods come."""
    landscapes = list(dict.fromkeys(r.landscape for r in results))
    methods = list(dict.fromkeys(r.method for r in results))
    parts = [
        "Regions found, mean and 95 % bootstrap interval over seeds:",
        _grid(results, landscapes, methods, _regions),
        "Area under regions against queries (0 to 1); mean queries to the first region (the budget if never):",
        _grid(results, landscapes, methods, _area_and_first),
        "Costs:",
        _costs(results, methods),
    ]
    if JUDGED in methods:
        parts += [_verdict_head(), _verdicts(results, landscapes, methods)]
    variants = [m for m in methods if m.startswith(f"{JUDGED}[")]
    if JUDGED in methods and variants:
        parts += ["What each part earns:", _ablation(results, variants)]
    return "\n\n".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _grid(results: Sequence[Result], landscapes: list[str], methods: list[str], words: Cell) -> str:
    """A row a landscape, a column a method; a dash where there are no results."""
    rows = []
    for landscape in landscapes:
        picked = [pick(results, landscape, method) for method in methods]
        rows.append([landscape, *(words(some) if some else "-" for some in picked)])
    return _table(["landscape", *methods], rows)


def _regions(some: list[Result]) -> str:
    found = bootstrap(measure(r, "regions") for r in some)
    return f"{found.mean:.1f} ({found.low:.1f} to {found.high:.1f})"


def _area_and_first(some: list[Result]) -> str:
    under, to_first = bootstrap(map(area, some)), bootstrap(map(first, some))
    return f"{under.mean:.2f} ({under.low:.2f} to {under.high:.2f}); {to_first.mean:,.0f}"


def _costs(results: Sequence[Result], methods: list[str]) -> str:
    """Overhead where nothing is screened, unfair queries where something is, searches that ended early."""
    rows = []
    for method in methods:
        mine = [r for r in results if r.method == method]
        plain = [r.overhead_ms for r in mine if not r.landscape.startswith("unfair")]
        unfair = [r.unfair_share for r in mine if r.landscape.startswith("unfair")]
        early = sum(r.queries < r.budget for r in mine)
        rows.append(
            [
                method,
                f"{max(plain):.3f}" if plain else "-",
                f"{100 * sum(unfair) / len(unfair):.1f} %" if unfair else "-",
                f"{early} of {len(mine)}",
            ]
        )
    return _table(["method", "most processor ms a row", "unfair queries", "ended by themselves"], rows)


def _verdict_head() -> str:
    return (
        f"Is {JUDGED} beaten? Yes where the 95 % paired bootstrap interval of the difference over the common seeds "
        "excludes zero. Many comparisons of few seeds: some fall outside by chance."
    )


def _verdicts(results: Sequence[Result], landscapes: list[str], methods: list[str]) -> str:
    """One line a landscape: by whom and how, and over how many it is ahead in regions."""
    others = [m for m in methods if not m.startswith(JUDGED)]
    lines = []
    for landscape in landscapes:
        ours = pick(results, landscape, JUDGED)
        tried = [m for m in others if paired(ours, pick(results, landscape, m), "regions")]
        beaten = [words for m in tried if (words := _beaten_by(ours, pick(results, landscape, m)))]
        ahead = [m for m in tried if _ahead(paired(ours, pick(results, landscape, m), "regions"))]
        against = f"ahead in regions of {', '.join(ahead)}" if ahead else "ahead in regions of none"
        said = f"**beaten** by {'; by '.join(beaten)}" if beaten else "not beaten"
        lines.append(f"- {landscape}: {said}; {against}." if tried else f"- {landscape}: nothing to compare.")
    return "\n".join(lines)


def _beaten_by(ours: list[Result], theirs: list[Result]) -> str:
    """The method and the measures in which it is better, with the interval of its lead; empty where in none."""
    leads = []
    for name in BETTER:
        difference = paired(ours, theirs, name)
        if difference is not None and difference.high < 0:
            leads.append(f"{WORDS[name]} (by {-difference.high:.4g} to {-difference.low:.4g})")
    return f"{theirs[0].method} in {', '.join(leads)}" if leads else ""


def _ahead(difference: Interval | None) -> bool:
    return difference is not None and difference.low > 0


def _ablation(results: Sequence[Result], variants: list[str]) -> str:
    """How much the default is better than each variant, over all landscapes and seeds that both have."""
    ours = [r for r in results if r.method == JUDGED]
    rows = []
    for variant in variants:
        theirs = [r for r in results if r.method == variant]
        earned = [paired(ours, theirs, name) for name in BETTER]
        rows.append([variant.removeprefix(JUDGED), *(_signed(e) if e else "-" for e in earned)])
    return _table(["default better than", "by regions", "by area", "by queries to the first"], rows)


def _signed(earned: Interval) -> str:
    return f"{earned.mean:+.3g} ({earned.low:+.3g} to {earned.high:+.3g})"
