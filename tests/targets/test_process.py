"""A model in another Python: what it is asked, what it may answer, how it may fail."""

from __future__ import annotations

import fcntl
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from targets import ProcessTarget, TargetSpec, build_target
from targets.worker_process import _Said

MODEL = """
import os, subprocess, sys, time
import numpy as np

MARK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mark")

class Model:
    spec = dict(name="mine", joint_names=["left_hip", "right_hip"], needs=["images"])

    def predict(self, images, **others):
        joints = np.zeros((len(images), 2, 3)) + images.mean(axis=(1, 2, 3))[:, None, None]
        answer = {"joints": joints}
        PREDICT
        return answer

def build():
    model = Model()
    START
    return model
"""
IMAGES = np.arange(20 * 4 * 4 * 3, dtype=np.uint8).reshape(20, 4, 4, 3)
Make = Callable[..., ProcessTarget]


@pytest.fixture
def model(tmp_path: Path) -> Iterator[Make]:
    """Lines that run in predict and in build -> the target."""
    made: list[ProcessTarget] = []

    def make(predict: str = "pass", start: str = "pass", **options: Any) -> ProcessTarget:
        path = tmp_path / "my_model.py"
        path.write_text(MODEL.replace("PREDICT", predict).replace("START", start))
        made.append(ProcessTarget([sys.executable, f"{path}:build"], **options))
        return made[-1]

    yield make
    for target in made:
        target.close()


def refusal(kind: type[Exception], call: Callable[[], Any], tmp_path: Path) -> str:
    """The sentence of an expected refusal, the command by a short name."""
    with pytest.raises(kind) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text
    return text.replace(f"{sys.executable} {tmp_path}/", "python ").replace(f"{tmp_path}/", "")


def test_people_are_asked_in_batches_and_come_back_in_order(model: Make) -> None:
    target = model("print('a batch of', len(images))", hear=(heard := []).append, batch=8)
    prediction = target.predict(images=IMAGES)
    assert target.spec == TargetSpec("mine", ("left_hip", "right_hip"), ("images",))
    assert prediction.joints is not None
    np.testing.assert_array_equal(prediction.joints[:, 1, 2], IMAGES.reshape(20, -1).mean(axis=1))
    assert prediction.joints.dtype == np.float64
    assert prediction.found.tolist() == [True] * 20
    assert heard == ["a batch of 8", "a batch of 8", "a batch of 4"]
    assert target.predict(images=IMAGES[:0]).joints is not None


def test_every_kind_of_field_arrives(model: Make) -> None:
    told = "print({name: (type(v).__name__, np.shape(v), str(v)[:9]) for name, v in sorted(others.items())})"
    target = model(told, hear=(heard := []).append)
    fields = {"boxes": np.ones((20, 4))[:, ::-1], "image_size": (4, 4), "name": "a", "depth": np.float64(2.5)}
    target.predict(images=IMAGES[:, ::-1, ::2], **fields)
    assert heard[0] == (
        "{'boxes': ('ndarray', (8, 4), '[[1. 1. 1'), 'depth': ('float', (), '2.5'), "
        "'image_size': ('tuple', (2,), '(4, 4)'), 'name': ('str', (), 'a')}"
    )


def test_what_cannot_be_sent_is_refused(model: Make, tmp_path: Path) -> None:
    target = model()
    assert refusal(ValueError, lambda: target.predict(images=IMAGES, camera=Path()), tmp_path) == (
        "expected arrays, numbers or text to send to another process, got PosixPath for 'camera'; name others in "
        "the spec's `needs`, e.g. 'intrinsics'"
    )
    assert refusal(ValueError, lambda: target.predict(images=IMAGES, boxes=np.ones((7, 4))), tmp_path) == (
        "expected arrays with a row for each person, got images of 20, boxes of 7"
    )
    assert refusal(ValueError, target.predict, tmp_path) == (
        "expected arrays with a row for each person, got no arrays"
    )


def test_a_spec_may_be_an_object_with_a_crop(model: Make) -> None:
    start = """
    class Cut: size, aspect = (256, np.int64(192)), .75
    class Spec: name, joint_names, axes, crop = "object", (), np.array([1, -1, -1]), Cut()
    Spec.gives = ["vertices"]; model.spec = Spec()
    """
    spec = model(start=start.strip()).spec
    assert (spec.name, spec.axes, spec.gives) == ("object", (1, -1, -1), ("vertices",))
    assert spec.crop is not None
    assert (spec.crop.size, spec.crop.aspect, spec.crop.box_scale) == ((256, 192), 0.75, 1.2)


