from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from examiner.report import write_report
from examiner.report_found import found_levels, verdict

QUERIES = [0, 100, 200, 300]


def rows(*counts: list[int]) -> list[tuple[str, list[int], list[int]]]:
    return [
        (name, QUERIES, found)
        for name, found in zip(("ours", "random", "typical", "sobol"), counts, strict=False)
    ]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([[0, 3, 6, 9]], "ours ends with 9; no baseline was run."),
        (
            [[0, 3, 6, 9], [0, 3, 5, 8], [0, 1, 2, 3]],
            "ours leads at the end, 9 to 8 of the best baseline, random; no baseline was ahead at any point drawn.",
        ),
        (
            [[0, 3, 6, 9], [0, 4, 5, 8], [0, 4, 8, 8]],
            "ours leads at the end, 9 to 8 of the best baseline, random; random or typical was ahead from 100 to "
            "200 queries.",
        ),
        (
            [[0, 3, 6, 9], [0, 4, 5, 8], [0, 4, 8, 8], [0, 0, 7, 7]],
            "ours leads at the end, 9 to 8 of the best baseline, random; random, typical or sobol was ahead from 100 "
            "to 200 queries.",
        ),
        (
            [[0, 3, 6, 1200], [0, 1, 2, 3], [0, 4, 6, 1300]],
            "the baseline typical leads at the end, 1,300 to 1,200 of ours; typical was ahead at 100 and at 300 "
            "queries.",
        ),
        (
            [[0, 0, 0, 0], [0, 0, 0, 0]],
            "ours and the best baseline, random, end level with 0 each; no baseline was ahead at any point drawn.",
        ),
    ],
)
def test_verdict_says_who_leads_and_where_a_baseline_did(counts: list[list[int]], words: str) -> None:
    assert verdict(rows(*counts)) == words


def test_many_stretches_are_counted() -> None:
    steps = list(range(0, 1000, 100))
    ours, other = [n // 2 for n in range(10)], [n // 2 + n % 2 for n in range(10)]
    assert verdict([("ours", steps, ours), ("random", steps, other)]).endswith(
        "random was ahead 5 times between 100 and 900 queries."
    )


def test_a_method_that_stopped_keeps_what_it_found() -> None:
    said = verdict([("ours", [0, 100, 200], [0, 2, 4]), ("random", [0, 100, 160], [0, 1, 9])])
    assert said == (
        "the baseline random leads at the end, 9 to 4 of ours; random was ahead from 160 to 200 queries."
    )
    said = verdict([("ours", [0, 100, 200], [0, 2, 4]), ("random", [0, 60], [0, 1])])
    assert said.endswith("no baseline was ahead at any point drawn."), "ours had 1.2 after 60 queries"


def test_levels_take_the_methods_that_have_counts() -> None:
    ours = {"name": "ours", "found": {"queries": [0, 4], "distinct": {"1.0": [0, 3], "1.5": [0, 1]}}}
    short = {"name": "random", "found": {"queries": [0, 2], "distinct": {"1.0": [0, 2]}}}
    once, more = found_levels([ours, short, {"name": "typical"}])
    assert once.ends == [("ours", 3), ("random", 2)]
    assert once.table == [(0, [0, 0]), (2, [None, 2]), (4, [3, None])]
    assert more.ends == [("ours", 1)]
    assert found_levels([{"name": "typical"}]) == []


@pytest.fixture
def results() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((Path(__file__).parent / "fake_results.json").read_text("utf-8"))
    return read | {"modes": []}


def test_the_report_draws_the_counts_and_says_who_leads(results: dict[str, Any], tmp_path: Path) -> None:
    results["protocol"]["agent_options"] = ["steps=4"]
    page = write_report(results, tmp_path).read_text(encoding="utf-8")
    assert "40 agents, policy-gradient (steps=4)" in page
    section = page.split('<section id="found"')[1].split("</section>")[0]
    assert section.count('class="series s') == 12, "three methods at two levels, each in the legend too"
    legends = re.findall(r"</svg>([a-z-]+) <b>(\d+)</b>", section)
    assert legends[:3] == [("policy-gradient", "180"), ("random", "60"), ("typical", "92")]
    assert (
        "policy-gradient leads at the end, 180 to 92 of the best baseline, typical; random or typical"
        in section
    )
    assert "<td>180</td><td>60</td><td>92</td>" in section


def test_results_without_counts_have_no_such_section(results: dict[str, Any], tmp_path: Path) -> None:
    for method in results["methods"]:
        del method["found"]
    page = write_report(results, tmp_path).read_text(encoding="utf-8")
    assert "query by query" not in page
    assert "#found" not in page
