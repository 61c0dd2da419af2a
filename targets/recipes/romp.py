"""ROMP: all people of a whole picture at once, SMPL parameters, joints and vertices.

Y. Sun et al., "Monocular, One-stage, Regression of Multiple 3D People", ICCV 2021. Package `simple-romp` of the
repository Arthur151/ROMP. Code MIT; weights and SMPL for non-commercial research.
You must have: the package installed, `ROMP.pkl` and `smpl_packed_info.pth` (made from SMPL as its pages tell).

The real checkpoint has not been run here; axes, units, camera and the choice of people were checked against a
stand-in of the same signature that answers with the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from targets.base import Prediction, TargetSpec
from targets.joint_orders import SMPL_24
from targets.recipe import Recipe
from targets.smpl_parameters import from_axis_angles
from targets.torch_network import to_arrays
from targets.user_repository import checkpoint_file, repository_module, weights_digest
from targets.weak_perspective import Regions, focal_length_of_picture, picture_translation
from targets.whole_picture import everybody

REPOSITORY = "Arthur151/ROMP"
CHECKPOINT = "ROMP.pkl"
LICENCE = "MIT (code); weights and SMPL: non-commercial research"
SIDE = 512
"""Pixels of the square that the package fits the picture into."""


@dataclass(frozen=True)
class Romp:
    """Something called like `romp.ROMP`: a BGR picture (H, W, 3) to a dict of arrays, or None where nobody is."""

    spec: TargetSpec
    """Of the target."""
    network: Callable[..., Any]
    """The user's."""

    def predict(self, *, images: NDArray[np.uint8]) -> Prediction:
        """Everybody in the pictures. ROMP's rays are parallel; `transl` is for a camera that is nearly so."""
        return everybody([self._people(image) for image in images], len(SMPL_24))

    def _people(self, image: NDArray[np.uint8]) -> list[dict[str, Any]]:
        out = self.network(np.ascontiguousarray(image[..., ::-1]))
        if out is None:
            return []
        out = {name: to_arrays(value) for name, value in out.items()}
        scale, offset = out["cam"][:, :1], out["cam"][:, 1:]
        where = _whole(image, len(scale))
        focal_length = focal_length_of_picture(where, SIDE)
        transl = picture_translation(np.hstack([scale, offset / scale]), where, focal_length)
        fields: dict[str, Any] = {
            "joints": out["joints"][:, :24] + transl[:, None],
            "joints2d": out["pj2d_org"][:, :24],
            "vertices": out["verts"] + transl[:, None],
            "transl": transl,
            "focal_length": focal_length,
            **from_axis_angles(out["smpl_thetas"], out["smpl_betas"]),
        }
        if "center_confs" in out:
            fields["confidence"] = out["center_confs"].reshape(-1)
        return [{name: value[row] for name, value in fields.items()} for row in range(len(scale))]


def _whole(image: NDArray[np.uint8], people: int) -> Regions:
    """The square round the whole picture, once a person."""
    size = (int(image.shape[1]), int(image.shape[0]))
    return Regions(np.tile(np.array(size) / 2, (people, 1)), np.full(people, float(max(size))), size)


def build(
    model: str | Path | None = None,
    *,
    smpl: str | Path = "~/.romp/smpl_packed_info.pth",
    network: Callable[..., Any] | None = None,
    gpu: int = -1,
) -> Romp:
    """ROMP from its checkpoint, or from anything called like it.

    Args:
        model: Path of `ROMP.pkl`.
        smpl: Path of `smpl_packed_info.pth`.
        network: Called in place of a loaded one.
        gpu: Number of the graphics processor; -1 for none.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    network = network or load(model, smpl, gpu)
    spec = TargetSpec(
        name="romp",
        joint_names=SMPL_24,
        needs=("images",),
        metric=True,
        licence=LICENCE,
        gives=("joints", "joints2d", "vertices", "body_pose"),
        weights_sha256=weights_digest(model),
        region_of_interest="detector",
        body="smpl",
    )
    return Romp(spec, network)


def load(model: str | Path | None, smpl: str | Path, gpu: int) -> Callable[..., Any]:
    """The published model with its weights."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    body = checkpoint_file(Path(smpl).expanduser(), "smpl_packed_info.pth", REPOSITORY)
    romp = repository_module("romp", REPOSITORY)
    options = ["--mode=image", "--calc_smpl", f"--GPU={gpu}", f"--model_path={path}", f"--smpl_path={body}"]
    settings = romp.main.romp_settings(options)
    settings.calc_smpl, settings.show, settings.render_mesh = True, False, False
    loaded: Callable[..., Any] = romp.ROMP(settings)
    return loaded


RECIPE = Recipe("romp", REPOSITORY, CHECKPOINT, LICENCE, build)
