"""The body: SMPL's kinematics, and linear blend skinning (`simulator.skinning`).

Follows M. Loper et al., "SMPL: A Skinned Multi-Person Linear Model", 2015: shape directions, then
pose correctives linear in the rotation matrices minus identity, then skinning about joints that are
linear in the shape. Rotations turn the body about its pelvis joint; `transl` is added afterwards.
Every row is computed by elementwise operations and sums of a fixed order only, so its bits do not depend
on the batch it came in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.camera import Float
from simulator.kinematics import Levels, forward_kinematics, tree_levels
from simulator.linear import RowLinear
from simulator.rotation import matrix_from_axis_angle
from simulator.skinning import Skinning, vertex_normals

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class UV:
    """Texture coordinates."""

    vt: Float32
    """(T, 2) in [0, 1], origin at the lower left."""
    ft: Int32
    """(F, 3) row of `vt` for every corner of every face."""


@dataclass(frozen=True, eq=False)
class BodyOutput:
    """Posed people; row i belongs to row i of the parameters."""

    vertices: Float32
    """(N, V, 3) metres."""
    joints: Float
    """(N, J, 3) metres."""


@dataclass(frozen=True, eq=False)
class Body:
    """A SMPL-format body: J joints, V vertices, B = 10 shape coefficients."""

    name: str
    """"neutral", "male", "female", "child", or the name of the user's file."""
    licence: str
    """Under which terms the body may be used."""
    sha256: str
    """Of the content of the file."""
    joint_names: tuple[str, ...]
    """J names."""
    parents: NDArray[np.int64]
    """(J,) parent joint, smaller than its child; -1 for the pelvis."""
    faces: Int32
    """(F, 3) vertices, counter-clockwise seen from outside."""
    v_template: Float32
    """(V, 3) metres, T-pose: x to the body's left, y up, z forward."""
    shapedirs: Float32
    """(V, 3, B) metres per standard deviation."""
    posedirs: Float32
    """(V, 3, 9 (J - 1)) metres per entry of the rotation matrices minus identity, joints 1..J-1."""
    joint_template: Float
    """(J, 3) metres: the joints of `v_template`."""
    joint_dirs: Float
    """(J, 3, B) metres per standard deviation."""
    weights: Float32
    """(V, J) skinning weights, rows sum to 1."""
    pose_mean: Float
    """(3 (J - 1),) axis-angle of joints 1..J-1 that is added to every pose: the hands at rest."""
    vertex_ids: Mapping[str, int]
    """Vertices by name (nose, eyes, ears, finger tips, toes, heels); empty where unknown."""
    uv: UV | None = None
    """Texture coordinates, where the file has them."""
    first_beta: tuple[float, float] = (-np.inf, np.inf)
    """Between which values of the first coefficient people are plausible."""

    def forward(self, betas: Float, body_pose: Float, global_orient: Float, transl: Float) -> BodyOutput:
        """Pose and skin N people.

        Args:
            betas: (N, B) standard deviations.
            body_pose: (N, 63) axis-angle, radians, SMPL joints 1..21; or (N, 3 (J - 1)), all joints but
                the pelvis. Joints that are not given are at rest.
            global_orient: (N, 3) axis-angle, radians, about the pelvis joint.
            transl: (N, 3) metres, added last.

        Returns:
            Vertices and joints. Row i depends on row i of the arguments only.

        Raises:
            ValueError: A wrong shape, or a value that is not finite.
        """
        betas, pose, transl = self._checked(betas, body_pose, global_orient, transl)
        rest, rotations = self._rest_joints(betas), matrix_from_axis_angle(pose)
        turns, joints = forward_kinematics(rotations, rest, self.parents, self._levels)
        joints = joints + transl[:, None]
        shifts = joints - (turns * rest[:, :, None, :]).sum(-1)
        moves = np.concatenate([turns, shifts[..., None]], axis=-1)
        correctives = (rotations[:, 1:] - np.eye(3)).reshape(len(betas), 9 * (len(self.parents) - 1))
        return BodyOutput(self._skinning(np.concatenate([betas, correctives], axis=1), moves), joints)

    def joints(self, betas: Float, body_pose: Float, global_orient: Float, transl: Float) -> Float:
        """The joints (N, J, 3) of `forward`, same arguments, same bits, without skinning."""
        betas, pose, transl = self._checked(betas, body_pose, global_orient, transl)
        rest = self._rest_joints(betas)
        _, joints = forward_kinematics(matrix_from_axis_angle(pose), rest, self.parents, self._levels)
        return joints + transl[:, None]

    def normals(self, vertices: NDArray[Any]) -> Float32:
        """Area-weighted unit vertex normals (N, V, 3) of vertices (N, V, 3)."""
        return vertex_normals(vertices, self.faces)

    def _rest_joints(self, betas: Float) -> Float:
        joints: Float = self.joint_template + self._joint_offsets(betas).reshape(
            len(betas), len(self.parents), 3
        )
        return joints

    def _checked(
        self, betas: Float, body_pose: Float, global_orient: Float, transl: Float
    ) -> tuple[Float, Float, Float]:
        """Betas, the pose (N, J, 3) of every joint, and transl; all checked."""
        everything = 3 * (len(self.parents) - 1)
        betas = _rows("betas", betas, (self.shapedirs.shape[2],), None)
        body_pose = _rows("body_pose", body_pose, (min(63, everything), everything), len(betas))
        global_orient = _rows("global_orient", global_orient, (3,), len(betas))
        transl = _rows("transl", transl, (3,), len(betas))
        pose = np.zeros((len(betas), 3 + everything))
        pose[:, :3] = global_orient
        pose[:, 3 : 3 + body_pose.shape[1]] = body_pose
        pose[:, 3:] += self.pose_mean
        return betas, pose.reshape(len(betas), len(self.parents), 3), transl

    @cached_property
    def closed(self) -> bool:
        """Whether the mesh encloses a solid and its faces look outward, so that no back face is ever seen."""
        return encloses(self.v_template, self.faces)

    @cached_property
    def _levels(self) -> Levels:
        return tree_levels(self.parents)

    @cached_property
    def _joint_offsets(self) -> RowLinear:
        return RowLinear(self.joint_dirs.reshape(-1, self.joint_dirs.shape[2]))

    @cached_property
    def _skinning(self) -> Skinning:
        directions = np.concatenate([self.shapedirs, self.posedirs], axis=2)
        return Skinning(self.v_template, directions, self.weights)


def encloses(vertices: NDArray[np.float32], faces: Int32) -> bool:
    """Whether a mesh (V, 3) with faces (F, 3) is closed and its faces look outward."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    there, back = (np.sort(a * len(vertices) + b) for a, b in (edges.T, edges.T[::-1]))
    a, b, c = np.moveaxis(np.asarray(vertices, np.float64)[faces], 1, 0)
    return bool(np.array_equal(there, back) and (a * np.cross(b, c)).sum() > 0.0)


def _rows(name: str, value: NDArray[Any], widths: tuple[int, ...], count: int | None) -> Float:
    """The argument as float64 (count, one of the widths), finite."""
    value = np.asarray(value, dtype=np.float64)
    wanted = " or ".join(str(width) for width in dict.fromkeys(widths))
    rows = "N" if count is None else count
    if value.ndim != 2 or value.shape[1] not in widths or (count is not None and len(value) != count):
        raise ValueError(f"expected {name} of shape ({rows}, {wanted}), got {value.shape}")
    bad = ~np.isfinite(value)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(
            f"expected finite {name}, got {value[row, column]} in row {row}, column {column}; drop that row"
        )
    return value
