import random
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO, SAC

import agents
from agents import reinforcement, sb3_common, sb3_ppo, sb3_sac
from agents.base import Learner, Observer
from agents.refinement import DIRECTIONS, MAX_JOINTS, SCALARS, Walks

THRESHOLD = 100.0


@pytest.fixture(params=["ppo", "sac"])
def name(request):
    return request.param


def make(name, dim=6, count=3, seed=0, **options):
    return agents.make(name, dim=dim, agents=count, seed=seed, threshold=THRESHOLD, **options)


def bump(units):
    return 60 + 60 * np.exp(-((units - 0.7) ** 2).mean(axis=1) / 0.05)


def run(population, rounds, error=bump):
    asked = []
    for _ in range(rounds):
        units = population.ask()
        population.tell(units, error(units))
        asked.append(units)
    return np.concatenate(asked)


class FakeHills:
    """Smooth hills over D dimensions, each of which depends on some of them; failures are within half a width."""

    def __init__(self, dim, relevant, seed, count=6, move=0.0):
        rng = np.random.default_rng([seed, dim])
        self.dims = np.array([rng.permutation(dim)[:relevant] for _ in range(count)])
        self.centres = rng.uniform(0.1, 0.9, (count, relevant))
        self.centres += move * np.random.default_rng(seed + 1).standard_normal(self.centres.shape)
        self.noise = np.random.default_rng(seed + 2)

    def distance(self, units):
        away = units[:, self.dims] - self.centres
        return np.sqrt((away**2).mean(axis=2)) / 0.2

    def __call__(self, units):
        height = np.exp(-((self.distance(units) / 0.6) ** 2) / 2).max(axis=1)
        return 60 + 60 * height + 3 * self.noise.standard_normal(len(units))


def test_is_an_observer_and_a_learner(name):
    assert isinstance(make(name), Observer)
    assert isinstance(make(name), Learner)


@pytest.mark.parametrize("rounds", [3, 9])
def test_goes_on_exactly_amid_an_episode_with_a_full_memory(name, rounds):
    options = {"sac": {"memory": 96, "gradient_steps": 2}, "ppo": {"epochs": 2}}[name]
    whole = run(make(name, seed=5, **options), 12)
    first, second = make(name, seed=5, **options), make(name, seed=6, **options)
    run(first, rounds)
    run(second, 2)
    second.load_state(first.state())
    assert np.array_equal(run(second, 12 - rounds), whole[24 * rounds :])


def test_state_is_plain(name):
    population = make(name)
    run(population, 2)

    def check(part):
        if isinstance(part, dict):
            assert all(isinstance(key, str) for key in part)
            for value in part.values():
                check(value)
        elif isinstance(part, np.ndarray):
            assert part.dtype.kind in "fibu"
        else:
            assert type(part) in (str, int, float)

    check(population.state())


def test_leaves_global_generators_and_threads_alone(name):
    np.random.seed(3)  # noqa: NPY002
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    before = np.random.get_state()[1].copy(), torch.get_rng_state(), random.getstate()  # noqa: NPY002
    run(make(name), 10)
    assert np.array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[1])
    assert random.getstate() == before[2]
    assert torch.get_num_threads() == threads


def test_does_not_depend_on_global_generators(name):
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    first = run(make(name), 9)
    np.random.seed(2)  # noqa: NPY002
    torch.manual_seed(2)
    assert np.array_equal(run(make(name), 9), first)


def test_unfair_steps_are_drawn_again_and_the_step_taken_is_learned_from(name):
    population = make(name, margin=lambda units: 0.6 - units[:, 0])
    for _ in range(8):
        units = population.ask()
        walks, action = population._walks, population._action
        reached = walks.stepped(np.arange(24), population._start, np.tanh(action))
        assert np.allclose(reached, agents.refinement.normal(units))
        population.tell(units, bump(units))
        assert (units[:, 0] <= 0.6).all()
    assert population.screened > 8 * 24