def test_an_object_may_answer_and_nan_stays(model: Make) -> None:
    answer = """
        from types import SimpleNamespace
        joints = joints[:3].astype("float32")
        joints[1] = np.nan
        confidence, found = np.array([0.5, np.nan, 1.0]), [True, False, True]
        answer = SimpleNamespace(joints=joints, picture=[2, 0, 2], confidence=confidence, found=found, loss="high")
    """
    prediction = model(answer.strip(), batch=4).predict(images=IMAGES[:8])
    assert prediction.joints is not None
    assert prediction.picture is not None
    assert prediction.confidence is not None
    assert prediction.picture.tolist() == [2, 0, 2, 6, 4, 6]
    assert prediction.found.tolist() == [True, False, True] * 2
    assert np.isnan(prediction.joints).all(axis=(1, 2)).tolist() == [False, True, False] * 2
    assert np.isnan(prediction.confidence).tolist() == [False, True, False] * 2


def test_what_the_model_prints_does_no_harm(model: Make) -> None:
    noise = (
        "print('PXW1' * 9); sys.stdout.write('no end'); os.system('echo from C'); os.write(1, b'PXW1\\xff')"
    )
    target = model(noise, start="print('loading'); sys.stdin.read()", hear=(heard := []).append)
    assert target.predict(images=IMAGES[:1]).found.all()
    assert heard[:2] == ["loading", "PXW1" * 9]


def test_an_exception_is_one_sentence_with_the_users_line_and_the_model_stays(
    model: Make, tmp_path: Path
) -> None:
    target = model("if len(images) > 1: raise KeyError('two\\npeople')", hear=(heard := []).append)
    message = "expected predict() of my_model.py:build to answer, got KeyError: 'two\\npeople' (my_model.py, line 13)"
    assert refusal(ValueError, lambda: target.predict(images=IMAGES[:2]), tmp_path) == message
    before = target._worker
    assert target.predict(images=IMAGES[:1]).found.all()
    assert target._worker is before
    assert "Traceback (most recent call last):" in heard


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (
            "model.spec['joint_name'] = 1",
            "expected the spec of my_model.py:build to have fields of TargetSpec only, got 'joint_name'; did you mean "
            "'joint_names'?",
        ),
        (
            "model.spec['crop'] = dict(sise=3)",
            "expected crop in the spec of my_model.py:build to have fields of Crop only, got 'sise'; did you mean "
            "'size'?",
        ),
        (
            "model.spec['crop'] = dict(size=(9, 9.5))",
            "expected size[1] in crop in the spec of my_model.py:build to be a whole number, got 9.5",
        ),
        ("model.spec = dict(units='m')", "expected the spec of my_model.py:build to have 'name', got units"),
        (
            "model.spec['units'] = 'cm'",
            "expected units in the spec of my_model.py:build to be one of m, mm, got 'cm'",
        ),
        (
            "model.spec['joint_names'] = Model",
            "expected spec.joint_names to be text, a number or a list of these, got type",
        ),
        ("return None", "expected build() of my_model.py to return an object with `spec` and `predict`, got NoneType "
         "without `spec`"),
        (
            "import tensorflow_of_old",
            "expected the model my_model.py:build to be built, got ModuleNotFoundError: No module named "
            "'tensorflow_of_old' (my_model.py, line 18)",
        ),
        (
            "import crop",  # ours lies beside the worker
            "expected the model my_model.py:build to be built, got ModuleNotFoundError: No module named 'crop' "
            "(my_model.py, line 18)",
        ),
        (
            "sys.exit('no licence')",
            "expected the model my_model.py:build to be built, got SystemExit: no licence (my_model.py, line 18)",
        ),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_taken_is_one_sentence(
    model: Make, tmp_path: Path, start: str, message: str
) -> None:
    assert refusal(ValueError, lambda: model(start=start), tmp_path) == message


