import numpy as np
import pytest

from examiner.subspace import beside_pose, point_box
from experiments.planted_boxes import Found, find, main, plant, table
from simulator import ParameterSpace, ViewFactor, load_body


@pytest.fixture(scope="module")
def point():
    space = ParameterSpace([ViewFactor()], load_body("neutral"))
    return point_box(space.default(1), beside_pose(space))


def test_a_planted_box_ends_where_it_says():
    planted = plant(66, 6, np.random.default_rng(0))
    assert planted.matters.sum() == 6
    inside = np.where(planted.matters, 0.99 * planted.high, 1e3)
    assert planted.fails(np.stack([inside, -inside * 1e3, inside * 1.02])).tolist() == [True, False, False]


def test_growth_finds_the_coordinates_that_matter(point):
    found = find(point, 6, 0.0, 1000, 1)
    assert found.f1 == 1.0
    assert found.precision > 0.95
    assert found.recall > 0.7
    assert found.queries <= 1000


def test_the_table_has_means_and_the_least_precision():
    rows = [Found(6, 0.0, 200, seed, 100, 0.9 + seed / 10, 0.5, 1.0) for seed in (0, 1)]
    assert table(rows).splitlines()[2] == "| 6 of 66 | 0% | 200 | 100 | 0.95 (0.90) | 0.50 | 1.00 |"


@pytest.mark.slow
def test_the_study_writes_its_figures(tmp_path, capsys):
    assert main(["--seeds", "1", "--out", str(tmp_path / "boxes.json")]) == 0
    assert (tmp_path / "boxes.json").is_file()
    assert "| 12 of 66 | 3% | 1,000 |" in capsys.readouterr().out
