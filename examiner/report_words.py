"""Numbers and terms of the report in words."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

NBSP = "\u00a0"
NOTHING = "\u2013"

TYPES = {
    "orientation": "the whole body is turned the wrong way",
    "left-right": "left and right limbs are exchanged",
    "depth": "right in the picture, wrong along the line of sight",
    "articulation": "limbs are bent or placed wrongly in the picture too",
    "scale": "the body has the wrong size",
    "not-found": "the target found nobody",
}
FLAGS = {
    "crop": "gone with the published detector's own crop",
    "ambiguous": "another possible pose looks the same in a single picture",
    "definition": "gone once the joint definitions are matched by calibration",
    "fragile": "does not hold under new looks and crops",
    "solvable": "another target of the run does as well there as it does on nine of ten ordinary people",
}
UNFAIR = {
    "motion_range": "a joint beyond its range of motion",
    "self_penetration": "the body cuts into itself",
    "out_of_sight": "too few joints visible and in the picture",
}


def mm(value: float | None) -> str:
    """A length: 412 mm, 8.3 mm."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}{NBSP}mm" if abs(value) >= 10 else f"{value:.1f}{NBSP}mm"


def count(value: float | None) -> str:
    """A count: 1,600."""
    return NOTHING if value is None else f"{value:,.0f}"


def share(value: float | None) -> str:
    """A share in percent with two digits, never rounded to all or nothing."""
    if value is None:
        return NOTHING
    percent = 100 * value
    if 99 <= percent < 100:
        return f"{min(percent, 99.9):.1f}{NBSP}%"
    digits = 0 if percent == 0 or percent >= 10 else min(4, 1 - math.floor(math.log10(percent)))
    return f"{percent:.{digits}f}{NBSP}%"


