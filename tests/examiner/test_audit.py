"""The whole loop on a planted failure, and what a run leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow.parquet as pq
import pytest

from examiner import Examiner
from examiner.audit import resume_config
from examiner.subspace_files import read_subspaces


def results_without_times(folder):
    results = json.loads((folder / "results.json").read_text())
    assert results.pop("timings")["total_s"] > 0
    return results


@pytest.fixture(scope="module")
def audit(planted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "planted"
    return Examiner(planted(budget=1200, baselines=("random",)), folder).run()


@pytest.fixture(scope="module")
def small(planted, tmp_path_factory):
    """What `planted_run.py` runs, undisturbed."""
    folder = tmp_path_factory.mktemp("runs") / "small"
    return Examiner(planted(budget=400, baselines=("random",)), folder).run()


def test_every_mode_is_the_planted_failure(audit, body):
    modes = audit.results["modes"]
    assert len(modes) >= 3
    for mode in modes:
        assert mode["redraw"]["exceed"] >= 18
        assert "left arm" in mode["words"]


def test_failures_are_the_planted_ones_and_no_more(audit, body):
    trials = pq.read_table(audit.folder / "trials.parquet").to_pydict()
    assert 0 < sum(trials["failure"]) < len(trials["failure"])
    for failed, error in zip(trials["failure"], trials["error_mm"], strict=True):
        assert error < 1 or error > 100
        assert not (failed and error < 100)


def test_budget_is_kept_and_every_query_is_a_row(audit):
    trials = pq.read_table(audit.folder / "trials.parquet")
    assert trials["query"].to_pylist() == list(range(len(trials)))
    for method in audit.results["methods"]:
        assert method["queries"]["total"] <= 1200
        rows = sum(name.as_py() == method["name"] for name in trials["method"])
        assert rows == method["queries"]["total"]


def test_a_success_region_holds_on_fresh_draws(audit, planted, body):
    proven = [s for s in read_subspaces(audit.folder) if s.success]
    assert proven
    rig = planted()
    for subspace in proven[:2]:
        points = subspace.subspace.sample(300, np.random.default_rng(7))
        scene = subspace.subspace.people(points, rig.space.frame)
        fair = rig.fairness.margin(scene) >= 0
        outcomes = rig.evaluator(scene.rows(np.flatnonzero(fair)))
        assert fair.mean() >= 0.85
        assert outcomes.exceeds(100.0).mean() >= 0.9


def test_run_folder_is_complete(audit):
    names = {path.name for path in audit.folder.iterdir()}
    wanted = {
        "config.yaml",
        "reference.json",
        "manifest.json",
        "trials.parquet",
        "results.json",
        "subspaces.json",
        "report.html",
    }
    assert wanted | {"images", "parts"} == names
    assert json.loads((audit.folder / "manifest.json").read_text())["status"] == "done"
    for mode in audit.results["modes"]:
        assert (audit.folder / mode["image"]).is_file()
        assert (audit.folder / mode["overlay"]).is_file()


def test_same_seed_same_results(small, planted, tmp_path):
    again = Examiner(planted(budget=400, baselines=("random",)), tmp_path / "again").run()
    assert results_without_times(again.folder) == results_without_times(small.folder)


def test_other_seed_other_results(small, planted, tmp_path):
    other = Examiner(planted(budget=400, baselines=(), seed=1), tmp_path / "other").run()
    assert other.results["modes"] != small.results["modes"]


def test_another_run_is_not_written_into_the_folder(audit, planted):
    before = (audit.folder / "manifest.json").read_text()
    with pytest.raises(ValueError, match="to have the same config as this one"):
        Examiner(planted(budget=1200, baselines=("random",), seed=1), audit.folder).run()
    assert (audit.folder / "manifest.json").read_text() == before


def test_figures_of_a_method_fit_together(audit):
    for method in audit.results["methods"]:
        assert method["candidates"] == method["modes"] + method["fragile"] <= method["failures"]
        assert method["definition"] == 0


def test_something_else_is_not_resumed(tmp_path):
    for content in ("{}", "[1]"):
        (tmp_path / "manifest.json").write_text(content)
        with pytest.raises(ValueError, match="expected the manifest of a run in"):
            resume_config(tmp_path)


def test_finished_run_is_not_resumed(audit):
    with pytest.raises(ValueError, match="expected an unfinished run"):
        resume_config(audit.folder)


@pytest.mark.slow
@pytest.mark.parametrize("parts", [2, 9, 20])
def test_killed_run_goes_on_to_the_same_results(small, tmp_path, parts):
    """kill -9 in the search, in the confirmation, and in a baseline."""
    folder = tmp_path / "killed"
    command = [sys.executable, os.path.join(os.path.dirname(__file__), "planted_run.py"), str(folder)]
    process = subprocess.Popen(command)
    limit = time.monotonic() + 120
    while len(list(folder.glob("parts/part-*.npz"))) < parts:
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < limit
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert json.loads((folder / "manifest.json").read_text())["status"] == "running"
    assert not (folder / "results.json").exists()
    subprocess.run(command, check=True)
    assert results_without_times(folder) == results_without_times(small.folder)
