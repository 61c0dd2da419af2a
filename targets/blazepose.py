"""BlazePose GHUM 3D: the built-in target, run from its published .tflite files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from targets.base import Prediction, TargetSpec
from targets.blazepose_detector import PersonDetector
from targets.blazepose_geometry import (
    Float,
    Region,
    box_region,
    refine,
    to_picture,
    turn_back,
    warp,
)
from targets.crop import check_people
from targets.tflite import Float32, TfliteModel
from targets.weights import Report, WeightFile, fetch, silent

Size = Literal["lite", "full", "heavy"]
RegionOfInterest = Literal["box", "detector"]

LANDMARKS = (
    *("nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye"),
    *("right_eye_outer", "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder"),
    *("right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_pinky"),
    *("right_pinky", "left_index", "right_index", "left_thumb", "right_thumb", "left_hip", "right_hip"),
    *("left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel", "right_heel"),
    *("left_foot_index", "right_foot_index"),
)
"""The 33 landmarks in the network's order."""

CROP = 256
LEAST_PRESENCE = 0.5
"""MediaPipe's threshold of the pose flag."""


def _from_pip(member: str, sha256: str) -> WeightFile:
    return WeightFile("pip", "mediapipe", "0.10.21", f"mediapipe/modules/{member}", sha256, "Apache-2.0")


def _from_npm(member: str, sha256: str) -> WeightFile:
    package, version = "@mediapipe/pose", "0.5.1675469404"
    instead = "use blazepose-full, which needs pip alone"
    return WeightFile("npm", package, version, f"package/{member}", sha256, "Apache-2.0", instead)


LANDMARK_FILES: dict[Size, WeightFile] = {
    "lite": _from_npm(
        "pose_landmark_lite.tflite", "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61"
    ),
    "full": _from_pip(
        "pose_landmark/pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    ),
    "heavy": _from_npm(
        "pose_landmark_heavy.tflite", "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe"
    ),
}
DETECTOR_FILE = _from_pip(
    "pose_detection/pose_detection.tflite", "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c"
)


CALLS_AT_ONCE = 16
"""Every thread has an interpreter of its own, of some 40 MB."""


class BlazePose:
    """MediaPipe Pose's landmark network on a crop of each person.

    Joints are the network's world landmarks: metres, camera axes, their origin between the hips.
    Their scale comes from statistics of bodies, not from the picture, so the spec is not metric.
    A row that is not found holds zeros. Results are the same bits at any batch size and number of
    threads on one machine. Source: the graphs of mediapipe 0.10.21 (pose_landmark_cpu).
    """

    def __init__(
        self,
        size: Size = "full",
        region_of_interest: RegionOfInterest = "box",
        threads: int = 1,
        report: Report = silent,
    ) -> None:
        """Fetch the weights where they are missing, and load them.

        Args:
            size: Which of the three networks.
            region_of_interest: `box` looks at an upright square, 1.25 times the box given to
                `predict`; `detector` finds and turns the square itself as the published pipeline does,
                and ignores the boxes. An upright square is unfair to people who lean beyond 20 degrees.
            threads: Threads of the runtime.
            report: Called with one sentence before a download.

        Raises:
            ValueError: Unknown size or region of interest; or see `targets.weights.fetch`.
        """
        check_option("size", size, get_args(Size))
        check_option("region_of_interest", region_of_interest, get_args(RegionOfInterest))
        self._model = self._runtime(fetch(LANDMARK_FILES[size], report=report), threads)
        self._detector: PersonDetector | None = None
        files = [LANDMARK_FILES[size]]
        if region_of_interest == "detector":
            self._detector = PersonDetector(fetch(DETECTOR_FILE, report=report), threads)
            files.append(DETECTOR_FILE)
        self._spec = TargetSpec(
            name=f"blazepose-{size}",
            joint_names=LANDMARKS,
            needs=("images", "boxes"),
            licence="Apache-2.0",
            calls_at_once=CALLS_AT_ONCE,
            weights_sha256="+".join(file.sha256 for file in files),
            region_of_interest=region_of_interest,
        )

    @property
    def spec(self) -> TargetSpec:
        """What it needs and gives."""
        return self._spec

    def predict(self, *, images: NDArray[np.uint8], boxes: Float) -> Prediction:
        """Predict N people, one a picture.

        Args:
            images: (N, H, W, 3) RGB, 0..255.
            boxes: (N, 4) x0, y0, x1, y1, pixels.

        Returns:
            `joints` (N, 33, 3), `joints2d` (N, 33, 2), `confidence` (N,) (the pose flag) and `found` (N,).

        Raises:
            ValueError: Wrong shape or dtype, or a box without an area.
        """
        check_people(images, boxes)
        count = len(images)
        joints, joints2d = np.zeros((count, 33, 3)), np.zeros((count, 33, 2))
        confidence = np.zeros(count)
        for row in range(count):
            region = self._detector.find(images[row]) if self._detector else box_region(boxes[row])
            if region is None:
                continue
            confidence[row], world, points = self._look(images[row], region)
            if confidence[row] >= LEAST_PRESENCE:
                joints[row], joints2d[row] = world, points
        found = confidence >= LEAST_PRESENCE
        return Prediction(found=found, joints=joints, joints2d=joints2d, confidence=confidence)

    def _runtime(self, path: Path, threads: int) -> Callable[[Float32], dict[str, Float32]]:
        """What runs the landmark network: a picture (256, 256, 3) of 0..1 in, tensors by name out."""
        return TfliteModel(path, threads)

    def _look(self, image: NDArray[np.uint8], region: Region) -> tuple[float, Float, Float]:
        """Pose flag, joints (33, 3) metres and (33, 2) pixels of the picture, from one region of it."""
        import cv2  # deferred: `import targets` stays light

        matrix = region.matrix(CROP)
        tensors = self._model(warp(image, matrix, CROP, cv2.BORDER_REPLICATE) * np.float32(1 / 255))
        crop = tensors["Identity"].reshape(39, 5)[:33, :2].astype(np.float64)
        world = tensors["Identity_4"].reshape(39, 3)[:33].astype(np.float64)
        points = to_picture(matrix, refine(crop, tensors["Identity_3"][..., :33], CROP))
        return float(tensors["Identity_1"][0]), turn_back(world, region.angle), points


def check_option(name: str, value: str, options: tuple[str, ...]) -> None:
    """Refuse a word that is not among the options."""
    if value not in options:
        raise ValueError(f"expected {name} to be one of {', '.join(options)}, got {value!r}")