def number(value: float | None) -> str:
    """A bare number with two or three digits that count."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def duration(seconds: float | None) -> str:
    """Seconds, minutes or hours."""
    if seconds is None:
        return NOTHING
    if seconds < 90:
        return f"{seconds:.1f}{NBSP}s" if seconds < 10 else f"{seconds:.0f}{NBSP}s"
    minutes = round(seconds / 60)
    return f"{minutes}{NBSP}min" if minutes < 90 else f"{minutes // 60}{NBSP}h {minutes % 60}{NBSP}min"


def plain(name: str) -> str:
    """A name of the code in words: left_knee -> left knee."""
    return name.replace("_", " ")


def parameters(scene: Mapping[str, Any]) -> str:
    """Physical parameters, one a line, rounded to four digits."""
    return "\n".join(f"{name}: {json.dumps(_rounded(value))}" for name, value in scene.items())


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value


@dataclass(frozen=True)
class Row:
    """One line of the comparison of methods."""

    label: str
    hint: str
    values: tuple[str, ...]
    best: frozenset[int]
    """Columns that hold the best value; empty where better has no meaning."""


Method = Mapping[str, Any]
Line = tuple[str, str, Callable[[Method], str], Callable[[Method], float | None] | None]


def comparison(methods: list[Method]) -> list[Row]:
    """The comparison table, methods as columns in the order given."""
    uses = [name for name in methods[0]["queries"] if name != "total"]
    return [_row(line, methods) for line in _lines(uses)]


def _row(line: Line, methods: list[Method]) -> Row:
    label, hint, show, rank = line
    best: frozenset[int] = frozenset()
    if rank is not None and len(methods) > 1:
        ranks = [rank(method) for method in methods]
        top = max((value for value in ranks if value is not None), default=0)
        best = frozenset(i for i, value in enumerate(ranks) if value == top and top > 0)
    return Row(label, hint, tuple(show(method) for method in methods), best)


def _lines(uses: list[str]) -> list[Line]:
    return [
        ("Queries charged", "all calls of the target", lambda m: count(m["queries"]["total"]), None),
        ("by use", " + ".join(uses), lambda m: _uses(m["queries"], uses), None),
        ("Fair share", "of the search's queries", lambda m: share(m["fair_share"]), None),
        ("Failures", "fair queries above the threshold", lambda m: count(m["failures"]), None),
        ("Definition", "above it only without calibration", lambda m: count(m.get("definition")), None),
        ("Candidates", "distinct failures, redrawn", _candidates, None),
        ("Modes", "distinct verified failures", lambda m: count(m["modes"]), lambda m: m["modes"]),
        ("distinct by pose alone", "", lambda m: count(m["modes_by_pose"]), lambda m: m["modes_by_pose"]),
        *(_yield(times) for times in ("1.0", "1.5", "2.0")),
        ("QD score", "mm above the threshold per 1,000 queries", _qd, lambda m: m["qd_score"]),
        ("Success regions", "of regions tried", _regions, lambda m: m["success_regions"]),
        ("Success rate", "of all agents", success_rate, lambda m: m["success_rate"]),
        ("Median error", "over all fair queries", lambda m: mm(m["error_mm"]["median"]), None),
        ("90th percentile", "", lambda m: mm(m["error_mm"]["p90"]), None),
        ("99th percentile", "", lambda m: mm(m["error_mm"]["p99"]), None),
        ("Worst error", "before verification", lambda m: mm(m["error_mm"]["max"]), _worst),
        ("Nobody found", "queries, not in the errors", lambda m: count(m["not_found"]), None),
        ("Invalid", "queries, prediction not finite", lambda m: count(m["invalid"]), None),
        ("Screened", "unfair proposals, no query spent", lambda m: count(m["screened"]), None),
    ]


def _yield(times: str) -> Line:
    label = f"Yield at {float(times):g}\u00d7 threshold"
    hint = "modes per 1,000 queries"
    return label, hint, lambda m: number(_yielded(m, times)), lambda m: _yielded(m, times)


def _yielded(method: Method, times: str) -> float | None:
    value: float | None = method["yield_per_1000"].get(times)
    return value


def _uses(queries: Mapping[str, int], uses: list[str]) -> str:
    return " + ".join(count(queries.get(name)) for name in uses)


def _candidates(method: Method) -> str:
    return f"{count(method['candidates'])} ({count(method['fragile'])} fragile)"


def _qd(method: Method) -> str:
    return number(method["qd_score"])


def _regions(method: Method) -> str:
    return f"{count(method['success_regions'])} of {count(method['regions_tried'])}"


def _worst(method: Method) -> float | None:
    value: float | None = method["error_mm"]["max"]
    return value


def success_rate(method: Method) -> str:
    """The success rate with its denominator: 15 % (6 of 40 agents)."""
    rate, agents = method["success_rate"], method["agents"]
    if rate is None or not agents:
        return NOTHING
    return f"{share(rate)} ({round(rate * agents)} of {agents} agents)"


def success_interval(method: Method) -> str:
    """The success rate's interval, where the results have one."""
    ends = method.get("success_rate_interval") or []
    return f"95{NBSP}% interval {share(ends[0])} to {share(ends[1])}" if len(ends) == 2 else ""


def agents(protocol: Mapping[str, Any]) -> str:
    """The agents as a reader needs them to repeat the run: 8 agents, sobol (scramble=false)."""
    options = ", ".join(protocol.get("agent_options", []))
    parts = [
        f"{count(protocol['agents'])} agents, {protocol['algorithm']}" + (f" ({options})" if options else "")
    ]
    if protocol.get("agents_from"):
        parts.append(f"with the policy of {protocol['agents_from']} to start with")
    if protocol.get("regions", "verified") != "verified":
        parts.append(f"regions grown by the {protocol['regions']} rule")
    return ", ".join(parts)


def verdict(main: Method, baselines: list[Method]) -> str:
    """One sentence that sets the search against its best baseline, whichever way it went."""
    if not baselines:
        return "No baseline was run, so nothing can be said about what the search is worth."
    times = "1.5" if _yielded(main, "1.5") is not None else "1.0"
    best = max(baselines, key=lambda m: _yielded(m, times) or 0.0)
    ours, theirs = _yielded(main, times) or 0.0, _yielded(best, times) or 0.0
    level = f"{float(times):g} times the threshold"
    figures = f"{number(ours)} modes per 1,000 queries against {number(theirs)}"
    if ours > theirs:
        return f"At {level} the search finds more than the best baseline ({best['name']}): {figures}."
    if ours == theirs:
        return f"At {level} the search finds no more than the baseline {best['name']}: {figures}."
    return f"At {level} the search finds less than the baseline {best['name']}: {figures}."
