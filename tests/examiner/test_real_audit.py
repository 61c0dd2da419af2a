"""The command line on the real renderer and the real BlazePose: audit, kill, resume, export."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

EXAMINER = [sys.executable, "-m", "examiner.cli"]
AUDIT = [
    *EXAMINER,
    "audit",
    "--agents",
    "2",
    "--budget",
    "200",
    "--threshold",
    "120",
    "--baselines",
    "random",
]


def run(*words):
    return subprocess.run([*EXAMINER, *words], check=True, capture_output=True, text=True)


def results_of(folder):
    results = json.loads((folder / "results.json").read_text())
    del results["timings"]
    return results


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real") / "run"
    done = subprocess.run([*AUDIT, "--out", str(folder)], check=True, capture_output=True, text=True)
    return folder, done


def test_finds_failures_of_a_real_model(audit):
    folder, done = audit
    results = results_of(folder)
    assert len(results["modes"]) >= 2
    assert results["protocol"]["renderer"].startswith("raster 1, stage 2")
    assert "QD score" in done.stdout
    assert "policy-gradient: search" in done.stderr
    for mode in results["modes"]:
        assert mode["redraw"]["exceed"] >= 18
        with Image.open(folder / mode["image"]) as picture:
            assert np.asarray(picture).std() > 10


def test_killed_and_resumed_it_ends_the_same(audit, tmp_path):
    folder = tmp_path / "killed"
    process = subprocess.Popen([*AUDIT, "--out", str(folder)], stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 120
    while len(list(folder.glob("parts/part-*.npz"))) < 4:
        assert process.poll() is None
        assert time.monotonic() < limit
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    refused = subprocess.run([*EXAMINER, "report", str(folder)], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert f"finish it with examiner audit --resume {folder}" in refused.stderr
    run("audit", "--resume", str(folder))
    assert results_of(folder) == results_of(audit[0])


def test_exports_pictures_with_labels(audit, tmp_path):
    out = tmp_path / "set"
    run("export", str(audit[0]), "--samples", "6", "--out", str(out))
    table = pq.read_table(out / "labels.parquet").to_pydict()
    assert len(list((out / "images").glob("*.png"))) == len(table["image"]) == 6
    boxes = np.array(table["box"])
    pixels = np.array(table["joints2d"]).reshape(6, -1, 2)
    assert (pixels >= boxes[:, None, :2] - 6).all()
    assert (pixels <= boxes[:, None, 2:] + 6).all()


def test_contract_of_the_built_in_target():
    done = run("check-target", "blazepose-full")
    assert "keeps the contract" in done.stdout


def test_report_is_written_again(audit):
    page = audit[0] / "report.html"
    before = page.read_bytes()
    page.unlink()
    run("report", str(audit[0]))
    assert page.read_bytes() == before
    assert Path(audit[0] / "manifest.json").is_file()


def test_failures_are_shown_to_another_model(audit, tmp_path):
    folder, _ = audit
    out = tmp_path / "matrix"
    done = run("matrix", str(folder), "--others", "blazepose-lite", "--out", str(out))
    stored = json.loads((out / "matrix.json").read_text())
    own, other = stored["cells"]
    assert (own["shown_to"], other["shown_to"]) == ("blazepose-full", "blazepose-lite")
    assert own["failing"] >= 0.5
    assert 0 <= other["failing"] <= 1
    assert stored["shared"][0] <= min(own["failing"], other["failing"])
    assert "Share above" in done.stdout
    with Image.open(out / "matrix.png") as picture:
        assert np.asarray(picture).std() > 10
