import numpy as np
import pytest
import torch
from scipy.special import ndtri

import agents
from agents.published import Published

DIM = 32


def make(count=3, seed=0, dim=DIM, threshold=None, **options):
    return agents.make("published", dim=dim, agents=count, seed=seed, threshold=threshold, **options)


def slope(units):
    return 70 + 10 * ndtri(units)[:, :4].sum(axis=1)


def run(population, rounds, error=slope):
    asked = []
    for _ in range(rounds):
        units = population.ask()
        population.tell(units, error(units))
        asked.append(units)
    return asked


class FakeRelease:
    """One agent as the release writes it, on autograd and torch's own Adam; noise is given."""

    def __init__(self, dim):
        self.layer = torch.nn.Linear(1, dim, dtype=torch.float64)
        torch.nn.init.zeros_(self.layer.weight)
        torch.nn.init.zeros_(self.layer.bias)
        self.adam = torch.optim.Adam(self.layer.parameters(), lr=0.2)
        self.baseline = 0.4

    def act(self):
        self.layer.weight.data = self.layer.weight.data.clamp(-2, 2)
        return torch.distributions.Normal(
            self.layer(torch.ones(1, 1, dtype=torch.float64)).clamp(-2, 2), 0.05
        )

    def step(self, noise, error):
        policy, cost = self.act(), 50 - 0.1 * error
        action = policy.mean.detach() + 0.05 * torch.tensor(noise)
        loss = (policy.log_prob(action).sum(1) * (cost - self.baseline)).mean()
        self.adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.layer.parameters(), 5.0)
        self.adam.step()
        self.baseline = 0.5 * self.baseline + 0.5 * cost

    @property
    def parameters(self):
        with torch.no_grad():
            self.act()
            return self.layer.weight[:, 0].numpy(), self.layer.bias.numpy()


@pytest.mark.parametrize("surface", ["slope", "noise"])
def test_every_step_is_that_of_autograd_and_torch_adam(surface):
    rng = np.random.default_rng(1)
    population, release = make(threshold=1e9), [FakeRelease(DIM) for _ in range(3)]
    outside = 0
    for _ in range(120):
        before = population.state()
        units = population.ask()
        error = slope(units) if surface == "slope" else 80 + 20 * rng.standard_normal(3)
        noise = (ndtri(units) - (before["weight"] + before["bias"]).clip(-2, 2)) / 0.05
        for agent, own, told in zip(release, noise, error, strict=True):
            agent.step(own, told)
        population.tell(units, error)
        state = population.state()
        for i, agent in enumerate(release):
            weight, bias = agent.parameters
            assert np.abs(state["weight"][i] - weight).max() < 1e-6
            assert np.abs(state["bias"][i] - bias).max() < 1e-6
            assert state["baseline"][i] == pytest.approx(agent.baseline, abs=1e-9)
        outside += (np.abs(state["weight"] + state["bias"]) > 2).sum()
    assert outside > 1000  # the clamp without a gradient was met


def test_actions_have_the_fixed_spread_round_the_clamped_mean():
    population = make(count=200, threshold=1e9)
    first = ndtri(population.ask())
    assert abs(first.mean()) < 0.003
    assert first.std() == pytest.approx(0.05, rel=0.03)
    late = ndtri(run(make(count=50, threshold=1e9), 120)[-1])
    assert np.abs(late).max() < 2 + 6 * 0.05
    assert np.abs(late).max() > 2


def test_first_step_moves_every_dimension_by_0_4_away_from_the_first_draw():
    population = make(threshold=1e9)
    units = population.ask()
    population.tell(units, slope(units))
    moved = population.state()["weight"] + population.state()["bias"]
    assert np.abs(moved) == pytest.approx(np.full((3, DIM), 0.4), abs=1e-6)
    assert np.array_equal(np.sign(moved), -np.sign(ndtri(units)))


def test_flat_noise_drives_the_means_into_the_corners():
    rng = np.random.default_rng(0)
    population = make(count=20, threshold=1e9)
    run(population, 150, lambda units: 80 + 5 * rng.standard_normal(len(units)))
    state = population.state()
    assert (np.abs(state["weight"] + state["bias"]) >= 2).mean() > 0.9


def test_switches_after_21_steps_when_all_is_far_above_the_threshold():
    population = make()
    asked = run(population, 25, lambda units: np.full(len(units), 100.5))
    assert [len(units) for units in asked] == [3] * 21 + [0] * 4
    assert not population.gave_up.any()


