import numpy as np
import pytest

from examiner.journal import scene_columns
from experiments.regions_trial import report
from simulator import ParameterSpace, ViewFactor, load_body


def rule(low, high, fresh, lift):
    return {"low": low, "high": high, "lift": lift, "fresh": {"rate": fresh}}


def mode(survives=True, flags=(), raw=300.0):
    return {"survives": survives, "flags": list(flags), "raw_error_mm": raw}


@pytest.fixture(scope="module")
def cells():
    """Two seeds that share one of two views."""
    space = ParameterSpace([ViewFactor()], load_body("neutral"))
    units = np.array([[0.5, 0.0, 0.5], [0.5, 1.0, 0.5], [1.0, 0.5, 0.5]])
    scenes = space.decode(units)

    def one(seed, rows):
        part = scenes.rows(np.array(rows))
        return {
            "target": "blazepose-lite",
            "seed": seed,
            "threshold_mm": 150.0,
            "seconds": 600.0,
            "diversity": {"estimated": 7.0},
            "modes": [mode(), mode(flags=["ambiguous"]), mode(survives=False), mode(raw=100.0)],
            "regions": [{"rate": 0.95}, {"rate": 0.85}],
            "rules": [
                rule(0.4, 0.6, 0.5, 4.0),
                rule(0.4, 0.6, 0.7, 2.0),
                {**rule(0, 1, 0, 3.0), "fresh": None},
            ],
            "scenes": {"columns": scene_columns(part), "image_size": part.camera.image_size},
        }

    return [one(0, [0, 1]), one(1, [0, 2])]


def test_the_table_counts_what_holds(cells):
    line = report(cells[:1]).splitlines()[2]
    assert line == "| blazepose-lite | 0 | 4 | 75% | 25% | 1 of 2 | 1 of 2 | 3.0 | 10.0 |"


def test_modes_that_another_seed_finds_are_counted(cells):
    [said] = [line for line in report(cells).splitlines() if line.startswith("- ")]
    assert "of the modes of one seed 50% are found by another (50% to 50%)" in said
    assert said.endswith("Chao1 estimates 7 to 7 in all.")
