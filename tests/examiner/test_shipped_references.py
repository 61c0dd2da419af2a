"""The shipped references; apart from test_reference.py, which counts with fewer draws."""

import json
from importlib.resources import files

import pytest

from examiner.reference import reference_key
from simulator import load_prior


@pytest.mark.parametrize("name", ["blazepose-lite", "blazepose-full", "blazepose-heavy", "hmr-lite"])
def test_shipped_references_belong_to_what_is_shipped(name, body):
    """The shipped figures were made with the shipped body, prior and drawing."""
    stored = json.loads((files("examiner") / "data" / "references" / f"{name}.json").read_text())
    assert stored["about"]["body_sha256"] == body.sha256
    assert stored["about"]["prior_sha256"] == load_prior("default").sha256
    assert stored["key"] == reference_key(stored["about"])
    assert stored["draws"] == 4000
