import subprocess
import sys
import warnings
from dataclasses import replace

import gymnasium
import numpy as np
import pyarrow.parquet as pq
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from pettingzoo.test import parallel_api_test
from stable_baselines3 import PPO
from stable_baselines3.common.env_checker import check_env as sb3_check_env
from stable_baselines3.common.vec_env import VecMonitor

import examiner.env
from examiner import Config, Rig
from examiner.env import ID, ExaminerVectorEnv, as_sb3, make_env, make_vector_env
from examiner.env_task import BONUS, LENGTH, PENALTY, STEP
from examiner.evaluate import chunks_of
from examiner.parallel_env import ExaminerParallelEnv, make_parallel_env
from examiner.trials import write_trials

PEOPLE = 3


class CountingTarget:
    """Another target that counts its calls and its people."""

    def __init__(self, target):
        self._target, self.spec, self.calls = target, target.spec, []

    def predict(self, **fields):
        prediction = self._target.predict(**fields)
        self.calls.append(len(prediction.found))
        return prediction


@pytest.fixture(scope="module")
def rig(planted):
    return planted()


@pytest.fixture
def counted(rig, monkeypatch):
    """The calls of the rig's target, one number of people each."""
    target = CountingTarget(rig.target)
    monkeypatch.setattr(rig.evaluator, "target", target)
    return target.calls


def actions(env, count, seed=0):
    """`count` random actions."""
    rng = np.random.default_rng(seed)
    return [rng.uniform(-1, 1, env.action_space.shape).astype(np.float32) for _ in range(count)]


def fair_starts(rig, count, seed=0):
    units = rig.space.typical(200, np.random.default_rng(seed))
    return units[rig.margin(units) >= 0][:count]


def failing(rig):
    """Fair units where the failure is planted."""
    units = fair_starts(rig, 120)
    return units[rig.evaluator(rig.space.decode(units)).failures(rig.threshold)]


def unfair(rig, monkeypatch, margin=-0.5):
    """Every move is unfair from now on."""
    monkeypatch.setattr(Rig, "margin", lambda self, units: np.full(len(units), margin))


def test_gymnasium_finds_nothing_to_complain_of(rig):
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", ".*Not able to test alternative render modes.*"
        )  # no spec without an id
        check_env(make_env(rig, render_mode="rgb_array"))


def test_stable_baselines_finds_nothing_to_complain_of(rig):
    env = make_env(rig)
    sb3_check_env(env)
    assert len(env.history) > 0


def test_ids_make_environments_that_pass_and_close_their_rig(planted, monkeypatch):
    closed, built = [], []

    def build(config, progress):
        built.append(config.target)
        return planted(threshold=config.threshold)

    monkeypatch.setattr(examiner.env, "build_rig", build)
    monkeypatch.setattr(Rig, "close", lambda rig: closed.append(rig.threshold))
    env = gymnasium.make(ID, target="blazepose-lite", threshold="50", length=3)
    check_env(env.unwrapped)
    closed.clear()
    env.close()
    env.close()
    envs = gymnasium.make_vec(ID, num_envs=2, target="blazepose-lite", threshold="150")
    assert isinstance(envs, ExaminerVectorEnv)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    envs.close()
    assert closed == [50.0, 150.0]
    assert set(built) == {"blazepose-lite"}


def test_examiner_alone_registers_nothing():
    code = "import examiner, gymnasium; assert 'Examiner-v0' not in gymnasium.registry"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_settings_that_there_are_not_and_settings_beside_a_rig_are_refused(rig):
    with pytest.raises(ValueError, match="unknown setting 'targte' in the environment's settings"):
        make_env(targte="blazepose-lite")
    with pytest.raises(
        ValueError, match="expected no setting beside a rig, got target; set it in its Config"
    ):
        make_env(rig, target="blazepose-lite")
    with pytest.raises(ValueError, match="expected no setting beside a rig, got threshold"):
        make_vector_env(rig, threshold="100")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"step": 0.0}, "expected a step above 0 and at most 1 of the cube, got 0.0"),
        ({"length": 0}, "expected an episode of at least 1 step, got 0"),
        ({"render_mode": "human"}, "unknown render_mode 'human': expected None or rgb_array"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rig, settings, words):
    with pytest.raises(ValueError, match=words):
        make_env(rig, **settings)
    with pytest.raises(ValueError, match=words):
        make_vector_env(rig, **settings)


def test_nobody_is_refused(rig):
    with pytest.raises(ValueError, match="expected at least 1 person, got num_envs=0"):
        ExaminerVectorEnv(rig, 0)
    with pytest.raises(ValueError, match="expected at least 1 agent, got 0"):
        ExaminerParallelEnv(rig, 0)


