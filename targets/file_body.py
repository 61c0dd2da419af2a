"""Outputs of a network file that are of a body: its vertices, shape, pose and place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from targets.base import Float
from targets.file_outputs import People, Source
from targets.network import Array
from targets.rotations import (
    Order,
    axis_angle_from_matrix,
    distance_from_rotation,
    matrix_from_rot6d,
    nearest_rotation,
)
from targets.weak_perspective import focal_length_of_picture, picture_translation

RotationKind = Literal["rotmat", "rot6d", "axis_angle"]
CameraKind = Literal["weak_perspective", "translation"]

MOST_OFF = 0.5
"""Difference of a matrix from a rotation above which it is taken to be something else."""


@dataclass(frozen=True)
class Vertices:
    """The vertices of a body."""

    source: Source
    gives: tuple[str, ...] = ("vertices",)

    def read(self, output: Array, people: People) -> dict[str, Any]:
        """(N, V, 3)."""
        if output.ndim != 3 or output.shape[2] != 3:
            raise self.source.misfit("(N, vertices, 3)", output, f"name another output at {self.source.key}")
        return {"vertices": output.astype(np.float64)}


@dataclass(frozen=True)
class Numbers:
    """So many numbers a person, e.g. betas."""

    source: Source
    field: str
    count: int

    @property
    def gives(self) -> tuple[str, ...]:
        """The field."""
        return (self.field,)

    def read(self, output: Array, people: People) -> dict[str, Any]:
        """(N, count)."""
        if output.shape[1:] != (self.count,):
            raise self.source.misfit(
                f"(N, {self.count})", output, f"name another output at {self.source.key}"
            )
        return {self.field: output.astype(np.float64)}


@dataclass(frozen=True)
class Rotations:
    """Rotations of a body's joints: the root's, the others', or both."""

    source: Source
    field: Literal["pose", "global_orient", "body_pose"]
    kind: RotationKind
    order: Order
    """Of `rot6d`."""

    @property
    def gives(self) -> tuple[str, ...]:
        """The fields."""
        return ("global_orient", "body_pose") if self.field == "pose" else (self.field,)

    @property
    def counts(self) -> tuple[int, ...]:
        """How many rotations there may be: with SMPL's hands or without."""
        return {"pose": (24, 22), "global_orient": (1,), "body_pose": (23, 21)}[self.field]

    def read(self, output: Array, people: People) -> dict[str, Any]:
        """Axis-angle (N, 3) and (N, 69 or 63), radians."""
        count = self._count(output)
        rows, unit = len(output), (3, 3) if self.kind == "rotmat" else (-1,)
        given = output.astype(np.float64).reshape(rows, count, *unit)
        flat = self._axis_angle(given).reshape(rows, 3 * count)
        if self.field == "pose":
            return {"global_orient": flat[:, :3].copy(), "body_pose": flat[:, 3:].copy()}
        return {self.field: flat}

    def _count(self, output: Array) -> int:
        for count in self.counts:
            for unit in self._units():
                if output.shape[1:] in ((count, *unit), (count * int(np.prod(unit)),)):
                    return count
        wanted = " or ".join(str(count) for count in self.counts)
        sides = ", ".join(str(side) for side in self._units()[0])
        raise self.source.misfit(
            f"(N, {wanted}, {sides}) or the same flat, as {self.kind} has it",
            output,
            f"set {self.source.key}.rotations to rotmat, rot6d or axis_angle",
        )

    def _units(self) -> tuple[tuple[int, ...], ...]:
        """Shapes that one rotation may have."""
        if self.kind == "rot6d":
            return (6,), (3, 2) if self.order == "interleaved" else (2, 3)
        return ((3, 3), (9,)) if self.kind == "rotmat" else ((3,),)

    def _axis_angle(self, given: Float) -> Float:
        """(N, R, 3)."""
        if self.kind == "axis_angle":
            return given
        if self.kind == "rot6d":
            return axis_angle_from_matrix(matrix_from_rot6d(given, self.order))
        off = distance_from_rotation(given)
        if (off > MOST_OFF).any():
            row, joint = (int(each[0]) for each in np.nonzero(off > MOST_OFF))
            raise ValueError(
                f"expected {self.source.output!r}, the output for {self.source.key}, to hold rotation matrices, got "
                f"{given[row, joint].round(3).tolist()} in row {row}, joint {joint}, {self.source.where}: "
                f"set {self.source.key}.rotations or name another output"
            )
        return axis_angle_from_matrix(nearest_rotation(given))


@dataclass(frozen=True)
class Camera:
    """Where the body is."""

    source: Source
    kind: CameraKind
    focal_length: float
    """Pixels of the crop, that a weak-perspective network was trained with."""
    units_a_metre: float
    """Of the target's other lengths."""

    @property
    def gives(self) -> tuple[str, ...]:
        """The fields."""
        return ("transl",) if self.kind == "translation" else ("transl", "focal_length")

    def read(self, output: Array, people: People) -> dict[str, Any]:
        """`transl` (N, 3) in the picture's camera, and the focal length (N,) of that camera, pixels of the picture.

        Weak perspective (s, tx, ty) of a crop is HMR's: in the crop's own camera t = (tx, ty, 2 f / (size s)), with the
        focal length f and the side `size` in pixels of the crop (A. Kanazawa et al., CVPR 2018; SPIN's code). It is
        moved to the camera that looks through the picture's middle, whose focal length is f in pixels of the picture.
        """
        if output.shape[1:] != (3,):
            raise self.source.misfit("(N, 3)", output, f"name another output at {self.source.key}")
        given = output.astype(np.float64)
        if self.kind == "translation":
            return {"transl": given}
        focal_length = focal_length_of_picture(people.where, people.crop.size[0], self.focal_length)
        metres = picture_translation(given, people.where, focal_length)
        return {"transl": metres * self.units_a_metre, "focal_length": focal_length}
