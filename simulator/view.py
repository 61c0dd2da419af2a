"""Views: how azimuth, elevation and roll turn the person, and how the camera frames them."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from simulator.camera import Camera, Float
from simulator.parameters import Dimension, Parameters

FACING = np.diag([1.0, -1.0, -1.0])
"""Body axes (x left, y up, z forward) of a person who faces the camera, in camera axes."""

FLESH = 0.16
"""Metres that skin, hair and shoes may reach beyond the outermost joint."""

FIELD_OF_VIEW = np.radians(40.0)
"""Vertical field of view of the default camera, a 50 mm lens on a 36 mm high frame."""

FILL = 0.9
"""Share of the picture's half width that the person may fill."""


def _typical_camera(count: int, rng: np.random.Generator) -> Float:
    """Lenses of 20 to 70 mm focal length on a 24 mm high frame; the person nearly fills the picture."""
    field = np.degrees(2 * np.arctan(12.0 / rng.uniform(20.0, 70.0, count)))
    return np.column_stack([field, rng.uniform(0.75, 1.05, count), rng.uniform(-0.08, 0.08, (count, 2))])


CAMERA = Parameters(
    "camera",
    (
        Dimension("camera.field_of_view", "degree", 2.0, 110.0),
        Dimension("camera.scale", "share", 0.4, 2.5),
        Dimension("camera.offset_x", "share", -0.5, 0.5),
        Dimension("camera.offset_y", "share", -0.5, 0.5),
    ),
    (40.0, 1.0, 0.0, 0.0),
    _typical_camera,
)
"""From nearly parallel rays to a close wide angle; above scale 1 and off the middle the border cuts people."""


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


def with_field_of_view(camera: Camera, degrees: Float) -> Camera:
    """The cameras with other vertical fields of view (N,)."""
    focal = camera.image_size[1] / 2 / np.tan(np.radians(degrees) / 2)
    return Camera(focal, camera.center, camera.image_size)


def field_of_view(camera: Camera) -> Float:
    """Vertical fields of view (N,) in degrees, of cameras that look through the middle of the picture."""
    return np.asarray(np.degrees(2 * np.arctan(camera.image_size[1] / 2 / camera.focal_length)))


def framing(joints: Float, camera: Camera, how: Float) -> Float:
    """`transl` (N, 3) metres that puts people where they are wanted in the picture.

    Args:
        joints: (N, J, 3) metres, camera axes, the pelvis near the origin.
        camera: N cameras.
        how: (N, 3) size, 1 fits the whole person into the picture; then the shift of the person's middle from
            the picture's, right and down, in shares of its side.
    """
    low, high = joints.min(axis=1), joints.max(axis=1)
    middle = (low + high)[:, :2] / 2
    reach = np.abs(joints[..., :2] - middle[:, None]) + FLESH
    half = FILL * how[:, 0] * camera.center.min(axis=1)
    needed = camera.focal_length[:, None, None] * reach / half[:, None, None] - joints[..., 2:]
    z = needed.max(axis=(1, 2))
    shift = how[:, 1:] * camera.image_size * (z / camera.focal_length)[:, None]
    return np.concatenate([shift - middle, z[:, None]], axis=1)


def _product(left: Float, right: Float) -> Float:
    """Matrix products (N, 3, 3) whose rows do not depend on the batch."""
    return np.asarray((left[:, :, :, None] * right[:, None, :, :]).sum(axis=2))