def test_a_step_before_reset_and_after_the_end_are_refused(rig):
    for env in (make_env(rig, length=2), make_parallel_env(rig, agents=1, length=2)):
        move = np.zeros(rig.space.dim, np.float32)
        moves = {"agent_0": move} if isinstance(env, ExaminerParallelEnv) else move
        with pytest.raises(gymnasium.error.ResetNeeded, match=r"expected reset\(\) before step\(\)"):
            env.step(moves)
        env.reset(seed=0)
        env.step(moves)
        env.step(moves)
        with pytest.raises(gymnasium.error.ResetNeeded, match="has not begun or is over"):
            env.step(moves)


def test_actions_of_another_shape_or_not_finite_are_refused(rig):
    env = make_env(rig)
    env.reset(seed=0)
    with pytest.raises(
        ValueError, match=rf"expected actions of shape \(1, {rig.space.dim}\), one row a person"
    ):
        env.step(np.zeros(3, np.float32))
    with pytest.raises(ValueError, match="expected finite actions, got nan in row 0; check the policy"):
        env.step(np.full(rig.space.dim, np.nan, np.float32))


def test_a_move_is_a_share_of_the_cube_and_stays_inside_it(rig, monkeypatch):
    monkeypatch.setattr(Rig, "margin", lambda self, units: np.ones(len(units)))
    env, dim = make_env(rig), rig.space.dim
    env.reset(options={"units": np.linspace(0.0, 1.0, dim)})
    observation, *_ = env.step(np.full(dim, 5.0, np.float32))  # more than 1 is 1
    np.testing.assert_allclose(observation[:dim], np.minimum(np.linspace(0, 1, dim) + STEP, 1.0), atol=1e-6)


def test_observations_hold_units_errors_and_the_share_of_the_episode(rig):
    env, dim = make_env(rig), rig.space.dim
    start = failing(rig)[0]
    observation, info = env.reset(options={"units": start})
    np.testing.assert_array_equal(observation[:dim], start.astype(np.float32))
    assert not observation[dim:].any()
    assert info == {"queries": 0}
    observation, *_ = env.step(np.zeros(dim, np.float32))
    outcomes = env.history[0].outcomes
    scale = 2 * rig.threshold
    joints = np.minimum(outcomes.per_joint[0] / scale, 1)
    np.testing.assert_allclose(observation[dim], min(outcomes.severity[0] / scale, 1), rtol=1e-6)
    np.testing.assert_allclose(observation[dim + 1 : -1], joints, rtol=1e-6)
    assert observation[-1] == 1 / LENGTH


def test_reward_is_the_gain_over_the_best_and_a_bonus_for_the_first_failure(rig):
    env, still = make_env(rig), np.zeros(rig.space.dim, np.float32)
    env.reset(options={"units": failing(rig)[0]})
    _, first, *_, info = env.step(still)
    _, second, *_ = env.step(still)
    assert info["failure"]
    assert first == pytest.approx(info["error_mm"] / rig.threshold + BONUS)
    assert second == 0.0


def test_an_unfair_move_costs_no_query_and_moves_nobody(rig, counted, monkeypatch):
    env = make_env(rig)
    start, _ = env.reset(seed=0)
    unfair(rig, monkeypatch)
    observation, reward, _, truncated, info = env.step(actions(env, 1)[0])
    assert reward == -0.5 * PENALTY
    assert counted == []
    assert env.history == []
    assert info == {"queries": 0, "asked": False, "margin": -0.5, "failure": False}
    np.testing.assert_array_equal(observation[:-1], start[:-1])
    assert observation[-1] == 1 / LENGTH  # but it takes a step
    assert not truncated


def test_an_episode_is_cut_off_after_its_steps(rig):
    env = make_env(rig)
    env.reset(seed=0)
    ends = [env.step(action)[2:4] for action in actions(env, LENGTH)]
    assert ends == [(False, False)] * (LENGTH - 1) + [(False, True)]


def test_people_who_are_not_found_count_as_twice_the_threshold_and_invalid_answers_as_nothing(
    rig, monkeypatch
):
    judge = rig.evaluator.judge

    def judged(found, valid):
        def outcomes(batch, prediction):
            told, n = judge(batch, prediction), len(batch)
            nothing = np.full(n, np.nan)
            lost = replace(told, error=nothing, visible_error=nothing, per_joint=told.per_joint * np.nan)
            return replace(lost, found=np.full(n, found), valid=np.full(n, valid))

        return outcomes

    env, dim = make_env(rig), rig.space.dim
    for found, valid, share, gain in ((False, True, 1.0, 2.0), (True, False, 0.0, 0.0)):
        monkeypatch.setattr(rig.evaluator, "judge", judged(found, valid))
        env.reset(options={"units": fair_starts(rig, 1)[0]})
        observation, reward, *_, info = env.step(np.zeros(dim, np.float32))
        assert reward == gain
        np.testing.assert_array_equal(observation[dim:-1], share)
        assert not info["failure"]
    assert env.failures() == []


