import json
from dataclasses import replace

import numpy as np
import pytest

from agents import POPULATIONS
from agents.factory import option_names
from examiner import Config, build_rig
from examiner.audit import begin, finish
from examiner.distinct import Signature
from examiner.files import only_one
from examiner.progress import Silence
from examiner.reference import Reference, Spread
from experiments import _agents_audits, _agents_transfer, agents_trial
from experiments._agents_cells import Bench, Cell, read_cell
from experiments._agents_finals import count_distinct, final_points
from experiments._agents_search import SEARCHES, search
from experiments._agents_search_tables import finals_report, queries_to, times_sooner, transfer_report
from experiments._agents_tables import (
    MEASURES,
    ablation_report,
    audits_report,
    paired,
    ratios_of,
    shape_report,
    verdicts,
)
from experiments._agents_transfer import Milestones, learn, transferred
from experiments.agents_trial import Study, main, report
from simulator import StickSimulator, load_body
from targets import FakePlantedTarget

SPREAD = Spread(10.0, 20.0, 30.0, (25.0, 35.0))
TINY = {"agents": 2, "budget": 80, "seeds": (0,), "methods": ("random",), "targets": ("blazepose-lite",)}


class StoppedError(Exception):
    """Somebody pulled the plug."""


@pytest.fixture(scope="session")
def build():
    """config, progress -> a rig whose target fails where the left hand is above the neck."""
    body = load_body("neutral")
    wrist, neck = (body.joint_names.index(name) for name in ("left_wrist", "neck"))
    rows = tuple(tuple(row) for row in np.eye(12).tolist())
    reference = Reference("fake", {}, 4, 0, rows, (10.0, 20.0, 30.0, 100.0), SPREAD, SPREAD, SPREAD)

    def build(config, progress):
        return build_rig(
            config,
            progress,
            simulator=StickSimulator(body, image_size=256),
            target=FakePlantedTarget(
                body.joint_names, lambda joints: joints[:, wrist, 1] < joints[:, neck, 1]
            ),
            reference=reference,
        )

    return build


@pytest.fixture
def study(build, tmp_path):
    return Study(("methods",), TINY, tmp_path / "results", tmp_path / "runs", build)


@pytest.fixture
def bench(build, tmp_path):
    return Bench(tmp_path / "runs", build, Silence())


def people(*heights):
    """Signatures all of whose joints are so many metres up: 0.15 apart is distinct."""
    joints = np.zeros((len(heights), 22, 3))
    joints[:, :, 1] = np.array(heights)[:, None]
    return Signature(joints, np.tile([0.0, 0.0, 1.0], (len(heights), 1)), np.arange(22))


def audit(label="policy-gradient", seed=0, qd=100.0, at=(5.0, 3.0, 0.0), **changes):
    kept = {
        "label": label,
        "target": "blazepose-lite",
        "factors": ["pose", "view"],
        "body": "neutral",
        "agents": 20,
        "budget": 6000,
        "seed": seed,
        "dim": 35,
        "threshold_mm": 151.2,
        "score": "n_mpjpe",
        "renderer": "raster 1, stage 2",
        "qd_score": qd,
        "yield_per_1000": dict(zip(("1.0", "1.5", "2.0"), at, strict=True)),
        "modes": 30,
        "modes_by_pose": 20,
        "fair_share": 0.98,
        "success_regions": 1,
        "regions_tried": 2,
        "queries": {"total": 5990},
        "seconds": 90.0,
        "worst_mean_mm": 80.0,
        "above_share": 0.012,
        "error_mm": {"max": 95.5},
        "learned": [],
        "algorithm": label,
    }
    return {**kept, **changes}


def test_final_points_by_hand():
    # Rows 0 and 1 are near each other, and so are 3 and 4; all others are apart. Row 5 is not fair.
    near = {frozenset({0, 1}), frozenset({3, 4})}
    severity = np.array([90.0, 100.0, 50.0, 70.0, 80.0, 999.0, 60.0])
    owners = np.array([0, 1, 0, 2, 0, 2, 2])
    usable = np.array([True, True, True, True, True, False, True])
    got = final_points(
        severity, usable, owners, lambda row, given: any(frozenset({row, g}) in near for g in given)
    )
    # Agent 1 (100) first: row 1. Agent 0 (90): row 0 is near row 1, so row 4. Agent 2 (70): 3 is near 4, so row 6.
    assert [(f.agent, f.row, f.distinct) for f in got] == [(1, 1, True), (0, 4, True), (2, 6, True)]


def test_final_point_is_the_worst_where_none_is_distinct():
    severity, owners = np.array([10.0, 30.0, 20.0]), np.array([0, 1, 1])
    got = final_points(severity, np.ones(3, bool), owners, lambda row, given: bool(given))
    assert [(f.agent, f.row, f.distinct) for f in got] == [(1, 1, True), (0, 0, False)]


