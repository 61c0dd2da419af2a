"""HMR2 (4D-Humans): SMPL parameters, joints and vertices from a crop, a vision transformer.

S. Goel et al., "Humans in 4D: Reconstructing and Tracking Humans with Transformers", ICCV 2023.
Repository shubham-goel/4D-Humans. Code and weights MIT; SMPL for non-commercial research.
You must have: the package `hmr2` installed, `epoch=35-step=1000000.ckpt` in a folder `checkpoints` with
`model_config.yaml` in the folder above, and SMPL where the repository looks for it.

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
from targets.joint_orders import OPENPOSE_25
from targets.recipe import Recipe
from targets.smpl_parameters import from_matrices
from targets.torch_network import Float, TorchNetwork, one_by_one
from targets.user_repository import checkpoint_file, repository_module, weights_digest
from targets.weak_perspective import FOCAL_LENGTH, crop_pixels, picture_translation, regions

REPOSITORY = "shubham-goel/4D-Humans"
CHECKPOINT = "epoch=35-step=1000000.ckpt"
LICENCE = "MIT (code and weights); SMPL: non-commercial research"
SIDE = 256
CROP = Crop(size=(SIDE, SIDE), box_scale=1.0, aspect=0.75, antialias=2.0)


@dataclass(frozen=True)
class Hmr2:
    """A network of HMR2's signature: {"img": (1, 3, 256, 256)} to a dict; it cuts 32 columns off each side itself."""

    spec: TargetSpec
    """Of the target."""
    network: TorchNetwork
    """The user's."""

    def predict(self, *, images: NDArray[np.uint8], boxes: Float) -> Prediction:
        """Parameters, vertices and the first 25 of its 44 joints, in the camera of the repository's demo."""
        where = regions(CROP, images, boxes)
        out = one_by_one(self._look, CROP.cut(images, boxes))
        focal_length = np.full(len(images), FOCAL_LENGTH / SIDE * max(where.image_size))
        transl = picture_translation(out["camera"], where, focal_length)
        return Prediction(
            found=np.ones(len(images), np.bool_),
            joints=out["joints"] + transl[:, None],
            joints2d=CROP.to_picture(crop_pixels(out["joints"], out["camera"], SIDE), boxes),
            vertices=out["vertices"] + transl[:, None],
            transl=transl,
            focal_length=focal_length,
            **from_matrices(out["rotations"], out["betas"]),
        )

    def _look(self, crop: NDArray[np.float32]) -> dict[str, Any]:
        out = self.network({"img": crop})
        pose = out["pred_smpl_params"]
        root, rest = pose["global_orient"].reshape(1, 1, 3, 3), pose["body_pose"].reshape(1, 23, 3, 3)
        return {
            "rotations": np.concatenate([root, rest], axis=1),
            "betas": pose["betas"].reshape(1, -1),
            "camera": out["pred_cam"],
            "joints": out["pred_keypoints_3d"][:, :25],
            "vertices": out["pred_vertices"],
        }


def target(name: str, licence: str, network: Callable[..., Any], device: str, digest: str) -> Hmr2:
    """A target of HMR2's form."""
    spec = TargetSpec(
        name=name,
        joint_names=OPENPOSE_25,
        needs=("images", "boxes"),
        metric=True,
        licence=licence,
        gives=("joints", "joints2d", "vertices", "body_pose"),
        weights_sha256=digest,
        crop=CROP,
        body="smpl",
    )
    return Hmr2(spec, TorchNetwork(network, device))


def build(
    model: str | Path | None = None, *, network: Callable[..., Any] | None = None, device: str = "cpu"
) -> Hmr2:
    """HMR2 from its checkpoint, or from any network of its signature.

    Args:
        model: Path of the checkpoint, its config one folder above.
        network: Called in place of a loaded one.
        device: Torch's word for where the network runs.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    return target("hmr2", LICENCE, network or load(model, device), device, weights_digest(model))


def load(model: str | Path | None, device: str) -> Callable[..., Any]:
    """The published network with its weights."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    network, _ = repository_module("hmr2.models", REPOSITORY).load_hmr2(str(path))
    loaded: Callable[..., Any] = network.to(device).eval()
    return loaded


RECIPE = Recipe("hmr2", REPOSITORY, CHECKPOINT, LICENCE, build)