def test_a_vector_step_asks_the_target_once_a_chunk(rig, counted):
    env = make_vector_env(rig, num_envs=20)
    env.reset(options={"units": fair_starts(rig, 20)})
    env.step(np.zeros(env.action_space.shape, np.float32))
    expected = [len(chunk) for chunk in chunks_of(rig.space.default(20))]
    assert sorted(counted) == sorted(expected)
    assert sum(counted) == 20
    assert len(env.history) == 1


def test_a_vector_step_asks_of_fair_moves_alone(rig, counted):
    env = make_vector_env(rig, num_envs=PEOPLE)
    env.reset(seed=1)
    asked = [env.step(action)[4] for action in actions(env, LENGTH - 1)]
    assert 0 < sum(int(info["asked"].sum()) for info in asked) < PEOPLE * (LENGTH - 1)
    assert (
        sum(counted)
        == int(asked[-1]["queries"].sum())
        == env.queries
        == sum(map(len, (p.outcomes for p in env.history)))
    )
    assert all(bool(part.outcomes.fair.all()) for part in env.history)


def test_vector_environments_are_single_ones_row_for_row(rig):
    def run(env):
        told = [env.reset(seed=5)]
        told += [env.step(action) for action in actions(env, LENGTH + 3)]
        return [*told, env.reset(seed=[1, None, 3], options={"reset_mask": np.array([True, False, True])})]

    many = run(make_vector_env(rig, num_envs=PEOPLE))
    singles = SyncVectorEnv([lambda: make_env(rig)] * PEOPLE, autoreset_mode=AutoresetMode.SAME_STEP)
    for ours, theirs in zip(many, run(singles), strict=True):
        assert data_equivalence(list(ours[:-1]), list(theirs[:-1]), exact=True)
        assert data_equivalence(ours[-1], theirs[-1], exact=True)


def test_what_varies_is_drawn_by_each_person_alone(planted):
    varied = planted(vary=("shape",))

    def betas(env, seed):
        env.reset(
            seed=seed, options={"units": np.broadcast_to(fair_starts(varied, 1), env.action_space.shape)}
        )
        env.step(np.zeros(env.action_space.shape, np.float32))
        return env.history[-1].scene.betas

    both = betas(make_vector_env(varied, num_envs=2), 7)
    alone = make_env(varied)
    alone.reset(seed=8, options={"units": fair_starts(varied, 1)[0]})
    alone.step(np.zeros(varied.space.dim, np.float32))
    assert not np.array_equal(both[0], both[1])
    np.testing.assert_array_equal(both[1], alone.history[0].scene.betas[0])


def test_seeds_decide_everything(rig):
    def run(env, seed):
        first, _ = env.reset(seed=seed)
        rest = [env.step(action)[:2] for action in actions(env, LENGTH + 2)]
        return [first, *(array for pair in rest for array in pair)]

    a, b, c = (run(make_vector_env(rig, num_envs=PEOPLE), seed) for seed in (3, 3, 4))
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert not np.array_equal(a[0], c[0])


def test_starts_are_screened_and_cost_no_query(rig, counted):
    env = make_vector_env(rig, num_envs=20)
    observations, _ = env.reset(seed=0)
    units = np.clip(observations[:, : rig.space.dim].astype(np.float64), 0, 1)
    assert (rig.margin(units) >= 0).all()
    assert counted == []


def test_starts_of_ones_own_are_checked(rig):
    env = make_vector_env(rig, num_envs=2)
    with pytest.raises(ValueError, match=rf"expected units of shape \(2, {rig.space.dim}\), got \(3,\)"):
        env.reset(options={"units": [0.1, 0.2, 0.3]})
    with pytest.raises(ValueError, match=r"expected units in \[0, 1\], got 2.0"):
        env.reset(options={"units": np.full((2, rig.space.dim), 2.0)})
    with pytest.raises(ValueError, match=rf"expected units of shape \(1, {rig.space.dim}\), got \(1, 2\)"):
        make_env(rig).reset(options={"units": [0.1, 0.2]})
    with pytest.raises(ValueError, match="expected 2 seeds, one a person, got 3"):
        env.reset(seed=[1, 2, 3])
    with pytest.raises(ValueError, match="expected a reset_mask of 2 bools, at least one True"):
        env.reset(options={"reset_mask": np.array([False, False])})


