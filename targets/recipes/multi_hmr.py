"""Multi-HMR: all people of a whole picture, SMPL-X in the metric camera of the picture.

F. Baradel et al., "Multi-HMR: Multi-Person Whole-Body Human Mesh Recovery in a Single Shot", ECCV 2024.
Repository naver/multi-hmr. Code and weights: NAVER, non-commercial; so is SMPL-X.
You must have: a clone on PYTHONPATH (its modules `model`, `utils`, `blocks`), started from there, `multiHMR_896_L.pt`
and `SMPLX_NEUTRAL.npz`. For the checkpoint that predicts Anny see `multi_hmr_anny`.

The real checkpoint has not been run here; fitting into the square, axes, units and camera were checked against a
stand-in of the same signature that answers with the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from targets.base import Prediction, TargetSpec
from targets.joint_orders import SMPL_24
from targets.recipe import Recipe
from targets.torch_network import Float, TorchNetwork
from targets.user_repository import checkpoint_file, repository_module, weights_digest
from targets.whole_picture import everybody, letterbox, normalised

REPOSITORY = "naver/multi-hmr"
CHECKPOINT = "multiHMR_896_L.pt"
LICENCE = "NAVER, non-commercial (code and weights); SMPL-X: non-commercial research"
LEAST_SCORE = 0.3
"""Of a person, the demo's."""
NEIGHBOURS = 3
"""Patches within which the best score alone is a person, the demo's."""


@dataclass(frozen=True)
class MultiHmr:
    """A network of Multi-HMR's signature: a square (1, 3, S, S) and its intrinsics to a list of people, dicts."""

    spec: TargetSpec
    """Of the target."""
    network: TorchNetwork
    """The user's."""
    side: int
    """Of the square, pixels."""
    rows: tuple[int, ...]
    """Which of the network's joints are those of the spec."""

    def predict(self, *, images: NDArray[np.uint8], intrinsics: Float) -> Prediction:
        """Everybody in the pictures, in the camera of the intrinsics."""
        box = letterbox(images, self.side)
        found = []
        for image, camera in zip(images, intrinsics, strict=True):
            options = {"is_training": False, "det_thresh": LEAST_SCORE, "nms_kernel_size": NEIGHBOURS}
            square = normalised(box.fit(image))[None]
            people = self.network(square, K=box.intrinsics(camera)[None], **options)
            found.append([self._person(person) for person in people if "rotvec" in person])
        prediction = [
            [person | {"joints2d": box.to_picture(person["joints2d"])} for person in all_] for all_ in found
        ]
        return everybody(prediction, len(self.rows))

    def _person(self, person: Mapping[str, Any]) -> dict[str, Any]:
        """Names differ between the repository's versions: `v3d` was `verts_smplx`, `j3d` `j3d_smplx`."""
        rows = list(self.rows)
        fields = {
            "vertices": person["v3d"] if "v3d" in person else person["verts_smplx"],
            "joints": (person["j3d"] if "j3d" in person else person["j3d_smplx"])[rows],
            "joints2d": (person["j2d"] if "j2d" in person else person["j2d_smplx"])[rows],
        }
        if self.spec.body == "smplx":
            turns = person["rotvec"].reshape(-1, 3)
            fields |= {
                "global_orient": turns[0],
                "body_pose": turns[1:22].reshape(63),
                "betas": person["shape"][:10],
            }
        if "scores" in person:
            fields["confidence"] = np.asarray(person["scores"]).reshape(())
        return fields


def build(
    model: str | Path | None = None,
    *,
    network: Callable[..., Any] | None = None,
    side: int = 896,
    device: str = "cpu",
) -> MultiHmr:
    """Multi-HMR from its checkpoint, or from any network of its signature.

    Args:
        model: Path of the checkpoint.
        network: Called in place of a loaded one.
        side: Of the square, as the checkpoint's name says: 896 or 672.
        device: Torch's word for where the network runs.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    network = network or load(model, "model", "Model", device)
    spec = TargetSpec(
        name="multi-hmr",
        joint_names=SMPL_24[:22],
        needs=("images", "intrinsics"),
        metric=True,
        licence=LICENCE,
        gives=("joints", "joints2d", "vertices", "body_pose"),
        weights_sha256=weights_digest(model),
        region_of_interest="detector",
        body="smplx",
    )
    return MultiHmr(spec, TorchNetwork(network, device), side, tuple(range(22)))


def load(model: str | Path | None, module: str, name: str, device: str) -> Callable[..., Any]:
    """The published network with its weights, built as the checkpoint's arguments say."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    weights = repository_module("torch", "torch").load(path, map_location="cpu", weights_only=False)
    options = dict(vars(weights["args"]))
    options["img_size"] = int(np.ravel(options["img_size"])[0])
    network = getattr(repository_module(module, REPOSITORY), name)(**options)
    network.load_state_dict(weights["model_state_dict"], strict=False)
    loaded: Callable[..., Any] = network.to(device).eval()
    return loaded


RECIPE = Recipe("multi-hmr", REPOSITORY, CHECKPOINT, LICENCE, build)
