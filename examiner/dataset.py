"""The first hook: a torch Dataset of a run's failures, drawn on demand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import Dataset

from examiner.samples import AMBIGUOUS, sample_run
from examiner.simulators import build_reference_renderer
from examiner.subspace_files import check_finished
from simulator import Simulator


class Sample(NamedTuple):
    """One picture with its labels; `default_collate` stacks it field by field."""

    image: torch.Tensor
    """(3, H, W) float32 in [0, 1], RGB."""
    body_pose: torch.Tensor
    """(63,) axis-angle, radians."""
    global_orient: torch.Tensor
    """(3,) axis-angle, radians, camera axes."""
    betas: torch.Tensor
    """(10,)."""
    transl: torch.Tensor
    """(3,) metres."""
    joints: torch.Tensor
    """(J, 3) metres, camera axes."""
    joints2d: torch.Tensor
    """(J, 2) pixels."""
    visibility: torch.Tensor
    """(J,) bool."""
    box: torch.Tensor
    """(4,) pixels."""
    intrinsics: torch.Tensor
    """(3, 3) pixels."""
    mode: torch.Tensor
    """() int64, the mode's number in the report."""
    ambiguous: torch.Tensor
    """() bool, whether another possible pose gives the same picture: then the labels are not the only right answer."""


class FailureDataset(Dataset[Sample]):
    """Map-style dataset over the same samples that `examiner export` writes.

    Args:
        run: folder of a finished run.
        samples: how many people.
        seed: seed of the sampling; the same seed gives the same people.
        transform: applied to each `Sample`.
        simulator: draws the people; by default pyrender, started at the first item, once in each worker. One
            that is given is not sent to workers that are spawned; they start pyrender.

    Raises:
        FileNotFoundError: if the folder holds no run.
        ValueError: if the run is not finished or found no failure.
    """

    def __init__(
        self,
        run: str | Path,
        *,
        samples: int = 1000,
        seed: int = 0,
        transform: Callable[[Sample], Any] | None = None,
        simulator: Simulator | None = None,
    ) -> None:
        check_finished(Path(run))
        self._samples = sample_run(Path(run), samples, seed)
        self._transform = transform
        self._simulator = simulator
        self._given = simulator is not None
        self._process = os.getpid()

    def __len__(self) -> int:
        return len(self._samples.mode)

    def __getitem__(self, index: int) -> Any:
        """Draw the sample of an index; the same picture each time."""
        if not 0 <= index < len(self):
            raise IndexError(f"expected an index from 0 to {len(self) - 1}, got {index}")
        sample = self._draw(index)
        return sample if self._transform is None else self._transform(sample)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_simulator": None}

    def _draw(self, index: int) -> Sample:
        batch = self._own_simulator().render(self._samples.scene.rows(slice(index, index + 1)))
        scene = batch.scene
        rows = (
            batch.images[0].transpose(2, 0, 1).astype(np.float32) / 255,
            scene.body_pose[0],
            scene.global_orient[0],
            scene.betas[0],
            scene.transl[0],
            batch.joints[0],
            batch.joints2d[0],
            batch.visibility[0],
            batch.boxes[0],
            batch.intrinsics[0],
            self._samples.mode[index],
            np.bool_(AMBIGUOUS in self._samples.flags[index]),
        )
        return Sample(*(_tensor(row) for row in rows))

    def _own_simulator(self) -> Simulator:
        """This process's: two forks that share a drawing process would get each other's pictures."""
        forked = self._process != os.getpid() and not self._given
        if self._simulator is None or forked:
            self._simulator = build_reference_renderer(self._samples.config, self._samples.body)
            self._process = os.getpid()
        return self._simulator


def _tensor(value: Any) -> torch.Tensor:
    array = np.asarray(value)
    return torch.from_numpy(np.array(array, dtype=np.float32) if array.dtype == np.float64 else array.copy())
