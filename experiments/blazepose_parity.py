"""How far our BlazePose is from the official pipeline, picture by picture.

First `experiments/blazepose_official.py` in its own environment, then:

    python -m experiments.blazepose_parity PICTURES official.json experiments/results/blazepose_parity.json

The pictures are any folder of .png and .jpg files with one whole person each. The recorded figures
are from 48 rendered bodies of 384 x 384 px in motion-capture poses, every third rolled by up to 60
degrees. Landmarks in pixels differ by convention as well: ours are continuous, the official
ones are passed on as the network gives them.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import numpy as np
from PIL import Image

from targets.base import Float
from targets.blazepose import BlazePose, Size

LIMIT_MM = 3.0
"""The mean that we promise."""


def compare(size: Size, folder: Path, official: dict[str, Any]) -> dict[str, float]:
    """Distances between our landmarks and the official ones over the pictures that both found."""
    target = BlazePose(size, region_of_interest="detector")
    millimetres: list[Float] = []
    pixels: list[Float] = []
    disagree = 0
    for name, wanted in official.items():
        picture = np.asarray(Image.open(folder / name).convert("RGB"))[None]
        got = target.predict(images=picture, boxes=np.array([[0.0, 0.0, 1.0, 1.0]]))
        disagree += bool(got.found[0]) != (wanted is not None)
        if wanted is None or not got.found[0] or got.joints is None or got.joints2d is None:
            continue
        millimetres.append(1000 * np.linalg.norm(got.joints[0] - np.array(wanted["world"]), axis=1))
        pixels.append(np.linalg.norm(got.joints2d[0] - np.array(wanted["pixels"]), axis=1))
    per_picture = np.array(millimetres).mean(axis=1)
    figures = {
        "mean_mm": per_picture.mean(),
        "median_mm": np.median(per_picture),
        "worst_picture_mm": per_picture.max(),
        "worst_landmark_mm": np.max(millimetres),
        "mean_px": np.mean(pixels),
    }
    rounded = {name: round(float(value), 2) for name, value in figures.items()}
    return {"pictures": len(official), "compared": len(millimetres), "found_differs": disagree, **rounded}


def main(folder: Path, official: Path, out: Path) -> int:
    """Compare every size, print and write the table; 1 if a mean is over the limit."""
    answers = json.loads(official.read_text())
    sizes = {size: compare(size, folder, answers[size]) for size in get_args(Size) if size in answers}
    for size, figures in sizes.items():
        print(size, figures)
    packages = {name: version(name) for name in ("ai-edge-litert", "numpy", "opencv-python-headless")}
    result = {"reference": "mediapipe 0.10.21", "limit_mm": LIMIT_MM, "packages": packages, "sizes": sizes}
    out.write_text(json.dumps(result, indent=2) + "\n")
    return int(any(figures["mean_mm"] > LIMIT_MM for figures in sizes.values()))


if __name__ == "__main__":
    sys.exit(main(*(Path(argument) for argument in sys.argv[1:4])))
