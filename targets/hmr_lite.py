"""`hmr-lite`: a small regressor of SMPL-format parameters, trained on this project's own pictures."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from targets.base import Prediction, TargetSpec
from targets.blazepose import (
    CALLS_AT_ONCE,
    CROP,
    DETECTOR_FILE,
    LANDMARK_FILES,
    LEAST_PRESENCE,
    RegionOfInterest,
    check_option,
)
from targets.blazepose_detector import PersonDetector
from targets.blazepose_geometry import Float, Region, box_region, warp
from targets.blazepose_torch import one_thread
from targets.crop import check_people
from targets.hmr_features import Features
from targets.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from targets.tflite import Float32
from targets.weights import Report, fetch, silent

if TYPE_CHECKING:
    from targets.hmr_head import Estimate

WEIGHTS = Path(str(resources.files("targets"))) / "data" / "hmr_lite.safetensors"
"""Ours, shipped; what it sees of a picture is computed by BlazePose full, which is fetched."""


class HmrLite:
    """Regresses pose, shape and camera of a SMPL-format body from features of BlazePose full.

    Gives `body_pose` (hands at rest), `global_orient`, `betas` and `transl` of the embedded body that its spec names,
    in metres and camera axes; joints and vertices are that body's. It was trained on typical people alone, so that
    what lies beyond is new to it: `docs/hmr-lite.md`. A row that is not found holds zeros. Everyone is looked at alone
    and on one thread, so that a row does not depend on its batch.
    """

    def __init__(
        self,
        region_of_interest: RegionOfInterest = "box",
        report: Report = silent,
        weights: Path = WEIGHTS,
    ) -> None:
        """Fetch BlazePose full where it is missing, and load it and our weights.

        Args:
            region_of_interest: As of `BlazePose`.
            report: Called with one sentence before a download.
            weights: A file of `experiments.train_hmr_lite`.

        Raises:
            FileNotFoundError: There is no such weight file.
            ValueError: Unknown region of interest, or weights of something else.
        """
        check_option("region_of_interest", region_of_interest, get_args(RegionOfInterest))
        from targets.hmr_head import load_head  # deferred: needs torch

        self._head, about = load_head(weights)
        trunk = LANDMARK_FILES["full"]
        if about.get("trunk_sha256") != trunk.sha256:
            raise ValueError(
                f"expected weights trained on the features of {trunk.sha256[:12]}... (blazepose-full), "
                f"got {weights} trained on {about.get('trunk_sha256', '')[:12]}...: train them again"
            )
        self._features = Features(fetch(trunk, report=report))
        self._detector: PersonDetector | None = None
        digests = [trunk.sha256, hashlib.sha256(weights.read_bytes()).hexdigest()]
        if region_of_interest == "detector":
            self._detector = PersonDetector(fetch(DETECTOR_FILE, report=report), 1)
            digests.append(DETECTOR_FILE.sha256)
        self._spec = TargetSpec(
            name="hmr-lite",
            needs=("images", "boxes", "intrinsics"),
            metric=True,
            licence="Apache-2.0",
            weights_sha256="+".join(digests),
            calls_at_once=CALLS_AT_ONCE,
            region_of_interest=region_of_interest,
            gives=("body_pose",),
            body=about["body"],
            trained_on=about["trained_on"],
        )

    @property
    def spec(self) -> TargetSpec:
        """What it needs and gives."""
        return self._spec

    def predict(self, *, images: NDArray[np.uint8], boxes: Float, intrinsics: Float) -> Prediction:
        """Predict N people, one a picture.

        Args:
            images: (N, H, W, 3) RGB, 0..255.
            boxes: (N, 4) x0, y0, x1, y1, pixels.
            intrinsics: (N, 3, 3) pixels.

        Returns:
            `body_pose` (N, 63), `global_orient` (N, 3), `betas` (N, 10), `transl` (N, 3) for the camera of
            `focal_length` (N,), `confidence` (N,) (BlazePose's pose flag) and `found` (N,).

        Raises:
            ValueError: Wrong shape or dtype, or a box without an area.
        """
        check_people(images, boxes)
        if intrinsics.shape != (len(images), 3, 3):
            raise ValueError(
                f"expected intrinsics ({len(images)}, 3, 3), one matrix an image, got {intrinsics.shape}"
            )
        count = len(images)
        poses, betas, transl = np.zeros((count, 22, 3)), np.zeros((count, 10)), np.zeros((count, 3))
        confidence = np.zeros(count)
        for row in range(count):
            region = self._detector.find(images[row]) if self._detector else box_region(boxes[row])
            if region is None:
                continue
            features, confidence[row] = self._features(self._crop(images[row], region))
            if confidence[row] >= LEAST_PRESENCE:
                seen = self._regress(features)
                poses[row], betas[row] = _axis_angles(seen, region.angle), seen.betas[0].double().numpy()
                transl[row] = self._place(seen, region, intrinsics[row])
        return Prediction(
            found=confidence >= LEAST_PRESENCE,
            body_pose=poses[:, 1:].reshape(count, 63),
            global_orient=poses[:, 0].copy(),
            betas=betas,
            transl=transl,
            confidence=confidence,
            focal_length=intrinsics[:, 0, 0].astype(np.float64),
        )

    def _crop(self, image: NDArray[np.uint8], region: Region) -> NDArray[np.uint8]:
        """(256, 256, 3): a region of a picture."""
        import cv2  # deferred: `import targets` stays light

        return warp(image, region.matrix(CROP), CROP, cv2.BORDER_REPLICATE)

    def _regress(self, features: Float32) -> Estimate:
        """The estimate of the one person with features (WIDTH,)."""
        import torch  # deferred: `import targets` stays light

        with one_thread(), torch.inference_mode():
            estimate: Estimate = self._head(torch.from_numpy(features)[None])
        return estimate

    def _place(self, seen: Estimate, region: Region, intrinsics: Float) -> Float:
        """`transl` (3,) metres: the pelvis on its pixel's ray, as far away as the weak-perspective scale says."""
        scale, right, down = (float(value) for value in seen.camera[0])
        cos, sin, half = np.cos(region.angle), np.sin(region.angle), region.side / 2
        u = region.x + half * (cos * right - sin * down)
        v = region.y + half * (sin * right + cos * down)
        focal = np.array([intrinsics[0, 0], intrinsics[1, 1]])
        depth = focal[0] / (half * np.exp(scale))
        pelvis = np.array([*((np.array([u, v]) - intrinsics[:2, 2]) / focal * depth), depth])
        return np.asarray(pelvis - self._head.root_translation(seen.betas)[0].double().numpy())


def _axis_angles(seen: Estimate, angle: float) -> Float:
    """(22, 3) radians: the root first, turned back by the region's clockwise turn."""
    turns = seen.rotations[0].double().numpy().copy()
    back = matrix_from_axis_angle(np.array([0.0, 0.0, angle]))
    turns[0] = (back[:, :, None] * turns[0][None]).sum(axis=1)
    return axis_angle_from_matrix(turns)