@pytest.mark.parametrize(("threshold", "limit"), [(None, 100), (60, 70), (120, 130)])
def test_switch_needs_the_last_ten_errors_above_the_threshold_and_ten_more(threshold, limit):
    population = make(count=1, threshold=threshold)
    run(population, 30, lambda units: np.full(1, limit))  # not above
    assert len(run(population, 1, lambda units: np.full(1, limit - 1.0))[0]) == 1
    assert [len(u) for u in run(population, 11, lambda u: np.full(len(u), limit + 0.1))] == [1] * 10 + [0]


def test_agents_that_ended_ask_no_more_and_owners_say_whose_rows_are_left():
    population = make(count=4)
    for _ in range(21):
        units = population.ask()
        assert population.owners.tolist() == [0, 1, 2, 3]
        population.tell(units, np.array([50.0, 200, 50, 200]))
    left = population.ask()
    assert left.shape == (2, DIM)
    assert population.owners.tolist() == [0, 2]
    population.tell(left, np.array([50.0, 60]))
    assert population.owners.tolist() == [0, 2]


def test_an_agent_does_not_depend_on_when_others_end():
    rest = {}
    for other in (50.0, 200.0):
        population = make(count=2)
        for _ in range(40):
            units = population.ask()
            error = np.where(population.owners == 0, other, slope(units))
            population.tell(units, error)
        rest[other] = units[population.owners == 1]
    assert np.array_equal(rest[50.0], rest[200.0])


def test_ends_at_the_cap_with_an_ask_of_no_rows():
    population = make(cap=150, threshold=1e9)
    asked = run(population, 150)
    assert all(len(units) == 3 for units in asked)
    for _ in range(2):
        nothing = population.ask()
        assert nothing.shape == (0, DIM)
        assert nothing.dtype == np.float64
        population.tell(nothing, np.empty(0))
    assert population.gave_up.all()
    assert len(run(make(threshold=1e9), 301)[-1]) == 0
    assert len(run(make(threshold=1e9), 300)[-1]) == 3


def test_gives_up_only_below_the_threshold_and_only_after_a_long_search():
    for cap, error, gave_up in ((101, 89.0, True), (101, 90.0, False), (100, 89.0, False)):
        population = make(count=1, cap=cap)
        run(population, cap, lambda units, error=error: np.full(1, error))
        assert population.gave_up.tolist() == [gave_up]


def test_resumes_exactly_also_after_agents_have_ended():
    def error(units):
        return slope(units) + 25

    whole = run(make(seed=5, threshold=80), 60, error)
    first, second = make(seed=5, threshold=80), make(seed=9, threshold=80)
    run(first, 30, error)
    second.load_state(first.state())
    rest = run(second, 30, error)
    assert {len(units) for units in whole} >= {3, 2}
    assert all(np.array_equal(a, b) for a, b in zip(rest, whole[30:], strict=True))


def test_same_seed_same_search_and_agents_differ():
    one, again, other = (np.concatenate(run(make(seed=s), 10)) for s in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one[0], one[1])


def test_state_is_a_copy_and_centres_are_the_means():
    population = make()
    run(population, 5)
    state = population.state()
    kept = {key: np.copy(value) for key, value in state.items() if isinstance(value, np.ndarray)}
    assert np.allclose(ndtri(population.centres), (kept["weight"] + kept["bias"]).clip(-2, 2))
    run(population, 2)
    assert all(np.array_equal(state[key], value) for key, value in kept.items())


def test_margin_is_ignored_as_released_unless_twenty_are_tried():
    def margin(units):
        return 0.5 - units[:, 0]

    released = agents.make("published", dim=DIM, agents=200, seed=0, margin=margin)
    screened = agents.make("published", dim=DIM, agents=200, seed=0, margin=margin, tries=20)
    assert (released.ask()[:, 0] > 0.5).mean() == pytest.approx(0.5, abs=0.15)
    assert released.screened == 200
    assert (screened.ask()[:, 0] <= 0.5).all()
    assert screened.screened > 300


def test_misuse_is_refused_in_words():
    with pytest.raises(
        ValueError, match="expected tries of 1, as released, or 20, as other agents have, got 2"
    ):
        make(tries=2)
    with pytest.raises(ValueError, match="expected cap of at least 1 step, got 0"):
        make(cap=0)
    with pytest.raises(ValueError, match="unknown option 'batch' of published: expected one of cap, tries"):
        make(batch=8)
    with pytest.raises(RuntimeError, match=r"expected ask\(\) before tell\(\)"):
        make().tell(np.zeros((3, DIM)), np.zeros(3))
    assert isinstance(make(), Published)
