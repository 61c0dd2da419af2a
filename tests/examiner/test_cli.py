"""A user's mistake is one sentence with the fix, exit code 2, and nothing half-written."""

import os
import pickle
import subprocess
import sys

import pytest

from examiner.cli import main


class FakeAttack:
    def __reduce__(self):
        return (os.system, ("touch OWNED",))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refusal(capsys, *words):
    assert main(words) == 2
    text = capsys.readouterr().err
    assert text.startswith("examiner: ")
    assert text.count("\n") == 1
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["audit", "--target", "blazepos"], "unknown target 'blazepos'"),
        (
            ["audit", "--factors", "pose,hat"],
            "unknown factor 'hat': expected some of pose, shape, view, camera",
        ),
        (["audit", "--threshold", "-1"], "expected a threshold in millimetres above 0"),
        (["audit", "--budget", "5"], "use --budget 16 or more, or fewer --agents"),
        (["audit", "--body", "none.npz"], "none.npz"),
        (["audit", "--prior", "none.ckpt"], "none.ckpt"),
        (["audit", "--poses", "none.npz"], "none.npz"),
        (["audit", "--config", "none.yaml"], "expected a configuration file"),
        (["audit", "--resume", "none"], "expected a stopped run in none"),
        (["export", "none", "--out", "x"], "expected the folder of a run in none"),
        (["report", "none"], "expected the folder of a run in none"),
        (["fetch", "blazepose-huge"], "unknown target 'blazepose-huge'"),
        (["check-target", "my.py:build"], "my.py"),
    ],
)
def test_misuse(capsys, tmp_path, words, message):
    assert message in refusal(capsys, *words)
    assert list(tmp_path.iterdir()) == []


def test_existing_out_is_refused_and_left_alone(capsys, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "keep").write_text("x")
    assert refusal(capsys, "audit", "--out", "mine").endswith("choose another --out\n")
    (tmp_path / "mine" / "manifest.json").write_text("{}")
    assert "choose another --out, or --resume mine" in refusal(capsys, "audit", "--out", "mine")
    assert (tmp_path / "mine" / "keep").read_text() == "x"


def test_resume_takes_no_settings(capsys):
    text = refusal(capsys, "audit", "--resume", "runs/x", "--budget", "9000")
    assert "expected --resume alone, got --budget too" in text


def test_a_place_where_no_folder_can_be_is_refused_at_once(capsys, tmp_path):
    (tmp_path / "file").write_text("x")
    assert "expected a place to write" in refusal(capsys, "audit", "--out", "file/run")


