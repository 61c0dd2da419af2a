from types import SimpleNamespace

import numpy as np
import pytest

from examiner.distinct import Signature, distance
from examiner.found import found_curve, newcomers, query_counts, seen
from simulator import ParameterSpace, ViewFactor


def turned(degrees):
    """One pose without a twin, seen from directions in one plane."""
    joints = np.tile(np.random.default_rng(0).normal(size=(1, 22, 3)), (len(degrees), 1, 1))
    angle = np.radians(np.asarray(degrees, float))
    direction = np.stack([np.sin(angle), np.zeros_like(angle), np.cos(angle)], axis=1)
    return Signature(joints, direction, np.arange(22))


def test_those_are_counted_that_differ_from_all_counted_before():
    assert newcomers(turned([0, 20, 40, 55, 75, 100, 1])).tolist() == [0, 2, 4]
    assert newcomers(turned([20, 0, 40, 55, 75])).tolist() == [0, 3], "the order of asking decides"


def test_the_same_person_again_does_not_count():
    assert newcomers(turned([10, 10, 10])).tolist() == [0]
    assert newcomers(turned([])).tolist() == []


def test_it_is_the_plain_rule_told_faster():
    rng = np.random.default_rng(1)
    joints = 0.15 * rng.normal(size=(1, 22, 3)) + 0.08 * rng.normal(size=(60, 22, 3))
    direction = np.array([0.0, 0.0, 1.0]) + 0.3 * rng.normal(size=(60, 3))
    marks = Signature(joints, direction / np.linalg.norm(direction, axis=1)[:, None], np.arange(22))
    between = distance(marks, marks)
    counted = []
    for row in range(60):
        if (between[row, counted] >= 1).all():
            counted.append(row)
    assert 5 < len(counted) < 50
    assert newcomers(marks).tolist() == counted


def test_steps_are_even_and_end_where_the_method_did():
    assert query_counts(3000, 3000) == list(range(0, 3001, 125))
    assert query_counts(3000, 280) == [0, 125, 250, 280]
    assert query_counts(5, 5) == [0, 1, 2, 3, 4, 5]


def test_a_row_is_seen_once_its_query_was_asked():
    assert seen(np.array([0, 3, 4], np.intp), [0, 1, 3, 4, 5, 9]) == [0, 1, 1, 2, 3, 3]


class FakeOutcomes:
    """All fair; only how wrong the target was matters."""

    def __init__(self, severity):
        self.severity = np.asarray(severity, float)

    def __len__(self):
        return len(self.severity)

    def failures(self, threshold):
        return self.severity > threshold


@pytest.fixture(scope="module")
def views(body):
    """A search that asked for one pose from many azimuths, as `found_curve` takes it."""

    def build(azimuths, severity):
        space = ParameterSpace([ViewFactor()], body)
        units = np.full((len(azimuths), space.dim), 0.5)
        units[:, 0] = np.asarray(azimuths) / 180 + 0.5
        return SimpleNamespace(search=FakeOutcomes(severity), search_scene=space.decode(units))

    return build


def fake_rig(body, budget):
    config = SimpleNamespace(budget=budget, shares=(0.5, 0.25, 0.25))
    return SimpleNamespace(body=body, config=config, threshold=100.0)


def test_each_level_is_counted_on_its_own(views, body):
    search = views([0, 10, 50, 5, 90, 88], [120, 160, 90, 170, 101, 200])
    found = found_curve(search, fake_rig(body, 12))
    assert found["queries"] == [0, 1, 2, 3, 4, 5, 6]
    assert found["distinct"]["1.0"] == [0, 1, 1, 1, 1, 2, 2], (
        "query 3 is no failure, 2, 4 and 6 are near others"
    )
    assert found["distinct"]["1.5"] == [0, 0, 1, 1, 1, 1, 2], "query 1 does not stand in the way of query 2"


def test_a_search_without_failures_has_found_nothing(views, body):
    found = found_curve(views([0, 50], [20, np.nan]), fake_rig(body, 4))
    assert found == {"queries": [0, 1, 2], "distinct": {"1.0": [0, 0, 0], "1.5": [0, 0, 0]}}
