from __future__ import annotations

import re
from pathlib import Path

import pytest

from examiner import report_charts
from examiner.report_charts import Axis, curve_table, failure_curves, found_curves, quantile_rows, strip_plot

CURVES = [
    ("search", {"threshold_mm": [100, 200, 300], "share": [1.0, 0.1, 0.0]}),
    ("random <b>", {"threshold_mm": [100, 250], "share": [0.5, None]}),
]


def test_axis_places_values_and_round_ticks() -> None:
    axis = Axis(60, 250, 0, 190)
    assert [axis.at(v) for v in (0, 60, 155, 999)] == [0, 0, 95, 190]
    assert axis.ticks(5) == [100, 150, 200, 250]


def test_curves_are_logarithmic_and_leave_out_what_has_no_logarithm() -> None:
    chart = failure_curves(CURVES, 173.0)
    lines = [
        [tuple(map(float, point.split(","))) for point in points.split()]
        for points in re.findall(r'points="([^"]*)"', chart)
    ]
    assert [len(line) for line in lines] == [2, 1]
    (_, top), (_, bottom) = lines[0]
    assert (top, bottom) == (14, 250), "100 % and the lowest decade, 10 %"
    assert "threshold 173" in chart
    assert "<b>" not in chart


@pytest.mark.parametrize("threshold", [90.0, 310.0])
def test_a_threshold_outside_the_curve_is_not_drawn(threshold: float) -> None:
    assert 'class="threshold"' not in failure_curves(CURVES, threshold)


def test_found_curves_share_one_scale_from_nothing_to_the_most() -> None:
    chart = found_curves([("search", [0, 50, 100], [0, 3, 9]), ("random <b>", [0, 50], [0, 4])], "in all")
    search, random = (
        [tuple(map(float, point.split(","))) for point in points.split()]
        for points in re.findall(r'points="([^"]*)"', chart)
    )
    assert search[0] == random[0] == (56, 250), "both start at no queries and nothing found"
    assert (search[1][0], search[2][0]) == (random[1][0], 530) == (293, 530)
    assert 14 < search[2][1] < random[1][1] < search[1][1] < 250
    assert "series s0" in chart
    assert "series s1" in chart
    assert "<b>" not in chart


def test_nine_methods_have_lines_of_their_own() -> None:
    chart = found_curves([(str(k), [0, 1], [0, k]) for k in range(9)], "in all")
    kinds = re.findall(r'class="series (s\d)"', chart)
    style = (Path(report_charts.__file__).parent / "data" / "report.css").read_text(encoding="utf-8")
    assert len(set(kinds)) == 9
    assert all(f".{kind} {{ stroke: var(--{kind});" in style for kind in kinds)


def test_found_curves_of_nothing_have_whole_ticks() -> None:
    chart = found_curves([("search", [0, 6], [0, 0])], "in all")
    assert re.findall(r'class="row"[^>]*>([^<]*)<', chart) == ["0", "1"]
    assert "<svg" in found_curves([("search", [0], [0])], "in all")


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
    assert chart.count("<circle") == 2
    assert chart.count('class="stop"') == 3
    assert "not measured" in chart


def test_strip_counts_nobody_found_as_over() -> None:
    chart = strip_plot([100.0, 173.0, 174.0, None], 173.0, 300.0)
    assert (chart.count('class="over"'), chart.count('class="under"')) == (2, 2)
    assert "2 of 4 redraws exceed the threshold." in chart
