"""Agents of ours and of a user as an audit drives them, and how its regions grow."""

import itertools
import json
import shutil
from dataclasses import replace
from functools import wraps

import numpy as np
import pyarrow.parquet as pq
import pytest

from agents import PolicyGradient
from agents.reinforcement import Ppo
from examiner import Examiner
from examiner.audit import resume_config
from examiner.cli import main
from examiner.config import Config
from examiner.journal import read_part
from examiner.population import Population, agent_options, build_population, policy_of
from examiner.published_growth import ITERATION
from examiner.regions import Regions

CLIMBERS = '''
import numpy as np

class Climbers:
    """Draw round the worst seen so far."""

    def __init__(self, dim, seed, width):
        self.rng, self.width = np.random.default_rng(seed), width
        self.best, self.error = np.full(dim, 0.5), -np.inf

    def ask(self):
        return np.clip(self.best + self.width * self.rng.standard_normal((16, len(self.best))), 0, 1)

    def tell(self, units, error):
        assert units.shape == (16, len(self.best)) and error.shape == (16,)
        assert np.isfinite(error).all()
        if error.max() > self.error:
            self.best, self.error = units[error.argmax()], error.max()

def build(dim, seed, width=0.2):
    return Climbers(dim, seed, width)

def forgetful(dim):
    return Climbers(dim, None, 0.2)

class Deaf:
    def ask(self): ...

def deaf(dim, seed):
    return Deaf()

class Hoarder(Climbers):
    def state(self): ...

def hoarder(dim, seed):
    return Hoarder(dim, seed, 0.2)
'''


@pytest.fixture
def climbers(tmp_path):
    """Name of a factory in a file of the user's."""
    (tmp_path / "my_search.py").write_text(CLIMBERS)
    return lambda factory: f"{tmp_path / 'my_search.py'}:{factory}"


def audit(planted, folder, **settings):
    return Examiner(planted(budget=200, baselines=(), **settings), folder).run()


def results_without_times(folder):
    results = json.loads((folder / "results.json").read_text())
    assert results.pop("timings")["total_s"] > 0
    return results


def killed(folder, copy, keep):
    """A copy of a finished run as it was when killed after `keep` parts."""
    shutil.copytree(folder, copy)
    parts = sorted(copy.glob("parts/part-*.npz"))
    assert len(parts) > keep
    for path in parts[keep:]:
        path.unlink()
    for name in ("results.json", "trials.parquet", "subspaces.json", "report.html"):
        (copy / name).unlink()
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "status": "running"}))
    return copy


def searches(folder):
    parts = [read_part(path) for path in sorted(folder.glob("parts/part-*.npz"))]
    return [part for part in parts if part.stage.endswith("/search")]


def population(members, dim=3, agents=2):
    return Population(members, "mine", dim, agents)


class FakeAsking:
    """Asks for what it was given; remembers the order of its calls."""

    def __init__(self, units):
        self.units, self.calls = units, []

    def ask(self):
        return self.units

    def tell(self, units, error):
        self.calls.append(("tell", units, error))


class FakeWatching(FakeAsking):
    def observe(self, per_joint):
        self.calls.append(("observe", per_joint))


def test_agents_of_a_user_run_a_whole_audit(planted, climbers, tmp_path):
    name = climbers("build")
    done = audit(planted, tmp_path / "run", algorithm=name)
    method = done.results["methods"][0]
    assert method["name"] == name
    assert method["queries"]["search"] == 96
    assert json.loads((done.folder / "manifest.json").read_text())["status"] == "done"
    agents = np.concatenate([part.state["owners"] for part in searches(done.folder)])
    np.testing.assert_array_equal(agents, np.tile(np.repeat(np.arange(4), 4), 6))


