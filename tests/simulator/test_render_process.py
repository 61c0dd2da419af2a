from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator import background, gl, render_process
from simulator.body_files import load_body
from simulator.pyrender_simulator import PyrenderSimulator
from simulator.stick import stick_body
from tests.simulator.people import facing, make_scene

pytestmark = pytest.mark.skipif(gl.diagnose() is not None, reason=str(gl.diagnose()))


@pytest.fixture
def small() -> Iterator[PyrenderSimulator]:
    with PyrenderSimulator(stick_body(), image_size=64) as one:
        yield one


def child_pid(simulator: PyrenderSimulator) -> int:
    child = simulator._process._child
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


@pytest.mark.slow
def test_a_killed_process_is_reported_and_replaced(small: PyrenderSimulator) -> None:
    first = small.render(facing(64))
    os.kill(child_pid(small), signal.SIGKILL)
    message = r"cannot draw pictures through EGL: the drawing process ended with code -9 \(.*\); type: apt-get install"
    with pytest.raises(gl.GraphicsError, match=message):
        small.render(facing(64))
    np.testing.assert_array_equal(small.render(facing(64)).images, first.images)


@pytest.mark.slow
def test_an_interrupt_between_question_and_answer_does_no_harm(
    small: PyrenderSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = small.render(facing(64))

    def interrupt(seed: int, size: int) -> NDArray[np.uint8]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(background, "draw", interrupt)
        with pytest.raises(KeyboardInterrupt):
            small.render(replace(facing(64), clothing=np.array([4])))
    np.testing.assert_array_equal(small.render(facing(64)).images, first.images)


@pytest.mark.slow
def test_no_egl_driver_is_one_clear_sentence(
    small: PyrenderSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_FILENAMES", "/nonexistent.json")
    with pytest.raises(
        gl.GraphicsError, match=r"^cannot draw pictures through EGL: .*; type: apt-get install -y [^\n]*$"
    ):
        small.render(facing(64))


@pytest.mark.slow
def test_a_silent_process_is_given_up(small: PyrenderSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    small.render(facing(64))
    pid = child_pid(small)
    monkeypatch.setattr(render_process, "TIMEOUT_S", 0.5)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(gl.GraphicsError, match=r"no picture came in 0\.5 s"):
        small.render(facing(64))
    assert gone(pid)


@pytest.mark.slow
def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"  # at its top level, as users write scripts
    script.write_text(
        "import os, signal, sys\n"
        f"sys.path[:0] = {[str(Path(__file__).parents[2])]!r}\n"
        "from simulator.stick import stick_body\n"
        "from simulator.pyrender_simulator import PyrenderSimulator\n"
        "from tests.simulator.people import facing\n"
        "simulator = PyrenderSimulator(stick_body(), image_size=64)\n"
        "simulator.render(facing(64))\n"
        "print(simulator._process._child.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert parent.returncode == -signal.SIGKILL, parent.stderr
    assert gone(int(parent.stdout))


def test_close_ends_the_process(small: PyrenderSimulator) -> None:
    small.render(facing(64))
    pid = child_pid(small)
    small.close()
    assert not is_running(pid)


@pytest.mark.slow
def test_specialised_shaders_give_the_same_bits() -> None:
    body = load_body("neutral")
    script = """
import contextlib, sys
import numpy as np
from simulator import renderer, render_process
import pyrender
from pathlib import Path

@contextlib.contextmanager
def installed(_):
    yield str(Path(pyrender.__file__).parent / "shaders")

renderer.specialised_shaders = installed
render_process.serve(int(sys.argv[1]), int(sys.argv[2]))
"""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render_process, "_COMMAND", script)
        with PyrenderSimulator(body) as simulator:
            plain = simulator.render(make_scene(4))
    with PyrenderSimulator(body) as simulator:
        batch = simulator.render(make_scene(4))
    np.testing.assert_array_equal(plain.images, batch.images)
    np.testing.assert_array_equal(plain.depth, batch.depth)
