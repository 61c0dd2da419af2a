"""TokenHMR: HMR2's form with the pose out of a vocabulary of tokens.

S. K. Dwivedi et al., "TokenHMR: Advancing Human Mesh Recovery with a Tokenized Pose Representation", CVPR 2024.
Repository saidwivedi/TokenHMR. Code and weights: MPI, non-commercial research, after registration.
You must have: the folder `tokenhmr` of a clone on PYTHONPATH (its package is called `lib`), started from there, the
checkpoint `tokenhmr_model_latest.ckpt`, `model_config.yaml` beside it and the tokenizer that the config names.

The real checkpoint has not been run here; crop, axes, units and camera were checked against a stand-in of the same
signature that answers with the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from targets.recipe import Recipe
from targets.recipes import hmr2
from targets.user_repository import checkpoint_file, repository_module, weights_digest

REPOSITORY = "saidwivedi/TokenHMR"
CHECKPOINT = "tokenhmr_model_latest.ckpt"
LICENCE = "MPI, non-commercial research (code and weights)"


def build(
    model: str | Path | None = None, *, network: Callable[..., Any] | None = None, device: str = "cpu"
) -> hmr2.Hmr2:
    """TokenHMR from its checkpoint, or from any network of HMR2's signature.

    Args:
        model: Path of the checkpoint, its config beside it.
        network: Called in place of a loaded one.
        device: Torch's word for where the network runs.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    return hmr2.target("tokenhmr", LICENCE, network or load(model, device), device, weights_digest(model))


def load(model: str | Path | None, device: str) -> Callable[..., Any]:
    """The published network with its weights."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    config = checkpoint_file(path.parent / "model_config.yaml", "model_config.yaml", REPOSITORY)
    models = repository_module("lib.models", REPOSITORY)
    network, _ = models.load_tokenhmr(
        checkpoint_path=str(path), model_cfg=str(config), is_train_state=False, is_demo=True
    )
    loaded: Callable[..., Any] = network.to(device).eval()
    return loaded


RECIPE = Recipe("tokenhmr", REPOSITORY, CHECKPOINT, LICENCE, build)
