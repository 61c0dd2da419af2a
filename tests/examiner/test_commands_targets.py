"""`examiner targets` lists what can be examined, each with its licence and whether it is there."""

from examiner.cli import main
from targets.catalogue import BUILT_IN
from targets.listing import built_in, recipes
from targets.recipes import RECIPES


def test_everything_built_in_is_listed_with_its_licence(capsys):
    assert main(["targets"]) == 0
    said = capsys.readouterr().out
    lines = {line.split()[0]: line for line in said.splitlines() if line.startswith("  ")}
    assert set(BUILT_IN) <= set(lines)
    assert "Apache-2.0" in lines["blazepose-full"]
    assert set(RECIPES) <= set(lines)
    assert "docs/recipes.md" in said
    assert "process:PYTHON" in said


def test_what_is_not_in_the_cache_is_said_to_be_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("POSEEXAMINER_CACHE", str(tmp_path))
    assert {one.state for one in built_in() if one.name == "blazepose-lite"} == {"fetched when first used"}


def test_every_recipe_names_a_file_to_have_and_a_licence():
    assert all(one.licence and one.state.removeprefix("needs ") for one in recipes())