@pytest.mark.parametrize("keep", [1, 4])
def test_a_killed_run_of_a_users_agents_goes_on_to_the_same_results(planted, climbers, tmp_path, keep):
    whole = audit(planted, tmp_path / "run", algorithm=climbers("build"), agent_options=("width=0.3",))
    folder = killed(whole.folder, tmp_path / "killed", keep)
    config = resume_config(folder)
    assert config == Config(
        **{**vars(config), "agent_options": ("width=0.3",), "algorithm": climbers("build")}
    )
    again = Examiner(planted(**vars(config)), folder).run()
    assert results_without_times(again.folder) == results_without_times(whole.folder)
    for one, other in zip(searches(again.folder), searches(whole.folder), strict=True):
        np.testing.assert_array_equal(one.units, other.units)


def test_agents_that_do_not_repeat_themselves_are_not_resumed(planted, climbers, tmp_path):
    name = climbers("forgetful")
    whole = audit(planted, tmp_path / "run", algorithm=name)
    folder = killed(whole.folder, tmp_path / "killed", 2)
    with pytest.raises(ValueError, match="a run can only be resumed with agents that draw from") as caught:
        audit(planted, folder, algorithm=name)
    assert f"expected {name} to ask for the same again" in str(caught.value)
    assert len(list(folder.glob("parts/part-*.npz"))) == 2


@pytest.mark.parametrize(
    ("units", "message"),
    [
        (np.full((4, 2), 0.5), r"expected units \(n, 3\) from ask\(\) of mine, got \(4, 2\)"),
        (np.full(3, 0.5), r"expected units \(n, 3\) from ask\(\) of mine, got \(3,\)"),
        (None, r"expected units \(n, 3\) from ask\(\) of mine, got \(\)"),
        (
            [[0, 0, 0], [0, 0]],
            r"from ask\(\) of mine, got list that is no such array; return all rows in one",
        ),
        ("units", r"from ask\(\) of mine, got str that is no such array"),
        ([[0, 0, 0], [0, 1.5, 0]], r"expected units in \[0, 1\] from ask\(\) of mine, got 1.5 in row 1"),
        ([[0, -0.1, 0]], r"from ask\(\) of mine, got -0.1 in row 0"),
        ([[0, 0, 0], [0, 0, 0], [0, 0, np.nan]], r"from ask\(\) of mine, got nan in row 2"),
    ],
)
def test_what_is_asked_is_checked(units, message):
    with pytest.raises(ValueError, match=message):
        population(FakeAsking(units)).ask()


def test_the_ends_of_the_cube_and_no_rows_are_fine():
    assert population(FakeAsking([[0, 1, 0.5]])).ask().dtype == np.float64
    assert population(FakeAsking(np.empty((0, 3)))).ask().shape == (0, 3)


def test_what_was_asked_stays_though_the_agents_change_theirs():
    members = FakeAsking(np.full((2, 3), 0.5))
    units = population(members).ask()
    members.units += 0.25
    np.testing.assert_array_equal(units, np.full((2, 3), 0.5))


def test_agents_own_rows_in_turn_unless_they_say_whose_they_are():
    members = FakeAsking(None)
    np.testing.assert_array_equal(population(members).state(5)["owners"], [0, 0, 0, 1, 1])
    members.owners = [1, 0, 1]
    np.testing.assert_array_equal(population(members).state(3)["owners"], [1, 0, 1])
    with pytest.raises(ValueError, match=r"expected owners \(5,\) of mine, got \(3,\)"):
        population(members).state(5)
    members.owners = [0, 2, 1]
    with pytest.raises(ValueError, match=r"expected owners from 0 to 1 of mine, got 2 in row 1"):
        population(members).state(3)


def test_a_factory_of_something_else_is_refused(planted, climbers):
    name = climbers("deaf")
    with pytest.raises(ValueError, match=r"to build agents with ask\(\) and tell\(units, error\)") as caught:
        build_population(name, 0, planted(algorithm=name), 100)
    assert str(caught.value).startswith(f"expected {name} to build")
    assert str(caught.value).endswith("got Deaf without tell")


def test_agents_that_give_a_state_must_take_it_back(planted, climbers):
    name = climbers("hoarder")
    with pytest.raises(ValueError, match=r"got Hoarder with state and without load_state"):
        build_population(name, 0, planted(algorithm=name), 100)


