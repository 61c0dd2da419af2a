from __future__ import annotations

import re

import numpy as np

from examiner.report_heat import heat_maps
from tests.examiner.fake_report import fake_maps


def test_every_map_has_a_chart_of_failures_and_one_of_errors() -> None:
    maps = fake_maps()
    first, second = heat_maps(maps)
    assert first.title == "body turned to the left and camera elevation"
    charts = [first.failing, first.median, second.failing, second.median]
    assert len({re.search(r'data-chart="([^"]*)"', chart)[1] for chart in charts}) == 4  # type: ignore[index]
    assert all("var(--h" in chart for chart in charts)
    assert not any(re.search(r"url\(|https?:|<style|#[0-9a-f]{6}", chart) for chart in charts)
    assert heat_maps(maps)[0].failing == first.failing, "the same map gives the same bytes"


def test_draws_that_do_not_depend_on_what_was_found_are_drawn_and_named() -> None:
    blind, everybody = fake_maps()[0], fake_maps()[0]
    everybody["grids"] = everybody["grids"][1:]
    said = [one.people for one in heat_maps([blind, everybody])]
    assert said[0].endswith("people of random and typical, whose draws do not depend on what they found")
    assert said[1].endswith("of policy-gradient and random and typical, who gather where failures were found")


def test_empty_cells_are_blank_and_few_people_struck_through() -> None:
    count = np.zeros((10, 10), dtype=int)
    count[0, 0], count[9, 9] = 5, 4
    values = np.where(count > 0, 0.5, None)
    grid = {"methods": ["random"], "blind": True, "people": 9, "count": count.tolist()}
    grid |= {"median_mm": values.tolist(), "failing": values.tolist()}
    [one] = heat_maps([fake_maps()[0] | {"grids": [grid]}])
    assert one.failing.count("stroke: var(--mark)") == 1
    assert one.table == [
        ("-90 to -72", "-90 to -72", "5", "50\u00a0%", "0.5\u00a0mm"),
        ("72 to 90", "72 to 90", "4", "50\u00a0%", "0.5\u00a0mm"),
    ]


def test_a_share_never_goes_beyond_all() -> None:
    grid = fake_maps()[0]["grids"][0]
    grid["failing"] = [[1.0 if (i + j) % 2 else 0.0 for j in range(10)] for i in range(10)]
    [one] = heat_maps([fake_maps()[0] | {"grids": [grid]}])
    steps = [int(step) for step in re.findall(r">(\d+)\s%<", one.failing)]
    assert (min(steps), max(steps)) == (0, 100)