def test_history_keeps_every_query_and_failures_are_the_fair_ones_worst_first(rig, tmp_path):
    env = make_vector_env(rig, num_envs=4, step=0.02)
    env.reset(seed=0, options={"units": failing(rig)[:4]})
    for action in actions(env, LENGTH):
        env.step(action)
    outcomes = [part.outcomes for part in env.history]
    failures = env.failures()
    worst = [float(failure.outcomes.severity[0]) for failure in failures]
    assert len(failures) == sum(int(o.failures(rig.threshold).sum()) for o in outcomes) > 4
    assert worst == sorted(worst, reverse=True)
    assert {failure.agent for failure in failures} <= set(range(4))
    again = rig.evaluator(rig.space.decode(failures[0].units[None]))
    assert again.severity[0] == worst[0]
    assert again.gt[0] == pytest.approx(failures[0].outcomes.gt[0])
    write_trials(tmp_path / "trials.parquet", env.history, rig)
    table = pq.read_table(tmp_path / "trials.parquet")
    assert table["query"].to_pylist() == list(range(sum(len(o) for o in outcomes)))
    assert set(table["method"].to_pylist()) == {"env"}


def test_pictures_ask_no_target(rig, counted):
    env = make_vector_env(rig, num_envs=2, render_mode="rgb_array")
    env.reset(seed=0)
    pictures = env.render()
    assert [picture.shape for picture in pictures] == [(64, 64, 3)] * 2
    assert counted == []
    assert make_env(rig).render() is None


@pytest.mark.parametrize("people", [1, 4])
def test_ppo_learns_with_finite_returns(rig, people):
    env = make_env(rig) if people == 1 else VecMonitor(as_sb3(make_vector_env(rig, num_envs=people)))
    model = PPO("MlpPolicy", env, n_steps=64 // people, batch_size=16, n_epochs=2, seed=0, device="cpu")
    before = [p.detach().clone() for p in model.policy.parameters()]
    model.learn(64)
    returns = [info["r"] for info in model.ep_info_buffer]
    assert len(returns) >= 6
    assert np.isfinite(returns).all()
    assert any((p != q).any() for p, q in zip(before, model.policy.parameters(), strict=True))


def test_stable_baselines_gets_the_last_observation_and_new_starts(rig):
    env, plain = as_sb3(make_vector_env(rig, num_envs=2)), make_vector_env(rig, num_envs=2)
    env.seed(3)
    np.testing.assert_array_equal(env.reset(), plain.reset(seed=3)[0])
    for action in actions(plain, LENGTH):
        observations, _, done, infos = env.step(action)
        expected, *_, told = plain.step(action)
    assert done.all()
    np.testing.assert_array_equal(observations, expected)
    for row, info in enumerate(infos):
        np.testing.assert_array_equal(info["terminal_observation"], told["final_obs"][row])
        assert info["TimeLimit.truncated"]
        assert info["queries"] == told["final_info"]["queries"][row]
        assert env.reset_infos[row] == {"queries": 0}
    assert env.get_attr("history") == [env.env.history] * 2
    assert len(env.env_method("failures", indices=[0])) == 1


def test_stable_baselines_wants_new_starts_within_the_step(rig):
    env = SyncVectorEnv([lambda: make_env(rig)], autoreset_mode=AutoresetMode.NEXT_STEP)
    with pytest.raises(
        ValueError, match="expected an environment with autoreset in the same step, got AutoresetMode"
    ):
        as_sb3(env)


def test_pettingzoo_finds_nothing_to_complain_of(rig, capsys):
    parallel_api_test(make_parallel_env(rig, agents=PEOPLE), num_cycles=20)
    assert "Passed Parallel API test" in capsys.readouterr().out


def test_agents_in_parallel_are_the_rows_of_the_vector_environment(rig, counted):
    many, env = make_vector_env(rig, num_envs=PEOPLE), make_parallel_env(rig, agents=PEOPLE)
    many.reset(seed=2)
    env.reset(seed=2)
    for action in actions(many, LENGTH):
        _, rewards, _, truncated, infos = many.step(action)
        observations, told, _, over, _ = env.step(dict(zip(env.agents, action, strict=True)))
    np.testing.assert_array_equal(list(told.values()), rewards)
    np.testing.assert_array_equal(list(over.values()), truncated)
    np.testing.assert_array_equal(np.stack(list(observations.values())), np.stack(infos["final_obs"]))
    assert env.agents == []
    env.reset()
    with pytest.raises(ValueError, match="expected an action of every agent, got none of agent_1"):
        env.step({"agent_0": action[0]})


def test_without_pettingzoo_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pettingzoo", None)
    monkeypatch.delitem(sys.modules, "examiner.parallel_env")
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'poseexaminer\[pettingzoo\]'"):
        import examiner.parallel_env  # noqa: F401


def test_a_configuration_stands_for_its_rig(planted, monkeypatch):
    seen = []
    monkeypatch.setattr(examiner.env, "build_rig", lambda config, progress: seen.append(config) or planted())
    make_parallel_env(Config(target="blazepose-lite"), agents=2, seed=3).close()
    assert seen == [Config(target="blazepose-lite", seed=3)]
