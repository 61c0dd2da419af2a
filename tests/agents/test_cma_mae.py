import importlib
import json
import sys

import numpy as np
import pytest

import agents
from agents.cma_mae import sites

DIM = 20
PEAKS = np.stack([np.full(DIM, 0.25), np.full(DIM, 0.75)])


def bump(units):
    return 200 * np.exp(-((units - 0.7) ** 2).mean(axis=1) / 0.02)


def two_bumps(units):
    return 200 * np.exp(-((units[:, None] - PEAKS) ** 2).mean(axis=2) / 0.02).max(axis=1)


def halves(units):
    return np.stack([units[:, :10].mean(axis=1), units[:, 10:].mean(axis=1)], axis=1)


def search(population, error, rounds):
    asked = []
    for _ in range(rounds):
        units = population.ask()
        population.tell(units, error(units))
        asked.append(units)
    return np.concatenate(asked)


def make(seed=0, count=4, dim=DIM, **options):
    return agents.make("cma-mae", dim=dim, agents=count, seed=seed, **options)


def through_a_file(state, tmp_path):
    """The state as a part file gives it back: arrays by npz without pickle, the rest by JSON."""
    arrays = {key: value for key, value in state.items() if isinstance(value, np.ndarray)}
    np.savez(tmp_path / "state.npz", **arrays)
    with np.load(tmp_path / "state.npz", allow_pickle=False) as stored:
        back = {key: stored[key] for key in stored.files}
    return back | json.loads(json.dumps({key: state[key] for key in state.keys() - arrays.keys()}))


def test_climbs_a_bump_far_above_random_at_equal_queries():
    for seed in range(3):
        random = agents.make("random", dim=DIM, agents=4, seed=seed)
        population = make(seed, measures=halves)
        found, drawn = (bump(search(each, bump, 40)).max() for each in (population, random))
        assert found > drawn + 60


def test_finds_both_bumps():
    for seed in range(3):
        units = search(make(seed, count=8, measures=halves), two_bumps, 60)
        side = units.mean(axis=1) < 0.5
        assert two_bumps(units[side]).max() > 100
        assert two_bumps(units[~side]).max() > 100


def test_thresholds_that_rise_drive_it_over_more_of_what_is_measured():
    def cells(rate):
        population = make(seed=1, measures=halves, learning_rate=rate)
        search(population, lambda units: 100 + bump(units), 40)
        return len(population.state()["archive.index"])

    assert cells(0.5) > 1.5 * cells(0.0)


def test_emitter_that_adds_nothing_restarts():
    population = make(learning_rate=1.0, measures=halves)
    search(population, lambda units: np.full(len(units), 50.0), 30)
    assert population.state()["emitters._restarts"].sum() > 0


def test_archive_keeps_the_fair_rows_only():
    population = make(margin=lambda units: 0.1 - units[:, 0], measures=halves)
    screened = agents.make("cma-mae", dim=DIM, agents=4, seed=0, margin=lambda units: -units[:, 0])
    units = search(population, bump, 10)
    assert (units[:, 0] <= 0.1).mean() > 0.8
    assert (population.state()["archive.solution"][:, 0] <= 0.1).all()
    search(screened, bump, 3)
    assert len(screened.state()["archive.solution"]) == 0


@pytest.mark.parametrize(("count", "cells"), [(1, 400), (2, 400), (3, 343), (4, 400)])
def test_two_or_three_measures_make_a_grid_more_a_tessellation(count, cells):
    population = make(measures=lambda units: units[:, :count])
    assert population._archive.cells == cells
    assert type(population._archive).__name__ == ("CVTArchive" if count > 3 else "GridArchive")


def test_sites_are_spread_evenly_over_the_cube():
    centres = sites(64, 2)
    points = np.random.default_rng(1).random((4000, 2))
    nearest = np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)
    share = np.bincount(nearest, minlength=64) / 4000 * 64
    assert share.min() > 0.4
    assert share.max() < 1.8


@pytest.mark.parametrize(("dim", "measured"), [(2, 2), (60, 4)])
def test_goes_on_bit_for_bit_from_a_file(dim, measured, tmp_path):
    def measures(units):
        return units[:, :measured]

    def error(units):
        return 100 - ((units - 0.7) ** 2).sum(axis=1)

    whole, again = (make(seed, dim=dim, measures=measures, rows=10) for seed in (1, 2))
    search(whole, error, 35)
    again.load_state(through_a_file(whole.state(), tmp_path))
    assert np.array_equal(search(whole, error, 25), search(again, error, 25))


def test_state_has_no_objects():
    population = make()
    search(population, bump, 5)
    for value in population.state().values():
        assert isinstance(value, np.ndarray | int | dict)
        assert not isinstance(value, np.ndarray) or value.dtype != object


def test_numpys_global_generator_is_neither_read_nor_disturbed():
    np.random.seed(5)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = search(make(3), bump, 12)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.random.seed(6)  # noqa: NPY002
    assert np.array_equal(search(make(3), bump, 12), first)


def test_bad_options_are_refused():
    with pytest.raises(ValueError, match=r"expected agents \* batch of at least 4 for cma-mae, got 3"):
        make(count=3, batch=1)
    with pytest.raises(ValueError, match="expected rows of at least 4 for cma-mae, got 2"):
        make(rows=2)
    with pytest.raises(ValueError, match="expected learning_rate from 0 to 1 for cma-mae, got 2"):
        make(learning_rate=2)


def test_missing_package_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "agents.cma_mae", raising=False)
    monkeypatch.setitem(sys.modules, "ribs.archives", None)
    with pytest.raises(ModuleNotFoundError, match=r"expected the package ribs .*'poseexaminer\[search\]'"):
        importlib.import_module("agents.cma_mae")