def test_agents_without_a_fair_query_have_no_final_point():
    got = final_points(np.array([10.0, 30.0]), np.array([True, False]), np.array([0, 1]), lambda r, g: False)
    assert [f.agent for f in got] == [0]


def test_distinct_people_are_counted():
    assert count_distinct(people(0.0, 0.1, 0.5)) == 2
    assert count_distinct(people(0.0)) == 1
    assert count_distinct(people()) == 0


def test_milestones_by_hand():
    stones, asked = Milestones(wanted=2), []

    def repeats(place):
        asked.append(place)
        return place != 0

    # The first does not repeat; the second is near it, repeats, and is no new failure but the first mode.
    stones.see(people(0.0, 0.1, 0.2), [3, 7, 9], repeats)
    assert (stones.distinct, stones.modes, stones.reached) == ([3, 9], [7], False)
    assert asked == [0, 1]
    stones.see(people(0.6), [20], lambda place: True)
    assert (stones.distinct, stones.modes, stones.reached) == ([3, 9], [7, 20], True)
    stones.see(people(5.0), [21], repeats)
    assert asked == [0, 1]


def test_queries_to_five_by_hand():
    kept = audit(distinct=[1, 2, 3, 4, 8, 9], modes=[1, 2])
    assert queries_to(kept, "distinct") == 8
    assert queries_to(kept, "modes") is None


def test_times_sooner_by_hand():
    def cell(learned, hits, seed=0):
        return audit("ppo", seed, learned=learned, modes=hits, distinct=hits, queries=100)

    warm, cold = cell(["blazepose-lite"], [1, 2, 3, 4, 20]), cell([], [1, 2, 3, 4, 50])
    assert times_sooner([cold, warm], warm, "modes") == "2.50"
    assert times_sooner([cell([], [7]), warm], warm, "modes") == "over 5.00"
    assert times_sooner([cold, warm], cell(["blazepose-lite"], [1]), "modes") == "under 0.50"
    assert times_sooner([cell([], [7])], cell(["blazepose-lite"], [1]), "modes") == "neither got there"
    assert times_sooner([cold], cell(["blazepose-lite"], [1], seed=1), "modes") == ""


def test_verdicts_by_hand():
    ours = [audit(seed=s, qd=100 + s) for s in range(3)]
    better = [audit("cma-es", s, qd=110 + s, at=(5.0, 2.0, 0.0)) for s in range(3)]
    mixed = [audit("sobol", s, qd=q) for s, q in enumerate((90, 120, 90))]
    qd, _, half = verdicts([*ours, *better, *mixed])
    assert "**beaten** by cma-es (by 10, 10 to 10); ahead of none." in qd
    assert half.endswith("beaten by none; ahead of cma-es.")


def test_paired_takes_common_seeds():
    ours = [audit(seed=s, qd=10 * s) for s in range(3)]
    lead = paired(ours, [audit("random", s, qd=5) for s in (1, 2, 7)], MEASURES[0].figure)
    assert (lead.mean, lead.low, lead.high) == (10, 5, 15)
    assert paired(ours, [], MEASURES[0].figure) is None


def test_ratios_are_over_the_better_baseline_of_each_seed():
    kept = [
        audit(seed=0, qd=100),
        audit(seed=1, qd=90),
        audit(seed=2, qd=5),
        audit("random", 0, qd=50),
        audit("typical", 0, qd=20),
        audit("random", 1, qd=20),
        audit("typical", 1, qd=30),
        audit("random", 2, qd=0),
        audit("cma-es", 0, qd=900),
    ]
    assert ratios_of(kept, MEASURES[0]) == [2, 3, float("inf")]


def test_tables_state_target_threshold_and_intervals():
    text = audits_report(
        [audit(seed=s, qd=1000 + s) for s in range(3)] + [audit("random", s, qd=250) for s in range(3)]
    )
    assert (
        "**blazepose-lite**, pose and view (D = 35), threshold 151 mm `n_mpjpe`, drawn by raster 1, " in text
    )
    assert "20 agents, seeds 0, 1, 2, 6,000 queries each" in text
    assert "| **policy-gradient** | 1,001 (1,000 to 1,002) | 5.0 (5.0 to 5.0) |" in text
    assert "by seed: 4.00, 4.00, 4.01 (wanted: at least 2; 3 of 3)." in text


