"""How far BlazePose in torch is from the published runtime, on 100 rendered people.

    python -m experiments.torch_parity [--pictures 100]

Poses of the prior's mixtures, views of the searched box, typical shapes, clothing, light and backgrounds.
Writes experiments/results/torch_parity.json; exit status 1 if a landmark is further off than LIMIT_MM.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import numpy as np

from simulator import (
    Batch,
    ParameterSpace,
    PoseFactor,
    RasterSimulator,
    ViewFactor,
    load_body,
    load_prior,
    shape_of,
)
from targets import BlazePose, BlazePoseTorch
from targets.blazepose import Size

LIMIT_MM = 0.1
OUT = Path(__file__).parent / "results" / "torch_parity.json"


def people(count: int, seed: int) -> Batch:
    """Typical people in views of the searched box."""
    body, rng = load_body("neutral"), np.random.default_rng(seed)
    space = ParameterSpace([PoseFactor(load_prior("default")), shape_of(body), ViewFactor()], body)
    scene = space.redress(space.decode(space.typical(count, rng)), rng)
    with RasterSimulator(body) as simulator:
        return simulator.render(scene)


def compare(size: Size, batch: Batch) -> dict[str, float]:
    """Largest distances over all landmarks and pictures."""
    one, other = (
        kind(size).predict(images=batch.images, boxes=batch.boxes) for kind in (BlazePose, BlazePoseTorch)
    )
    assert one.joints is not None
    assert other.joints is not None
    assert one.joints2d is not None
    assert other.joints2d is not None
    return {
        "found_differs": int((one.found != other.found).sum()),
        "world_mm": round(1000 * float(np.linalg.norm(one.joints - other.joints, axis=2).max()), 4),
        "picture_px": round(float(np.linalg.norm(one.joints2d - other.joints2d, axis=2).max()), 5),
    }


def main(pictures: int) -> int:
    """Compare every size, print and write the table."""
    batch = people(pictures, seed=0)
    sizes = {size: compare(size, batch) for size in get_args(Size)}
    packages = {name: version(name) for name in ("ai-edge-litert", "torch")}
    result = {"pictures": pictures, "limit_mm": LIMIT_MM, "packages": packages, "largest": sizes}
    print(json.dumps(result, indent=2))
    OUT.write_text(json.dumps(result, indent=2) + "\n")
    return int(any(figures["world_mm"] > LIMIT_MM or figures["found_differs"] for figures in sizes.values()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pictures", type=int, default=100)
    sys.exit(main(parser.parse_args().pictures))
