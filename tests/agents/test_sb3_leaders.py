import numpy as np

from agents.sb3_leaders import Leaders


def make_leaders(agents=1):
    return Leaders(1, agents=agents, most=4, patience=2, distance=lambda a, b: np.abs(a - b.T) / 0.1)


def test_leaders_are_distinct():
    leaders = make_leaders()
    assert leaders.add(np.array([[0.1], [0.15], [0.9]]), np.array([5.0, 6.0, 4.0]), scale=100.0).tolist() == [
        1,
        2,
    ]
    assert leaders.units.ravel().tolist() == [0.15, 0.9]
    assert leaders.add(np.array([[0.12], [0.5]]), np.array([7.0, 3.0]), scale=100.0).tolist() == [1]
    assert leaders.units.ravel().tolist() == [0.12, 0.9, 0.5]


def test_a_leader_without_progress_is_left_alone_and_so_are_its_flanks():
    leaders, rng = make_leaders(), np.random.default_rng(0)
    leaders.add(np.array([[0.15], [0.28], [0.9]]), np.array([6.0, 5.0, 4.0]), scale=100.0)
    for _ in range(2):
        leaders.assign(rng)
        assert leaders.homes().tolist() == [0]
        leaders.age()
    assert leaders.units.ravel().tolist() == [0.15, 0.9]
    leaders.assign(rng)
    assert leaders.homes().tolist() == [1]
    assert len(leaders.add(np.array([[0.3]]), np.array([6.5]), scale=100.0)) == 0
    assert len(leaders.error) == 2


def test_progress_keeps_a_leader_and_its_owner():
    leaders, rng = make_leaders(), np.random.default_rng(0)
    leaders.add(np.array([[0.15]]), np.array([6.0]), scale=100.0)
    leaders.assign(rng)
    leaders.age()
    leaders.add(np.array([[0.16]]), np.array([6.5]), scale=100.0)
    assert (leaders.homes().tolist(), leaders.stale.tolist()) == ([0], [1])
    leaders.add(np.array([[0.17]]), np.array([8.0]), scale=100.0)
    assert (leaders.homes().tolist(), leaders.stale.tolist()) == ([0], [0])


def test_agents_own_different_leaders():
    leaders = make_leaders(agents=3)
    leaders.add(np.array([[0.1], [0.5], [0.9]]), np.array([5.0, 6.0, 4.0]), scale=100.0)
    leaders.assign(np.random.default_rng(0))
    assert sorted(leaders.homes().tolist()) == [0, 1, 2]
    assert leaders.homes()[0] == 0
