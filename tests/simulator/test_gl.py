from __future__ import annotations

import ctypes
import sys

import pytest

from simulator import gl


def missing(*names: str) -> type:
    class FakeLoader:
        def __init__(self, name: str) -> None:
            if name in names:
                raise OSError(f"{name}: cannot open shared object file")

    return FakeLoader


def test_nothing_is_said_where_the_libraries_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", missing())
    assert gl.diagnose() is None


def test_missing_libraries_are_named_with_the_command_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", missing("libEGL.so.1"))
    assert gl.diagnose() == (
        "cannot draw pictures through EGL: libEGL.so.1 not found; "
        "type: apt-get install -y --no-install-recommends libegl1 libgl1 libgl1-mesa-dri"
    )
    monkeypatch.setattr(ctypes, "CDLL", missing("libEGL.so.1", "libGL.so.1"))
    assert "libEGL.so.1 and libGL.so.1 not found" in str(gl.diagnose())


def test_a_graphics_error_is_a_runtime_error() -> None:
    assert issubclass(gl.GraphicsError, RuntimeError)


def test_the_drawing_process_uses_egl_and_finds_our_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYOPENGL_PLATFORM", "glx")
    monkeypatch.delenv("LP_NUM_THREADS", raising=False)
    monkeypatch.setattr(sys, "path", ["", "/a", "/b"])
    environment = gl.environment()
    assert environment["PYOPENGL_PLATFORM"] == "egl"
    assert environment["PYGLET_HEADLESS"] == "1"
    assert environment["PYTHONPATH"] == "/a:/b"
    assert environment["LP_NUM_THREADS"] == "1"


def test_the_users_thread_count_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LP_NUM_THREADS", "4")
    assert gl.environment()["LP_NUM_THREADS"] == "4"
