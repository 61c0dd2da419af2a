"""CameraHMR: SMPL parameters from a crop, in the perspective camera of the whole picture.

P. Patel and M. J. Black, "CameraHMR: Aligning People with Perspective", 3DV 2025.
Repository pixelite1201/CameraHMR. Licence: none in the repository; weights after registration, non-commercial
research. You must have: a clone on PYTHONPATH (its package is called `core`), started from there, and
`camerahmr_checkpoint_cleaned.ckpt`. The run's intrinsics stand in for its field-of-view network.

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
from targets.weak_perspective import picture_translation, regions

REPOSITORY = "pixelite1201/CameraHMR"
CHECKPOINT = "camerahmr_checkpoint_cleaned.ckpt"
LICENCE = "none stated (code); weights and SMPL: non-commercial research"
CROP = Crop(size=(256, 256), box_scale=1.0)


@dataclass(frozen=True)
class CameraHmr:
    """A network of CameraHMR's signature: image, box and intrinsics to (parameters, camera, focal length)."""

    spec: TargetSpec
    """Of the target."""
    network: TorchNetwork
    """The user's."""

    def predict(self, *, images: NDArray[np.uint8], boxes: Float, intrinsics: Float) -> Prediction:
        """Parameters and `transl` in the camera of the intrinsics, which must look through the picture's middle."""
        where = regions(CROP, images, boxes)
        height_and_width = np.tile([images.shape[1], images.shape[2]], (len(images), 1)).astype(np.float64)
        numbers = (where.middle, where.height, height_and_width, intrinsics)
        out = one_by_one(self._look, CROP.cut(images, boxes), *numbers)
        return Prediction(
            found=np.ones(len(images), np.bool_),
            transl=picture_translation(out["camera"], where, intrinsics[:, 0, 0]),
            focal_length=intrinsics[:, 0, 0].copy(),
            **from_matrices(out["rotations"], out["betas"]),
        )

    def _look(
        self, crop: NDArray[np.float32], middle: Float, side: Float, size: Float, intrinsics: Float
    ) -> dict[str, Any]:
        batch = {"img": crop, "box_center": middle, "box_size": side, "img_size": size, "cam_int": intrinsics}
        pose, camera, _ = self.network(batch)
        root, rest = pose["global_orient"].reshape(1, 1, 3, 3), pose["body_pose"].reshape(1, -1, 3, 3)
        rotations = np.concatenate([root, rest], axis=1)
        return {"rotations": rotations, "betas": pose["betas"].reshape(1, -1), "camera": camera}


def build(
    model: str | Path | None = None, *, network: Callable[..., Any] | None = None, device: str = "cpu"
) -> CameraHmr:
    """CameraHMR from its checkpoint, or from any network of its signature.

    Args:
        model: Path of the checkpoint.
        network: Called in place of a loaded one.
        device: Torch's word for where the network runs.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    network = network or load(model, device)
    spec = TargetSpec(
        name="camerahmr",
        needs=("images", "boxes", "intrinsics"),
        metric=True,
        licence=LICENCE,
        gives=("body_pose",),
        weights_sha256=weights_digest(model),
        crop=CROP,
        body="smpl",
    )
    return CameraHmr(spec, TorchNetwork(network, device))


def load(model: str | Path | None, device: str) -> Callable[..., Any]:
    """The published network with its weights."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    network = repository_module("core.camerahmr_model", REPOSITORY).CameraHMR
    loaded: Callable[..., Any] = network.load_from_checkpoint(str(path), strict=False).to(device).eval()
    return loaded


RECIPE = Recipe("camerahmr", REPOSITORY, CHECKPOINT, LICENCE, build)
