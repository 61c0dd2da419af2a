from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from examiner.error_maps import BINS, VIEW, error_maps
from examiner.features import Feature, Features
from examiner.rules import Condition, Crowd, Rule

NAMES = [*VIEW, "left arm raised", "either arm raised", "left knee bent", "light kind window"]


@dataclass
class FakePool:
    """People on a grid of view, who fail where they are turned to the left."""

    crowd: Crowd
    error: np.ndarray
    methods: np.ndarray

    @property
    def blind(self):
        return np.isin(self.methods, ["random"])


def fake_pool(count=400, methods=("random", "cma-es")):
    rng = np.random.default_rng(0)
    values = rng.uniform(-90, 90, (count, len(NAMES)))
    features = tuple(Feature(name, "" if "light" in name else "degree") for name in NAMES)
    failed = values[:, 0] > 0
    names = np.array([methods[i % len(methods)] for i in range(count)], dtype=object)
    return FakePool(Crowd(Features(features, values), failed), np.where(failed, 200.0, 50.0), names)


def explained(*features, causes=()):
    """A mode whose rule names features, and one with causes alone."""
    rule = SimpleNamespace(rule=Rule(tuple(Condition(NAMES.index(name)) for name in features)))
    named = tuple(SimpleNamespace(name=name) for name in causes)
    return [SimpleNamespace(rule=rule, causes=()), SimpleNamespace(rule=None, causes=named)]


def pairs(maps):
    return [(one.x.name, one.y.name) for one in maps]


def test_cells_count_everybody_and_show_where_they_fail():
    pool = fake_pool()
    [view] = error_maps(pool, [])
    assert pairs([view]) == [VIEW]
    blind, everybody = view.grids
    assert (blind.methods, blind.blind, blind.count.sum()) == (("random",), True, 200)
    assert (everybody.methods, everybody.blind, everybody.count.sum()) == (("random", "cma-es"), False, 400)
    assert view.x_edges[0] == pool.crowd.people.values[:, 0].min()
    assert view.x_edges[-1] == pool.crowd.people.values[:, 0].max()
    left, right = slice(0, BINS // 2 - 1), slice(BINS // 2 + 1, BINS)
    assert np.nanmax(everybody.failing[:, left]) == 0
    assert np.nanmin(everybody.failing[:, right]) == 1
    assert np.nanmin(everybody.median[:, right]) == 200
    assert (np.isnan(blind.median) == (blind.count == 0)).all()


@pytest.mark.parametrize(("methods", "blind"), [(("random",), True), (("cma-es", "sac"), False)])
def test_methods_of_one_sort_have_one_grid(methods, blind):
    [view] = error_maps(fake_pool(methods=methods), [])
    assert [(grid.methods, grid.blind) for grid in view.grids] == [(methods, blind)]


def test_features_of_rules_are_drawn_before_those_of_causes():
    told = explained(
        "left arm raised", "either arm raised", "left arm raised", causes=["left_knee", "spine1"]
    )
    assert pairs(error_maps(fake_pool(), told)) == [
        VIEW,
        ("left arm raised", "left knee bent"),
        ("either arm raised", "left knee bent"),
    ], "either arm says much of what the left arm says"


def test_features_that_are_true_or_not_have_no_map():
    told = explained("light kind window", "left knee bent")
    assert pairs(error_maps(fake_pool(), told)) == [VIEW]


def test_a_view_that_is_held_has_no_map():
    pool = fake_pool()
    pool.crowd.people.values[:, 1] = 0.0
    assert error_maps(pool, []) == []


def test_nobody_gives_no_map():
    pool = fake_pool()
    empty = FakePool(pool.crowd.rows(np.zeros(400, bool)), pool.error[:0], pool.methods[:0])
    assert error_maps(empty, []) == []
