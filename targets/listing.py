"""What there is to examine: built-in targets, recipes for published models, and the forms of a user's own."""

from __future__ import annotations

from dataclasses import dataclass

from targets.blazepose import LANDMARK_FILES
from targets.movenet import MOVENET_FILES
from targets.recipes import RECIPES
from targets.weights import WeightFile, cached_path

BLAZEPOSE = "BlazePose GHUM 3D of MediaPipe"
HMR_LITE = "our SMPL-type regressor: pose, shape and camera (docs/hmr-lite.md)"
MOVENET = "MoveNet: COCO's 17 keypoints, in 2D alone"


@dataclass(frozen=True)
class Listed:
    """One line of the list."""

    name: str
    """As after `--target`; of a recipe, the model's."""
    what: str
    """In a few words; of a recipe, the module whose `build` makes the target."""
    licence: str
    """Of code and weights."""
    state: str
    """Whether it can be examined now, and what is missing."""


def built_in() -> list[Listed]:
    """The built-in targets, each with whether its weights are in the cache."""
    rows = [
        Listed(f"blazepose-{size}", BLAZEPOSE, file.licence, _state(file))
        for size, file in LANDMARK_FILES.items()
    ]
    torch = [
        Listed(
            f"blazepose-{size}-torch", f"{BLAZEPOSE}, in torch: can be trained", file.licence, _state(file)
        )
        for size, file in LANDMARK_FILES.items()
    ]
    flat = [
        Listed(f"movenet-{kind}", MOVENET, files[0].licence, _state(*files))
        for kind, files in MOVENET_FILES.items()
    ]
    own = Listed("hmr-lite", HMR_LITE, "Apache-2.0", _state(LANDMARK_FILES["full"]))
    return [*rows, *torch, *flat, own]


def recipes() -> list[Listed]:
    """Recipes for published models, whose code and checkpoint are the user's."""
    return [
        Listed(name, one.build.__module__, one.licence, f"needs {one.checkpoint}")
        for name, one in RECIPES.items()
    ]


FORMS = (
    ("my_model.py:build", "your wrapper, or package.module:factory"),
    ("process:PYTHON my_model.py:build", "the same in an environment of its own (docs/targets-process.md)"),
    ("my_model.yaml", "an ONNX or TorchScript file (docs/targets-files.md)"),
)
"""How a user's own model is named."""


def _state(*files: WeightFile) -> str:
    """Whether files are in the cache."""
    return "ready" if all(cached_path(file).is_file() for file in files) else "fetched when first used"
