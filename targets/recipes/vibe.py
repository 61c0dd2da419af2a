"""VIBE: SMPL parameters of every frame of a clip, SPIN's features through a recurrent network.

M. Kocabas et al., "VIBE: Video Inference for Human Body Pose and Shape Estimation", CVPR 2020.
Repository mkocabas/VIBE. Code and weights: MPI, non-commercial research; so is SMPL.
You must have: a clone on PYTHONPATH (its package is called `lib`), started from there with its `data/vibe_data`, and
`vibe_model_wo_3dpw.pth.tar` (or `vibe_model_w_3dpw.pth.tar`).

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
from targets.smpl_parameters import from_axis_angles
from targets.torch_network import Float, TorchNetwork, one_by_one
from targets.user_repository import checkpoint_file, repository_module, weights_digest
from targets.weak_perspective import crop_pixels, focal_length_of_picture, picture_translation, regions

REPOSITORY = "mkocabas/VIBE"
CHECKPOINT = "vibe_model_wo_3dpw.pth.tar"
LICENCE = "MPI, non-commercial research (code and weights)"
SIDE = 224
CROP = Crop(size=(SIDE, SIDE), box_scale=1.1)


@dataclass(frozen=True)
class Vibe:
    """A network of VIBE's signature: crops (1, T, 3, 224, 224) to a list whose last is a dict of every frame."""

    spec: TargetSpec
    """Of the target."""
    network: TorchNetwork
    """The user's."""

    def predict(self, *, clips: NDArray[np.uint8], boxes: Float) -> Prediction:
        """The last frame of clips (N, T, H, W, 3). Boxes (N, 4) stand for every frame, (N, T, 4) for one each."""
        every = boxes if boxes.ndim == 3 else np.repeat(boxes[:, None], clips.shape[1], axis=1)
        crops = np.stack([CROP.cut(clip, of_frames) for clip, of_frames in zip(clips, every, strict=True)])
        out = one_by_one(self._look, crops)
        last = every[:, -1]
        where = regions(CROP, clips, last)
        focal_length = focal_length_of_picture(where, SIDE)
        transl = picture_translation(out["theta"][:, :3], where, focal_length)
        return Prediction(
            found=np.ones(len(clips), np.bool_),
            joints=out["joints"] + transl[:, None],
            joints2d=CROP.to_picture(crop_pixels(out["joints"], out["theta"][:, :3], SIDE), last),
            vertices=out["vertices"] + transl[:, None],
            transl=transl,
            focal_length=focal_length,
            **from_axis_angles(out["theta"][:, 3:75], out["theta"][:, 75:]),
        )

    def _look(self, crops: NDArray[np.float32]) -> dict[str, Any]:
        out = self.network(crops)[-1]
        return {
            "theta": out["theta"][:, -1],
            "vertices": out["verts"][:, -1],
            "joints": out["kp_3d"][:, -1, :25],
        }


def build(
    model: str | Path | None = None,
    *,
    network: Callable[..., Any] | None = None,
    frames: int = 16,
    device: str = "cpu",
) -> Vibe:
    """VIBE from its checkpoint, or from any network of its signature.

    Args:
        model: Path of the checkpoint.
        network: Called in place of a loaded one.
        frames: Of a clip; 16 is what it was trained on.
        device: Torch's word for where the network runs.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    network = network or load(model, frames, device)
    spec = TargetSpec(
        name="vibe",
        joint_names=OPENPOSE_25,
        needs=("clips", "boxes"),
        metric=True,
        licence=LICENCE,
        gives=("joints", "joints2d", "vertices", "body_pose"),
        weights_sha256=weights_digest(model),
        crop=CROP,
        body="smpl",
        frames=frames,
    )
    return Vibe(spec, TorchNetwork(network, device))


def load(model: str | Path | None, frames: int, device: str) -> Callable[..., Any]:
    """The published network with its weights."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    torch = repository_module("torch", "torch")
    network = repository_module("lib.models.vibe", REPOSITORY).VIBE_Demo(
        seqlen=frames, n_layers=2, hidden_size=1024, add_linear=True, use_residual=True
    )
    weights = torch.load(path, map_location="cpu", weights_only=False)["gen_state_dict"]
    network.load_state_dict(weights, strict=False)
    loaded: Callable[..., Any] = network.to(device).eval()
    return loaded


RECIPE = Recipe("vibe", REPOSITORY, CHECKPOINT, LICENCE, build)
