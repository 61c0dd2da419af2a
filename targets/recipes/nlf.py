"""NLF: any point of the body localised in a whole picture; SMPL fitted to the points. A TorchScript file.

I. Sarandi and G. Pons-Moll, "Neural Localizer Fields for Continuous 3D Human Pose and Shape Estimation", NeurIPS 2024.
Repository isarandi/nlf. Code MIT; weights for non-commercial research, as SMPL.
You must have: torch, torchvision and a file such as `nlf_l_multi.torchscript`; nothing of the repository.

The real checkpoint has not been run here; axes, units and camera were checked against a stand-in of the same
signature that answers with the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from targets.base import Prediction, TargetSpec
from targets.joint_orders import SMPL_24
from targets.recipe import Recipe
from targets.smpl_parameters import from_axis_angles
from targets.torch_network import Float, TorchNetwork
from targets.user_repository import checkpoint_file, repository_module, weights_digest
from targets.whole_picture import everybody

REPOSITORY = "isarandi/nlf"
CHECKPOINT = "nlf_l_multi.torchscript"
LICENCE = "MIT (code); weights and SMPL: non-commercial research"


@dataclass(frozen=True)
class Nlf:
    """The scripted model's two functions: one told where people are, and one that finds them itself."""

    spec: TargetSpec
    """Of the target."""
    estimate: TorchNetwork
    """`estimate_smpl_batched(images, boxes, intrinsic_matrix, ...)`, boxes x, y, width, height."""
    detect: TorchNetwork
    """`detect_smpl_batched(images, intrinsic_matrix, ...)`."""

    def predict(
        self, *, images: NDArray[np.uint8], intrinsics: Float, boxes: Float | None = None
    ) -> Prediction:
        """Joints and vertices in mm, in the camera of the intrinsics; with boxes one a picture, else everybody."""
        found = []
        for row, image in enumerate(images):
            picture, camera = image.transpose(2, 0, 1)[None], intrinsics[row : row + 1]
            if boxes is None:
                found.append(_people(self.detect(picture, intrinsic_matrix=camera)))
                continue
            corner, size = boxes[row, :2], boxes[row, 2:] - boxes[row, :2]
            box = [np.concatenate([corner, size])[None]]
            found.append(_people(self.estimate(picture, box, intrinsic_matrix=camera)))
        return everybody(found, len(SMPL_24))


def _people(out: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """The people of one picture."""
    count = len(out["joints3d"][0])
    fields: dict[str, Any] = {
        "joints": out["joints3d"][0],
        "vertices": out["vertices3d"][0],
        "joints2d": out["joints2d"][0],
        **from_axis_angles(out["pose"][0].reshape(count, 72), out["betas"][0]),
    }
    if "boxes" in out and out["boxes"][0].shape[-1] == 5:
        fields["confidence"] = out["boxes"][0][:, 4]
    return [{name: value[row] for name, value in fields.items()} for row in range(count)]


def build(
    model: str | Path | None = None,
    *,
    network: Any = None,
    region_of_interest: Literal["box", "detector"] = "box",
    device: str = "cpu",
) -> Nlf:
    """NLF from its file, or from anything with its two functions.

    Args:
        model: Path of the TorchScript file, one that says `multi`.
        network: An object with `estimate_smpl_batched` and `detect_smpl_batched`, in place of a loaded one.
        region_of_interest: `box` tells it where the person is; `detector` lets it find people (on CUDA alone).
        device: Torch's word for where the network runs.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    if region_of_interest not in ("box", "detector"):
        raise ValueError(f"expected region_of_interest box or detector, got {region_of_interest!r}")
    network = network or load(model, device)
    spec = TargetSpec(
        name="nlf",
        joint_names=SMPL_24,
        needs=("images", "intrinsics", *(("boxes",) if region_of_interest == "box" else ())),
        metric=True,
        licence=LICENCE,
        gives=("joints", "joints2d", "vertices", "body_pose"),
        weights_sha256=weights_digest(model),
        region_of_interest=region_of_interest,
        units="mm",
        body="smpl",
    )
    functions = (network.estimate_smpl_batched, network.detect_smpl_batched)
    return Nlf(spec, *(TorchNetwork(function, device) for function in functions))


def load(model: str | Path | None, device: str) -> Any:
    """The published file."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    repository_module("torchvision", "torchvision")  # registers operations that the file calls
    return repository_module("torch", "torch").jit.load(str(path), map_location=device).eval()


RECIPE = Recipe("nlf", REPOSITORY, CHECKPOINT, LICENCE, build)
