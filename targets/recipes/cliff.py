"""CLIFF: SMPL parameters from a crop and from where it lies in the picture.

Z. Li et al., "CLIFF: Carrying Location Information in Full Frames into Human Pose and Shape Estimation", ECCV 2022.
Repository huawei-noah/noah-research, folder CLIFF; the demo haofanwang/CLIFF has the same network. Code: MIT by its
headers; weights: non-commercial research, as SMPL. You must have: a clone on PYTHONPATH (its packages `models` and
`common`), `hr48-PA43.0_MJE69.0_MVE81.2_3dpw.pt` (or `res50-...`) and `smpl_mean_params.npz`.

The real checkpoint has not been run here; crop, box numbers, axes, units and camera were checked against a stand-in
of the same signature that answers with the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from targets.base import Prediction, TargetSpec
from targets.crop import Crop
from targets.recipe import Recipe
from targets.smpl_parameters import from_matrices
from targets.torch_network import Float, TorchNetwork, one_by_one
from targets.user_repository import checkpoint_file, repository_module, weights_digest
from targets.weak_perspective import box_numbers, picture_translation, regions

REPOSITORY = "huawei-noah/noah-research"
CHECKPOINT = "hr48-PA43.0_MJE69.0_MVE81.2_3dpw.pt"
LICENCE = "MIT (code); SMPL and weights: non-commercial research"
CROP = Crop(size=(256, 192), box_scale=1.1, aspect=0.75)


@dataclass(frozen=True)
class Cliff:
    """A network of CLIFF's signature: images (1, 3, 256, 192), box numbers (1, 3) to rotations, betas, (s, tx, ty)."""

    spec: TargetSpec
    """Of the target."""
    network: TorchNetwork
    """The user's."""

    def predict(self, *, images: NDArray[np.uint8], boxes: Float) -> Prediction:
        """Parameters and `transl`, for a camera whose focal length is the picture's diagonal."""
        where = regions(CROP, images, boxes)
        out = one_by_one(self._look, CROP.cut(images, boxes), box_numbers(where))
        return Prediction(
            found=np.ones(len(images), np.bool_),
            transl=picture_translation(out["camera"], where, where.diagonal),
            focal_length=where.diagonal,
            **from_matrices(out["rotations"], out["betas"]),
        )

    def _look(self, crop: NDArray[np.float32], numbers: Float) -> dict[str, Any]:
        rotations, betas, camera = self.network(crop, numbers)
        return {"rotations": rotations.reshape(1, 24, 3, 3), "betas": betas, "camera": camera}


def build(
    model: str | Path | None = None,
    *,
    mean_params: str | Path = "data/smpl_mean_params.npz",
    backbone: str = "hr48",
    network: Callable[..., Any] | None = None,
    device: str = "cpu",
) -> Cliff:
    """CLIFF from its checkpoint, or from any network of its signature.

    Args:
        model: Path of the checkpoint.
        mean_params: Path of `smpl_mean_params.npz`.
        backbone: `hr48` or `res50`, as the checkpoint's.
        network: Called in place of a loaded one.
        device: Torch's word for where the network runs.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    network = network or load(model, mean_params, backbone, device)
    spec = TargetSpec(
        name="cliff",
        needs=("images", "boxes"),
        metric=True,
        licence=LICENCE,
        gives=("body_pose",),
        weights_sha256=weights_digest(model),
        crop=CROP,
        body="smpl",
    )
    return Cliff(spec, TorchNetwork(network, device))


def load(model: str | Path | None, mean_params: str | Path, backbone: str, device: str) -> Callable[..., Any]:
    """The published network with its weights."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    means = checkpoint_file(mean_params, "smpl_mean_params.npz", REPOSITORY)
    torch = repository_module("torch", "torch")
    network = repository_module(f"models.cliff_{backbone}.cliff", REPOSITORY).CLIFF(str(means))
    weights = torch.load(path, map_location="cpu", weights_only=False)["model"]
    network.load_state_dict({name.removeprefix("module."): value for name, value in weights.items()})
    loaded: Callable[..., Any] = network.to(device).eval()
    return loaded


RECIPE = Recipe("cliff", REPOSITORY, CHECKPOINT, LICENCE, build)
