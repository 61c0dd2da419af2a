"""Simulators by name, and the body that they draw."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from examiner import Config
from examiner.simulators import build_referee, build_reference_renderer, build_simulator, dressed_body
from simulator import ProcessSimulator, PyrenderSimulator, RasterSimulator
from simulator.stick import stick_body

OWN = """
from simulator import StickSimulator

def build(body, image_size): return StickSimulator(body, image_size=image_size)
def number(body, image_size): return 3
def broken(body, image_size): raise RuntimeError("no licence")
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path / "own.py"


def test_the_fast_one_has_a_referee_that_draws_the_same():
    config, body = Config(image_size=64), stick_body()
    fast, referee = build_simulator(config, body), build_referee(config, body)
    assert isinstance(fast, RasterSimulator)
    assert isinstance(referee, PyrenderSimulator)
    assert fast.stage.version == referee.stage.version
    assert build_referee(Config(simulator="pyrender"), body) is None


def test_a_users_simulator_is_built_with_body_and_size(own):
    config = Config(simulator=f"{own}:build", image_size=96)
    simulator = build_simulator(config, stick_body())
    assert "96 px" in simulator.version
    assert build_referee(config, stick_body()) is None


def test_a_process_is_not_started_before_it_draws():
    simulator = build_simulator(Config(simulator="process:no-such 'a b'", image_size=64), stick_body())
    assert isinstance(simulator, ProcessSimulator)
    assert "no-such a b" in simulator.version


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rastr", "unknown simulator 'rastr': expected one of raster, pyrender, judge, module:factory, "
         "file.py:factory or 'process:COMMAND'; did you mean 'raster'?"),
        ("{own}:number", "expected number(body, image_size) to return a simulator with version, render and close, "
         "got int without version"),
        ("{own}:broken", "expected broken() to build the simulator {own}:broken, got RuntimeError: no licence"),
        ("{own}:bild", "expected a callable 'bild' for the simulator {own}:bild, got none there; "
         "did you mean 'build'?"),
        ("process:'x", "expected a command as in a shell after 'process:', got \"'x\" (No closing quotation)"),
        ("process:", "expected a command after 'process:', got none; e.g. 'process:python my_sim.py'"),
    ],
)  # fmt: skip
def test_a_wrong_simulator_is_one_sentence(own, name, message):
    with pytest.raises(ValueError, match=r"^(expected|unknown)") as caught:
        build_simulator(Config(simulator=name.format(own=own)), stick_body())
    assert str(caught.value) == message.format(own=own)


def test_photographs_and_maps_of_the_user_change_the_version(tmp_path):
    Image.fromarray(np.full((80, 80, 3), 90, np.uint8)).save(tmp_path / "a.png")
    plain = build_simulator(Config(image_size=64), stick_body()).version
    own = Config(image_size=64, backgrounds=str(tmp_path))
    assert build_simulator(own, stick_body()).version != plain
    referee = build_referee(own, stick_body())
    assert referee is not None
    assert "photographs" in referee.version
    exports = build_reference_renderer(
        Config(image_size=64, simulator="pyrender", backgrounds=str(tmp_path)), stick_body()
    )
    assert exports.version == referee.version


def test_own_looks_are_refused_where_they_would_do_nothing(own):
    with pytest.raises(ValueError, match=r"^expected") as caught:
        build_simulator(Config(simulator=f"{own}:build", texture="maps"), stick_body())
    assert str(caught.value) == (
        f"expected --texture with --simulator raster or pyrender, got {own}:build, which draws its own; leave one "
        "of the two out"
    )


def test_texture_coordinates_belong_to_the_body(tmp_path, body):
    uv = tmp_path / "uv.npz"
    np.savez(uv, vt=body.uv.vt[:, ::-1], ft=body.uv.ft)
    dressed = dressed_body(Config(uv=str(uv)))
    assert np.array_equal(dressed.uv.vt, body.uv.vt[:, ::-1])
    assert dressed.sha256 != body.sha256
    assert dressed_body(Config()).sha256 == body.sha256


def test_maps_without_texture_coordinates_are_refused(monkeypatch):
    monkeypatch.setattr("examiner.simulators.load_body", lambda source: stick_body())
    with pytest.raises(ValueError, match=r"^expected") as caught:
        dressed_body(Config(body="mine.npz", texture="maps"))
    assert str(caught.value) == (
        "expected texture coordinates for the maps in maps, got the body mine.npz, which has none; name a file "
        "that has them by --uv"
    )