def test_tables_of_the_other_parts():
    shape = shape_report([audit("random", factors=["shape"], body="child")])
    assert "shape (D = 35), body child" in shape
    assert "| random | 80.0 (80.0 to 80.0) | 95.5 (95.5 to 95.5) | 1.20 (1.20 to 1.20) % | 30.0 " in shape
    ablation = ablation_report([audit(), audit("tries=1", qd=90.0)])
    assert "| tries=1 | +10 (+10 to +10) | +0 (+0 to +0) |" in ablation
    points = [{"mean_mm": 200.0}, {"mean_mm": 100.0}]
    some = audit("ppo", agents=2, finals=points, repeatable=1, distinct=1, failure_share=0.25, queries=96)
    assert "| ppo | 50 % | 1 | 50 % | 150 | 25.0 % | 96 |" in finals_report([some])
    assert "| ppo | 50 / 50 (mean 50) % | 1 / 1 (mean 1) |" in finals_report([some, {**some, "seed": 1}])
    cold = audit("ppo cold", algorithm="ppo", distinct=[1, 2, 3, 4, 60], modes=[9], queries=100)
    warm = {**cold, "label": "ppo from lite", "learned": ["blazepose-lite"], "distinct": [1, 2, 3, 4, 20]}
    text = transfer_report([cold, warm])
    assert "| ppo cold | 60 | over 100 (1 found) |" in text
    assert "- ppo from lite, times sooner than from cold to 5 distinct fair failures, by seed: 3.00" in text


@pytest.fixture(scope="module")
def kept(build, tmp_path_factory):
    """A study of one audit, computed."""
    folder = tmp_path_factory.mktemp("kept")
    study = Study(("methods",), TINY, folder / "results", folder / "runs", build)
    main(study)
    return study


def test_audits_are_kept_in_small_files(kept):
    path = kept.results / "methods" / "blazepose-lite-pose+view-random-seed0.json"
    stored = json.loads(path.read_text())
    assert stored["threshold_mm"] == pytest.approx(97.9)
    assert stored["queries"]["search"] == 32
    assert stored["worst_mean_mm"] > 100
    assert 0 < stored["above_share"] <= 1
    assert path.stat().st_size < 5000
    assert report(kept).startswith("### methods\n\n**blazepose-lite**")


def test_kept_cells_are_not_computed_again(kept, monkeypatch, capsys):
    monkeypatch.setattr(agents_trial, "COMPUTE", {})
    main(kept)
    assert capsys.readouterr().err == ""


def test_stopped_audit_goes_on_from_its_run_folder(kept, study, monkeypatch):
    def stop(rig, result):
        raise StoppedError

    with monkeypatch.context() as patch:
        patch.setattr(_agents_audits, "worst_mean", stop)
        with pytest.raises(StoppedError):
            main(study)
    assert not study.results.exists()
    parts = sorted(study.runs.rglob("part-*.npz"))
    times = [part.stat().st_mtime_ns for part in parts]
    main(study)
    assert [part.stat().st_mtime_ns for part in parts] == times
    [cell] = study.cells("methods")
    got, want = read_cell(cell, study.results), read_cell(cell, kept.results)
    assert {**got, "seconds": 0} == {**want, "seconds": 0}


def test_search_goes_on_where_it_was_stopped(bench):
    config = Config(algorithm="policy-gradient", agents=2, budget=80, baselines=())
    rig = bench.build(config, bench.progress)

    def stop(part):
        if part.first_query:
            raise StoppedError
        return True

    with pytest.raises(StoppedError):
        search(rig, bench.runs / "stopped", bench.progress, stop)
    again = search(rig, bench.runs / "stopped", bench.progress)
    whole = search(rig, bench.runs / "whole", bench.progress)
    assert len(whole.outcomes) == 32
    assert np.array_equal(again.outcomes.error, whole.outcomes.error)
    assert np.bincount(whole.owners).tolist() == [16, 16]


def test_search_ends_where_the_watcher_says_so(bench):
    rig = bench.build(Config(algorithm="random", agents=2, budget=80, baselines=()), bench.progress)
    assert len(search(rig, bench.runs / "short", bench.progress, lambda part: False).outcomes) == 16


def test_finals_of_a_small_search(study):
    some = replace(study, parts=("finals",), changes={**TINY, "budget": 64, "agents": 4})
    main(some)
    [cell] = some.cells("finals")
    kept = read_cell(cell, some.results)
    assert kept["queries"] == 64
    assert [f["agent"] for f in sorted(kept["finals"], key=lambda f: f["agent"])] == [0, 1, 2, 3]
    assert kept["repeatable"] == sum(f["exceed"] >= 18 for f in kept["finals"])
    assert 1 <= kept["distinct"] <= kept["repeatable"]


@pytest.fixture
def learner():
    config = Config(target="blazepose-heavy", algorithm="ppo", agents=2, budget=64, baselines=())
    return Cell("transfer", "ppo from lite and full", config, ("blazepose-lite", "blazepose-full"))


