"""Speed, side by side in one run: what a query costs, and what each choice buys. Writes experiments/bench.json.

`make bench` runs it. Absolute times swing with the machine; the ratios were measured in one process, in turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from examiner import Config, build_rig
from examiner.evaluate import CHUNK
from examiner.files import write_json
from examiner.progress import Silence
from examiner.rig import Rig
from simulator import redress

OUT = Path(__file__).parent / "bench.json"
PEOPLE = 64
TURNS = 5
FLOATS = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights")


def main() -> dict[str, Any]:
    """Measure, print and write."""
    rig = build_rig(Config(), Silence())
    try:
        figures = {"ms_a_query": costs(rig), "ratios": ratios(rig)}
    finally:
        rig.close()
    for group, values in figures.items():
        print(group)
        for name, value in values.items():
            print(f"  {name:44s} {value:8.3f}")
    write_json(OUT, figures)
    return figures


def costs(rig: Rig) -> dict[str, float]:
    """Milliseconds a query of each step, medians over TURNS."""
    rng = np.random.default_rng(0)
    units = rig.space.typical(PEOPLE, rng)
    scene = rig.space.decode(units)
    dressed = redress(scene, rng)
    batches = list(rig.evaluator.draw(scene))
    steps: dict[str, Callable[[], Any]] = {
        "decode": lambda: rig.space.decode(units),
        "screen": lambda: rig.margin(units),
        "draw": lambda: list(rig.evaluator.draw(scene)),
        "draw, all appearances new": lambda: list(rig.evaluator.draw(dressed)),
        "predict": lambda: [rig.evaluator.predict(batch) for batch in batches],
        "evaluate": lambda: rig.evaluator(scene),
    }
    return {name: round(1000 * median_time(step) / PEOPLE, 3) for name, step in steps.items()}


def ratios(rig: Rig) -> dict[str, float]:
    """How many times faster the choice is than its alternative, medians of paired turns."""
    rng = np.random.default_rng(1)
    scene = rig.space.decode(rig.space.typical(PEOPLE, rng))
    chunks = [scene.rows(slice(i, i + CHUNK)) for i in range(0, PEOPLE, CHUNK)]

    def in_turn() -> None:
        for chunk in chunks:
            rig.evaluator.predict(rig.simulator.render(chunk))

    def singly() -> None:
        for i in range(PEOPLE):
            rig.body.forward(*shape_of(i))

    def shape_of(i: int | slice) -> tuple[Any, ...]:
        rows = slice(i, i + 1) if isinstance(i, int) else i
        return scene.betas[rows], scene.body_pose[rows], scene.global_orient[rows], scene.transl[rows]

    return {
        "drawing ahead over drawing in turn": paired(in_turn, lambda: rig.evaluator(scene)),
        "skinning in batches over one by one": paired(
            singly, lambda: [rig.body.forward(*shape_of(slice(i, i + 16))) for i in range(0, PEOPLE, 16)]
        ),
        "skinning here over smplx": paired(
            smplx_forward(rig, scene), lambda: rig.body.forward(*shape_of(slice(None)))
        ),
    }


def smplx_forward(rig: Rig, scene: Any) -> Callable[[], Any]:
    """The same people through smplx, in one batch."""
    import torch
    from smplx import SMPL
    from smplx.utils import Struct

    with (files("simulator") / "data" / "body_neutral.npz").open("rb") as stream, np.load(stream) as stored:
        struct = Struct(**{name: stored[name].astype(np.float32) for name in FLOATS}, f=stored["f"])
        struct.kintree_table = stored["kintree_table"]
    model = SMPL("unused", data_struct=struct, vertex_ids=dict(rig.body.vertex_ids), batch_size=PEOPLE)
    pose = torch.zeros(PEOPLE, 69)
    pose[:, :63] = torch.from_numpy(scene.body_pose)
    betas, orient = (torch.tensor(v, dtype=torch.float32) for v in (scene.betas, scene.global_orient))

    def run() -> None:
        with torch.no_grad():
            model(betas=betas, body_pose=pose, global_orient=orient)

    return run


def median_time(step: Callable[[], Any]) -> float:
    """Median seconds of TURNS calls after a warm-up."""
    step()
    return float(np.median([_seconds(step) for _ in range(TURNS)]))


def paired(slow: Callable[[], Any], fast: Callable[[], Any]) -> float:
    """Median of the paired ratios slow / fast."""
    slow()
    fast()
    return round(float(np.median([_seconds(slow) / _seconds(fast) for _ in range(TURNS)])), 2)


def _seconds(step: Callable[[], Any]) -> float:
    before = time.perf_counter()
    step()
    return time.perf_counter() - before


if __name__ == "__main__":
    main()
