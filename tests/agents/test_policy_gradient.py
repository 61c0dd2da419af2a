import numpy as np
import pytest

import agents
from agents.places import cube_distance
from agents.policies import Policies, rank_utilities

DIM = 20


def two_peaks(units):
    centres = np.stack([np.full(DIM, 0.25), np.full(DIM, 0.75)])
    squared = ((units[:, None] - centres) ** 2).mean(axis=2)
    return 200 * np.exp(-squared / 0.02).max(axis=1)


def search(name, seed, rounds=25, count=4, **options):
    population = agents.make(name, dim=DIM, agents=count, seed=seed, **options)
    seen, errors = [], []
    for _ in range(rounds):
        units = population.ask()
        error = two_peaks(units)
        population.tell(units, error)
        seen.append(units)
        errors.append(error)
    return np.concatenate(seen), np.concatenate(errors), population


def test_policy_alone_climbs_far_above_random_at_the_same_budget():
    for seed in range(3):
        random = search("random", seed)[1].max()
        learned = search("policy-gradient", seed, candidates=1)[1].max()
        assert learned > random + 50


def test_common_model_climbs_faster_than_the_policy_alone():
    alone, together = (
        [np.quantile(search("policy-gradient", seed, rounds=12, candidates=c)[1], 0.9) for seed in range(4)]
        for c in (1, 128)
    )
    assert np.mean(together) > np.mean(alone) + 10


def test_policies_find_both_peaks_more_often_than_not():
    both = 0
    for seed in range(5):
        units, errors, _ = search("policy-gradient", seed, rounds=60, candidates=1)
        side = units.mean(axis=1) < 0.5
        both += errors[side].max() > 100 and errors[~side].max() > 100
    assert both >= 3


def test_agents_keep_apart():
    _, _, population = search("policy-gradient", 2)
    state = population.state()
    held = state["best"][state["best_error"] > -np.inf]
    apart = cube_distance(held, held)[~np.eye(len(held), dtype=bool)]
    assert len(held) >= 2
    assert (apart >= 0.99).all()


def test_what_was_taken_is_not_climbed_again():
    _, _, population = search("policy-gradient", 3, rounds=40)
    taken = population.state()["taken"]
    apart = cube_distance(taken, taken)[~np.eye(len(taken), dtype=bool)]
    assert len(taken) >= 2
    assert (apart >= 1).all()


def test_covariance_is_learned_along_the_direction_that_pays():
    policies = Policies(1, 4, 12, spread=0.3, covariance="full")
    rng = np.random.default_rng(0)
    for _ in range(60):
        actions = policies.draw(0, 12, rng)
        policies.train(0, actions, -((actions[:, 0] + actions[:, 1]) ** 2) - 100 * (actions[:, 2] ** 2))
    covariance = policies.covariance[0]
    assert covariance[0, 1] < -0.3 * np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert covariance[2, 2] < 0.1 * covariance[3, 3]


def test_diagonal_covariance_stays_diagonal():
    policies = Policies(1, 4, 12, spread=0.3, covariance="diagonal")
    rng = np.random.default_rng(0)
    for _ in range(20):
        actions = policies.draw(0, 12, rng)
        policies.train(0, actions, -((actions[:, 0] + actions[:, 1]) ** 2))
    covariance = policies.covariance[0]
    assert np.array_equal(covariance, np.diag(np.diag(covariance)))
    assert len(np.unique(np.diag(covariance))) == 4


def test_step_size_grows_on_a_slope_and_shrinks_at_a_top():
    slope, top = (Policies(1, 6, 10, spread=0.1, covariance="full") for _ in range(2))
    rng = np.random.default_rng(1)
    for _ in range(12):
        actions = slope.draw(0, 10, rng)
        slope.train(0, actions, actions[:, 0])
    for _ in range(80):
        actions = top.draw(0, 10, rng)
        top.train(0, actions, -((actions - 0.2) ** 2).sum(axis=1))
    assert slope.sigma[0] > 0.12
    assert top.sigma[0] < 0.05
    assert np.abs(top.mean[0] - 0.2).max() < 0.05


def test_unknown_covariance_and_share_are_refused():
    for option in ("covariance", "share"):
        with pytest.raises(ValueError, match=f"expected {option} among .*, got 'half'"):
            agents.make("policy-gradient", dim=3, agents=1, seed=0, **{option: "half"})


def test_advice_is_taken_where_it_proves_good():
    _, _, smooth = search("policy-gradient", 0, rounds=12, reach=1.0)
    assert smooth.state()["advised"] > 3
    population = agents.make("policy-gradient", dim=DIM, agents=6, seed=0)
    rng = np.random.default_rng(0)
    for _ in range(20):
        units = population.ask()
        population.tell(units, rng.standard_normal(len(units)))
    assert population.state()["advised"] < 3


def test_rank_utilities_by_hand():
    weights = rank_utilities(4)
    raw = np.array([np.log(2.5), np.log(2.5 / 2), 0, 0])
    assert np.allclose(weights, raw / raw.sum())


def test_longer_steps_are_drawn_where_they_are_asked_for():
    policies = Policies(1, DIM, 8, spread=0.1, covariance="full")
    own, longer = (policies.draw(0, 400, np.random.default_rng(0), reach) for reach in (1.0, 3.0))
    length = np.linalg.norm(longer, axis=1) / np.linalg.norm(own, axis=1)
    assert length.min() == pytest.approx(1, abs=0.05)
    assert length.max() == pytest.approx(3, abs=0.15)
