"""Targets out of tiny network files, and people to ask them about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from targets import Prediction, Target, build_target
from tests.targets.tiny_networks import onnx_file

CROP = "crop: {size: 32, box_scale: 1.0, range: 0..1}\n"
FOUR = "joint_names: [left_hip, right_hip, left_knee, right_knee]\n"


def people(count: int = 3) -> dict[str, Any]:
    images = np.random.default_rng(0).integers(0, 256, (count, 60, 80, 3), dtype=np.uint8)
    images[0] = 0  # whose crop has a mean of 0
    return {"images": images, "boxes": np.tile([20.0, 4, 60, 44], (count, 1)) + np.arange(count)[:, None]}


def built(folder: Path, text: str, outputs: dict[str, Any], **options: Any) -> Target:
    onnx_file(folder / "net.onnx", outputs, **options)
    (folder / "net.yaml").write_text(f"onnx: net.onnx\n{text}")
    return build_target(str(folder / "net.yaml"))


def first(target: Target, **fields: Any) -> Prediction:
    """The answer for a black picture: the network's constants."""
    return target.predict(**{name: value[:1] for name, value in people().items()}, **fields)


def refused(folder: Path, text: str, outputs: dict[str, Any], **options: Any) -> str:
    with pytest.raises(ValueError, match=r"^expected") as caught:
        built(folder, text, outputs, **options)
    return str(caught.value).replace(str(folder / "net"), "net")


V = {"v": np.zeros((5, 3))}
PLAIN = CROP + "outputs: {vertices: v}\n"
