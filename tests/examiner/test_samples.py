"""Samples keep to what their run searched, held and could see."""

import numpy as np
import pytest

from examiner import Config, Examiner
from examiner.fairness import part_of_a_person, whole_person
from examiner.samples import sample_run
from examiner.spaces import build_spaces
from examiner.subspace_files import read_subspaces
from simulator import load_prior, physical_values


@pytest.fixture(scope="module")
def run(planted, tmp_path_factory):
    rig = planted(
        budget=300,
        baselines=(),
        factors=("pose", "view", "light"),
        fix=("view.elevation=20", "light.temperature=3200", "clothing.sleeve=0.5"),
    )
    return Examiner(rig, tmp_path_factory.mktemp("runs") / "lit").run().folder


def test_what_the_run_searched_comes_from_its_subspaces(run):
    samples = sample_run(run, 40, 0)
    subspaces = {stored.mode: stored.subspace for stored in read_subspaces(run)}
    assert set(samples.mode) == set(subspaces)
    for row, mode in enumerate(samples.mode):
        one = subspaces[mode]
        names = one.names[one.inner :]
        assert "light.intensity" in names
        values = physical_values(samples.scene.rows(slice(row, row + 1)), names)[0]
        low, high = (one.centre - one.phi_low)[one.inner :], (one.centre + one.phi_up)[one.inner :]
        assert ((values >= low - 1e-6) & (values <= high + 1e-6)).all()


def test_what_the_run_held_stays_held(run):
    scene = sample_run(run, 20, 0).scene
    names = ["view.elevation", "light.temperature", "clothing.sleeve"]
    assert np.allclose(physical_values(scene, names), [20.0, 3200.0, 0.5])
    assert len(np.unique(physical_values(scene, ["clothing.skin"]))) > 10


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"factors": ("pose", "light")}, whole_person),
        ({"factors": ("pose", "occluder")}, part_of_a_person),
        ({"factors": ("pose",), "vary": ("camera",)}, part_of_a_person),
    ],
)
def test_what_may_hide_people_decides_the_rule(body, settings, rule):
    assert build_spaces(Config(**settings), body, load_prior("default"), None).rule is rule
