"""Subspaces on disk: what is read back is what was written."""

import json

import numpy as np
import pytest

from examiner import Config
from examiner.audit import begin, finish
from examiner.box_growth import start_box
from examiner.ellipsoid_growth import start_ellipsoid
from examiner.files import write_json
from examiner.subspace import beside_pose, point_box
from examiner.subspace_files import SCHEMA, _from_row, _row, read_subspaces


@pytest.fixture(scope="module")
def rig(planted):
    return planted(factors=("pose", "view"))


def stored(rig, subspace):
    """A run's folder would hold this row."""
    person = subspace.scene
    region = type(
        "Region", (), {"subspace": subspace, "proof": type("Proof", (), {"success": True, "rate": 0.96})}
    )
    outcomes = type("Outcomes", (), {"severity": [200.0]})
    mode = type("Mode", (), {"scene": person, "region": region, "outcomes": outcomes})
    return {**_row(rig, 3, mode), "flags": ["ambiguous"]}


@pytest.mark.parametrize("kind", ["box", "ellipsoid"])
def test_a_subspace_is_read_back_as_it_was(rig, tmp_path, kind):
    person = rig.space.decode(np.random.default_rng(0).random((1, rig.space.dim)))
    beside = beside_pose(rig.space)
    if kind == "box":
        subspace = start_box(point_box(person, beside), np.ones(66))
    else:
        subspace = start_ellipsoid(person, beside, rig.prior)
    write_json(tmp_path / "row.json", stored(rig, subspace))
    again = _from_row(json.loads((tmp_path / "row.json").read_text()), Config().prior)
    assert (again.mode, again.success, again.rate, again.error_mm) == (3, True, 0.96, 200.0)
    assert again.flags == ("ambiguous",)
    assert type(again.subspace) is type(subspace)
    points = subspace.sample(50, np.random.default_rng(1))
    assert np.array_equal(points, again.subspace.sample(50, np.random.default_rng(1)))
    assert np.array_equal(subspace.poses(points), again.subspace.poses(points))


def test_another_prior_is_refused(rig, tmp_path):
    person = rig.space.default(1)
    row = stored(rig, start_ellipsoid(person, beside_pose(rig.space), rig.prior))
    write_json(tmp_path / "row.json", {**row, "prior_sha256": "0" * 64})
    with pytest.raises(ValueError, match="expected the pose prior that the run was made with"):
        _from_row(json.loads((tmp_path / "row.json").read_text()), Config().prior)


def test_another_schema_is_refused(rig, tmp_path):
    begin(tmp_path, rig, "audit")
    finish(tmp_path)
    write_json(tmp_path / "subspaces.json", {"schema": "poseexaminer-subspaces/1", "subspaces": []})
    with pytest.raises(ValueError, match=f"expected schema {SCHEMA}"):
        read_subspaces(tmp_path)
