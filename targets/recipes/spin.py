"""SPIN: SMPL parameters from a crop, a ResNet-50 regressor; also the form of HMR and its many heirs.

N. Kolotouros et al., "Learning to Reconstruct 3D Human Pose and Shape via Model-fitting in the Loop", ICCV 2019.
Repository nkolot/SPIN. Code under a BSD-style licence; SMPL and weights trained on it for non-commercial research.
You must have: a clone on PYTHONPATH (its packages `models` and `utils`), `model_checkpoint.pt` and
`smpl_mean_params.npz`. The network gives no joints: the run's body turns the parameters into them.

The real checkpoint has not been run here; crop, axes, units and camera were checked against a stand-in of the same
signature that answers with the truth.
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
from targets.weak_perspective import focal_length_of_picture, picture_translation, regions

REPOSITORY = "nkolot/SPIN"
CHECKPOINT = "model_checkpoint.pt"
LICENCE = "BSD-style (code); SMPL and weights: non-commercial research"
SIDE = 224


@dataclass(frozen=True)
class Spin:
    """A network of SPIN's signature: images (1, 3, 224, 224) to rotations, betas and camera (s, tx, ty)."""

    spec: TargetSpec
    """Of the target."""
    network: TorchNetwork
    """The user's."""

    def predict(self, *, images: NDArray[np.uint8], boxes: Float) -> Prediction:
        """Parameters, and `transl` for a camera so far away that the picture's rays are those of the crop."""
        assert self.spec.crop is not None
        crops, where = self.spec.crop.cut(images, boxes), regions(self.spec.crop, images, boxes)
        out = one_by_one(self._look, crops)
        focal_length = focal_length_of_picture(where, SIDE)
        return Prediction(
            found=np.ones(len(images), np.bool_),
            transl=picture_translation(out["camera"], where, focal_length),
            focal_length=focal_length,
            **from_matrices(out["rotations"], out["betas"]),
        )

    def _look(self, crop: NDArray[np.float32]) -> dict[str, Any]:
        rotations, betas, camera = self.network(crop)
        return {"rotations": rotations.reshape(1, 24, 3, 3), "betas": betas, "camera": camera}


def build(
    model: str | Path | None = None,
    *,
    mean_params: str | Path = "data/smpl_mean_params.npz",
    network: Callable[..., Any] | None = None,
    device: str = "cpu",
    box_scale: float = 1.2,
) -> Spin:
    """SPIN from its checkpoint, or from any network of its signature.

    Args:
        model: Path of `model_checkpoint.pt`.
        mean_params: Path of `smpl_mean_params.npz`.
        network: Called in place of a loaded one.
        device: Torch's word for where the network runs.
        box_scale: 1.2 is SPIN's for boxes round keypoints; its demo takes a box given by hand as it is.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    network = network or load(model, mean_params, device)
    spec = TargetSpec(
        name="spin",
        needs=("images", "boxes"),
        metric=True,
        licence=LICENCE,
        gives=("body_pose",),
        weights_sha256=weights_digest(model),
        crop=Crop(size=(SIDE, SIDE), box_scale=box_scale),
        body="smpl",
    )
    return Spin(spec, TorchNetwork(network, device))


def load(model: str | Path | None, mean_params: str | Path, device: str) -> Callable[..., Any]:
    """The published network with its weights."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    means = checkpoint_file(mean_params, "smpl_mean_params.npz", REPOSITORY)
    torch, models = repository_module("torch", "torch"), repository_module("models", REPOSITORY)
    network = models.hmr(str(means), pretrained=False)
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=False)["model"], strict=False)
    loaded: Callable[..., Any] = network.to(device).eval()
    return loaded


RECIPE = Recipe("spin", REPOSITORY, CHECKPOINT, LICENCE, build)