def test_unfair_queries_are_punished_and_not_stood_on(name):
    population = make(name, margin=lambda units: -np.ones(len(units)))
    units = population.ask()
    assert (population._rewards(units, bump(units)) == -0.5).all()
    assert population._walks.fresh.all()
    assert len(population._leaders.error) == 0


def test_joints_are_seen_and_nan_is_not(name):
    blind, sighted = make(name), make(name)
    joints = np.full((24, 30), 50.0)
    joints[:, 1] = np.nan
    joints[3] = np.nan
    for population in (blind, sighted):
        units = population.ask()
        if population is sighted:
            population.observe(joints)
        population.tell(units, bump(units))
    seen, unseen = sighted._look(), blind._look()
    columns = np.flatnonzero((seen != unseen).any(axis=0))
    assert len(columns) == MAX_JOINTS - 1
    assert np.isfinite(seen).all()
    assert (seen[3][columns] == 0).all()
    assert not np.array_equal(sighted.ask(), blind.ask())
    assert (sighted._look()[:, columns] == 0).all()


def test_joint_errors_of_other_queries_are_refused(name):
    with pytest.raises(ValueError, match=r"expected joint errors \(n, J\) of 24 queries, got shape \(5, 3\)"):
        make(name).observe(np.zeros((5, 3)))


def test_starts_from_a_policy_but_not_from_its_archive(name):
    old, new = make(name, seed=1, count=4), make(name, seed=2)
    run(old, 12)
    state = old.state()
    new.start_from(state)
    taken = new.state()
    for key, array in state["brain"]["policy"].items():
        assert np.array_equal(taken["brain"]["policy"][key], array)
    assert len(taken["leaders"]["error"]) == 0
    assert taken["walks"]["fresh"].all()
    assert taken["told"] == 0
    assert len(taken["learned"]) == len(state["places"]) > 0


def test_policy_of_another_space_or_kind_is_refused(name):
    with pytest.raises(ValueError, match="expected a policy for 6 dimensions, got 7"):
        make(name).start_from(make(name, dim=7).state())
    other = {"ppo": "sac", "sac": "ppo"}[name]
    with pytest.raises(ValueError, match=f"expected a policy of {name}, got one of {other}"):
        make(name).start_from(make(other).state())


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"episode": 3}, "expected episode of 4 to 16 queries, got 3"),
        ({"step": 0.0}, "expected step above 0, got 0.0"),
        ({"seeded": 1.5}, "expected seeded from 0 to 1, got 1.5"),
        ({"imitate": -1.0}, "expected imitate from 0 to 1, got -1.0"),
        ({"patience": 0}, "expected patience of at least 1, got 0"),
    ],
)
def test_options_out_of_range_are_refused(name, option, message):
    with pytest.raises(ValueError, match=message):
        make(name, **option)


def test_the_smallest_population_learns(name):
    units = run(make(name, dim=1, count=1, batch=1, episode=4), 12)
    assert np.isfinite(units).all()


def test_weights_change_by_learning(name):
    population = make(name)
    before = population.state()["brain"]["policy"]
    run(population, 9)
    after = population.state()["brain"]["policy"]
    changed = [key for key in before if not np.array_equal(before[key], after[key])]
    assert len(changed) > len(before) / 2


def test_walker_stands_on_its_best_point():
    walks = Walks(agents=1, batch=2, dim=3, episode=4, step=0.5)
    start, fair = np.zeros((2, 3)), np.ones(2, dtype=bool)
    walks.settle(start, start, np.array([10.0, 10.0]), fair)
    gain = walks.settle(walks.at, walks.at + 1, np.array([12.0, 7.0]), fair)
    assert gain.tolist() == [2, -3]
    assert walks.at.tolist() == [[1, 1, 1], [0, 0, 0]]
    assert walks.best.tolist() == [12, 10]
    assert walks.walked.tolist() == [[1, 1, 1], [0, 0, 0]]