def test_targets_are_learned_on_in_order_and_once(bench, learner, monkeypatch):
    searched = []

    def remember(rig, folder, progress):
        searched.append((rig.config.target, rig.config.agents_from, folder))
        begin(folder, rig, "search")
        finish(folder)

    monkeypatch.setattr(_agents_transfer, "search", remember)
    lite, full = (
        bench.runs / SEARCHES / name
        for name in (
            "blazepose-lite-pose+view-ppo-seed0",
            "blazepose-full-pose+view-ppo-after-blazepose-lite-seed0",
        )
    )
    assert learn(learner, bench) == str(full)
    assert searched == [("blazepose-lite", "", lite), ("blazepose-full", str(lite), full)]
    assert learn(learner, bench) == str(full)
    assert len(searched) == 2


def test_nothing_is_learned_before_a_cold_start(bench, learner):
    assert learn(replace(learner, learned=()), bench) == ""


def test_search_until_five_failures(bench, learner):
    cold = replace(learner, config=replace(learner.config, algorithm="random", budget=400), learned=())
    kept = transferred(cold, bench)
    assert len(kept["distinct"]) == len(kept["modes"]) == 5
    assert kept["distinct"] == sorted(kept["distinct"])
    assert max(kept["distinct"] + kept["modes"]) <= kept["queries"] < 200


@pytest.mark.slow
def test_policy_starts_where_it_ended_on_another_target(bench, learner):
    kept = transferred(learner, bench)
    assert kept["queries"] == 32
    manifest = json.loads((bench.runs / "transfer" / learner.stem / "manifest.json").read_text())
    assert manifest["config"]["agents_from"] == learn(learner, bench)


def test_transfer_has_cold_starts_of_all_and_warm_ones_of_those_that_learn():
    cells = Study().cells("transfer")
    assert [c.label for c in cells if c.config.seed == 0] == [
        "policy-gradient cold",
        "ppo cold",
        "ppo from lite and full",
    ]
    assert {c.config.target for c in cells} == {"blazepose-heavy"}
    assert {c.config.budget for c in cells} == {12_000}


def test_ablation_shares_the_default_with_the_methods():
    cells = Study().cells("ablation")
    assert len(cells) == 14
    assert [c.path(agents_trial.RESULTS) for c in cells[:2]] == [
        agents_trial.RESULTS / "methods" / f"blazepose-lite-pose+view-policy-gradient-seed{s}.json"
        for s in (0, 1)
    ]
    assert len(
        {c.path(agents_trial.RESULTS) for part in agents_trial.PARTS for c in Study().cells(part)}
    ) == (54 + 12 + 12 + 15 + 9 + 12)


def test_every_variant_is_an_option_of_the_default():
    known = option_names(POPULATIONS["policy-gradient"]())
    assert {variant.partition("=")[0] for variant in agents_trial.VARIANTS} <= set(known)


def test_refuses_a_kept_cell_of_other_settings(kept):
    [cell] = kept.cells("methods")
    more = replace(cell, config=replace(cell.config, budget=200))
    with pytest.raises(
        ValueError, match=r"seed0\.json of budget 200, got 80; delete it or name another --results$"
    ):
        read_cell(more, kept.results)


def test_refuses_to_work_beside_another(study):
    study.runs.mkdir(parents=True)
    with (
        only_one(study.runs),
        pytest.raises(ValueError, match="for this run alone, but another examiner is at work"),
    ):
        main(study)


def test_misuse_is_refused_in_words(tmp_path, capsys):
    assert agents_trial.run(["methods", "--methods", "magic", "--results", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("unknown method 'magic': expected one of policy-gradient, ")
    with pytest.raises(SystemExit):
        agents_trial.run(["finale"])
    assert "unknown part 'finale': expected some of methods, spaces, " in capsys.readouterr().err


def test_tables_compute_nothing(tmp_path, capsys):
    assert (
        agents_trial.run(["finals", "--tables", "--results", str(tmp_path), "--runs", str(tmp_path / "r")])
        == 0
    )
    assert capsys.readouterr().out == "### finals\n\nNothing is there yet.\n"
    assert not (tmp_path / "r").exists()


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit) as stop:
        agents_trial.run(["--help"])
    assert stop.value.code == 0
    assert "python -m experiments.agents_trial finals --tables" in capsys.readouterr().out


def test_stopped_study_says_how_to_go_on(monkeypatch, capsys):
    def stop(study):
        raise KeyboardInterrupt

    monkeypatch.setattr(agents_trial, "main", stop)
    assert agents_trial.run([]) == 130
    assert capsys.readouterr().err == "stopped; the same command goes on where it was\n"
