import numpy as np
import pytest

from agents.advice import Advice, verdict


def errors(advised, free, advised_actions, seed=0):
    """Errors (8, 6) of a round: the first actions are advised."""
    noise = np.random.default_rng(seed).standard_normal((8, 6))
    return noise + np.where(np.arange(6) < advised_actions, advised, free)


def test_half_is_advised_at_first():
    advice = Advice(agents=8, actions=7, scouts=1)
    assert (advice.actions.tolist(), advice.leading, advice.proven) == ([3] * 8, 4, True)


@pytest.mark.parametrize(("agents", "leading"), [(2, 1), (3, 2), (5, 3), (20, 10)])
def test_nothing_is_in_doubt_at_first_for_odd_numbers_of_agents_too(agents, leading):
    advice = Advice(agents=agents, actions=7, scouts=1)
    assert (advice.leading, advice.proven) == (leading, True)


def test_a_single_agent_scouts_freely():
    advice = Advice(agents=1, actions=6, scouts=1)
    assert (advice.leading, advice.proven) == (0, False)


def test_advice_that_pays_is_taken_more_and_more_but_never_alone():
    advice = Advice(agents=8, actions=6, scouts=1)
    for seed in range(10):
        advice.learn(errors(50, 0, advice.level, seed))
    assert (advice.actions.tolist(), advice.leading) == ([5] * 8, 7)
    assert advice.proven


def test_advice_that_does_not_pay_is_taken_by_few_who_try():
    advice = Advice(agents=8, actions=6, scouts=1)
    for seed in range(10):
        advice.learn(errors(-50, 0, advice.level, seed))
    assert (advice.actions.tolist(), advice.leading) == ([1] + [0] * 7, 0)
    assert not advice.proven


def test_those_who_try_notice_when_advice_pays_again():
    advice = Advice(agents=16, actions=6, scouts=1)
    advice.load_state({"advised": 0})
    assert advice.actions.tolist() == [1, 1] + [0] * 14
    told = np.random.default_rng(0).standard_normal((16, 6))
    told[:, 0] = 50
    told[:2, 0] = -50
    advice.learn(told)
    assert advice.level == 0
    told[:2, 0] = 50
    advice.learn(told)
    assert advice.level == 1


def test_an_agent_of_bad_errors_alone_does_not_speak_for_its_advised_actions():
    advice = Advice(agents=2, actions=4, scouts=0)
    noise = np.random.default_rng(0).standard_normal((2, 4))
    noise[1, 2:] = np.nan
    noise[1] += 500
    advice.learn(noise)
    assert advice.level <= 2


def test_without_scouts_or_actions_nothing_is_proven():
    assert not Advice(agents=8, actions=6, scouts=0).proven
    advice = Advice(agents=8, actions=0, scouts=0)
    advice.learn(np.empty((8, 0)))
    assert (advice.actions.tolist(), advice.leading, advice.proven) == ([0] * 8, 0, False)


def test_state_goes_on_exactly():
    advice, other = (Advice(agents=8, actions=6, scouts=1) for _ in range(2))
    advice.learn(errors(50, 0, 3))
    other.load_state(advice.state())
    assert other.state() == advice.state() == {"advised": 4}


@pytest.mark.parametrize(("gain", "said"), [(9.0, 1), (0.0, -1), (-9.0, -1), (1.0, 0)])
def test_verdict_asks_for_a_clear_difference(gain, said):
    free = np.array([-1.0, 1.0])
    assert verdict(free + gain, free) == said


def test_verdict_is_open_where_too_little_is_known():
    assert verdict(np.array([9.0, np.nan]), np.zeros(5)) == 0