@pytest.mark.parametrize("content", ["{}", "[1]", "{"])
def test_a_folder_of_something_else_is_refused(capsys, tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    for words in (("audit", "--resume", "."), ("report", "."), ("export", ".", "--out", "x")):
        assert "manifest" in refusal(capsys, *words)


@pytest.mark.parametrize("spec", ["None", "{'name': 'x'}"])
def test_a_target_without_a_spec_is_refused(capsys, monkeypatch, tmp_path, spec):
    monkeypatch.setattr("examiner.commands.diagnose", lambda: "")
    (tmp_path / "my.py").write_text(f"class Mine:\n    spec = {spec}\n    def predict(self, **fields): ...\n")
    assert "expected the spec of the target to be a TargetSpec" in refusal(
        capsys, "audit", "--target", "my.py:Mine"
    )


def test_ctrl_c_says_how_to_go_on_once_there_is_something(capsys, monkeypatch, tmp_path):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("examiner.commands.diagnose", lambda: "")
    monkeypatch.setattr("examiner.commands.build_rig", stop)
    assert main(["audit", "--out", "run"]) == 130
    assert capsys.readouterr().err == "examiner: stopped before the search began; nothing was kept\n"


def test_truncated_body_is_refused(capsys, tmp_path):
    (tmp_path / "body.npz").write_bytes(b"PK\x03\x04 and then nothing")
    assert "body.npz" in refusal(capsys, "audit", "--body", "body.npz")


def test_pickle_that_runs_code_is_refused_and_not_run(capsys, tmp_path):
    (tmp_path / "SMPL.pkl").write_bytes(pickle.dumps({"v_template": FakeAttack()}))
    text = refusal(capsys, "audit", "--body", "SMPL.pkl")
    assert "system" in text
    assert not (tmp_path / "OWNED").exists()


def test_no_egl_is_one_sentence_with_the_command(capsys, monkeypatch):
    monkeypatch.setattr(
        "examiner.commands.diagnose", lambda: "libEGL.so.1 not found; type: apt-get install x"
    )
    assert "type: apt-get install x" in refusal(capsys, "audit")


def test_wrong_checksum_is_refused_and_nothing_kept(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("POSEEXAMINER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("targets.weights._download", lambda assets: [b"not the model" for _ in assets])
    text = refusal(capsys, "audit", "--out", "run")
    assert "to have sha256 e9a5c5cb17f7..., got" in text
    assert "nothing was kept" in text
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not (tmp_path / "run").exists()


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit) as done:
        main(["audit", "--help"])
    assert done.value.code == 0
    assert "examiner audit --resume" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["preview", "sweep", "check-simulator"])
def test_commands_round_the_simulator_have_examples(capsys, command):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert f"examples:\n  examiner {command} " in capsys.readouterr().out


def test_the_smallest_program_of_the_help_keeps_the_contract(capsys, tmp_path):
    with pytest.raises(SystemExit):
        main(["check-simulator", "--help"])
    text = capsys.readouterr().out
    lines = text[text.index("  import json, sys") :].splitlines()
    (tmp_path / "my_sim.py").write_text("\n".join(line[2:] for line in lines))
    command = f"process:{sys.executable} my_sim.py"
    assert main(["check-simulator", command, "--n", "4", "--size", "128"]) == 0
    said = capsys.readouterr().out
    assert said.endswith("keeps the contract\n")
    assert "note: light changes nothing in the picture" in said


def test_a_simulator_with_faults_exits_1(capsys, tmp_path):
    (tmp_path / "own.py").write_text(
        "from simulator import StickSimulator\n"
        "def build(body, image_size): return StickSimulator(body, image_size=image_size)\n"
    )
    assert main(["check-simulator", "own.py:build", "--n", "4", "--size", "64"]) == 1
    said = capsys.readouterr().out
    assert "- mask: expected the projected mesh, got an overlap (IoU) of" in said
    assert "own.py:build breaks the contract in " in said


def test_unknown_option_exits_2():
    with pytest.raises(SystemExit) as done:
        main(["audit", "--bugdet", "5"])
    assert done.value.code == 2


def test_runs_as_a_module():
    command = [sys.executable, "-m", "examiner.cli", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("examiner 0.")


@pytest.fixture
def asked(monkeypatch):
    """What configuration a command line asks for, without running it."""

    def config_of(*words):
        seen = []

        def stop(config, *rest, **more):
            seen.append(config)
            raise ValueError("that is enough")

        monkeypatch.setattr("examiner.commands.build_rig", stop)
        monkeypatch.setattr("examiner.commands.check_opengl", lambda: None)
        monkeypatch.setattr("examiner.runners.check_judge", lambda: None)
        assert main(["audit", *words]) == 2
        return seen[0]

    return config_of


def test_presets_are_settings_that_others_override(asked, tmp_path):
    full = asked("--preset", "full")
    assert (full.agents, full.budget, full.judge) == (20, 7500, 2)
    assert asked("--preset", "full", "--agents", "5").agents == 5
    assert asked("--preset", "tour") == asked()
    (tmp_path / "mine.yaml").write_text("budget: 900\n")
    both = asked("--preset", "full", "--config", str(tmp_path / "mine.yaml"), "--judge", "0")
    assert (both.agents, both.budget, both.judge) == (20, 900, 0)


def test_a_judge_that_is_not_installed_is_told_before_anything_runs(monkeypatch, capsys):
    monkeypatch.setattr("examiner.simulators.find_spec", lambda name: None)
    monkeypatch.setattr("examiner.commands.check_opengl", lambda: None)
    assert main(["audit", "--judge", "2"]) == 2
    assert "pip install 'poseexaminer[judge]', or add --judge 0" in " ".join(capsys.readouterr().err.split())


def test_a_stopped_run_takes_no_preset(tmp_path, capsys):
    assert main(["audit", "--resume", str(tmp_path), "--preset", "full"]) == 2
    assert "expected --resume alone, got --preset too" in capsys.readouterr().err
