"""Recipes: published models as targets, a file each, ready to use or to copy. See `docs/recipes.md`."""

from __future__ import annotations

from types import MappingProxyType

from targets.recipe import Recipe
from targets.recipes import (
    camerahmr,
    cliff,
    hmr2,
    hybrik,
    i2l_meshnet,
    imphmr,
    multi_hmr,
    multi_hmr_anny,
    nlf,
    pare,
    pose2mesh,
    prompt_hmr,
    romp,
    sam_3d_body,
    smplify,
    spin,
    tokenhmr,
    vibe,
    wham,
)

_MODULES = (
    *(
        spin,
        pare,
        cliff,
        hmr2,
        tokenhmr,
        camerahmr,
        hybrik,
        romp,
        nlf,
        multi_hmr,
        multi_hmr_anny,
        sam_3d_body,
    ),
    *(prompt_hmr, imphmr, i2l_meshnet, pose2mesh, vibe, wham, smplify),
)

RECIPES: MappingProxyType[str, Recipe] = MappingProxyType(
    {module.RECIPE.name: module.RECIPE for module in _MODULES}
)
"""Recipes by the name of the target."""

__all__ = ["RECIPES", "Recipe"]
