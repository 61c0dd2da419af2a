from __future__ import annotations

import re
from pathlib import Path

import pytest

from examiner import report_svg
from examiner.report import STYLES
from examiner.report_charts import curve_table, failure_curves, found_curves, nearness_curve, quantile_rows
from examiner.report_strips import strip_of

CURVES = [
    ("search", {"threshold_mm": [100, 200, 300], "share": [1.0, 0.1, 0.0]}),
    ("random <b>", {"threshold_mm": [100, 250], "share": [0.5, None]}),
]
LEFT, RIGHT, TOP, BOTTOM = 56, 530, 18, 254


def lines(chart: str) -> list[list[tuple[float, float]]]:
    """Points of every series."""
    paths = re.findall(r'class="series s\d"><title>[^<]*</title><path d="([^"]*)"', chart)
    return [[(float(x), float(y)) for x, y in re.findall(r"[ML] (\S+) (\S+)", path)] for path in paths]


def test_curves_are_logarithmic_and_leave_out_what_has_no_logarithm() -> None:
    chart = failure_curves(CURVES, 173.0)
    first, second = lines(chart)
    assert first == [(LEFT, TOP), ((LEFT + RIGHT) / 2, BOTTOM)], "100 % and the lowest decade, 10 %"
    assert len(second) == 1
    assert "threshold 173" in chart
    assert "<b>" not in chart


@pytest.mark.parametrize("threshold", [90.0, 310.0])
def test_a_threshold_outside_the_curve_is_not_drawn(threshold: float) -> None:
    assert "threshold 3" not in failure_curves(CURVES, threshold)
    assert "threshold 90" not in failure_curves(CURVES, threshold)


def test_the_same_results_give_the_same_bytes() -> None:
    assert failure_curves(CURVES, 173.0) == failure_curves(CURVES, 173.0)
    rows = [("a", {"median": 80.0, "p90": 120.0})]
    assert quantile_rows(rows, 173.0) == quantile_rows(rows, 173.0)


def test_a_chart_loads_nothing_and_takes_its_colours_from_the_page() -> None:
    rows = [("a", {"median": 80.0, "p90": 120.0, "p99": 170.0, "max": 400.0})]
    style = "".join((Path(report_svg.__file__).parent / "data" / f).read_text("utf-8") for f in STYLES)
    for chart in (failure_curves(CURVES, 173.0), quantile_rows(rows, 173.0)):
        assert 'role="img" aria-label="' in chart
        assert not re.search(r"url\(|https?:|<style|font-family|#[0-9a-f]{6}|<metadata", chart)
        used = set(re.findall(r"var\((--\w+)\)", chart))
        assert {"--muted", "--line", "--s0"} <= used
        assert {name for name in used if f"{name}:" not in style} == set()


def test_ids_are_the_charts_own() -> None:
    near = nearness_curve({"distance": [0.0, 1.0], "agents": [0.0, None]})
    rows = quantile_rows([("a", {"median": 80.0})], 173.0)
    ids = re.findall(r' id="([^"]*)"', near + rows)
    assert ids
    assert all(name.startswith("chart-quantiles-") for name in ids)
    assert set(re.findall(r'href="#([^"]*)"', rows)) == set(ids)


def test_found_curves_share_one_scale_from_nothing_to_the_most() -> None:
    counts = [("search", [0, 50, 100], [0, 3, 9]), ("random <b>", [0, 50], [0, 4])]
    chart = found_curves(counts, "in all", "chart")
    search, random = lines(chart)
    assert search[0] == random[0] == (LEFT, BOTTOM), "both start at no queries and nothing found"
    assert (search[1][0], search[2][0], random[1][0]) == (293, RIGHT, 293)
    assert TOP < search[2][1] < random[1][1] < search[1][1] < BOTTOM
    assert "<b>" not in chart


def test_nine_methods_have_lines_of_their_own() -> None:
    chart = found_curves([(str(k), [0, 1], [0, k]) for k in range(9)], "in all", "chart")
    kinds = re.findall(r'class="series (s\d)"', chart)
    style = (Path(report_svg.__file__).parent / "data" / "report.css").read_text(encoding="utf-8")
    assert len(set(kinds)) == 9
    assert all(f".{kind} {{ stroke: var(--{kind});" in style for kind in kinds)


def test_found_curves_of_nothing_have_whole_ticks() -> None:
    chart = found_curves([("search", [0, 6], [0, 0])], "in all", "chart")
    assert re.findall(r"text-anchor: end[^>]*>([^<]*)<", chart) == ["0", "1"]
    assert "<svg" in found_curves([("search", [0], [0])], "in all", "chart")


def test_curve_table_joins_different_thresholds() -> None:
    assert curve_table(CURVES) == [
        (100, [1.0, 0.5]),
        (200, [0.1, None]),
        (250, [None, None]),
        (300, [0.0, None]),
    ]


def test_quantiles_take_rows_with_gaps() -> None:
    full = {"median": 80.0, "p90": 120.0, "p99": 170.0, "max": 400.0}
    chart = quantile_rows([("a", full), ("b", {"median": 84.0, "p90": None}), ("c", {"median": None})], 173.0)
    assert chart.count('class="median"') == 2
    assert chart.count('class="stop"') == 3
    assert "not measured" in chart
    assert "median 80" in chart


def test_strip_counts_nobody_found_as_over() -> None:
    strip = strip_of([100.0, 173.0, 174.0, None], 173.0, 300.0)
    assert [dot.kind for dot in strip.dots] == ["under", "under", "over", "over"]
    assert [dot.at for dot in strip.dots] == [33.3, 57.7, 58.0, 100.0]
    assert strip.words == "2 of 4 redraws exceed the threshold."
    assert strip.ticks[0] == (0.0, "0")
