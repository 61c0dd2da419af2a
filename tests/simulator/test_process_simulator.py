"""A user's simulator in a process of its own: what it is told, what it may answer, how it may fail."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from simulator import OCCLUDER_FACTOR, ParameterSpace, ProcessSimulator, ViewFactor
from simulator.stick import stick_body

SIZE = 64

PROGRAM = """
import json, sys
import cv2
import numpy as np

print("engine starting up")
for line in sys.stdin:
    ask = json.loads(line)
    scene = np.load(ask["scene"])
    n, (width, height) = len(scene["vertices"]), scene["image_size"]
    images = np.full((n, height, width, 3), 127, np.uint8)
    mask = np.zeros((n, height, width), np.uint8)
    for i, vertices in enumerate(scene["vertices"]):
        corners = scene["focal_length"][i] * vertices[:, :2] / vertices[:, 2:] + scene["center"][i]
        for face in np.round(16 * (corners - 0.5)).astype(np.int32)[scene["faces"]]:
            cv2.fillConvexPoly(mask[i], face, 1, shift=4)
        images[i][mask[i] > 0] = (200, 150, 120)
    answer = {"images": images, "mask": mask}
    EXTRA
    np.savez(ask["answer"], **answer)
    print("drew", n)
    print(json.dumps({"done": True}), flush=True)
"""


def people(count):
    space = ParameterSpace([ViewFactor((-30.0, 0.0, 0.0), (30.0, 10.0, 5.0))], stick_body(), SIZE)
    return space.decode(np.random.default_rng(0).random((count, 3)))


@pytest.fixture
def program(tmp_path):
    """extra lines -> simulator that runs them before it writes its answer."""
    made = []

    def make(extra="", **options):
        path = tmp_path / "my_sim.py"
        path.write_text(PROGRAM.replace("EXTRA", extra or "pass"))
        made.append(ProcessSimulator([sys.executable, str(path)], stick_body(), SIZE, **options))
        return made[-1]

    yield make
    for simulator in made:
        simulator.close()


def test_a_row_is_the_same_in_any_batch_and_the_labels_are_ours(program):
    simulator, scene = program(), people(18)
    batch, alone = simulator.render(scene), simulator.render(scene.rows(slice(17, 18)))
    for name in ("images", "mask", "depth", "joints", "joints2d", "visibility", "visible_share", "boxes"):
        assert np.array_equal(getattr(batch, name)[17:], getattr(alone, name)), name
    assert np.array_equal(batch.joints2d, scene.camera.project(batch.joints))
    assert batch.mask.any(axis=(1, 2)).all()
    assert (batch.images[batch.mask] == (200, 150, 120)).all()
    near, far = (pick(batch.joints[..., 2], axis=1)[:, None, None] for pick in (np.min, np.max))
    inside = (batch.depth > near - 0.05) & (batch.depth < far + 0.05)
    assert inside[batch.mask].all()
    assert (batch.depth[~batch.mask] == 0).all()
    assert np.isnan(batch.others).all()


def test_what_is_in_front_is_told_as_a_mesh_and_hides(program):
    scene = people(2)
    row = np.array([[1.5, 0.0, 0.0, 1.0, 0.3, 0.0, 30.0, 0.5]])
    scene = replace(OCCLUDER_FACTOR.place(np.repeat(row, 2, 0), scene), betas=scene.betas)
    told = (
        "assert scene['front_1_vertices'].shape[1] == scene['front_1_faces'].shape[1] == 3; mask[:, 1:] = 0"
    )
    batch = program(told).render(scene)
    assert not batch.visibility.all()
    assert batch.visible_share.max() == 0.0


def test_depth_of_the_program_is_taken(program):
    batch = program("answer['depth'] = np.full(mask.shape, 2.5, np.float32)").render(people(1))
    assert (batch.depth[batch.mask] == 2.5).all()
    assert (batch.depth[~batch.mask] == 0).all()


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("del answer['mask']", "expected mask in the answer, got images"),
        ("answer['mask'] = mask[:, :9]", "expected mask of shape (1, 64, 64) in the answer, got (1, 9, 64)"),
        (
            "answer['images'] = images / 255",
            "expected images of uint8 in the answer, got float64; scale them to 0..255",
        ),
        ("answer['mask'] = mask * 0.5", "expected a mask of bool in the answer, got float64"),
        (
            "answer['depth'] = np.full(mask.shape, np.nan)",
            "expected depth in metres above 0 on the mask, got nan in picture 0 of the answer",
        ),
        ("answer['depth'] = mask", "expected depth of float32 metres in the answer, got uint8"),
        (
            "answer['images'] = np.array([{}])",
            "expected an .npz of plain arrays in the answer, got Object arrays cannot be loaded when "
            "allow_pickle=False",
        ),
        (
            "open(ask['answer'], 'w').write('x'); print('{}', flush=True); continue",
            "expected an .npz of plain arrays in the answer, got",
        ),
        ("print(json.dumps({'error': 'no lamp'}), flush=True); continue", "to draw, got its error: no lamp"),
        ("print('{done', flush=True); continue", "got b'{done"),
    ],
)
def test_a_wrong_answer_is_one_sentence(program, extra, message):
    with pytest.raises(ValueError, match=r"^expected") as caught:
        program(extra).render(people(1))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value).strip()


def test_nothing_written_is_refused(program):
    with pytest.raises(FileNotFoundError) as caught:
        program("print('{}', flush=True); continue").render(people(1))
    assert str(caught.value) == "expected the process to write the file named `answer`, found none"


def test_a_process_that_dies_says_why_and_is_started_again(program, tmp_path):
    simulator = program("import os; os.path.exists(__file__ + '.on') or sys.exit('out of film')")
    with pytest.raises(ChildProcessError) as caught:
        simulator.render(people(1))
    assert str(caught.value).endswith("but it ended with status 1, and said: out of film")
    (tmp_path / "my_sim.py.on").touch()
    assert len(simulator.render(people(1))) == 1


def test_a_process_that_hangs_is_given_up(program):
    simulator = program("import time; time.sleep(60)", timeout_s=0.2)
    with pytest.raises(TimeoutError) as caught:
        simulator.render(people(1))
    assert "within 0.2 s, got none; does it print one line of JSON and flush it?" in str(caught.value)


def test_no_program_and_no_command_are_refused():
    with pytest.raises(FileNotFoundError) as caught:
        ProcessSimulator(["no-such-engine"], stick_body(), SIZE).render(people(1))
    assert str(caught.value) == (
        "expected a program to start by 'no-such-engine', got No such file or directory; give its full path"
    )
    with pytest.raises(ValueError, match="expected a command after 'process:', got none"):
        ProcessSimulator([], stick_body(), SIZE)


def test_the_version_tells_the_programs_content(program):
    assert program().version != program("x = 1").version
    assert "body stick" in program().version


def test_nothing_stays_behind(program):
    simulator = program()
    simulator.render(people(1))
    folder, talk = simulator._folder, simulator._talk
    assert folder.stat().st_mode & 0o077 == 0
    simulator.close()
    assert talk._program.returncode == 0
    simulator._finish()
    assert not folder.exists()
