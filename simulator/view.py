"""Views: how azimuth, elevation and roll turn the person, and how the camera frames them."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from simulator.camera import Camera, Float

FACING = np.diag([1.0, -1.0, -1.0])
"""Body axes (x left, y up, z forward) of a person who faces the camera, in camera axes."""

FLESH = 0.16
"""Metres that skin, hair and shoes may reach beyond the outermost joint."""

FIELD_OF_VIEW = np.radians(40.0)
"""Vertical field of view of the default camera, a 50 mm lens on a 36 mm high frame."""

FILL = 0.9
"""Share of the picture's half width that the person may fill."""


def orientation(view: Float) -> Float:
    """`global_orient` (N, 3) axis-angle of views (N, 3): azimuth, elevation, roll in degrees.

    Azimuth turns the person to their left about the vertical; elevation lifts the camera; roll
    turns the picture clockwise.
    """
    angles = np.radians(view)
    about = [np.eye(3)[axis] * angles[:, i : i + 1] for i, axis in enumerate((1, 0, 2))]
    azimuth, elevation, roll = (Rotation.from_rotvec(a).as_matrix() for a in about)
    turned = _product(elevation, _product(np.broadcast_to(FACING, azimuth.shape), azimuth))
    return np.asarray(Rotation.from_matrix(_product(roll, turned)).as_rotvec())


def view_of(global_orient: Float) -> Float:
    """The view (N, 3) in degrees whose `orientation` is given; the inverse of `orientation`."""
    matrix = Rotation.from_rotvec(global_orient).as_matrix()
    base = _product(np.swapaxes(np.broadcast_to(FACING, matrix.shape), 1, 2), matrix)
    angles = Rotation.from_matrix(base).as_euler("ZXY", degrees=True)
    return np.stack([angles[:, 2], angles[:, 1], -angles[:, 0]], axis=1)


def camera_direction(global_orient: Float) -> Float:
    """Unit vectors (N, 3) from the person to the camera, in body axes."""
    matrix = Rotation.from_rotvec(global_orient).as_matrix()
    return -matrix[:, 2, :]


def default_camera(count: int, image_size: int) -> Camera:
    """Cameras with the default field of view."""
    focal = image_size / 2 / np.tan(FIELD_OF_VIEW / 2)
    half = np.full((count, 2), image_size / 2)
    return Camera(np.full(count, focal), half, (image_size, image_size))


def framing(joints: Float, camera: Camera) -> Float:
    """`transl` (N, 3) metres that centres joints (N, J, 3), camera axes, and fits them in the picture."""
    low, high = joints.min(axis=1), joints.max(axis=1)
    middle = (low + high)[:, :2] / 2
    reach = np.abs(joints[..., :2] - middle[:, None]) + FLESH
    half = FILL * camera.center.min(axis=1)
    needed = camera.focal_length[:, None, None] * reach / half[:, None, None] - joints[..., 2:]
    return np.concatenate([-middle, needed.max(axis=(1, 2))[:, None]], axis=1)


def _product(left: Float, right: Float) -> Float:
    """Matrix products (N, 3, 3) whose rows do not depend on the batch."""
    return np.asarray((left[:, :, :, None] * right[:, None, :, :]).sum(axis=2))
