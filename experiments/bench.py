"""Speed, side by side in one run: what a query costs, and what each choice buys. Writes experiments/bench.json.

`make bench` runs it. Absolute times swing with the machine; every ratio is of paired turns in one process.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from examiner.evaluate import CHUNK
from examiner.files import write_json
from experiments._bench_cpu import cpu_seconds, smplx_forward
from experiments._bench_pipeline import pipeline
from experiments._bench_scenes import in_other_clothes, scenes_of_coverage
from experiments._bench_worker import worker_overhead
from simulator import RasterSimulator, Scene, join_scenes, load_body
from simulator.drawing import Picture, Renderer
from simulator.raster import RasterRenderer
from simulator.render_process import PyrenderRenderer
from simulator.shaders import stock_shaders

OUT = Path(__file__).parent / "bench.json"
COMMAND = "make bench"
PEOPLE = 64
TURNS = 5
THREADS = 2


def main() -> dict[str, Any]:
    """Measure, print and write."""
    body = load_body("neutral")
    simulator = RasterSimulator(body)
    near, nearer = (scenes_of_coverage(simulator, coverage, PEOPLE) for coverage in (0.14, 0.27))
    figures: dict[str, Any] = {
        "command": COMMAND,
        "date": datetime.date.today().isoformat(),
        "raster_speedup_over_pyrender": {
            "at_14_percent": speedup(simulator, near),
            "at_27_percent": speedup(simulator, nearer),
        },
        "raster_images_per_second": throughput(simulator, near),
        "raster_stages_ms": stages(simulator, near),
        "changes_cost": changes(simulator, near),
        "body_speedup_over_smplx": paired(*smplx_forward(body, near)),
        "worker_overhead_ms": worker_overhead(),
        **pipeline(),
    }
    for name, value in figures.items():
        print(f"{name:32s} {value}")
    write_json(OUT, figures)
    return figures


def speedup(simulator: RasterSimulator, scene: Scene) -> dict[str, float]:
    """Processor time an image of pyrender (one scene for ever, buffers written in place, its own shaders) over ours."""
    pictures = simulator.stage.set(scene).pictures
    reference = PyrenderRenderer(simulator.stage.parts, 256, stock_shaders)
    tuned = PyrenderRenderer(simulator.stage.parts, 256)
    fast = RasterRenderer(simulator.stage.parts, 256)
    renderers: tuple[Renderer, ...] = reference, tuned, fast
    for renderer in renderers:
        renderer.draw(pictures)
    turns = [[cpu_seconds(partial(renderer.draw, pictures)) for renderer in renderers] for _ in range(TURNS)]
    stock, specialised, ours = 1000 * np.array(turns).T / len(pictures)
    for renderer in renderers:
        renderer.close()
    ratio = np.median(stock / ours)
    return {
        "ratio": round(float(ratio), 2),
        "ratio_to_specialised_shaders": round(float(np.median(specialised / ours)), 2),
        "pyrender_cpu_ms": round(float(np.median(stock)), 2),
        "raster_cpu_ms": round(float(np.median(ours)), 2),
        "coverage": round(coverage_of(fast, pictures), 3),
    }


def coverage_of(renderer: Renderer, pictures: Sequence[Picture]) -> float:
    """Mean share of the pixels that the person touches."""
    return float(np.mean([(drawn.rgba[..., 3] > 0).mean() for drawn in renderer.draw(pictures)]))


def throughput(simulator: RasterSimulator, scene: Scene) -> dict[str, float]:
    """Images a second on two threads: the drawing with the body's forward pass, and whole batches with labels."""
    chunks = [scene.rows(slice(i, i + CHUNK)) for i in range(0, len(scene), CHUNK)] * 4
    stage, renderer = simulator.stage, simulator.renderer

    def draw(chunk: Scene) -> None:
        renderer.draw(stage.set(chunk).pictures)

    with ThreadPoolExecutor(THREADS) as pool:
        jobs: dict[str, Callable[[Scene], Any]] = {"drawn_with_body": draw, "whole_batches": simulator.render}
        seconds = {name: median_time(partial(_all, pool, job, chunks)) for name, job in jobs.items()}
    count = sum(map(len, chunks))
    return {name: round(count / value, 1) for name, value in seconds.items()}


def stages(simulator: RasterSimulator, scene: Scene) -> dict[str, float]:
    """Processor milliseconds an image of each stage of a whole batch."""
    stage, body = simulator.stage, simulator.body
    values = scene.betas, scene.body_pose, scene.global_orient, scene.transl
    staged = stage.set(scene)
    drawn = simulator.renderer.draw(staged.pictures)
    steps: dict[str, Callable[[], Any]] = {
        "body forward": lambda: body.forward(*values),
        "normals": lambda: body.normals(staged.out.vertices),
        "forward, normals, paint, lights": lambda: stage.set(scene),
        "raster": lambda: simulator.renderer.draw(staged.pictures),
        "background, labels": lambda: stage.batch(staged, drawn),
        "all": lambda: simulator.render(scene),
    }
    return {name: round(1000 * median_cpu(step) / len(scene), 3) for name, step in steps.items()}


def changes(simulator: RasterSimulator, scene: Scene) -> dict[str, float]:
    """Throughput with other clothes and backgrounds in every picture over that with the same, outfits known."""
    rng = np.random.default_rng(5)
    looks = [in_other_clothes(scene, rng) for _ in range(4)]
    same = join_scenes([scene] * 4)
    other = join_scenes(looks)
    ratio = paired(lambda: simulator.render(other), lambda: simulator.render(same))
    return {"time_ratio": ratio}


def median_time(step: Callable[[], Any]) -> float:
    """Median seconds of TURNS calls after a warm-up."""
    step()
    return float(np.median([_seconds(step) for _ in range(TURNS)]))


def median_cpu(step: Callable[[], Any]) -> float:
    """Median processor seconds of TURNS calls after a warm-up."""
    step()
    return float(np.median([cpu_seconds(step) for _ in range(TURNS)]))


def paired(slow: Callable[[], Any], fast: Callable[[], Any]) -> float:
    """Median of the paired ratios slow / fast."""
    slow()
    fast()
    return round(float(np.median([_seconds(slow) / _seconds(fast) for _ in range(TURNS)])), 2)


def _all(pool: ThreadPoolExecutor, job: Callable[[Scene], Any], chunks: list[Scene]) -> None:
    """Do all chunks and forget what comes of them."""
    for _ in pool.map(job, chunks):
        pass


def _seconds(step: Callable[[], Any]) -> float:
    before = time.perf_counter()
    step()
    return time.perf_counter() - before


if __name__ == "__main__":
    main()
