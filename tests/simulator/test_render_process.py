from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from simulator import gl, render_process
from simulator.drawing import Picture
from simulator.render_process import PyrenderRenderer
from tests.simulator.plates import (
    BLUE,
    GREEN,
    RED,
    SIZE,
    UV_OF_A_PICTURE,
    picture,
    plate,
    plate_part,
    quarters,
)

pytestmark = pytest.mark.skipif(gl.diagnose() is not None, reason=str(gl.diagnose()))

PARTS = (plate_part("shirt"), plate_part("card", uv=UV_OF_A_PICTURE))
TEXTURE = quarters(RED, GREEN, BLUE, RED)
EGL_FAILS = r"cannot draw pictures through EGL: "


@pytest.fixture
def small() -> Iterator[PyrenderRenderer]:
    one = PyrenderRenderer(PARTS, SIZE)
    yield one
    one.close()


def both() -> Picture:
    return picture(plate(RED, half=0.2), plate(TEXTURE, 3.0))


def child_pid(renderer: PyrenderRenderer) -> int:
    child = renderer._child
    assert child is not None
    return child.process.pid


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(pid: int, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not is_running(pid)


def test_a_killed_process_is_reported_and_replaced_with_its_textures(small: PyrenderRenderer) -> None:
    first = small.draw([both()])[0]
    os.kill(child_pid(small), signal.SIGKILL)
    message = EGL_FAILS + r"the drawing process ended with code -9 \(.*\); type: apt-get install"
    with pytest.raises(gl.GraphicsError, match=message):
        small.draw([both()])
    np.testing.assert_array_equal(small.draw([both()])[0].rgba, first.rgba)


@pytest.mark.slow
def test_an_interrupt_between_question_and_answer_does_no_harm(small: PyrenderRenderer) -> None:
    first = small.draw([both()])[0]
    small.submit([picture(None, plate(quarters(*[RED] * 4)))])  # never collected
    np.testing.assert_array_equal(small.draw([both()])[0].rgba, first.rgba)


def test_a_refused_picture_leaves_the_process_as_it_is(small: PyrenderRenderer) -> None:
    first = small.draw([both()])[0]
    pid = child_pid(small)
    with pytest.raises(ValueError, match="expected 2 surfaces"):
        small.draw([picture()])
    np.testing.assert_array_equal(small.draw([both()])[0].rgba, first.rgba)
    assert child_pid(small) == pid


@pytest.mark.slow
def test_ctrl_c_is_for_the_parent_alone(small: PyrenderRenderer) -> None:
    first = small.draw([both()])[0]
    pid = child_pid(small)
    os.kill(pid, signal.SIGINT)
    np.testing.assert_array_equal(small.draw([both()])[0].rgba, first.rgba)
    assert child_pid(small) == pid


@pytest.mark.slow
def test_no_egl_driver_is_one_clear_sentence(
    small: PyrenderRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_FILENAMES", "/nonexistent.json")
    with pytest.raises(gl.GraphicsError, match=rf"^{EGL_FAILS}.*; type: apt-get install -y [^\n]*$"):
        small.draw([both()])


@pytest.mark.slow
def test_a_silent_process_is_given_up(small: PyrenderRenderer, monkeypatch: pytest.MonkeyPatch) -> None:
    small.draw([both()])
    pid = child_pid(small)
    monkeypatch.setattr(render_process, "TIMEOUT_S", 0.5)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(gl.GraphicsError, match=r"no picture came in 0\.5 s"):
        small.draw([both()])
    assert gone(pid)


@pytest.mark.slow
def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"  # at its top level, as users write scripts
    script.write_text(
        "import os, signal, sys\n"
        f"sys.path[:0] = {[str(Path(__file__).parents[2])]!r}\n"
        "from tests.simulator.test_render_process import PARTS, PyrenderRenderer, SIZE, both\n"
        "renderer = PyrenderRenderer(PARTS, SIZE)\n"
        "renderer.draw([both()])\n"
        "print(renderer._child.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert parent.returncode == -signal.SIGKILL, parent.stderr
    assert gone(int(parent.stdout))


def test_close_ends_the_process(small: PyrenderRenderer) -> None:
    small.draw([both()])
    pid = child_pid(small)
    assert small.opengl
    small.close()
    assert not is_running(pid)


def test_nothing_runs_before_the_first_picture(small: PyrenderRenderer) -> None:
    assert small._child is None
    assert small.opengl == ""
