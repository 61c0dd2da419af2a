"""Processor time of this process and its children, and the same people through smplx."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from simulator import Body, Scene

FLOATS = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights")
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(step: Callable[[], Any]) -> float:
    """Processor seconds of a call, in all threads and in child processes that are alive (to 10 ms)."""
    before = _spent()
    step()
    return _spent() - before


def _spent() -> float:
    return time.process_time() + sum(_ticks(child) for child in _children()) / _TICKS


def _children() -> list[Path]:
    return [stat for stat in Path("/proc").glob("[0-9]*/stat") if _parent(stat) == os.getpid()]


def _fields(stat: Path) -> list[str]:
    try:
        return stat.read_text().rpartition(")")[2].split()
    except OSError:  # it has just ended
        return []


def _parent(stat: Path) -> int:
    fields = _fields(stat)
    return int(fields[1]) if fields else -1


def _ticks(stat: Path) -> int:
    fields = _fields(stat)
    return int(fields[11]) + int(fields[12]) if fields else 0


def smplx_forward(body: Body, scene: Scene) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """The same people through smplx and through us, each in one batch."""
    import torch
    from smplx import SMPL
    from smplx.utils import Struct

    with (files("simulator") / "data" / "body_neutral.npz").open("rb") as stream, np.load(stream) as stored:
        struct = Struct(**{name: stored[name].astype(np.float32) for name in FLOATS}, f=stored["f"])
        struct.kintree_table = stored["kintree_table"]
    model = SMPL("unused", data_struct=struct, vertex_ids=dict(body.vertex_ids), batch_size=len(scene))
    pose = torch.zeros(len(scene), 69)
    pose[:, :63] = torch.from_numpy(scene.body_pose)
    betas, orient = (torch.tensor(v, dtype=torch.float32) for v in (scene.betas, scene.global_orient))

    def theirs() -> None:
        with torch.no_grad():
            model(betas=betas, body_pose=pose, global_orient=orient)

    def ours() -> None:
        body.forward(scene.betas, scene.body_pose, scene.global_orient, scene.transl)

    return theirs, ours
