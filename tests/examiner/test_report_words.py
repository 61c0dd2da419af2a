from __future__ import annotations

import json
from pathlib import Path

import pytest

from examiner import report_words as words

EXAMPLE = json.loads((Path(__file__).parent / "fake_results.json").read_text(encoding="utf-8"))


def test_numbers_are_rounded_with_their_units() -> None:
    assert [words.mm(v).replace("\u00a0", " ") for v in (1234.5, 8.26, None)] == [
        "1,234 mm",
        "8.3 mm",
        words.NOTHING,
    ]
    shares = [words.share(v).replace("\u00a0", " ") for v in (0, 1, 0.9996, 0.454, 0.035, 0.0004)]
    assert shares == ["0 %", "100 %", "99.9 %", "45 %", "3.5 %", "0.040 %"]
    assert [words.duration(v).replace("\u00a0", " ") for v in (3.21, 600, 7300)] == [
        "3.2 s",
        "10 min",
        "2 h 2 min",
    ]


def test_a_search_that_loses_is_said_to_lose() -> None:
    random, search, _ = EXAMPLE["methods"]
    assert "less than the baseline policy-gradient: 0.05 modes" in words.verdict(random, [search])
    assert words.verdict(search, []).startswith("No baseline was run")


def test_success_rate_names_its_denominator() -> None:
    random, search, _ = EXAMPLE["methods"]
    assert words.success_rate(search).replace("\u00a0", " ") == "5.0 % (2 of 40 agents)"
    assert words.success_rate(random) == words.NOTHING


def test_the_success_rates_interval_is_told_where_there_is_one() -> None:
    search = EXAMPLE["methods"][1]
    assert words.success_interval(search) == ""
    told = words.success_interval(search | {"success_rate_interval": [0.02, 0.11]})
    assert told.replace("\u00a0", " ") == "95 % interval 2.0 % to 11 %"


@pytest.mark.parametrize(
    ("label", "best"), [("Modes", {0}), ("Success regions", {0, 2}), ("Failures", set())]
)
def test_comparison_marks_the_best_where_better_has_a_meaning(label: str, best: set[int]) -> None:
    random, search, typical = EXAMPLE["methods"]
    rows = {row.label: row for row in words.comparison([search, random, typical])}
    assert rows[label].best == best
    assert rows["by use"].values[0] == "5,000 + 480 + 2,020 + 2,500"


def test_parameters_are_rounded_one_a_line() -> None:
    text = words.parameters({"azimuth_deg": -40.123456, "betas": [0.1, 1 / 3], "camera": {"f": 1e3}})
    assert text == 'azimuth_deg: -40.1235\nbetas: [0.1, 0.3333]\ncamera: {"f": 1000.0}'


def test_what_is_not_the_default_of_the_agents_is_said() -> None:
    protocol = EXAMPLE["protocol"]
    assert words.agents(protocol) == "40 agents, policy-gradient"
    other = {"agent_options": ["steps=4", "share=false"], "agents_from": "runs/lite", "regions": "published"}
    assert words.agents(protocol | other) == (
        "40 agents, policy-gradient (steps=4, share=false), with the policy of runs/lite to start with, regions "
        "grown by the published rule"
    )
    assert words.agents({"agents": 4, "algorithm": "sobol"}) == "4 agents, sobol", (
        "results of an earlier version"
    )