@pytest.mark.parametrize(
    ("predict", "message"),
    [
        (
            "answer['joint2d'] = joints",
            "expected fields of a prediction from mine, got 'joint2d'; did you mean 'joints2d'?",
        ),
        ("answer['joints'] = joints[:1]", "expected joints of shape (2, 2, 3) from mine, got (1, 2, 3)"),
        ("answer['joints'] = joints[:, :1]", "expected joints of shape (2, 2, 3) from mine, got (2, 1, 3)"),
        (
            "answer['joints'] = joints.astype(int)",
            "expected joints from mine to be floats, got int64; .astype(float) makes them",
        ),
        (
            "answer['found'] = np.ones(2)",
            "expected found from mine to be bool, got float64; compare with a threshold, e.g. score > 0.5",
        ),
        ("answer['transl'] = np.zeros((3, 3))", "expected transl of shape (2, ...) from mine, got (3, 3)"),
        ("answer.update(picture=[[0], [1]])", "expected picture of shape (2,) from mine, got (2, 1)"),
        ("answer.update(picture=[0, 2])", "expected picture from mine in 0..1, got 2 in row 1"),
        (
            "answer['joints'] = np.array([{}, {}])",
            "expected 'joints' to be an array of numbers, got dtype object: rows of one shape?",
        ),
        (
            "return joints",
            "expected predict() to return a dict, or an object, with fields such as 'joints', got ndarray without any: "
            "return {'joints': joints}",
        ),
        (
            "return None",
            "expected predict() to return a dict, or an object, with fields such as 'joints', got NoneType without "
            "any: return {'joints': joints}",
        ),
    ],
)
def test_a_wrong_answer_is_one_sentence_and_the_model_stays(
    model: Make, tmp_path: Path, predict: str, message: str
) -> None:
    target = model(f"if len(images) > 1: {predict}")
    assert refusal(ValueError, lambda: target.predict(images=IMAGES[:2]), tmp_path) == message
    before = target._worker
    assert target.predict(images=IMAGES[:1]).found.all()
    assert target._worker is before


def test_batches_of_different_shapes_are_refused(model: Make, tmp_path: Path) -> None:
    target = model("answer['vertices'] = np.zeros((len(images), len(images), 3))", batch=2)
    assert refusal(ValueError, lambda: target.predict(images=IMAGES[:3]), tmp_path) == (
        "expected vertices from mine of one shape for all people, got (1, 3) and (2, 3) from one batch of 2 to the next"
    )


def test_a_process_that_dies_at_the_start_says_why(model: Make, tmp_path: Path) -> None:
    start = "print('loading'); sys.stderr.write('no such\\n  GPU'); os._exit(3)"
    assert refusal(ChildProcessError, lambda: model(start=start), tmp_path) == (
        "expected 'python my_model.py:build' to answer, but it ended with status 3; it last said: loading / no such "
        "/ GPU"
    )


def test_a_process_that_dies_once_is_started_again_and_asked_the_same(model: Make, tmp_path: Path) -> None:
    dies = "if len(images) == 4 and not os.path.exists(MARK): open(MARK, 'w'); os.kill(os.getpid(), 11)"
    reported: list[str] = []
    prediction = model(dies, batch=8, report=reported.append).predict(images=IMAGES)
    assert prediction.joints is not None
    np.testing.assert_array_equal(prediction.joints[:, 1, 2], IMAGES.reshape(20, -1).mean(axis=1))
    assert [text.partition(" to answer, but ")[2] for text in reported] == [
        "it was ended by SIGSEGV; it is started again"
    ]


def test_a_process_that_dies_twice_is_given_up(model: Make, tmp_path: Path) -> None:
    target = model("if len(images) > 1: print('out of film'); os._exit(9)")
    assert refusal(ChildProcessError, lambda: target.predict(images=IMAGES), tmp_path) == (
        "expected 'python my_model.py:build' to answer, but it ended with status 9; it last said: out of film (the "
        "second time for the same people)"
    )
    assert target.predict(images=IMAGES[:1]).found.all()


def test_a_process_that_dies_before_its_children_is_noticed(model: Make, tmp_path: Path) -> None:
    target = model("os.fork() and os._exit(5); time.sleep(60)", timeout_s=30)
    before = time.monotonic()
    assert refusal(ChildProcessError, lambda: target.predict(images=IMAGES), tmp_path) == (
        "expected 'python my_model.py:build' to answer, but it ended with status 5 (the second time "
        "for the same people)"
    )
    assert time.monotonic() - before < 30


def test_a_spec_that_changes_with_a_new_start_is_refused(model: Make, tmp_path: Path) -> None:
    changes = "model.spec['name'] = str(os.path.exists(MARK))"
    target = model("open(MARK, 'w'); os._exit(1)", changes)
    assert refusal(ValueError, lambda: target.predict(images=IMAGES), tmp_path) == (
        "expected the spec of my_model.py:build to stay as it was when the model is built again, got another; build it "
        "from nothing that changes"
    )


