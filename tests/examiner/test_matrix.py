"""The matrix: what is compared, what is refused, and how it is drawn and printed."""

import shutil

import numpy as np
import pytest
from PIL import Image

from examiner import Examiner
from examiner.commands_matrix import table
from examiner.matrix import Matrix, Shown, matrix_of, read_failures
from examiner.matrix_chart import draw_matrix
from examiner.progress import Silence


def shown(found_by, shown_to, failing, mean=200.0):
    return Shown(found_by, shown_to, modes=8, failing=failing, solved=1 - failing, mean_mm=mean)


MATRIX = Matrix(
    threshold=150.0,
    targets=("one", "other", "flat"),
    scores=("n_mpjpe", "n_mpjpe", "mpjpe"),
    cells=(
        *(shown("one", "one", 1.0), shown("one", "other", 0.25), shown("one", "flat", 0.0, 40.0)),
        *(shown("other", "one", 0.5), shown("other", "other", 1.0), shown("other", "flat", 0.125)),
    ),
    shared=(0.0, 0.125),
    solvable=(0.75, 0.5),
)


@pytest.fixture(scope="module")
def run(planted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "planted"
    return Examiner(planted(budget=300, baselines=(), factors=("pose", "view")), folder).run().folder


def test_the_failures_of_a_run_are_its_modes(run):
    config, failures = read_failures(run)
    assert failures.target == config.target
    assert failures.threshold == 100.0
    assert len(failures.people) >= 2
    assert np.isfinite(failures.people.body_pose).all()


def test_runs_that_differ_in_what_was_drawn_are_refused(run, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(run, other)
    text = (other / "config.yaml").read_text()
    (other / "config.yaml").write_text(text.replace("body: neutral", "body: male"))
    with pytest.raises(
        ValueError, match=r"expected runs with one body, got 'neutral' in .* and 'male' in .*: audit"
    ):
        matrix_of([run, other], (), None, Silence())


def test_two_runs_of_one_target_are_refused(run):
    with pytest.raises(
        ValueError, match="expected runs of different targets, got more than one of blazepose-full"
    ):
        matrix_of([run, run], (), None, Silence())


def test_the_table_has_a_row_for_the_failures_of_each_target():
    assert table(MATRIX) == [
        "Share above 150 mm",
        "failures of   one  other  flat  everybody  solvable",
        "one          100%    25%    0%         0%       75%",
        "other         50%   100%   12%        12%       50%",
    ]


def test_the_picture_is_darkest_where_everything_fails(tmp_path):
    draw_matrix(MATRIX, tmp_path / "matrix.png")
    with Image.open(tmp_path / "matrix.png") as picture:
        pixels = np.asarray(picture.convert("RGB"), np.int16)
    red = pixels[..., 0] - pixels[..., 1]
    columns = np.flatnonzero((red > 100).any(axis=0))
    assert columns.max() - columns.min() > 200
    assert (red > 100).mean() > 0.05
    assert MATRIX.plain()["cells"][1]["failing"] == 0.25
