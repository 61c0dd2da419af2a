import json

import numpy as np
import pytest
from PIL import Image

from examiner import Examiner
from examiner.cli import main
from examiner.show import show_mode


@pytest.fixture(scope="module")
def run(planted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "planted"
    return Examiner(planted(budget=300, baselines=(), factors=("pose", "view")), folder).run().folder


def test_a_case_is_drawn_at_any_size(run):
    small, large = (show_mode(run, 1, size, "failure") for size in (96, 192))
    assert (small.size, large.size) == ((96, 96), (192, 192))
    again = np.asarray(large.resize((96, 96), Image.Resampling.BOX), np.float64)
    assert np.abs(again - np.asarray(small, np.float64)).mean() < 4
    assert np.asarray(small).std() > 10


def test_the_mildest_variant_is_another_picture(run):
    modes = json.loads((run / "results.json").read_text())["modes"]
    walked = next(mode["id"] for mode in modes if mode["mildest"]["way"] > 0.2)
    found, mildest = (np.asarray(show_mode(run, walked, 96, v), np.int16) for v in ("failure", "mildest"))
    assert np.abs(found - mildest).max() > 50


def test_what_is_not_there_is_refused_in_words(run, tmp_path, capsys):
    with pytest.raises(ValueError, match=r"expected the number of a mode of .* \(1 to \d+\), got 99"):
        show_mode(run, 99, 96, "failure")
    with pytest.raises(ValueError, match="unknown variant 'worst': expected one of failure, mildest"):
        show_mode(run, 1, 96, "worst")
    with pytest.raises(
        FileNotFoundError, match=r"expected the folder of a run in .*, found no manifest.json"
    ):
        show_mode(tmp_path, 1, 96, "failure")
    assert main(["show", str(run), "1", "--size", "3"]) == 2
    assert "expected --size from 64 to 2048 pixels, got 3" in capsys.readouterr().err


def test_the_command_writes_a_picture(run, tmp_path, capsys):
    assert main(["show", str(run), "1", "--size", "80", "--out", str(tmp_path / "one.png")]) == 0
    with Image.open(tmp_path / "one.png") as picture:
        assert picture.size == (80, 80)
    assert "one.png" in capsys.readouterr().out
    assert main(["show", str(run), "1", "--size", "64", "--variant", "mildest"]) == 0
    assert (run / "mode-01-mildest.png").is_file()
