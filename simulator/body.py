"""The body: SMPL's kinematics and linear blend skinning, in numpy and scipy.

Follows M. Loper et al., "SMPL: A Skinned Multi-Person Linear Model", 2015: shape directions, then
pose correctives linear in the rotation matrices minus identity, then skinning about joints that are
linear in the shape. Rotations turn the body about its pelvis joint; `transl` is added afterwards.
Every row is computed by elementwise operations and sparse products only, so its bits do not depend
on the batch it came in (see `simulator.linear`).
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

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]

_CHUNK = 16
"""Rows skinned at a time: their intermediate arrays stay within the cache."""


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
    """"neutral", "male", "female", or the name of the user's file."""
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
        vertices = np.empty((len(betas), *self.v_template.shape), np.float32)
        joints = np.empty((len(betas), len(self.parents), 3))
        for start in range(0, len(betas), _CHUNK):
            rows = slice(start, start + _CHUNK)
            vertices[rows], joints[rows] = self._forward(betas[rows], pose[rows], transl[rows])
        return BodyOutput(vertices, joints)

    def joints(self, betas: Float, body_pose: Float, global_orient: Float, transl: Float) -> Float:
        """The joints (N, J, 3) of `forward`, same arguments, same bits, without skinning."""
        betas, pose, transl = self._checked(betas, body_pose, global_orient, transl)
        rest = self._rest_joints(betas)
        _, joints = forward_kinematics(matrix_from_axis_angle(pose), rest, self.parents, self._levels)
        return joints + transl[:, None]

    def normals(self, vertices: NDArray[Any]) -> Float32:
        """Area-weighted unit vertex normals (N, V, 3) of vertices (N, V, 3)."""
        return vertex_normals(vertices, self.faces, self._incidence)

    def _forward(self, betas: Float, pose: Float, transl: Float) -> tuple[Float32, Float]:
        rest = self._rest_joints(betas)
        rotations = matrix_from_axis_angle(pose)
        turns, joints = forward_kinematics(rotations, rest, self.parents, self._levels)
        joints = joints + transl[:, None]
        shifts = joints - (turns * rest[:, :, None, :]).sum(-1)
        correctives = (rotations[:, 1:] - np.eye(3)).reshape(len(betas), -1)
        offsets = self._offsets.columns(np.concatenate([betas, correctives], axis=1).T)
        points = offsets.reshape(3, -1, len(betas)) + self._template[:, :, None]
        return self._skin(points, turns, shifts), joints

    def _skin(self, points: Float32, turns: Float, shifts: Float) -> Float32:
        """Blend points (3, V, N) by the joints' turns (N, J, 3, 3) and shifts (N, J, 3): (N, V, 3)."""
        affine = np.concatenate([turns, shifts[..., None]], axis=-1).transpose(2, 3, 1, 0)
        vertices = np.empty((points.shape[2], points.shape[1], 3), np.float32)
        for axis, (x, y, z, shift) in enumerate(affine):
            moved = self._blend.columns(x) * points[0]
            moved += self._blend.columns(y) * points[1]
            moved += self._blend.columns(z) * points[2]
            moved += self._blend.columns(shift)
            vertices[:, :, axis] = moved.T
        return vertices

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
    def _levels(self) -> Levels:
        return tree_levels(self.parents)

    @cached_property
    def _joint_offsets(self) -> RowLinear:
        return RowLinear(self.joint_dirs.reshape(-1, self.joint_dirs.shape[2]))

    @cached_property
    def _offsets(self) -> RowLinear:
        directions = np.concatenate([self.shapedirs, self.posedirs], axis=2).transpose(1, 0, 2)
        return RowLinear(directions.reshape(-1, directions.shape[2]))

    @cached_property
    def _template(self) -> Float32:
        return np.ascontiguousarray(self.v_template.T)

    @cached_property
    def _blend(self) -> RowLinear:
        return RowLinear(self.weights)

    @cached_property
    def _incidence(self) -> RowLinear:
        return face_incidence(self.faces, len(self.v_template))


def face_incidence(faces: Int32, vertex_count: int) -> RowLinear:
    """The map from values of faces (F, 3) to their sums at the vertices."""
    corner_face = np.repeat(np.arange(len(faces)), 3)
    return RowLinear.from_entries(faces.ravel(), corner_face, (vertex_count, len(faces)))


def vertex_normals(vertices: NDArray[Any], faces: Int32, incidence: RowLinear | None = None) -> Float32:
    """Area-weighted unit vertex normals.

    Args:
        vertices: (N, V, 3), any unit.
        faces: (F, 3), counter-clockwise seen from outside.
        incidence: `face_incidence(faces, V)`, where it is kept between calls.

    Returns:
        (N, V, 3) float32; zero at a vertex without a face of any area.
    """
    incidence = face_incidence(faces, vertices.shape[1]) if incidence is None else incidence
    planes = np.ascontiguousarray(vertices.transpose(2, 1, 0), dtype=np.float32)
    a, b, c = (planes[:, corner] for corner in faces.T)
    u, v = b - a, c - a
    normals = np.empty((vertices.shape[0], vertices.shape[1], 3), np.float32)
    for axis, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
        normals[:, :, axis] = incidence.columns(u[i] * v[j] - u[j] * v[i]).T
    length = np.sqrt(normals[..., 0] ** 2 + normals[..., 1] ** 2 + normals[..., 2] ** 2)
    normals /= np.maximum(length, np.finfo(np.float32).tiny)[..., None]
    return normals


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