def test_a_process_that_hangs_is_ended(model: Make, tmp_path: Path) -> None:
    assert refusal(TimeoutError, lambda: model(start="time.sleep(60)", start_timeout_s=0.5), tmp_path) == (
        "expected 'python my_model.py:build' to answer within 0.5 s, got nothing"
    )
    target = model("if len(images) > 1: print('thinking', flush=True); time.sleep(60)", timeout_s=2)
    assert target._worker is not None
    program = target._worker._program
    assert refusal(TimeoutError, lambda: target.predict(images=IMAGES), tmp_path) == (
        "expected 'python my_model.py:build' to answer within 2 s, got nothing; it last said: thinking"
    )
    assert program is not None
    assert program.returncode == -9
    assert target.predict(images=IMAGES[:1]).found.all()


def test_closing_ends_what_the_model_started(model: Make, tmp_path: Path) -> None:
    code = "import fcntl, time; f = open('{}', 'w'); fcntl.flock(f, 2); print('held', flush=True); time.sleep(600)"
    held = tmp_path / "held"
    start = (
        f"child = subprocess.Popen([sys.executable, '-c', \"{code.format(held)}\"], stdout=subprocess.PIPE); "
        "child.stdout.readline()"
    )
    with model(start=start) as target:
        assert target.predict(images=IMAGES[:1]).found.all()
        folder = target._worker._folder if target._worker else None
        with held.open("w") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert folder is not None
    assert not folder.exists()
    with held.open("w") as file:
        _wait_until(lambda: _lockable(file))


def _lockable(file: Any) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_nothing_stays_behind_a_forgotten_target(model: Make, tmp_path: Path) -> None:
    path = tmp_path / "my_model.py"
    path.write_text(MODEL.replace("PREDICT", "pass").replace("START", "pass"))
    target = ProcessTarget(f"{sys.executable} {path}:build")
    worker = target._worker
    assert worker is not None
    del target
    assert worker.ended
    assert worker._program is not None
    assert worker._program.returncode == 0


def test_closing_ends_an_answer_that_is_waited_for(model: Make, tmp_path: Path) -> None:
    target = model("print('thinking', flush=True); time.sleep(60)", hear=(heard := []).append)
    caught: list[Exception] = []

    def ask() -> None:
        try:
            target.predict(images=IMAGES[:1])
        except Exception as error:
            caught.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    _wait_until(lambda: heard == ["thinking"])
    target.close()
    asking.join(10)
    assert isinstance(caught[0], ConnectionAbortedError)
    assert str(caught[0]).endswith("my_model.py:build' to answer, but it was closed meanwhile")


def test_threads_take_turns(model: Make) -> None:
    target = model("time.sleep(.01)")
    given: dict[int, Any] = {}
    threads = [
        threading.Thread(
            target=lambda row=row: given.update({row: target.predict(images=IMAGES[row : row + 1])})
        )
        for row in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [float(given[row].joints[0, 0, 0]) for row in range(8)] == IMAGES[:8].reshape(8, -1).mean(
        1
    ).tolist()


def test_a_command_that_keeps_all_output_to_itself_works(model: Make, tmp_path: Path) -> None:
    model().close()  # writes the file
    (tmp_path / "conda.py").write_text(
        "import subprocess, sys\n"
        "done = subprocess.Popen(sys.argv[4:], stdin=-1, stdout=-1, stderr=-1).communicate()\n"
    )
    command = f"{sys.executable} {tmp_path}/conda.py run -n old {sys.executable} {tmp_path}/my_model.py:build"
    with build_target(f"process:{command}") as target:
        assert target.spec.name == "mine"
        assert target.predict(images=IMAGES).found.shape == (20,)


GARBAGE = """
import socket, struct, sys, time
line = socket.socket(socket.AF_UNIX)
line.connect(sys.argv[3] + "/socket")
line.sendall({!r})
{}
"""


def frame(header: str, rest: bytes = b"") -> bytes:
    return b"PXW1" + struct.pack("<I", len(header)) + header.encode() + rest


HUGE = '{"arrays": [["joints", "<f8", [4000000000, 4000000000]]]}'


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"Traceback (most", "b'Tracebac' where a frame begins"),
        (b"PXW1\xff\xff\xff\xff", "a header of 4294967295 bytes, over 1048576"),
        (frame("{'spec'}"), "a header that is not JSON"),
        (frame("[" * 100000), "a header that is not JSON"),
        (frame("[1]"), "a header that is no JSON object"),
        (frame("{}"), "'None' for the name, dtype and shape of an array"),
        (
            frame('{"arrays": [["a", "O", [1]]]}'),
            "\"['a', 'O', [1]]\" for the name, dtype and shape of an array",
        ),
        (
            frame('{"arrays": [["a", "?", [-1]]]}'),
            "\"['a', '?', [-1]]\" for the name, dtype and shape of an array",
        ),
        (frame(HUGE), "arrays of 128000000000000000000 bytes, over 1073741824"),
    ],
)
def test_what_is_no_answer_of_our_worker_is_refused(tmp_path: Path, sent: bytes, told: str) -> None:
    path = tmp_path / "not_python.py"
    path.write_text(GARBAGE.format(sent, "time.sleep(60)"))
    assert refusal(ValueError, lambda: ProcessTarget(f"{sys.executable} {path} a.py:build"), tmp_path) == (
        f"expected an answer of our worker from 'python not_python.py a.py:build', got {told}; let the command start "
        "Python on the file that is put before its last word"
    )