def test_an_observer_is_shown_the_joints_before_it_is_told(planted):
    rig = planted()
    units = np.random.default_rng(0).random((6, rig.space.dim))
    outcomes = rig.evaluator(rig.space.decode(units))
    members = FakeWatching(units)
    population(members, rig.space.dim).tell(units, outcomes, 100.0)
    (shown, joints), (told, asked, errors) = members.calls
    assert (shown, told) == ("observe", "tell")
    np.testing.assert_array_equal(joints, outcomes.per_joint)
    np.testing.assert_array_equal(asked, units)
    np.testing.assert_array_equal(errors, outcomes.told(100.0))


def test_options_are_values_as_in_yaml():
    options = agent_options(("candidates=1", "share=none", "spread=0.5", "on=true", "name=a=b"))
    assert options == {"candidates": 1, "share": "none", "spread": 0.5, "on": True, "name": "a=b"}


def test_options_reach_the_agents_of_the_run_and_no_others(planted, monkeypatch):
    seen = []

    original = PolicyGradient.__init__

    @wraps(original)
    def remember(self, setting, **options):
        seen.append(options)
        original(self, setting, **options)

    monkeypatch.setattr(PolicyGradient, "__init__", remember)
    rig = planted(agent_options=("candidates=1", "batch=6"))
    build_population("policy-gradient", 0, rig, 100)
    other = planted(algorithm="random", agent_options=("batch=5",))
    build_population("policy-gradient", 1, other, 100)
    assert seen == [{"candidates": 1, "batch": 6}, {"batch": 8}]


def test_options_reach_agents_of_a_user(planted, climbers):
    rig = planted(algorithm=climbers("build"), agent_options=("width=0",))
    units = build_population(climbers("build"), 0, rig, 100).ask()
    np.testing.assert_array_equal(units, np.full((16, rig.space.dim), 0.5))
    rig = planted(algorithm=climbers("build"), agent_options=("widht=0",))
    with pytest.raises(ValueError, match="unexpected keyword argument 'widht'"):
        build_population(climbers("build"), 0, rig, 100)


def test_an_unknown_option_is_refused(planted):
    rig = planted(agent_options=("covarianc=full",))
    with pytest.raises(
        ValueError, match="unknown option 'covarianc' of policy-gradient: expected one of batch"
    ):
        build_population("policy-gradient", 0, rig, 100)
    with pytest.raises(ValueError, match="expected options of agents as name=value, got 'full'"):
        Config(agent_options=("full",))


@pytest.fixture(scope="module")
def learnt(planted, tmp_path_factory):
    """A run of ppo."""
    return audit(planted, tmp_path_factory.mktemp("runs") / "ppo", algorithm="ppo").folder


def test_agents_start_from_a_run(planted, learnt, monkeypatch):
    taken = []
    original = Ppo.start_from
    monkeypatch.setattr(Ppo, "start_from", lambda self, state: (taken.append(state), original(self, state)))
    rig = planted(algorithm="ppo", agents_from=str(learnt), seed=1)
    build_population("ppo", 0, rig, 100)
    last = searches(learnt)[-1].state
    assert len(taken) == 1
    assert taken[0].keys() == last.keys()
    np.testing.assert_array_equal(taken[0]["places"], last["places"])
    build_population("random", 1, rig, 100)
    assert len(taken) == 1


def test_starts_from_a_run_change_the_search(planted, learnt):
    fresh, started = (planted(algorithm="ppo", agents_from=run, seed=1) for run in ("", str(learnt)))
    units = [build_population("ppo", 0, rig, 100).ask() for rig in (fresh, started)]
    assert not np.array_equal(*units)


def test_agents_that_cannot_learn_are_not_started_from_a_run(planted, learnt):
    rig = planted(agents_from=str(learnt))
    message = r"expected agents that can start from another run \(ppo, sac\), got policy-gradient"
    with pytest.raises(ValueError, match=message):
        build_population("policy-gradient", 0, rig, 100)


def test_a_run_to_start_from_must_be_there_and_be_of_these_agents(planted, learnt, tmp_path):
    rig = planted(algorithm="ppo", agents_from=str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match=r"none to start agents from, found no manifest.json there"):
        build_population("ppo", 0, rig, 100)
    with pytest.raises(ValueError, match=r"expected a search by sac in .* found none"):
        policy_of(learnt, "sac")


