from dataclasses import replace

import numpy as np
import pytest

from examiner.subspace import point_box
from examiner.widths import widths_of


@pytest.fixture(scope="module")
def box(planted):
    """A box that holds the left knee tightest, and leaves the head widest, of a person seen from the front."""
    rig = planted(factors=("pose", "view"))
    beside = [d for factor in rig.space.factors if factor.name == "view" for d in factor.dimensions]
    point = point_box(rig.space.default(1), beside)
    half = np.full(len(point.names), 0.1)
    half[point.names.index("left_knee.x")], half[point.names.index("head.y")] = 0.01, 0.5
    half[63:] = [10.0, 20.0, 30.0]
    return replace(point, phi_low=half, phi_up=half)


def test_the_tightest_and_the_widest_are_listed_in_degrees(box):
    rows = widths_of(box.ranges, np.full(len(box.names), 0.2))
    names = [row["name"] for row in rows]
    assert (names[0], names[7], len(names)) == ("left knee x", "head y", 11)
    assert names[8:] == ["view azimuth", "view elevation", "view roll"]
    knee, azimuth = rows[0], rows[8]
    assert knee["unit"] == azimuth["unit"] == "degree"
    assert knee["high"] - knee["low"] == pytest.approx(np.degrees(0.02))
    assert knee["usual"] == pytest.approx(np.degrees(0.2))
    assert (azimuth["high"] - azimuth["low"], azimuth["usual"]) == (20.0, 0.2)


def test_choices_have_no_width(box):
    kinds = replace(box, units=(*box.units[:-1], "choice"))
    assert "view roll" not in [row["name"] for row in widths_of(kinds.ranges, np.ones(len(box.names)))]
