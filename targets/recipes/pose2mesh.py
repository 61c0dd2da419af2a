"""Pose2Mesh: SMPL's vertices from 2D joints alone, a graph network; a lifter.

H. Choi et al., "Pose2Mesh: Graph Convolutional Network for 3D Human Pose and Mesh Recovery from a 2D Human Pose",
ECCV 2020. Repository hongsukchoi/Pose2Mesh_RELEASE. Code MIT; weights and SMPL for non-commercial research.
You must have: the folders `demo`, `lib` and `smplpytorch` of a clone on PYTHONPATH, started from the clone, and its
folder `experiment` with the checkpoint of the joint set (its demo names the folder).

The real checkpoint has not been run here; the joints' normalisation, axes and units were checked against a stand-in
of the same signature that answers with the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from targets.base import Prediction, TargetSpec
from targets.joint_orders import COCO_17, H36M_17, SMPL_24
from targets.recipe import Recipe
from targets.torch_network import Float, TorchNetwork, one_by_one
from targets.user_repository import checkpoint_file, repository_module

REPOSITORY = "hongsukchoi/Pose2Mesh_RELEASE"
CHECKPOINT = "experiment (the clone's folder of checkpoints)"
LICENCE = "MIT (code); weights and SMPL: non-commercial research"
JointSet = Literal["smpl", "human36", "coco"]
COCO_19 = (*COCO_17, "hips", "shoulders")
"""COCO's joints and the middles that the repository calls pelvis and neck."""
KEYPOINTS: dict[JointSet, tuple[str, ...]] = {"smpl": SMPL_24, "human36": H36M_17, "coco": COCO_19}
VERTICES = 6890


@dataclass(frozen=True)
class Pose2Mesh:
    """A network of Pose2Mesh's signature: joints (1, J, 2) to a coarse-ordered mesh and 3D joints."""

    spec: TargetSpec
    """Of the target."""
    network: TorchNetwork
    """The user's."""
    order: NDArray[np.intp]
    """(V,) rows of the network's mesh that are SMPL's vertices."""

    def predict(self, *, keypoints: Float) -> Prediction:
        """Vertices in metres about the pelvis, from joints (N, K, 2) in pixels. The picture's camera is not known."""
        out = one_by_one(lambda row: {"mesh": self.network(row)[0]}, normalised(keypoints))
        return Prediction(found=np.ones(len(keypoints), np.bool_), vertices=out["mesh"][:, self.order])


def normalised(joints: Float) -> Float:
    """Joints (N, K, 2) with mean 0 and deviation 1 along each axis, which takes away any box round them."""
    return np.asarray((joints - joints.mean(axis=1, keepdims=True)) / joints.std(axis=1, keepdims=True))


def build(
    model: str | Path | None = None,
    *,
    network: Callable[..., Any] | None = None,
    order: NDArray[np.intp] | None = None,
    joint_set: JointSet = "smpl",
    device: str = "cpu",
) -> Pose2Mesh:
    """Pose2Mesh from its clone, or from any network of its signature.

    Args:
        model: Path of the folder `experiment`.
        network: Called in place of a loaded one.
        order: With `network`: rows of its mesh that are SMPL's vertices; all, in order, without them.
        joint_set: Which 2D joints it takes: `smpl` (24), `human36` (17) or `coco` (19).
        device: Torch's word for where the network runs.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    if joint_set not in get_args(JointSet):
        raise ValueError(f"expected joint_set smpl, human36 or coco, got {joint_set!r}")
    if network is None:
        network, order = load(model, joint_set, device)
    spec = TargetSpec(
        name="pose2mesh",
        needs=("keypoints",),
        metric=True,
        licence=LICENCE,
        gives=("vertices",),
        root="pelvis",
        body="smpl",
        keypoints=KEYPOINTS[joint_set],
    )
    return Pose2Mesh(spec, TorchNetwork(network, device), np.arange(VERTICES) if order is None else order)


def load(
    model: str | Path | None, joint_set: JointSet, device: str
) -> tuple[Callable[..., Any], NDArray[np.intp]]:
    """The published network with its weights, and the order of its mesh."""
    checkpoint_file(model, CHECKPOINT, REPOSITORY)
    demo, smpl = repository_module("run", REPOSITORY), repository_module("smpl", REPOSITORY)
    repository_module("core.config", REPOSITORY).cfg.MODEL.posenet_pretrained = False
    network, *_, order = demo.get_joint_setting(smpl.SMPL(), joint_category=joint_set)
    return network.to(device).eval(), np.asarray(order[:VERTICES], np.intp)


RECIPE = Recipe("pose2mesh", REPOSITORY, CHECKPOINT, LICENCE, build)
