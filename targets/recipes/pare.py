"""PARE: SMPL parameters from a crop by attention to body parts, robust to occlusion.

M. Kocabas et al., "PARE: Part Attention Regressor for 3D Human Body Estimation", ICCV 2021.
Repository mkocabas/PARE. Code and weights: licence of the Max Planck society, non-commercial research; so is SMPL.
You must have: the package `pare` importable from inside the clone (it reads `data/` there),
`pare_w_3dpw_checkpoint.ckpt` and beside it `pare_w_3dpw_config.yaml`.

The real checkpoint has not been run here; crop, axes, units and camera were checked against a stand-in of the same
signature that answers with the truth.
"""

from __future__ import annotations

import inspect
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
from targets.weak_perspective import crop_pixels, focal_length_of_picture, picture_translation, regions

REPOSITORY = "mkocabas/PARE"
CHECKPOINT = "pare_w_3dpw_checkpoint.ckpt"
LICENCE = "MPI, non-commercial research (code and weights)"
SIDE = 224
KEYS = ("pred_pose", "pred_shape", "pred_cam", "smpl_vertices", "smpl_joints3d")


@dataclass(frozen=True)
class Pare:
    """A network of PARE's signature: images (1, 3, 224, 224) to a dict with `KEYS`."""

    spec: TargetSpec
    """Of the target."""
    network: TorchNetwork
    """The user's."""

    def predict(self, *, images: NDArray[np.uint8], boxes: Float) -> Prediction:
        """Parameters, vertices and the first 25 of its 49 joints, placed in a far camera of the picture."""
        assert self.spec.crop is not None
        crops, where = self.spec.crop.cut(images, boxes), regions(self.spec.crop, images, boxes)
        out = one_by_one(self._look, crops)
        focal_length = focal_length_of_picture(where, SIDE)
        transl = picture_translation(out["pred_cam"], where, focal_length)
        joints = out["smpl_joints3d"][:, :25]
        return Prediction(
            found=np.ones(len(images), np.bool_),
            joints=joints + transl[:, None],
            joints2d=self.spec.crop.to_picture(crop_pixels(joints, out["pred_cam"], SIDE), boxes),
            vertices=out["smpl_vertices"] + transl[:, None],
            transl=transl,
            focal_length=focal_length,
            **from_matrices(out["pred_pose"], out["pred_shape"]),
        )

    def _look(self, crop: NDArray[np.float32]) -> dict[str, Any]:
        out = self.network(crop)
        return {key: out[key] for key in KEYS}


def build(
    model: str | Path | None = None,
    *,
    network: Callable[..., Any] | None = None,
    device: str = "cpu",
    box_scale: float = 1.2,
) -> Pare:
    """PARE from its checkpoint, or from any network of its signature.

    Args:
        model: Path of the checkpoint, its config beside it.
        network: Called in place of a loaded one.
        device: Torch's word for where the network runs.
        box_scale: 1.2 is the repository's default; its demo takes the detector's squares as they are (1.0).

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    network = network or load(model, device)
    spec = TargetSpec(
        name="pare",
        joint_names=OPENPOSE_25,
        needs=("images", "boxes"),
        metric=True,
        licence=LICENCE,
        gives=("joints", "joints2d", "vertices", "body_pose"),
        weights_sha256=weights_digest(model),
        crop=Crop(size=(SIDE, SIDE), box_scale=box_scale),
        body="smpl",
    )
    return Pare(spec, TorchNetwork(network, device))


def load(model: str | Path | None, device: str) -> Callable[..., Any]:
    """The published network with its weights, built as its config says."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    config = checkpoint_file(
        path.parent / path.name.replace("checkpoint.ckpt", "config.yaml"), "its config", REPOSITORY
    )
    torch, models = repository_module("torch", "torch"), repository_module("pare.models", REPOSITORY)
    settings = repository_module("pare.core.config", REPOSITORY).update_hparams(str(config))
    named = dict(settings.PARE) | {"USE_POSITION_ENCODINGS": settings.PARE.USE_POS_ENC}
    named |= {name: settings.DATASET[name] for name in ("FOCAL_LENGTH", "IMG_RES", "USE_HEATMAPS")}
    wanted = inspect.signature(models.PARE.__init__).parameters
    network = models.PARE(**{name: named[name.upper()] for name in wanted if name.upper() in named})
    weights = torch.load(path, map_location="cpu", weights_only=False)["state_dict"]
    network.load_state_dict(
        {name.removeprefix("model."): value for name, value in weights.items()}, strict=False
    )
    loaded: Callable[..., Any] = network.to(device).eval()
    return loaded


RECIPE = Recipe("pare", REPOSITORY, CHECKPOINT, LICENCE, build)
