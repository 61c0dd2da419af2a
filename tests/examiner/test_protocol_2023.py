"""The released protocol: its columns, what it asks, and that it goes on where it was stopped."""

import importlib.util
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from agents.published import latent_of
from examiner import Config
from examiner.audit import command, resume_config
from examiner.cli import main
from examiner.config import load_config, with_values
from examiner.journal import PassingJournal, read_part
from examiner.progress import Silence
from examiner.protocol_2023 import Protocol2023, opening, scoring_of
from examiner.protocol_deviations import deviations
from examiner.protocol_figures import (
    AgentResult,
    error_figures,
    plan_growth,
    published_columns,
    verified_columns,
)
from examiner.protocol_tables import markdown, print_protocol
from examiner.protocols import DEAREST, SETTLED, settings_of
from examiner.published_growth import START
from examiner.runners import RUNNERS
from examiner.subspace import POSE, PoseBox, Proof

RUN = Path(__file__).parent / "protocol_run.py"
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "protocol.schema.json").read_text())
FULL = 40 * DEAREST


def _load(path):
    spec = importlib.util.spec_from_file_location("protocol_run", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


fakes = _load(RUN)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run on a target that fails everywhere, and its folder."""
    folder = tmp_path_factory.mktemp("runs") / "failing"
    return Protocol2023(fakes.rig_of(fakes.everywhere), folder).run(), folder


@pytest.fixture(scope="module")
def none_failed(tmp_path_factory):
    """A run on a target that never fails: every agent gives up."""
    folder = tmp_path_factory.mktemp("runs") / "perfect"
    rig = fakes.rig_of(lambda joints: np.zeros(len(joints), bool), agents=1, budget=550)
    return Protocol2023(rig, folder).run()


def box_of(size):
    """A box of a size, radians."""
    low = np.zeros(POSE)
    low[0] = size
    return PoseBox(("x",) * POSE, ("rad",) * POSE, np.zeros(POSE), low, np.zeros(POSE), None)


def agent_of(size, errors, last, proof=None, gave_up=False):
    return AgentResult(0, 21, gave_up, last, 3, box_of(size), np.array(errors), proof)


GOOD = Proof(200, 200, 1.0, 1.0)
BAD = Proof(200, 100, 1.0, 3.0)

AGENTS = [
    agent_of(1.0, [80.0, 120.0, 160.0, 200.0], 110.0, GOOD),
    agent_of(3.0, [100.0, 300.0], 130.0, BAD),
    agent_of(0.6, [10.0, 20.0], 50.0, BAD),
    agent_of(0.476, [], 30.0, gave_up=True),
]


def test_columns_are_averaged_over_successful_agents_only_by_hand():
    told = published_columns(AGENTS)
    assert told == {
        "success_rate": 0.5,  # 0.6 rad is not larger than 0.6 rad
        "region_size_rad": 2.0,
        "mean_mm": 170.0,  # of 140 and 200
        "min_mm": 90.0,
        "max_mm": 250.0,
        "median_mm": 170.0,  # of 140 and 200
        "per_c": 0.125,  # of 1/4 and 0
        "last_search_mm": 80.0,  # over all four
    }


def test_ours_are_over_all_agents():
    assert verified_columns(AGENTS) == {"verified_success_rate": 0.25, "verified_region_size_rad": 0.25}


def test_without_a_successful_agent_there_is_nothing_to_average():
    told = published_columns(AGENTS[2:])
    assert told.pop("success_rate") == 0
    assert told.pop("last_search_mm") == 40
    assert all(np.isnan(value) for value in told.values())


def test_people_not_found_are_failures_and_no_errors():
    told = error_figures(np.array([50.0, np.nan, 130.0, np.nan]))
    assert (told["mean_mm"], told["max_mm"], told["per_c"]) == (90.0, 130.0, 0.25)
    nobody = error_figures(np.full(3, np.nan))
    assert nobody["per_c"] == 0.0
    assert np.isnan(nobody["mean_mm"])


def test_the_whole_budget_is_what_the_release_spends():
    steps = np.array([21] + [300] * 39)
    plan = plan_growth(FULL, steps, np.zeros(40, bool))
    assert list(plan.iterations) == [579] + [300] * 39
    assert not plan.cut
    assert DEAREST == 21 + 579 * 50 + 200


def test_a_smaller_budget_is_shared_evenly_among_those_who_grow():
    steps, gave_up = np.array([21, 300, 300, 300]), np.array([False, False, False, True])
    left = 10_000 - 921 - 600
    plan = plan_growth(10_000, steps, gave_up)
    assert list(plan.iterations) == [56, 56, 56, 0]
    assert 3 * 50 * 56 <= left < 3 * 50 * 57
    assert plan.cut
    generous = plan_growth(921 + 600 + 50 * (400 + 300 + 300), steps, gave_up)
    assert list(generous.iterations) == [400, 300, 300, 0], "what one cannot use goes to the others"


def test_each_agent_searches_grows_and_is_evaluated(done):
    result, _ = done
    queries = result["queries"]
    assert [agent["steps"] for agent in result["agents"]] == [21, 21]
    assert [agent["iterations"] for agent in result["agents"]] == [6, 6]
    assert (queries["search"], queries["growth"], queries["evaluation"]) == (42, 600, 400)
    assert queries["total"] == 1042 <= 1100
    assert queries["apart"]["verification"] <= 400
    for agent in result["agents"]:
        assert agent["mean_mm"] == pytest.approx(agent["min_mm"]) == pytest.approx(agent["last_search_mm"])
        assert agent["per_c"] == 0
        assert agent["region_size_rad"] > START * 2 * np.sqrt(POSE)
        assert agent["verified"]["rate"] == 1


def test_the_final_point_is_drawn_as_released(done):
    """The search's last draw is where growth starts; its box jumps with the frozen policy's draws."""
    _, folder = done
    parts = [read_part(path) for path in sorted(folder.glob("parts/*.npz"))]
    last = [part for part in parts if part.stage == "search"][-1]
    evaluated = [part for part in parts if part.stage == "evaluation"]
    rig = fakes.rig_of(fakes.everywhere)
    for agent, part in enumerate(evaluated):
        pose = rig.prior.decode(latent_of(last.units))[agent]
        middle = (part.scene.body_pose.min(axis=0) + part.scene.body_pose.max(axis=0)) / 2
        assert 0.01 < np.abs(middle - pose).max() < 1.0


def test_the_released_stages_draw_the_default_person(done):
    _, folder = done
    default = fakes.rig_of(fakes.everywhere).space.default(1)
    for path in folder.glob("parts/*.npz"):
        part = read_part(path)
        if part.stage == "verification":
            assert len(np.unique(part.scene.clothing, axis=0)) > 1
        else:
            assert (part.scene.clothing == default.clothing).all()
            assert (part.scene.global_orient == default.global_orient).all()
            assert (part.scene.betas == 0).all()


def test_the_file_keeps_its_schema_and_has_no_nan(done, none_failed):
    result, folder = done
    text = (folder / "protocol.json").read_text()
    assert json.loads(text) == result
    assert "NaN" not in text
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for told in (result, none_failed):
        jsonschema.validate(told, SCHEMA, jsonschema.Draft202012Validator)
    assert json.loads((folder / "manifest.json").read_text())["status"] == "done"
    assert not (folder / "reference.json").exists()


def test_nobody_succeeds_and_the_table_says_so(none_failed, capsys):
    assert none_failed["published"]["success_rate"] == 0
    assert none_failed["published"]["region_size_rad"] is None
    assert none_failed["agents"][0]["verified"] is None
    assert none_failed["queries"]["total"] == 300
    print_protocol(none_failed, "runs/x")
    text = " ".join(capsys.readouterr().out.split())
    assert "fake-planted 0.0 % - - - - - - 0.0 0.0 % 0.000" in text
    assert "No agent ended with a region larger than 0.6 rad" in text
    assert "1 of 1 agents found no failure and gave up: no region, not successful." in text
    assert text.endswith("Table: runs/x/protocol.md")


def test_tables_name_the_columns_the_published_rows_and_every_deviation(done, capsys):
    result, folder = done
    print_protocol(result, str(folder))
    printed = " ".join(capsys.readouterr().out.split())
    page = (folder / "protocol.md").read_text()
    assert page == markdown(result)
    for text in (printed, " ".join(page.split())):
        for word in (
            "success",
            "Per_C",
            "verified_success",
            "verified_size",
            "PARE (paper)",
            "75.3 %",
            "3.948",
        ):
            assert word in text
        assert "Growth was cut short: the budget of 1,100 queries paid 12 of the 1,158 iterations" in text
        for row in result["deviations"]:
            assert f"- {row['what']}: {row['here']}; released: {row['release']}" in text
    assert {row["what"] for row in result["deviations"]} == {
        *("body", "pose prior", "joints", "growth cut short", "agents", "reward of the search"),
        *("renderer", "camera", "crop", "nobody found", "agents' run"),
    }


class FakeStop:
    """Stops a run after some steps, as Ctrl-C does."""

    def __init__(self, steps):
        self._left = steps

    def update(self, stage, done, total, note=""):
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt


def test_stopped_in_search_in_growth_and_at_the_end_it_goes_on_to_the_same_file(done, tmp_path):
    _, folder = done
    for steps in (9, 25, 36):
        with pytest.raises(KeyboardInterrupt):
            Protocol2023(fakes.rig_of(fakes.everywhere), tmp_path / "run", FakeStop(steps)).run()
        assert not (tmp_path / "run" / "protocol.json").exists()
    Protocol2023(fakes.rig_of(fakes.everywhere), tmp_path / "run").run()
    for name in ("protocol.json", "protocol.md"):
        assert (tmp_path / "run" / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("parts", [5, 27])
def test_killed_run_goes_on_to_the_same_file(done, tmp_path, parts):
    folder = tmp_path / "killed"
    words = [sys.executable, str(RUN), str(folder)]
    process = subprocess.Popen(words)
    limit = time.monotonic() + 120
    while len(list(folder.glob("parts/part-*.npz"))) < parts:
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < limit
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert resume_config(folder) == with_values(Config(), fakes.SETTINGS, "the test")
    subprocess.run(words, check=True)
    assert (folder / "protocol.json").read_bytes() == (done[1] / "protocol.json").read_bytes()


def test_a_run_of_many_queries_keeps_no_part_in_memory(done, tmp_path):
    part = read_part(sorted(done[1].glob("parts/*.npz"))[0])
    journal = PassingJournal(tmp_path)
    journal.step(part.stage, lambda: part)
    assert (journal.parts, journal.queries) == ([], 2)
    again = PassingJournal(tmp_path)
    assert again.upcoming == "search"
    again.step(part.stage, lambda: pytest.fail("computed again"))
    assert not again.replaying


def test_with_a_regressor_errors_are_those_of_lsp_14(mesh_rig, tmp_path):
    rig = mesh_rig(**settings_of("poseexaminer-2023"), protocol="poseexaminer-2023")
    scoring = scoring_of(rig)
    assert (scoring.no_regressor, scoring.queries) == ("", 1)
    scene = rig.space.decode(np.random.default_rng(0).random((6, rig.space.dim)))
    outcomes = scoring.evaluator(scene)
    batch = rig.simulator.render(scene)
    prediction = rig.evaluator.predict(batch)
    rows = [6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10]
    weights = np.load(rig.config.regressor)
    sides = [weights @ vertices.astype(float) for vertices in (batch.vertices, prediction.vertices)]
    gt, told = (side[:, rows] - side[:, :1] for side in sides)
    by_hand = 1000 * np.linalg.norm(gt - told, axis=2).mean(axis=1)
    assert outcomes.error == pytest.approx(by_hand)
    plan = plan_growth(FULL, np.full(40, 300), np.zeros(40, bool))
    told = {one.what: one.here for one in deviations(rig, "", plan)}
    assert not {"joints", "growth cut short", "agents"} & set(told)
    assert told["regressor"] == "h36m.npy, for 13492 vertices"


def test_without_vertices_the_common_joints_are_scored_and_it_is_said(mesh_rig):
    rig = replace(fakes.rig_of(fakes.everywhere), regressor=mesh_rig().regressor)
    scoring = scoring_of(rig)
    assert scoring.evaluator is rig.evaluator
    told = {
        row.what: row.here
        for row in deviations(rig, scoring.no_regressor, plan_growth(2000, np.array([21]), np.array([False])))
    }
    assert told["joints"] == (
        "12 joints by name, root mid-hip, because expected vertices, from which the regressor of lsp-14 takes its "
        "joints, got none (the target)"
    )


def test_errors_are_not_calibrated(done):
    rig = fakes.rig_of(fakes.everywhere)
    assert np.array_equal(rig.evaluator.calibration, np.eye(12))
    assert rig.threshold == 90


def test_what_it_costs_is_said_before_it_begins():
    text = opening(fakes.rig_of(fakes.everywhere))
    assert text.startswith("poseexaminer-2023: at most 1,100 queries (58,342 as released), about ")
    assert text.endswith(" a second; at most 400 more, charged apart, verify the boxes")


def test_defaults_are_the_release_and_all_of_it():
    config = with_values(Config(), {"protocol": "poseexaminer-2023"}, "x")
    assert (config.agents, config.budget, config.threshold, config.factors) == (40, FULL, "90", ("pose",))
    assert FULL == 1_166_840
    words = command(with_values(config, {"seed": 3}, "x"))
    assert words == (
        "examiner audit --target blazepose-full --seed 3 --protocol poseexaminer-2023 --agents 40 --budget 1166840 "
        "--threshold 90"
    )
    assert command(Config()).count("--protocol") == 0


OTHER = {
    "algorithm": "random",
    "agent_options": "cap=3",
    "agents_from": "runs/x",
    "factors": "pose,view",
    "vary": "light",
    "fix": "view.roll=3",
    "view": "full",
    "pose_space": "angles",
    "score": "pa_mpjpe",
    "threshold": "id:0.99",
    "poses": "mine.npz",
    "backgrounds": "photos",
    "judge": "2",
    "others": "blazepose-lite",
    "baselines": "random",
    "regions": "verified",
}


@pytest.fixture
def refusal(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def said(*words):
        assert main(["audit", "--protocol", "poseexaminer-2023", *words]) == 2
        text = capsys.readouterr().err
        assert text.count("\n") == 1
        assert not list(tmp_path.glob("runs*"))
        return text

    return said


@pytest.mark.parametrize("name", OTHER)
def test_what_the_protocol_settles_is_refused_in_a_sentence(refusal, name):
    option = name.replace("_", "-")
    text = refusal(f"--{option}", OTHER[name])
    assert f"expected no --{option} beside --protocol poseexaminer-2023, got " in text
    assert f": {SETTLED[name].why}; leave one of the two out" in text


def test_every_settled_setting_is_tried():
    assert set(OTHER) | {"shares"} == set(SETTLED)


def test_a_preset_a_small_budget_and_an_unknown_protocol_are_refused(refusal, tmp_path):
    assert refusal("--preset", "full") == (
        "examiner: expected no --preset beside --protocol poseexaminer-2023, got 'full': its agents and budget are the "
        "release's; use --agents and --budget\n"
    )
    assert refusal("--agents", "4", "--budget", "2199") == (
        "examiner: expected a budget of at least 550 queries for each of 4 agents with --protocol poseexaminer-2023, "
        "got 2199; use --budget 2200 or more, or fewer --agents\n"
    )
    (tmp_path / "mine.yaml").write_text("protocol: cvpr\n")
    with pytest.raises(
        ValueError, match="unknown protocol 'cvpr': expected one of verified, poseexaminer-2023"
    ):
        with_values(Config(), {"protocol": "cvpr"}, "x")


def test_a_settings_file_can_name_it_and_fewer_agents(tmp_path, monkeypatch):
    (tmp_path / "mine.yaml").write_text("protocol: poseexaminer-2023\nagents: 4\nbudget: 3000\n")
    config = load_config(tmp_path / "mine.yaml")
    assert (config.agents, config.budget, config.baselines) == (4, 3000, ())


@pytest.mark.parametrize("words", [("report",), ("show", "1"), ("export", "--out", "x")])
def test_commands_for_our_audits_refuse_its_folder(done, capsys, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    name, *rest = words
    assert main([name, str(done[1]), *rest]) == 2
    assert "expected a run by our own protocol in " in capsys.readouterr().err


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit):
        main(["audit", "--help"])
    assert "examiner audit --protocol poseexaminer-2023 --target my_pare.py:build" in capsys.readouterr().out


def test_the_runner_runs_shows_and_names_it_and_another_seed_has_another_box(done, tmp_path, capsys):
    runner = RUNNERS["poseexaminer-2023"]
    assert runner.name(None) == "poseexaminer-2023"
    rig = fakes.rig_of(fakes.everywhere, agents=1, budget=550, seed=1)
    result = runner.run(rig, tmp_path / "run", Silence(), "poseexaminer-2023")
    assert result["agents"][0]["region_size_rad"] != done[0]["agents"][0]["region_size_rad"]
    runner.show(result, "there")
    assert "Table: there/protocol.md" in capsys.readouterr().out