def test_half_an_answer_is_the_end_of_the_process_or_late(tmp_path: Path) -> None:
    path = tmp_path / "not_python.py"
    half = frame('{"arrays": [["a", "<f8", [9]]]}', b"12345")
    path.write_text(GARBAGE.format(half, ""))
    assert refusal(
        ChildProcessError, lambda: ProcessTarget(f"{sys.executable} {path} a.py:build"), tmp_path
    ) == ("expected 'python not_python.py a.py:build' to answer, but it ended with status 0")
    path.write_text(GARBAGE.format(half, "time.sleep(60)"))
    late = f"{sys.executable} {path} a.py:build"
    assert refusal(TimeoutError, lambda: ProcessTarget(late, start_timeout_s=1.0), tmp_path) == (
        "expected 'python not_python.py a.py:build' to answer within 1 s, got nothing"
    )


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("", "expected a command that ends in file.py:factory after 'process:', got none; EXAMPLE"),
        (
            "python a.py",
            "expected a command that ends in file.py:factory after 'process:', got 'python a.py'; EXAMPLE",
        ),
        ("a.py:build", "expected a Python before a.py:build after 'process:', got none; EXAMPLE"),
        (
            "python 'a.py",
            "expected a command as in a shell after 'process:', got \"python 'a.py\" (No closing quotation)",
        ),
    ],
)
def test_a_command_that_cannot_be_is_refused(command: str, message: str, tmp_path: Path) -> None:
    example = "e.g. 'process:/path/to/env/bin/python my_model.py:build'"
    assert refusal(ValueError, lambda: build_target(f"process:{command}"), tmp_path) == message.replace(
        "EXAMPLE", example
    )


def test_other_refusals(model: Make, tmp_path: Path) -> None:
    assert refusal(FileNotFoundError, lambda: build_target("process:~/no-python a.py:build"), tmp_path) == (
        f"expected a program to start by '{Path.home()}/no-python a.py:build', got No such file or directory; give its "
        "full path"
    )
    assert refusal(ValueError, lambda: ProcessTarget(["python", "a.py:build"], batch=0), tmp_path) == (
        "expected batch above 0, got 0"
    )
    gone = [sys.executable, f"{tmp_path}/gone.py:build"]
    assert refusal(ValueError, lambda: ProcessTarget(gone), tmp_path).startswith(
        "expected a Python file for the model, got no file gone.py in "
    )
    with pytest.raises(ValueError, match=r"^expected a callable 'biuld' in .*my_model.py, got none there; did you mean "
                       r"'build'\?$"):  # fmt: skip
        ProcessTarget([sys.executable, f"{model()._command[1].rpartition(':')[0]}:biuld"])
    with pytest.raises(ValueError, match="it is an option of the built-in targets; let the factory choose"):
        build_target("process:python a.py:build", region_of_interest="detector")


def test_a_folder_with_a_path_too_long_for_a_socket_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    message = refusal(OSError, lambda: ProcessTarget([sys.executable, "a.py:build"]), tmp_path)
    assert message.startswith(
        "expected a folder for temporary files with a path short enough for a socket, got xxx"
    )
    assert message.endswith("; set TMPDIR=/tmp")
    assert list(long.iterdir()) == []


def test_what_is_said_is_kept_short(tmp_path: Path) -> None:
    heard: list[str] = []
    said = _Said(tmp_path / "said", heard.append)
    with (tmp_path / "said").open("ab", buffering=0) as file:
        file.write(b"10 %\r20 %\r100 %\nhalf")
        said.pass_on()
        file.write(b" a line\n" + b"x" * 3_000_000 + b"\n")
        said.pass_on()
        assert (tmp_path / "said").stat().st_size == 0
        file.write(b"more")
    assert said.told() == f"; it last said: half a line / {'x' * 200} / more"
    said.close()
    assert heard[:2] == ["100 %", "half a line"]
