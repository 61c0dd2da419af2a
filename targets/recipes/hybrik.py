"""HybrIK: 3D joints from a crop, and SMPL by inverse kinematics with regressed twists.

J. Li et al., "HybrIK: A Hybrid Analytical-Neural Inverse Kinematics Solution for 3D Human Pose and Shape Estimation",
CVPR 2021. Repository Jeff-sjtu/HybrIK. Code MIT; weights and SMPL for non-commercial research.
You must have: the package `hybrik` installed, started from the clone (it reads `model_files/` there), a checkpoint
such as `hybrik_hrnet.pth` and its yaml.

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
from targets.joint_orders import SMPL_24
from targets.recipe import Recipe
from targets.torch_network import Float, TorchNetwork, one_by_one
from targets.user_repository import checkpoint_file, repository_module, weights_digest
from targets.weak_perspective import focal_length_of_picture, picture_pixels, regions

REPOSITORY = "Jeff-sjtu/HybrIK"
CHECKPOINT = "hybrik_hrnet.pth"
LICENCE = "MIT (code); weights and SMPL: non-commercial research"
CONFIG = "configs/256x192_adam_lr1e-3-hrw48_cam_2x_w_pw3d_3dhp.yaml"
SIDE = 256
FOCAL_LENGTH = 1000.0
"""Pixels of the crop."""
CROP = Crop(size=(SIDE, SIDE), box_scale=1.25, mean=(0.406, 0.457, 0.480), std=(0.225, 0.224, 0.229))
"""The mean stands in the order of BGR, the picture in that of RGB: so the network was trained."""
DEPTH_FACTOR = 2.2
"""Metres, the unit of the joints: BBOX_3D_SHAPE of the config."""


@dataclass(frozen=True)
class Hybrik:
    """A network of HybrIK's signature, called with a crop, its region and the picture's middle, to a dict."""

    spec: TargetSpec
    """Of the target."""
    network: TorchNetwork
    """The user's."""

    def predict(self, *, images: NDArray[np.uint8], boxes: Float) -> Prediction:
        """Joints of the fitted SMPL, vertices and betas. The pose is left out: the vertices tell it.

        The vertices' origin is Human3.6M's pelvis and that of the joints SMPL's; the network puts both at one point.
        """
        where = regions(CROP, images, boxes)
        half = where.height[:, None] / 2
        squares = np.concatenate([where.middle - half, where.middle + half], axis=1)
        middle = np.tile(np.array(where.image_size) / 2, (len(images), 1))
        out = one_by_one(self._look, CROP.cut(images, boxes), squares, middle)
        focal_length = focal_length_of_picture(where, SIDE, FOCAL_LENGTH)
        joints = out["joints"] + out["root"][:, None]
        return Prediction(
            found=np.ones(len(images), np.bool_),
            joints=joints,
            joints2d=picture_pixels(joints, focal_length, where.image_size),
            vertices=out["vertices"] + out["root"][:, None],
            betas=out["betas"],
            focal_length=focal_length,
        )

    def _look(self, crop: NDArray[np.float32], square: Float, middle: Float) -> dict[str, Any]:
        out = self.network(crop, bboxes=square, img_center=middle)
        return {
            "joints": out["pred_xyz_jts_24_struct"].reshape(1, 24, 3) * DEPTH_FACTOR,
            "vertices": out["pred_vertices"].reshape(1, -1, 3),
            "betas": out["pred_shape"].reshape(1, 10),
            "root": out["transl"].reshape(1, 3),
        }


def build(
    model: str | Path | None = None,
    *,
    config: str | Path = CONFIG,
    network: Callable[..., Any] | None = None,
    device: str = "cpu",
) -> Hybrik:
    """HybrIK from its checkpoint, or from any network of its signature.

    Args:
        model: Path of the checkpoint.
        config: Path of its yaml.
        network: Called in place of a loaded one.
        device: Torch's word for where the network runs.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    network = network or load(model, config, device)
    spec = TargetSpec(
        name="hybrik",
        joint_names=SMPL_24,
        needs=("images", "boxes"),
        metric=True,
        licence=LICENCE,
        gives=("joints", "joints2d", "vertices"),
        weights_sha256=weights_digest(model),
        crop=CROP,
        body="smpl",
    )
    return Hybrik(spec, TorchNetwork(network, device))


def load(model: str | Path | None, config: str | Path, device: str) -> Callable[..., Any]:
    """The published network with its weights."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    settings = repository_module("hybrik.utils.config", REPOSITORY).update_config(
        str(checkpoint_file(config, "the checkpoint's yaml", REPOSITORY))
    )
    network = repository_module("hybrik.models", REPOSITORY).builder.build_sppe(settings.MODEL)
    weights = repository_module("torch", "torch").load(path, map_location="cpu", weights_only=False)
    network.load_state_dict(weights.get("model", weights), strict=False)
    loaded: Callable[..., Any] = network.to(device).eval()
    return loaded


RECIPE = Recipe("hybrik", REPOSITORY, CHECKPOINT, LICENCE, build)
