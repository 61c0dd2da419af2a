"""Other targets on the modes of a run."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from examiner import solvable
from examiner.progress import Silence
from examiner.solvable import Solver, solvers_of
from targets import FakePlantedTarget


@pytest.fixture(scope="module")
def rig(planted):
    return planted()


@pytest.fixture(autouse=True)
def references(monkeypatch, rig):
    monkeypatch.setattr(solvable, "find_reference", lambda about: rig.reference)


def modes(rig, count=3):
    scene = rig.space.decode(np.random.default_rng(0).random((count, rig.space.dim)))
    return [SimpleNamespace(scene=scene.rows(slice(i, i + 1))) for i in range(count)]


def test_a_target_that_is_right_solves_and_one_that_is_wrong_does_not(rig, body):
    never, always = (lambda joints: np.zeros(len(joints), bool)), (lambda joints: np.ones(len(joints), bool))
    right, wrong = (FakePlantedTarget(body.joint_names, when) for when in (never, always))
    solvers = solvers_of(replace(rig, others=(right, wrong)), modes(rig), Silence())
    assert [one.solves.tolist() for one in solvers] == [[True] * 3, [False] * 3]
    assert solvers[0].usual == rig.reference.calibrated.p90_mm
    assert (solvers[0].errors < 1).all()
    assert (solvers[1].errors > 100).all()


def test_without_modes_or_others_nobody_is_asked(rig, body):
    other = FakePlantedTarget(body.joint_names, lambda joints: np.ones(len(joints), bool))
    assert solvers_of(replace(rig, others=(other,)), [], Silence()) == []
    assert solvers_of(rig, modes(rig), Silence()) == []


def test_who_finds_nobody_solves_nothing():
    assert Solver("other", np.array([np.nan, 10.0]), 20.0).solves.tolist() == [False, True]
