"""Landmarks of a folder of pictures by the official pipeline, for `experiments.blazepose_parity`.

Runs in an environment of its own, because mediapipe 0.10.21 and our dependencies do not fit together:

    python -m venv official && official/bin/pip install mediapipe==0.10.21
    npm pack @mediapipe/pose@0.5.1675469404 && tar xzf mediapipe-pose-0.5.1675469404.tgz
    cp package/pose_landmark_*.tflite official/lib/python3.11/site-packages/mediapipe/modules/pose_landmark/
    official/bin/python experiments/blazepose_official.py PICTURES official.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

COMPLEXITY = {"lite": 0, "full": 1, "heavy": 2}
SUFFIXES = {".png", ".jpg", ".jpeg"}


def landmarks(pose: Any, path: Path) -> dict[str, Any] | None:
    """World landmarks (33, 3) in metres and landmarks (33, 2) in pixels; None where nobody is found."""
    import numpy as np
    from PIL import Image

    picture = np.ascontiguousarray(Image.open(path).convert("RGB"))
    result = pose.process(picture)
    if result.pose_world_landmarks is None:
        return None
    height, width = picture.shape[:2]
    return {
        "world": [[p.x, p.y, p.z] for p in result.pose_world_landmarks.landmark],
        "pixels": [[p.x * width, p.y * height] for p in result.pose_landmarks.landmark],
    }


def main(folder: Path, out: Path, sizes: list[str]) -> None:
    """Write {size: {file name: landmarks}}."""
    import mediapipe  # type: ignore[import-not-found]

    pictures = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    answers: dict[str, dict[str, Any]] = {}
    for size in sizes:
        with mediapipe.solutions.pose.Pose(static_image_mode=True, model_complexity=COMPLEXITY[size]) as pose:
            answers[size] = {path.name: landmarks(pose, path) for path in pictures}
    out.write_text(json.dumps(answers))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] or list(COMPLEXITY))
