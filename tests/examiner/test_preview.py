"""Contact sheets: the same for the same seed, poses that are fair, words that fit."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from examiner.cli import main
from examiner.fairness import Fairness
from examiner.joints import LIMB_JOINTS
from examiner.lettering import font
from examiner.preview import TEXT_SIZE, captions, lay_out, preview_sheet, sample
from examiner.progress import Silence
from simulator import (
    BACKGROUND_FACTOR,
    LIGHT_FACTOR,
    OCCLUDER_FACTOR,
    ParameterSpace,
    PoseFactor,
    StickSimulator,
    load_motion_range,
    load_prior,
    physical_values,
)


@pytest.fixture(scope="module")
def space(body):
    return ParameterSpace([LIGHT_FACTOR, BACKGROUND_FACTOR, OCCLUDER_FACTOR], body, 96)


def test_a_seed_decides_the_people(space):
    one, same, other = (sample(space, 6, seed, "full") for seed in (1, 1, 2))
    assert np.array_equal(one.values, same.values)
    assert not np.array_equal(one.values, other.values)
    names = [d.name for d in one.dimensions]
    assert np.allclose(physical_values(one.scene, names), one.values)


def test_the_typical_range_is_narrower_than_the_full(space):
    column = [d.name for d in space.dimensions].index("light.intensity")
    typical, full = (sample(space, 200, 0, span).values[:, column] for span in ("typical", "full"))
    assert np.ptp(typical) < 0.7 * np.ptp(full)


def test_poses_are_fair(body):
    scene = sample(ParameterSpace([PoseFactor(load_prior("default"))], body, 96), 8, 0, "full").scene
    fairness = Fairness(body, load_motion_range(), LIMB_JOINTS)
    assert len(scene) == 8
    assert (fairness.pose_margin(scene) >= 0).all()


def test_captions_fit_and_name_the_most_telling(space):
    samples = sample(space, 12, 0, "typical")
    lines = captions(samples, 220)
    assert lines[3].startswith("03  ")
    kind = samples.dimensions[[d.name for d in samples.dimensions].index("background.kind")]
    assert any(word in lines[3] for word in kind.choices)
    assert max(font(TEXT_SIZE).getlength(line) for line in lines) <= 220
    assert captions(samples, 20)[3] == "03"


def test_the_sheet_holds_every_picture(space, body):
    told = []
    samples = sample(space, 20, 0, "typical")
    progress = Silence()
    progress.update = lambda *words: told.append(words)
    with StickSimulator(body, image_size=96) as simulator:
        sheet = preview_sheet(samples, simulator, "light", "20 people", progress)
        last = simulator.render(samples.scene).images[19]
    assert told[-1] == ("preview", 20, 20)
    pixels = np.asarray(sheet)
    windows = np.lib.stride_tricks.sliding_window_view(pixels[:, :, 0], (96, 96))[::1, ::1, ::24, ::24]
    assert (windows == last[::24, ::24, 0]).all(axis=(2, 3)).any()


def test_a_long_title_is_made_smaller_and_stays_inside():
    pictures = [Image.new("RGB", (64, 64))]
    sheet = np.asarray(lay_out(pictures, ["00"], "clothing, " * 7, "note"))
    assert (sheet[:, -39:] == 255).all()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--factors", "hat", "--out", "x.png"],
            "unknown factor 'hat': expected some of pose, shape, view, camera",
        ),
        (["--factors", "light", "--out", "x.jpg"], "expected a name that ends in .png for --out, got x.jpg"),
        (["--factors", "light", "--out", "no/x.png"], "expected a folder for no/x.png, got none at"),
        (["--factors", "light", "--n", "0", "--out", "x.png"], "expected at least 1 picture, got 0"),
        (["--factors", "light", "--simulator", "rastr", "--out", "x.png"], "unknown simulator 'rastr'"),
        (["--factors", "light", "--fix", "light.x=3", "--out", "x.png"], "unknown dimension 'light.x'"),
        (["--factors", "light", "--size", "9", "--out", "x.png"], "expected an image size of at least 64"),
    ],
)
def test_misuse_is_one_sentence(capsys, monkeypatch, tmp_path, words, message):
    monkeypatch.chdir(tmp_path)
    assert main(["preview", *words]) == 2
    text = capsys.readouterr().err
    assert message in text
    assert text.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_the_command_writes_a_picture(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(
        "from simulator import StickSimulator\n"
        "def build(body, image_size): return StickSimulator(body, image_size=image_size)\n"
    )
    words = [
        "preview",
        "--factors",
        "view,light",
        "--n",
        "3",
        "--simulator",
        "own.py:build",
        "--out",
        "x.png",
    ]
    assert main([*words, "--size", "64"]) == 0
    with Image.open(tmp_path / "x.png") as sheet:
        assert sheet.width >= 640
