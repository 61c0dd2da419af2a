"""Memory over many images: does the fast simulator stay as large as it was? Writes experiments/results/memory.json.

    python -m experiments.memory [IMAGES]

Every image has another pose, view, shape, outfit, background, light, occluder and imaging.
"""

from __future__ import annotations

import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from examiner.files import write_json
from simulator import (
    BACKGROUND_FACTOR,
    CLOTHING_FACTOR,
    IMAGING_FACTOR,
    LIGHT_FACTOR,
    OCCLUDER_FACTOR,
    CameraFactor,
    Factor,
    ParameterSpace,
    PoseFactor,
    RasterSimulator,
    ShapeFactor,
    ViewFactor,
    load_body,
    load_prior,
)

OUT = Path(__file__).parent / "results" / "memory.json"
IMAGES = 100_000
BATCH = 1000
CHUNK = 8
REPORTS = 20
_PAGE_MB = resource.getpagesize() / 2**20


def main(images: int) -> None:
    """Draw, and note the resident memory now and then."""
    simulator = RasterSimulator(load_body("neutral"))
    everything: list[Factor] = [
        PoseFactor(load_prior("default")),
        ShapeFactor(),
        ViewFactor(),
        CameraFactor(),
    ]
    everything += [LIGHT_FACTOR, CLOTHING_FACTOR, BACKGROUND_FACTOR, OCCLUDER_FACTOR, IMAGING_FACTOR]
    space = ParameterSpace(everything, simulator.body)
    rng = np.random.default_rng(0)
    rows: list[dict[str, float]] = []
    started = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        for done in range(BATCH, images + 1, BATCH):
            scene = space.decode(space.typical(BATCH, rng))
            chunks = [scene.rows(slice(i, i + CHUNK)) for i in range(0, BATCH, CHUNK)]
            for start in range(0, len(chunks), 8):
                list(pool.map(simulator.render, chunks[start : start + 8]))
            if done % max(images // REPORTS, BATCH) == 0:
                rows.append({"images": done, "resident_mb": round(resident_mb(), 1)})
                print(f"{done:7d} images  {rows[-1]['resident_mb']:8.1f} MB", flush=True)
    seconds = time.perf_counter() - started
    write_json(
        OUT, {"command": f"python -m experiments.memory {images}", "seconds": round(seconds), "rows": rows}
    )


def resident_mb() -> float:
    """Resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_MB


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
