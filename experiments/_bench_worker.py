"""What it costs to ask a model in another process: a model that does nothing, eight pictures a question.

`python -m experiments._bench_worker` measures this part alone and writes it into experiments/bench.json.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from examiner.evaluate import CHUNK
from examiner.files import write_json
from targets import ProcessTarget

OUT = Path(__file__).parent / "bench.json"
QUESTIONS = 200
SIDE = 256
MODEL = """
import numpy as np

class Model:
    spec = {"name": "nothing", "joint_names": [str(i) for i in range(33)], "needs": ["images", "boxes"]}

    def predict(self, images, boxes):
        return {"joints": np.zeros((len(images), 33, 3)), "joints2d": np.zeros((len(images), 33, 2))}

def build():
    return Model()
"""


def worker_overhead() -> dict[str, float]:
    """Milliseconds an image of 256 x 256 pixels, from the question to the checked prediction."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (CHUNK, SIDE, SIDE, 3), dtype=np.uint8)
    boxes = rng.random((CHUNK, 4))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nothing.py"
        path.write_text(MODEL)
        with ProcessTarget([sys.executable, f"{path}:build"]) as target:
            target.predict(images=images, boxes=boxes)
            seconds = []
            for _ in range(QUESTIONS):
                before = time.perf_counter()
                target.predict(images=images, boxes=boxes)
                seconds.append(time.perf_counter() - before)
    ms = 1000 * np.array(seconds) / CHUNK
    return {"median": round(float(np.median(ms)), 3), "p90": round(float(np.quantile(ms, 0.9)), 3)}


def main() -> None:
    """Measure, print and write this part."""
    figures = {**json.loads(OUT.read_text()), "worker_overhead_ms": worker_overhead()}
    print("worker_overhead_ms", figures["worker_overhead_ms"])
    write_json(OUT, figures)


if __name__ == "__main__":
    main()
