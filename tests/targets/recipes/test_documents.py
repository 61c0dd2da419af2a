"""The table of recipes names every recipe, its file, its checkpoint and its repository."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from targets.recipes import RECIPES

TABLE = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text()


@pytest.mark.parametrize("name", RECIPES)
def test_the_table_names_the_recipe(name):
    recipe = RECIPES[name]
    file = Path(sys.modules[recipe.build.__module__].__file__).name
    (row,) = [line for line in TABLE.splitlines() if line.startswith("|") and f"`{file}`" in line]
    for word in filter(None, (Path(recipe.checkpoint.split(" (")[0]).name, recipe.repository)):
        if name in ("romp", "smplify", "imphmr", "wham"):
            continue  # named by their package, or all that a script fetches
        assert word in row