def high_hands(rig):
    """People whose failure is planted."""
    scene = rig.space.decode(np.random.default_rng(3).random((64, rig.space.dim)))
    failed = np.flatnonzero(rig.evaluator(scene).failures(rig.threshold))
    assert len(failed)
    return scene.rows(failed[:1])


def test_published_regions_grow_by_fifties_and_are_proven_by_our_rule(planted):
    rig = planted(regions="published")
    asked = {"growth": 0, "verification": 0}

    def ask(stage, scene):
        asked[stage] += len(scene)
        return rig.evaluator(scene)

    person = high_hands(rig)
    region = Regions(rig, 0, ask).grown(person, 0, 130, rig.evaluator(person))
    assert region.growth_queries == asked["growth"] == 2 * ITERATION == 100
    assert region.proof.draws == asked["verification"] > 0
    assert len(region.people) == len(region.outcomes) == region.proof.draws
    assert region.outcomes.exceeds(rig.threshold).sum() == region.proof.failures
    assert region.proof.size == region.subspace.size
    assert (region.subspace.phi_low[63:] == 0).all()
    small = replace(region.proof, draws=200, failures=200, fair_share=1.0, size=0.59)
    assert not small.success
    assert replace(small, size=0.6).success
    assert not replace(small, size=0.7, failures=180).success


def test_too_little_for_an_iteration_leaves_a_published_region_as_it_starts(planted):
    boxes = [
        Regions(rig, 0, lambda stage, scene, rig=rig: rig.evaluator(scene)).grown(
            high_hands(rig), 0, 49, rig.evaluator(high_hands(rig))
        )
        for rig in (planted(regions="published"), planted())
    ]
    assert boxes[0].growth_queries == 0
    assert boxes[0].subspace.size == pytest.approx(0.06 * 63**0.5)
    assert 0 < boxes[1].growth_queries <= 49


class FakeOnceNaN:
    """Answers one query of a run with NaN."""

    def __init__(self, target, when):
        self.target, self.when, self.calls = target, when, itertools.count()

    @property
    def spec(self):
        return self.target.spec

    def predict(self, **fields):
        prediction = self.target.predict(**fields)
        if next(self.calls) == self.when:
            prediction.joints[0] = np.nan
        return prediction


@pytest.mark.parametrize("when", [0, 9])
def test_one_answer_of_nan_poisons_nothing(planted, tmp_path, when):
    rig = planted(budget=200, baselines=())
    rig.evaluator.target = FakeOnceNaN(rig.target, when)
    done = Examiner(rig, tmp_path / "run").run()
    trials = pq.read_table(done.folder / "trials.parquet").to_pydict()
    bad = [row for row, error in enumerate(trials["error_mm"]) if error is None or np.isnan(error)]
    assert len(bad) == 1
    assert not trials["failure"][bad[0]]
    for part in searches(done.folder):
        assert np.isfinite(part.outcomes.told(100.0)).all()
        for key, value in part.state.items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                assert (np.isfinite(value) | (value == -np.inf)).all(), key


def refusal(capsys, *words):
    assert main(words) == 2
    text = capsys.readouterr().err
    assert text.startswith("examiner: ")
    assert text.count("\n") == 1
    return text


def test_an_unknown_algorithm_is_refused_with_a_hint(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = refusal(capsys, "audit", "--algorithm", "pso")
    assert "unknown method 'pso'" in text
    assert text.endswith("or module:factory; did you mean 'ppo'?\n")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_option_is_refused_on_the_command_line(capsys, planted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("examiner.commands.check_opengl", lambda: None)
    monkeypatch.setattr("examiner.commands.build_rig", lambda config, *_, **__: planted(**vars(config)))
    text = refusal(
        capsys, "audit", "--agent-options", "covarianc=full", "--threshold", "100", "--image-size", "64"
    )
    assert "unknown option 'covarianc' of policy-gradient" in text
    assert text.endswith("did you mean 'covariance'?\n")
