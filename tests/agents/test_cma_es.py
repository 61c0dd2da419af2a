import importlib
import json
import sys

import numpy as np
import pytest

import agents
from agents.cma_es import costs

DIM = 20
PEAKS = np.stack([np.full(DIM, 0.25), np.full(DIM, 0.75)])


def bump(units):
    return 200 * np.exp(-((units - 0.7) ** 2).mean(axis=1) / 0.02)


def two_bumps(units):
    return 200 * np.exp(-((units[:, None] - PEAKS) ** 2).mean(axis=2) / 0.02).max(axis=1)


def search(population, error, rounds):
    asked = []
    for _ in range(rounds):
        units = population.ask()
        population.tell(units, error(units))
        asked.append(units)
    return np.concatenate(asked)


def make(seed=0, count=4, dim=DIM, **options):
    return agents.make("cma-es", dim=dim, agents=count, seed=seed, **options)


def through_a_file(state, tmp_path):
    """The state as a part file gives it back: arrays by npz without pickle, the rest by JSON."""
    arrays = {key: value for key, value in state.items() if isinstance(value, np.ndarray)}
    np.savez(tmp_path / "state.npz", **arrays)
    with np.load(tmp_path / "state.npz", allow_pickle=False) as stored:
        back = {key: stored[key] for key in stored.files}
    return back | json.loads(json.dumps({key: state[key] for key in state.keys() - arrays.keys()}))


@pytest.mark.parametrize("space", ["quantiles", "cube"])
def test_climbs_a_bump_far_above_random_at_equal_queries(space):
    for seed in range(3):
        random = agents.make("random", dim=DIM, agents=4, seed=seed)
        found, drawn = (
            bump(search(population, bump, 30)).max() for population in (make(seed, space=space), random)
        )
        assert found > 110
        assert found > drawn + 80


def test_finds_both_bumps():
    for seed in range(3):
        units = search(make(seed, count=8), two_bumps, 60)
        side = units.mean(axis=1) < 0.5
        assert two_bumps(units[side]).max() > 120
        assert two_bumps(units[~side]).max() > 120


def test_restarts_where_nothing_gets_better_and_remembers_what_it_found():
    population = make(patience=2, explore=1)
    search(population, lambda units: np.zeros(len(units)), 2)
    assert population.state()["climbing"].all()
    search(population, lambda units: np.zeros(len(units)), 1)
    state = population.state()
    assert len(state["taken"]) == 4
    assert not state["climbing"].any()


def test_a_new_climb_starts_away_from_what_was_taken():
    population = make(count=1, patience=1, distance=lambda a, b: 3 * np.abs(a[:, None, 0] - b[None, :, 0]))
    search(population, lambda units: -units[:, 1], 40)
    taken = population.state()["taken"]
    starts = np.abs(taken[:, None, 0] - taken[None, :, 0])[~np.eye(len(taken), dtype=bool)]
    assert len(taken) >= 2
    assert starts.min() > 0.05


def test_half_of_the_starts_are_typical():
    population = make(typical=lambda count, rng: np.full((count, DIM), 0.125))
    drawn = population.ask()
    assert (drawn == 0.125).all(axis=1).mean() == 0.5


def test_screens_and_learns_that_unfair_is_worst():
    population = make(margin=lambda units: 0.6 - units[:, 0])
    units = search(population, lambda units: bump(units) + 300 * (units[:, 0] > 0.6), 20)
    assert (units[:, 0] <= 0.6).mean() > 0.99
    assert population.screened > len(units)


def test_costs_put_unfair_rows_last_by_margin():
    got = costs(np.array([5.0, 900.0, 3.0, 800.0]), np.array([0.0, -0.5, 0.1, -0.25]))
    assert got.tolist() == [-5.0, -2.5, -3.0, -2.75]
    assert costs(np.array([5.0, 9.0]), np.array([-2.0, -1.0])).tolist() == [2.0, 1.0]


@pytest.mark.parametrize("space", ["quantiles", "cube"])
@pytest.mark.parametrize("dim", [2, 60])
def test_goes_on_bit_for_bit_from_a_file(dim, space, tmp_path):
    def error(units):
        return -((units - 0.7) ** 2).sum(axis=1)

    whole = make(1, dim=dim, space=space)
    search(whole, error, 35)
    again = make(2, dim=dim, space=space)
    again.load_state(through_a_file(whole.state(), tmp_path))
    assert whole.state()["climbing"].any()
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
    with pytest.raises(ValueError, match="expected batch of at least 3 for cma-es, got 2"):
        make(batch=2)
    with pytest.raises(ValueError, match="expected explore of at least 1 for cma-es, got 0"):
        make(explore=0)
    with pytest.raises(
        ValueError, match="expected space of cma-es to be one of quantiles, cube, got 'latent'"
    ):
        make(space="latent")


def test_missing_package_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "agents.cma_es", raising=False)
    monkeypatch.setitem(sys.modules, "cma", None)
    with pytest.raises(ModuleNotFoundError, match=r"expected the package cma .*'poseexaminer\[search\]'"):
        importlib.import_module("agents.cma_es")
