"""Multi-HMR that predicts Anny, a body of all ages under an open licence, in place of SMPL-X.

F. Baradel et al., ECCV 2024, and R. Bregier et al., "Human Mesh Modeling for Anny Body", 2025.
Repository naver/multi-hmr. Code and weights: NAVER, non-commercial; the body Anny: Apache-2.0.
You must have: a clone on PYTHONPATH (its packages `multi_hmr_anny` and `utils`), the package `anny` and
`multiHMR_672_L_anny.pt`.

The real checkpoint has not been run here; fitting into the square, axes, units and camera were checked against a
stand-in of the same signature that answers with the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from targets.base import TargetSpec
from targets.recipe import Recipe
from targets.recipes import multi_hmr
from targets.torch_network import TorchNetwork
from targets.user_repository import checkpoint_file, weights_digest

CHECKPOINT = "multiHMR_672_L_anny.pt"
LICENCE = "NAVER, non-commercial (code and weights); Anny: Apache-2.0"
BONES = {
    "hip": "upperleg01",
    "knee": "lowerleg01",
    "ankle": "foot",
    "shoulder": "upperarm01",
    "elbow": "lowerarm01",
    "wrist": "wrist",
}
"""Anny's bones whose heads are joints that other bodies have too; `.L` and `.R` are the person's sides."""


def build(
    model: str | Path | None = None,
    *,
    network: Callable[..., Any] | None = None,
    bone_labels: Sequence[str] | None = None,
    side: int = 672,
    device: str = "cpu",
) -> multi_hmr.MultiHmr:
    """Multi-HMR on Anny from its checkpoint, or from any network of its signature.

    Args:
        model: Path of the checkpoint.
        network: Called in place of a loaded one.
        bone_labels: Names of the bones in the network's order; its own `body_model.bone_labels` without them.
        side: Of the square, as the checkpoint's name says.
        device: Torch's word for where the network runs.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    if network is None:
        checkpoint_file(model, CHECKPOINT, multi_hmr.REPOSITORY)
        network = multi_hmr.load(model, "multi_hmr_anny.multi_hmr", "Multi_HMR", device)
    labels = list(network.body_model.bone_labels if bone_labels is None else bone_labels)  # type: ignore[attr-defined]
    sides = (("left", ".L"), ("right", ".R"))
    joints = {f"{word}_{joint}": bone + end for word, end in sides for joint, bone in BONES.items()}
    spec = TargetSpec(
        name="multi-hmr-anny",
        joint_names=tuple(joints),
        needs=("images", "intrinsics"),
        metric=True,
        licence=LICENCE,
        gives=("joints", "joints2d", "vertices"),
        weights_sha256=weights_digest(model),
        region_of_interest="detector",
        body="anny",
    )
    rows = tuple(labels.index(bone) for bone in joints.values())
    return multi_hmr.MultiHmr(spec, TorchNetwork(network, device), side, rows)


RECIPE = Recipe("multi-hmr-anny", multi_hmr.REPOSITORY, CHECKPOINT, LICENCE, build)
