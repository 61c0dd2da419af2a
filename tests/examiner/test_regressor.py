"""A user's own regressor: read, refused, recorded, and used where both sides have its vertices."""

import hashlib
import json

import numpy as np
import pytest
from scipy.sparse import csr_matrix, save_npz

from examiner import Examiner
from examiner.cli import main
from examiner.joint_sets import Points
from examiner.mode_pictures import SETS, Drawn, joint_sets
from examiner.notes import regressor_notes
from examiner.regressor import load_regressor
from examiner.rig import assets


def test_dense_and_sparse_files_are_the_same(tmp_path):
    weights = np.random.default_rng(0).random((17, 30)) * (np.random.default_rng(1).random((17, 30)) > 0.7)
    np.save(tmp_path / "a.npy", weights)
    save_npz(tmp_path / "a.npz", csr_matrix(weights))
    dense, sparse = load_regressor(tmp_path / "a.npy"), load_regressor(tmp_path / "a.npz")
    assert np.array_equal(dense.joint_set.regressor, sparse.joint_set.regressor)
    assert dense.joint_set.name == "lsp-14"
    assert (dense.name, sparse.name) == ("a.npy", "a.npz")
    assert dense.sha256 == hashlib.sha256((tmp_path / "a.npy").read_bytes()).hexdigest() != sparse.sha256


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("a.npy", None, "expected a Human3.6M regressor at a.npy, found no such file"),
        (
            "a.npy",
            lambda path: np.save(path, np.zeros((24, 6890))),
            "expected a Human3.6M regressor of shape (17, V) in a.npy, got (24, 6890)",
        ),
        (
            "a.npy",
            lambda path: np.save(path, np.zeros(17)),
            "expected a Human3.6M regressor of shape (17, V) in a.npy, got (17,)",
        ),
        (
            "a.npz",
            lambda path: save_npz(path, csr_matrix((3, 5))),
            "expected a Human3.6M regressor of shape (17, V) in a.npz, got (3, 5)",
        ),
        (
            "a.npy",
            lambda path: np.save(path, np.where(np.arange(51).reshape(17, 3) == 7, np.nan, 1.0)),
            "expected finite weights in the regressor a.npy, got nan in row 2, column 1",
        ),
        ("a.npy", lambda path: np.save(path, np.array([{}] * 17)), "got a file that cannot be read"),
        ("a.npy", lambda path: np.save(path, np.full((17, 2), "x")), "got a file that cannot be read"),
        ("a.npz", lambda path: np.savez(path, weights=np.zeros((17, 3))), "got a file that cannot be read"),
        ("a.npz", lambda path: path.write_bytes(b"PK\x03\x04"), "got a file that cannot be read"),
    ],
)
def test_what_is_no_regressor_is_refused_in_a_sentence(capsys, monkeypatch, tmp_path, name, write, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("examiner.commands.check_opengl", lambda: None)
    if write is not None:
        write(tmp_path / name)
    assert main(["audit", "--regressor", name, "--out", "run"]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_what_it_lacks_is_said_of_the_side_that_lacks_it(mesh_rig, body):
    regressor = mesh_rig().regressor
    mesh = np.zeros((1, len(body.v_template), 3))
    assert regressor.shortfall(Points((), None, mesh), Points((), None, mesh)) == ""
    assert regressor.shortfall(Points((), None, mesh), Points(())) == (
        "expected vertices, from which the regressor of lsp-14 takes its joints, got none (the target)"
    )
    few = Points((), None, mesh[:, :9])
    assert regressor.shortfall(few, Points(())).endswith(
        "that the regressor of lsp-14 was made for, got 9; use a body of its topology (the body)"
    )


def test_the_sentence_stands_once_in_the_notes():
    told = [Drawn(None, (), "none are there"), Drawn(None, (), "none are there"), Drawn(None, ())]
    assert regressor_notes(told) == ["No figures by --regressor: none are there."]
    assert regressor_notes(told[2:]) == []


def test_recorded_among_the_assets_and_only_where_given(mesh_rig, planted):
    [row] = [row for row in assets(mesh_rig()) if row["role"] == "regressor"]
    assert (row["name"], row["sha256"]) == ("h36m.npy", mesh_rig().regressor.sha256)
    assert "regressor" not in [row["role"] for row in assets(planted())]
    assert joint_sets(planted()) == SETS


@pytest.mark.slow
def test_figures_of_the_modes_are_printed_on_lsp_14(mesh_rig, tmp_path):
    audit = Examiner(mesh_rig(budget=200, baselines=()), tmp_path / "run").run()
    assert audit.results["modes"]
    for mode in audit.results["modes"]:
        told = {
            f["name"]: f["value"] for f in mode["figures"] if f["protocol"].startswith("lsp-14 (14 joints")
        }
        assert told["pa_mpjpe"] <= told["mpjpe"]
        assert told["mpjpe"] > 150
    assert not [note for note in audit.results["notes"] if "--regressor" in note]
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert "regressor" in [row["role"] for row in manifest["assets"]]


@pytest.mark.slow
def test_a_target_without_vertices_is_audited_and_the_notes_say_why(planted, mesh_rig, tmp_path):
    path = mesh_rig().config.regressor
    audit = Examiner(planted(budget=200, baselines=(), regressor=path), tmp_path / "run").run()
    assert [note for note in audit.results["notes"] if note.startswith("No figures by --regressor: ")] == [
        "No figures by --regressor: expected vertices, from which the regressor of lsp-14 takes its joints, got none "
        "(the target)."
    ]
