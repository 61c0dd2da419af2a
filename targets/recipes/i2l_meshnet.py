"""I2L-MeshNet: SMPL's vertices from a crop, each by three heat maps along a line; no parameters, no joints.

G. Moon and K. M. Lee, "I2L-MeshNet: Image-to-Lixel Prediction Network", ECCV 2020.
Repository mks0601/I2L-MeshNet_RELEASE. Code MIT; weights and SMPL for non-commercial research.
You must have: the folders `main`, `common` and `common/utils/smplpytorch` of a clone on PYTHONPATH, CUDA, SMPL where
the repository looks for it, and `snapshot_8.pth.tar`.

Each vertex comes as a place in the crop and a depth behind the pelvis. How far the pelvis is, the paper leaves to
another network (RootNet); here it is RootNet's first guess: the region is two metres wide. Give your own `root_depth`
for more.

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
from targets.torch_network import Float, TorchNetwork, one_by_one
from targets.user_repository import checkpoint_file, repository_module, weights_digest

REPOSITORY = "mks0601/I2L-MeshNet_RELEASE"
CHECKPOINT = "snapshot_8.pth.tar"
LICENCE = "MIT (code); weights and SMPL: non-commercial research"
SIDE = 256
LINE = 64
"""Lixels of a line."""
DEPTH = 2.0
"""Metres that the line of depth is long."""
CROP = Crop(size=(SIDE, SIDE), box_scale=1.25, mean=(0, 0, 0), std=(1, 1, 1))

RootDepth = Callable[[Float, Float], Float]
"""From boxes (N, 4) and intrinsics (N, 3, 3) to the pelvis's depth (N,) metres."""


def two_metres_wide(boxes: Float, intrinsics: Float) -> Float:
    """The depth (N,) at which the region is two metres wide: k of RootNet (G. Moon et al., ICCV 2019)."""
    return np.asarray(np.sqrt(intrinsics[:, 0, 0] * intrinsics[:, 1, 1]) * 2.0 / CROP.heights(boxes))


@dataclass(frozen=True)
class I2lMeshNet:
    """A network of I2L-MeshNet's signature: ({"img"}, {}, {"bb2img_trans"}, "test") to a dict with `mesh_coord_img`."""

    spec: TargetSpec
    """Of the target."""
    network: TorchNetwork
    """The user's."""
    root_depth: RootDepth
    """How far the pelvis is."""

    def predict(self, *, images: NDArray[np.uint8], boxes: Float, intrinsics: Float) -> Prediction:
        """Vertices in metres, in the camera of the intrinsics."""
        lixels = one_by_one(self._look, CROP.cut(images, boxes), CROP.matrices(boxes))["mesh"]
        points = CROP.to_picture(lixels[..., :2] / LINE * SIDE, boxes)
        depth = (lixels[..., 2] / LINE - 0.5) * DEPTH + self.root_depth(boxes, intrinsics)[:, None]
        focal, middle = np.diagonal(intrinsics, axis1=1, axis2=2)[:, None, :2], intrinsics[:, None, :2, 2]
        vertices = np.concatenate([(points - middle) / focal * depth[..., None], depth[..., None]], axis=2)
        return Prediction(found=np.ones(len(images), np.bool_), vertices=vertices)

    def _look(self, crop: NDArray[np.float32], matrix: Float) -> dict[str, Any]:
        return {"mesh": self.network({"img": crop}, {}, {"bb2img_trans": matrix}, "test")["mesh_coord_img"]}


def build(
    model: str | Path | None = None,
    *,
    network: Callable[..., Any] | None = None,
    root_depth: RootDepth = two_metres_wide,
    device: str = "cuda",
) -> I2lMeshNet:
    """I2L-MeshNet from its checkpoint, or from any network of its signature.

    Args:
        model: Path of the checkpoint.
        network: Called in place of a loaded one.
        root_depth: How far the pelvis is.
        device: Torch's word for where the network runs; the published code asks for CUDA.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    network = network or load(model, device)
    spec = TargetSpec(
        name="i2l-meshnet",
        needs=("images", "boxes", "intrinsics"),
        licence=LICENCE,
        gives=("vertices",),
        weights_sha256=weights_digest(model),
        crop=CROP,
        body="smpl",
    )
    return I2lMeshNet(spec, TorchNetwork(network, device), root_depth)


def load(model: str | Path | None, device: str) -> Callable[..., Any]:
    """The published network with its weights: 6890 vertices, 29 joints."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    torch = repository_module("torch", "torch")
    network = repository_module("model", REPOSITORY).get_model(6890, 29, "test")
    weights = torch.load(path, map_location="cpu", weights_only=False)["network"]
    network.load_state_dict(
        {name.removeprefix("module."): value for name, value in weights.items()}, strict=False
    )
    loaded: Callable[..., Any] = network.to(device).eval()
    return loaded


RECIPE = Recipe("i2l-meshnet", REPOSITORY, CHECKPOINT, LICENCE, build)
