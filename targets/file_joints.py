"""Outputs of a network file that are of joints: in space, in the picture, as maps, and how sure it is of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from targets.base import Float
from targets.file_outputs import People, Source
from targets.network import Array

Within = Literal["crop pixels", "crop 0..1", "crop -1..1", "crop -0.5..0.5", "picture pixels"]

SCALES: Mapping[str, tuple[float, float]] = {
    "crop 0..1": (0.0, 1.0),
    "crop -1..1": (-1.0, 1.0),
    "crop -0.5..0.5": (-0.5, 0.5),
}
"""What the first and the last edge of the crop are called."""
UNUSED = "-"
"""Name of a column that is not used."""


@dataclass(frozen=True)
class Columns:
    """How an output holds a few numbers for each joint."""

    names: tuple[str, ...]
    """Of the numbers of one joint, e.g. x, y, z; `-` is one that is not used."""
    joints: int
    """How many joints are wanted."""
    take: tuple[int, ...] | None
    """Places of those joints; None where the output has no others."""

    def pick(self, output: Array, source: Source, wanted: tuple[str, ...]) -> Float:
        """(N, joints, len(wanted)) numbers of an output (N, K, C), (N, 1, ..., K, C) or (N, K * C)."""
        rows, width = len(output), len(self.names)
        flat = output.ndim == 2 and output.shape[1] % width == 0
        deep = (
            output.ndim > 2 and output.shape[-1] == width and output.size == rows * width * output.shape[-2]
        )
        if not flat and not deep:
            raise self._misfit(output, source)
        table = output.reshape(rows, -1, width)
        if table.shape[1] != self.joints if self.take is None else table.shape[1] <= max(self.take):
            raise self._misfit(output, source)
        if self.take is not None:
            table = table[:, list(self.take)]
        return np.stack([table[..., self.names.index(name)] for name in wanted], axis=-1).astype(np.float64)

    def _misfit(self, output: Array, source: Source) -> ValueError:
        joints = f"{self.joints}" if self.take is None else f"more than {max(self.take)}"
        wanted = f"(N, joints, {len(self.names)}) or the same flat, of {joints} joints"
        return source.misfit(wanted, output, f"set joint_names, {source.key}.take or {source.key}.columns")


@dataclass(frozen=True)
class Joints:
    """Joints in space."""

    source: Source
    columns: Columns
    gives: tuple[str, ...] = ("joints",)

    def read(self, output: Array, people: People) -> dict[str, Any]:
        """(N, J, 3)."""
        return {"joints": self.columns.pick(output, self.source, ("x", "y", "z"))}


@dataclass(frozen=True)
class Joints2d:
    """Joints in the picture."""

    source: Source
    columns: Columns
    within: Within
    gives: tuple[str, ...] = ("joints2d",)

    def read(self, output: Array, people: People) -> dict[str, Any]:
        """(N, J, 2) pixels of the picture."""
        points = self.columns.pick(output, self.source, ("x", "y"))
        if self.within == "picture pixels":
            return {"joints2d": points}
        if self.within in SCALES:
            first, last = SCALES[self.within]
            height, width = people.crop.size
            points = (points - first) / (last - first) * np.array([width, height], np.float64)
        return {"joints2d": people.crop.to_picture(points, people.boxes)}


@dataclass(frozen=True)
class Confidence:
    """How sure the network is of the person."""

    source: Source
    columns: tuple[str, ...]
    """Names of the numbers of one joint, one of them `score`; empty where every number counts."""
    logit: bool
    """Whether the logistic function is still to be taken."""
    least: float
    """Below it nobody was found."""
    gives: tuple[str, ...] = ("confidence",)

    def read(self, output: Array, people: People) -> dict[str, Any]:
        """`confidence` (N,), the mean over all numbers of a person, and `found` (N,)."""
        given = output.astype(np.float64)
        if self.columns:
            if output.ndim < 2 or output.shape[-1] != len(self.columns):
                wanted = f"(N, ..., {len(self.columns)})"
                raise self.source.misfit(wanted, output, f"set {self.source.key}.columns")
            given = given[..., self.columns.index("score")]
        if self.logit:
            given = 1.0 / (1.0 + np.exp(-np.clip(given, -60.0, 60.0)))
        confidence = np.array([row.mean() for row in given])
        return {"confidence": confidence, "found": confidence >= self.least}


@dataclass(frozen=True)
class Heatmaps:
    """A map for each joint."""

    source: Source
    joints: int
    channels_last: bool
    gives: tuple[str, ...] = ("heatmaps",)

    def read(self, output: Array, people: People) -> dict[str, Any]:
        """(N, J, h, w) float32."""
        given = output
        if output.ndim == 4 and self.channels_last:
            given = output.transpose(0, 3, 1, 2)
        if given.ndim != 4 or given.shape[1] != self.joints:
            wanted = f"(N, h, w, {self.joints})" if self.channels_last else f"(N, {self.joints}, h, w)"
            raise self.source.misfit(wanted, output, f"set {self.source.key}.layout to nchw or nhwc")
        return {"heatmaps": np.ascontiguousarray(given, dtype=np.float32)}
