import numpy as np

import agents
from agents.policy_gradient import cube_distance, rank_utilities

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
    assert np.mean(together) > np.mean(alone) + 20


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


def test_spread_is_learned_and_bounded():
    _, _, population = search("policy-gradient", 4)
    spread = population.state()["spread"]
    assert np.unique(spread).size > DIM
    assert spread.min() >= 0.05
    assert spread.max() <= 1


def test_rank_utilities_by_hand():
    weights = rank_utilities(4)
    raw = np.array([np.log(2.5), np.log(2.5 / 2), 0, 0])
    assert np.allclose(weights, raw / raw.sum())
