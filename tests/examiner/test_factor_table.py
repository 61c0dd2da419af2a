"""The table of factors, and the page that is made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from examiner.cli import main
from examiner.config import FACTORS
from examiner.dimensions import number, values_of, worded
from examiner.factor_table import factor_tables, markdown
from simulator import PHYSICAL, Dimension, ShapeFactor

PAGE = Path(__file__).parents[2] / "docs" / "factors.md"


@pytest.fixture(scope="module")
def sections():
    return factor_tables()


def test_the_page_is_what_the_code_says(sections):
    assert PAGE.read_text() == markdown(sections), "docs/factors.md is stale: make factors"


def test_every_dimension_of_every_factor_has_a_row(sections):
    names = {row.name for section in sections for row in section.rows}
    wanted = {d.name for factor in PHYSICAL for d in factor.dimensions}
    assert wanted <= names
    assert tuple(section.title for section in sections[:-1]) == FACTORS
    assert len(sections[-1].rows) == 63


def test_ranges_and_defaults_are_physical(sections):
    rows = {row.name: row for section in sections for row in section.rows}
    assert rows["light.temperature"].cells[3:] == ("2500 to 12000", "6500")
    assert rows["view.elevation"].full == "-90 to 90"
    assert rows["shape.beta0"].typical.startswith("-1.6")
    assert rows["occluder.kind"].typical.startswith("none 7")
    assert rows["occluder.kind"].default == "none"
    assert rows["pose.z00 ... z31"].default == "T-pose"


def test_the_command_prints_and_writes(capsys, tmp_path, sections):
    assert main(["factors"]) == 0
    assert "imaging.defocus" in capsys.readouterr().out
    assert main(["factors", "--markdown", str(tmp_path / "page.md")]) == 0
    assert (tmp_path / "page.md").read_text() == markdown(sections)


def test_normal_dimensions_are_quantiles_and_others_linear():
    shape, angle = ShapeFactor().dimensions[0], Dimension("view.roll", "degree", -10.0, 30.0)
    values = values_of((shape, angle), np.array([[0.5, 0.25], [0.8, 1.0]]))
    assert values[0] == pytest.approx([0.0, 0.0])
    assert values[1, 0] == pytest.approx(0.828, abs=2e-3)  # not 1.5, which is linear
    assert values[1, 1] == 30.0
    assert shape.unit_of(values[1, 0]) == pytest.approx(0.8)
    assert angle.unit_of(0.0) == 0.25


def test_numbers_are_short_and_have_no_exponent():
    assert [number(v) for v in (6500.0, -40.0, 12.345, 1.5, 0.0714, -1e-9, 1e6)] == [
        "6500", "-40", "12.3", "1.5", "0.071", "0", "1000000",
    ]  # fmt: skip
    kind = Dimension("occluder.kind", "choice", 0.0, 2.0, ("none", "box"))
    assert worded(kind, 1.5) == "box"
    assert worded(Dimension("light.azimuth", "degree", 0, 1), -20.0) == "-20°"
    assert worded(Dimension("imaging.defocus", "px of 256", 0, 8), 2.0) == "2 px"
