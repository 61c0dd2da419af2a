"""PromptHMR: SMPL-X of the people that boxes point at in a whole picture, in its metric camera.

Y. Wang et al., "PromptHMR: Promptable Human Mesh Recovery", CVPR 2025. Repository yufu-wang/PromptHMR.
Code and weights: MPI, non-commercial research; so are SMPL and SMPL-X.
You must have: the package `prompt_hmr` importable, started from the clone (it reads `data/body_models/` there), and
the folder `data/pretrain/phmr` with `checkpoint.ckpt` and `config.yaml`. Its loader asks for CUDA.

The real checkpoint has not been run here; fitting into the square, boxes, axes, units and camera were checked
against a stand-in of the same signature that answers with the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from targets.base import Prediction, TargetSpec
from targets.joint_orders import SMPL_24
from targets.recipe import Recipe
from targets.smpl_parameters import from_matrices
from targets.torch_network import Float, TorchNetwork, one_by_one
from targets.user_repository import checkpoint_file, repository_module, weights_digest
from targets.whole_picture import letterbox, normalised, pixels

REPOSITORY = "yufu-wang/PromptHMR"
CHECKPOINT = "phmr (a folder with checkpoint.ckpt and config.yaml)"
LICENCE = "MPI, non-commercial research (code and weights)"
SIDE = 896


@dataclass(frozen=True)
class PromptHmr:
    """A network of PromptHMR's signature: a list of pictures with box prompts to a list of dicts."""

    spec: TargetSpec
    """Of the target."""
    network: TorchNetwork
    """The user's."""

    def predict(self, *, images: NDArray[np.uint8], boxes: Float, intrinsics: Float) -> Prediction:
        """SMPL's joints, SMPL-X's vertices and parameters in metres, in the camera of the intrinsics."""
        out = one_by_one(self._look, images, boxes, intrinsics)
        return Prediction(
            found=np.ones(len(images), np.bool_),
            joints=out["smpl_j3d"],
            joints2d=pixels(out["smpl_j3d"], intrinsics),
            vertices=out["vertices"],
            transl=out["transl"],
            focal_length=intrinsics[:, 0, 0].copy(),
            **from_matrices(out["rotmat"], out["betas"]),
        )

    def _look(self, image: NDArray[np.uint8], box: Float, intrinsics: Float) -> dict[str, Any]:
        fit = letterbox(image, SIDE)
        corners = fit.to_square(box.reshape(1, 2, 2)).reshape(1, 4).clip(0, SIDE)
        item = {
            "image": normalised(fit.fit(image[0])),
            "boxes": np.column_stack([corners, [1.0]]),
            "cam_int": fit.intrinsics(intrinsics),
            **dict.fromkeys(("kpts", "masks", "text")),
        }
        out = self.network([item], use_mean_hands=True)[0]
        return {name: out[name] for name in ("smpl_j3d", "vertices", "transl", "rotmat", "betas")}


def build(
    model: str | Path | None = None, *, network: Callable[..., Any] | None = None, device: str = "cuda"
) -> PromptHmr:
    """PromptHMR from its folder, or from any network of its signature.

    Args:
        model: Path of the folder.
        network: Called in place of a loaded one.
        device: Torch's word for where the network runs.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    network = network or load(model, device)
    weights = None if model is None else Path(model) / "checkpoint.ckpt"
    spec = TargetSpec(
        name="prompt-hmr",
        joint_names=SMPL_24,
        needs=("images", "boxes", "intrinsics"),
        metric=True,
        licence=LICENCE,
        gives=("joints", "joints2d", "vertices", "body_pose"),
        weights_sha256=weights_digest(weights),
        body="smplx",
    )
    return PromptHmr(spec, TorchNetwork(network, device))


def load(model: str | Path | None, device: str) -> Callable[..., Any]:
    """The published network with its weights."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    network = repository_module("prompt_hmr", REPOSITORY).load_model_from_folder(str(path))
    loaded: Callable[..., Any] = network.to(device).eval()
    return loaded


RECIPE = Recipe("prompt-hmr", REPOSITORY, CHECKPOINT, LICENCE, build)