def test_neighbour_is_the_nearest_best_walker_of_another_agent():
    walks = Walks(agents=3, batch=1, dim=2, episode=4, step=0.5)
    walks.restart(np.arange(3), np.array([[0.0, 0.0], [1.0, 0.0], [-2.0, 0.0]]), np.ones(3))
    seen = walks.seen(np.arange(3), walks.at, 1.0)
    assert seen.shape == (3, 3 * 2 + MAX_JOINTS + SCALARS)
    assert np.allclose(seen[:, 2:4] * 2.5, [[1, 0], [-1, 0], [2, 0]])
    assert walks.acts == 2 + DIRECTIONS


PPO_MEMBERS = ("policy", "rollout_buffer", "train", "set_logger", "batch_size")
PPO_POLICY = ("get_distribution", "predict_values", "evaluate_actions", "log_std", "optimizer")
ROLLOUT_BUFFER = (*sb3_ppo.ROLLOUT, "pos", "full", "add", "reset", "compute_returns_and_advantage")
SAC_MEMBERS = ("policy", "actor", "critic", "replay_buffer", "train", "log_ent_coef", "ent_coef_optimizer")
REPLAY_BUFFER = (*sb3_sac.MEMORY, "pos", "full", "add", "size")


def test_members_of_stable_baselines3_exist_and_none_is_private():
    ppo = PPO("MlpPolicy", sb3_common.spaces(3, 2, 2), n_steps=2, batch_size=4, device="cpu")
    sac = SAC("MlpPolicy", sb3_common.spaces(3, 2, 2), buffer_size=4, device="cpu")
    expected = [
        (ppo, PPO_MEMBERS),
        (ppo.policy, PPO_POLICY),
        (ppo.rollout_buffer, ROLLOUT_BUFFER),
        (sac, (*SAC_MEMBERS, "set_logger")),
        (sac.actor, ("get_action_dist_params", "optimizer")),
        (sac.critic, ("optimizer",)),
        (sac.replay_buffer, REPLAY_BUFFER),
    ]
    missing = [member for owner, members in expected for member in members if not hasattr(owner, member)]
    assert missing == []
    sources = [Path(module.__file__).read_text() for module in (sb3_ppo, sb3_sac, reinforcement)]
    assert not re.search(r"_(ppo|sac|buffer|policy)\._", "".join(sources))


QUICK = {"ppo": {}, "sac": {"gradient_steps": 4}}
"""Options that keep the tests short."""


def found(name, dim, seed, rounds, start=None, move=0.0, **options):
    """Hills with a failure found, and queries to the first, by 10 agents."""
    hills = FakeHills(dim, dim // 2, seed, move=move)
    population = agents.make(name, dim=dim, agents=10, seed=seed, threshold=THRESHOLD, **options)
    if start is not None:
        population.start_from(start)
    units = run(population, rounds, hills)
    failing = hills.distance(units) <= 0.5
    first = int(failing.any(axis=1).argmax()) if failing.any() else len(units)
    return int(failing.any(axis=0).sum()), first, population


def test_climbs_where_random_does_not(name):
    assert found("random", 24, 1, 25)[0] == 0
    assert found(name, 24, 1, 25, **QUICK[name])[0] >= 1


@pytest.mark.slow
@pytest.mark.parametrize("dim", [24, 32])
def test_finds_more_than_random_at_6000_queries(name, dim):
    learned, drawn = (
        np.mean([found(n, dim, seed, 75, **QUICK.get(n, {}))[0] for seed in range(3)])
        for n in (name, "random")
    )
    assert learned >= drawn + 1.5


@pytest.mark.slow
def test_a_policy_starts_faster_where_failures_moved_a_little(name):
    firsts = []
    for seed in range(3):
        old = found(name, 32, seed, 75, **QUICK[name])[2].state()
        warm = found(name, 32, seed, 25, start=old, move=0.03, **QUICK[name])[1]
        firsts.append((warm, found(name, 32, seed, 25, move=0.03, **QUICK[name])[1]))
    warm, cold = np.mean(firsts, axis=0)
    assert warm < cold / 3
