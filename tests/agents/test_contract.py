"""What every population promises, checked over all of them."""

import numpy as np
import pytest

import agents
from agents import POPULATIONS
from agents.factory import option_names

DIM, COUNT = 6, 3


def typical(count, rng):
    return rng.random((count, DIM)) ** 2


def make(name, seed=0, margin=None, **options):
    options = {key: value for key, value in options.items() if key in option_names(POPULATIONS[name]())}
    return agents.make(name, dim=DIM, agents=COUNT, seed=seed, margin=margin, typical=typical, **options)


def bump(units):
    return 100 * np.exp(-((units - 0.8) ** 2).sum(axis=1))


def run(population, rounds):
    asked = []
    for _ in range(rounds):
        units = population.ask()
        population.tell(units, bump(units))
        asked.append(units)
    return np.concatenate(asked)


@pytest.fixture(params=sorted(POPULATIONS))
def name(request):
    return request.param


SCREENED = sorted(set(POPULATIONS) - {"published"})
"""The published search proposes what it likes, as released."""


def test_ask_is_in_the_cube_and_has_the_rows_it_says(name):
    units = run(make(name, batch=4), 8)
    rows = COUNT * (1 if name == "published" else 4)
    assert units.shape == (8 * rows, DIM)
    assert units.dtype == np.float64
    assert units.min() >= 0
    assert units.max() <= 1


def test_same_seed_same_units_other_seed_others(name):
    first, again, other = (run(make(name, seed=seed), 7) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_goes_on_exactly_from_its_state(name):
    whole = run(make(name, seed=5), 10)
    first = make(name, seed=5)
    run(first, 6)
    second = make(name, seed=99)
    second.load_state(first.state())
    assert np.array_equal(run(second, 4), whole[-len(run(first, 4)) :])


def test_state_is_a_copy(name):
    population = make(name, seed=5)
    run(population, 6)
    state = population.state()
    kept = {key: np.copy(value) for key, value in state.items() if isinstance(value, np.ndarray)}
    run(population, 2)
    for key, value in kept.items():
        assert np.array_equal(state[key], value)


@pytest.mark.parametrize("name", SCREENED)
def test_returns_fair_units_where_there_are_some(name):
    units = run(make(name, margin=lambda u: 0.7 - u[:, 0]), 8)
    assert (units[:, 0] <= 0.7).mean() > 0.99


@pytest.mark.parametrize("name", SCREENED)
def test_returns_the_least_unfair_where_nothing_is_fair(name):
    population = make(name, margin=lambda u: -u[:, 0])
    units = population.ask()
    assert np.median(units[:, 0]) < 0.15
    assert population.state()["screened"] == 20 * len(units)


def test_tell_before_ask_is_refused(name):
    with pytest.raises(RuntimeError, match=r"expected ask\(\) before tell\(\)"):
        make(name).tell(np.zeros((1, DIM)), np.zeros(1))


def test_told_other_units_or_nan_is_refused(name):
    population = make(name)
    units = population.ask()
    with pytest.raises(ValueError, match="row for row"):
        population.tell(1 - units, np.zeros(len(units)))
    error = np.zeros(len(units))
    error[2] = np.nan
    with pytest.raises(ValueError, match="expected finite errors, got nan in row 2"):
        population.tell(units, error)


def test_unknown_name_is_refused_with_a_hint():
    with pytest.raises(ValueError, match="did you mean 'policy-gradient'"):
        agents.make("policy_gradient", dim=2, agents=1, seed=0)


def test_unknown_option_is_refused_with_a_hint(name):
    near = "tries" if name == "published" else "batch"
    with pytest.raises(ValueError, match=f"unknown option '{near}s' of {name}: expected one of .*{near}"):
        agents.make(name, dim=2, agents=1, seed=0, typical=typical, **{near + "s": 3})


def test_empty_population_is_refused(name):
    with pytest.raises(ValueError, match="expected agents of at least 1, got 0"):
        agents.make(name, dim=2, agents=0, seed=0, typical=typical)


def test_typical_needs_a_proposal():
    with pytest.raises(ValueError, match="expected typical="):
        agents.make("typical", dim=2, agents=1, seed=0)
