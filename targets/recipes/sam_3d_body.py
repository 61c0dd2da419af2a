"""SAM 3D Body: the body MHR of the person in a box, with hands, in the metric camera of the picture.

X. Yang et al., "SAM 3D Body: Robust Full-Body Human Mesh Recovery", 2025. Repository facebookresearch/sam-3d-body.
Code and weights: SAM License, weights on request.
You must have: the package `sam_3d_body` importable, `model.ckpt` with `model_config.yaml` beside it and
`assets/mhr_model.pt`. It prints as it works and moves its inputs to CUDA wherever there is one.

The real checkpoint has not been run here; axes, units and camera were checked against a stand-in of the same
signature that answers with the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from targets.base import Prediction, TargetSpec
from targets.recipe import Recipe
from targets.torch_network import Float, one_by_one, to_arrays, to_tensors
from targets.user_repository import checkpoint_file, repository_module, weights_digest

REPOSITORY = "facebookresearch/sam-3d-body"
CHECKPOINT = "model.ckpt"
LICENCE = "SAM License (code and weights)"
JOINTS = {
    **dict(enumerate(("nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder"))),
    **dict(enumerate(("right_shoulder", "left_elbow", "right_elbow", "left_hip", "right_hip"), 6)),
    **dict(enumerate(("left_knee", "right_knee", "left_ankle", "right_ankle"), 11)),
    **dict(enumerate(("left_big_toe", "left_small_toe", "left_heel"), 15)),
    **dict(enumerate(("right_big_toe", "right_small_toe", "right_heel"), 18)),
    41: "right_wrist",
    62: "left_wrist",
    69: "neck",
}
"""Rows of its 70 keypoints that are no fingers."""


@dataclass(frozen=True)
class Sam3dBody:
    """Something called like `SAM3DBodyEstimator.process_one_image`: an RGB picture, its boxes and camera to dicts."""

    spec: TargetSpec
    """Of the target."""
    network: Callable[..., Any]
    """The user's."""
    inference_type: Literal["full", "body"]
    """With its decoder for hands, or without."""

    def predict(self, *, images: NDArray[np.uint8], boxes: Float, intrinsics: Float) -> Prediction:
        """Joints and vertices in metres, in the camera of the intrinsics."""
        out = one_by_one(self._look, images, boxes, intrinsics)
        return Prediction(found=np.ones(len(images), np.bool_), **out)  # type: ignore[arg-type]

    def _look(self, image: NDArray[np.uint8], box: Float, intrinsics: Float) -> dict[str, Any]:
        camera = to_tensors(intrinsics, "cpu")
        options = {"bboxes": box.copy(), "cam_int": camera, "inference_type": self.inference_type}
        person = {
            name: to_arrays(value) for name, value in self.network(image[0].copy(), **options)[0].items()
        }
        transl, rows = person["pred_cam_t"].reshape(1, 3), list(JOINTS)
        return {
            "joints": (person["pred_keypoints_3d"][rows] + transl)[None],
            "joints2d": person["pred_keypoints_2d"][None, rows],
            "vertices": (person["pred_vertices"] + transl)[None],
            "focal_length": np.ravel(person["focal_length"])[:1],
        }


def build(
    model: str | Path | None = None,
    *,
    mhr: str | Path | None = None,
    network: Callable[..., Any] | None = None,
    inference_type: Literal["full", "body"] = "full",
    device: str = "cuda",
) -> Sam3dBody:
    """SAM 3D Body from its checkpoint, or from anything called like its estimator.

    Args:
        model: Path of `model.ckpt`.
        mhr: Path of `mhr_model.pt`; `assets/mhr_model.pt` beside the checkpoint without it.
        network: Called in place of a loaded one.
        inference_type: `body` is faster and leaves the hands to the body's decoder.
        device: Torch's word for where the network runs.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    network = network or load(model, mhr, device)
    spec = TargetSpec(
        name="sam-3d-body",
        joint_names=tuple(JOINTS.values()),
        needs=("images", "boxes", "intrinsics"),
        metric=True,
        licence=LICENCE,
        gives=("joints", "joints2d", "vertices"),
        weights_sha256=weights_digest(model),
        body="mhr",
    )
    return Sam3dBody(spec, network, inference_type)


def load(model: str | Path | None, mhr: str | Path | None, device: str) -> Callable[..., Any]:
    """The published estimator with its weights, without detector, segmentation or field-of-view network."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    body = checkpoint_file(mhr or path.parent / "assets" / "mhr_model.pt", "mhr_model.pt", REPOSITORY)
    package = repository_module("sam_3d_body", REPOSITORY)
    network, settings = package.load_sam_3d_body(str(path), device=device, mhr_path=str(body))
    estimate: Callable[..., Any] = package.SAM3DBodyEstimator(network, settings).process_one_image
    return estimate


RECIPE = Recipe("sam-3d-body", REPOSITORY, CHECKPOINT, LICENCE, build)
