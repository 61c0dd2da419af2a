"""SMPLify: SMPL fitted to 2D joints by optimisation; no network. A lifter, and slow: seconds a person.

F. Bogo et al., "Keep it SMPL: Automatic Estimation of 3D Human Pose and Shape from a Single Image", ECCV 2016.
The optimiser is ours (`targets.keypoint_fitting`) and simpler than the paper's: no mixture of poses, no capsules. SMPL
for non-commercial research. You must have: the package `smplx` and `SMPL_NEUTRAL.pkl`; or any differentiable body.

The real body has not been fitted here; camera, axes and units were checked by fitting a small differentiable body to
the true 2D joints of rendered people. Depth is a guess wherever 2D joints leave it open, so its failures are real.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from targets.base import Prediction, TargetSpec
from targets.joint_orders import SMPL_24
from targets.keypoint_fitting import KEPT, BodyForward, Float, fit_person
from targets.recipe import Recipe
from targets.user_repository import checkpoint_file, repository_module, weights_digest

REPOSITORY = "vchoutas/smplx"
CHECKPOINT = "SMPL_NEUTRAL.pkl"
LICENCE = "Apache-2.0 (ours); SMPL: non-commercial research"


@dataclass(frozen=True)
class Smplify:
    """A differentiable body, fitted to 2D joints person by person."""

    spec: TargetSpec
    """Of the target."""
    body: BodyForward
    """The user's."""
    pose_width: int
    """Entries of its `body_pose`: 69 or 63."""

    def predict(self, *, keypoints: Float, intrinsics: Float) -> Prediction:
        """Joints and parameters, and as `hypotheses` what another way to face leads to; in the intrinsics' camera.

        A person with a hip or a shoulder unknown (NaN) is not found.
        """
        torso = [
            self.spec.keypoints.index(f"{side}_{end}")
            for side in ("left", "right")
            for end in ("hip", "shoulder")
        ]
        found = np.asarray(np.isfinite(keypoints[:, torso]).all(axis=(1, 2)))
        rows = [self._row(*given) for given in zip(keypoints, intrinsics, found, strict=True)]
        return Prediction(found=found, **{name: np.stack([row[name] for row in rows]) for name in rows[0]})

    def _row(self, keypoints: Float, intrinsics: Float, found: bool) -> dict[str, Any]:
        joints = (len(keypoints), 3)
        widths = {
            "betas": 10,
            "body_pose": self.pose_width,
            "global_orient": 3,
            "transl": 3,
            "joints": joints,
        }
        if not found:
            return {name: np.zeros(width) for name, width in widths.items()} | {
                "hypotheses": np.zeros((KEPT, *joints))
            }
        fits = fit_person(self.body, keypoints, self.spec.keypoints, intrinsics, self.pose_width)
        row = {name: getattr(fits[0], name) for name in widths}
        return row | {"hypotheses": np.stack([fit.joints for fit in fits])}


def build(
    model: str | Path | None = None,
    *,
    body: BodyForward | None = None,
    keypoints: tuple[str, ...] = SMPL_24,
    pose_width: int = 69,
) -> Smplify:
    """SMPLify with SMPL from its file, or with any differentiable body.

    Args:
        model: Path of SMPL's file.
        body: In place of it; gives the joints named by `keypoints`.
        keypoints: Names of the 2D joints; hips and shoulders among them.
        pose_width: Entries of the body's `body_pose`.

    Raises:
        ValueError, FileNotFoundError, ModuleNotFoundError: Something that the user must have is not there.
    """
    body = body or load(model)
    spec = TargetSpec(
        name="smplify",
        joint_names=keypoints,
        needs=("keypoints", "intrinsics"),
        metric=True,
        licence=LICENCE,
        weights_sha256=weights_digest(model),
        gives=("joints", "hypotheses", "body_pose"),
        body="smpl",
        keypoints=keypoints,
    )
    return Smplify(spec, body, pose_width)


def load(model: str | Path | None) -> BodyForward:
    """SMPL's 24 joints by the package `smplx`."""
    path = checkpoint_file(model, CHECKPOINT, REPOSITORY)
    torch = repository_module("torch", "torch")
    smpl = repository_module("smplx", REPOSITORY).SMPL(str(path), dtype=torch.float64)

    def joints(betas: Any, body_pose: Any, global_orient: Any, transl: Any) -> Any:
        posed = smpl(betas=betas, body_pose=body_pose, global_orient=global_orient, transl=transl)
        return posed.joints[:, :24]

    return joints


RECIPE = Recipe("smplify", REPOSITORY, CHECKPOINT, LICENCE, build)
