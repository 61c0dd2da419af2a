"""A fake simulator for tests: a stick figure, drawn by numpy in a millisecond or two, with true labels."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from simulator.background import BACKGROUND
from simulator.base import Batch, Scene
from simulator.body import Body
from simulator.camera import Float
from simulator.clothing import CLOTHING
from simulator.imaging import expose
from simulator.light import LIGHT
from simulator.parameters import Parameters
from simulator.silhouette import boxes_round
from simulator.visibility import JointVisibility

_JOINTS: dict[str, tuple[str | None, float, float, float]] = {
    "pelvis": (None, 0.0, -0.22, 0.03),
    "left_hip": ("pelvis", 0.085, -0.307, 0.028),
    "right_hip": ("pelvis", -0.085, -0.307, 0.028),
    "spine1": ("pelvis", 0.0, -0.141, 0.013),
    "left_knee": ("left_hip", 0.132, -0.689, 0.027),
    "right_knee": ("right_hip", -0.132, -0.689, 0.027),
    "spine2": ("spine1", 0.0, -0.058, 0.01),
    "left_ankle": ("left_knee", 0.141, -1.124, -0.006),
    "right_ankle": ("right_knee", -0.141, -1.124, -0.006),
    "spine3": ("spine2", 0.0, 0.069, -0.001),
    "left_foot": ("left_ankle", 0.142, -1.174, 0.138),
    "right_foot": ("right_ankle", -0.142, -1.174, 0.138),
    "neck": ("spine3", 0.0, 0.253, 0.038),
    "left_collar": ("spine3", 0.064, 0.193, 0.053),
    "right_collar": ("spine3", -0.064, 0.193, 0.053),
    "head": ("neck", 0.0, 0.35, 0.072),
    "left_shoulder": ("left_collar", 0.177, 0.181, 0.047),
    "right_shoulder": ("right_collar", -0.177, 0.181, 0.047),
    "left_elbow": ("left_shoulder", 0.436, 0.181, 0.047),
    "right_elbow": ("right_shoulder", -0.436, 0.181, 0.047),
    "left_wrist": ("left_elbow", 0.669, 0.181, 0.047),
    "right_wrist": ("right_elbow", -0.669, 0.181, 0.047),
    "left_hand": ("left_wrist", 0.77, 0.179, 0.039),
    "right_hand": ("right_wrist", -0.77, 0.179, 0.039),
}
"""Parent and T-pose position in metres of every SMPL joint, for a person of 1.70 m."""

_THICKNESS_M = 0.035
"""Half the width of a limb."""

_SIZE_PER_BETA = 0.03
"""Relative growth of the figure per standard deviation of the first beta; the others do nothing."""


def stick_body() -> Body:
    """A `Body` of 24 joints and an octahedron round each: enough to test what needs vertices and faces."""
    names = tuple(_JOINTS)
    parents = [-1 if parent is None else names.index(parent) for parent, *_ in _JOINTS.values()]
    joints = np.array([position for _, *position in _JOINTS.values()])
    vertices, faces, owners = _octahedra(joints)
    sizes = np.zeros((10, 1, 1))
    sizes[0] = _SIZE_PER_BETA
    return Body(
        name="stick",
        licence="Apache-2.0",
        sha256="0" * 64,
        joint_names=names,
        parents=np.array(parents, np.int64),
        faces=faces,
        v_template=vertices.astype(np.float32),
        shapedirs=np.moveaxis(sizes * vertices, 0, -1).astype(np.float32),
        posedirs=np.zeros((len(vertices), 3, 9 * (len(names) - 1)), np.float32),
        joint_template=joints,
        joint_dirs=np.moveaxis(sizes * joints, 0, -1),
        weights=np.eye(len(names), dtype=np.float32)[owners],
        pose_mean=np.zeros(3 * (len(names) - 1)),
        vertex_ids=MappingProxyType({}),
    )


class StickSimulator:
    """A fake for tests that keeps the `Simulator` protocol: no GL, no mesh in the picture, true labels.

    Bones are drawn as thick lines, the body's left side bluish and its right side reddish, over a plain
    background. Every field of the scene has an effect, and a row does not depend on the others.

    Args:
        body: Whose joints to draw; a built-in 24-joint figure without it.
        image_size: Height and width in pixels.
    """

    calls_at_once = 64
    """It keeps nothing between calls."""

    def __init__(self, body: Body | None = None, *, image_size: int = 256) -> None:
        self.body = body or stick_body()
        self._size = image_size
        self._visibility = JointVisibility(self.body)

    @property
    def version(self) -> str:
        """Name, body and image size."""
        return f"stick 2, body {self.body.name} {self.body.sha256[:12]}, {self._size} px"

    def render(self, scene: Scene) -> Batch:
        """Draw the scene.

        Raises:
            ValueError: The camera's image size is not the simulator's, or the body refuses a parameter.
        """
        size = self._size
        if scene.camera.image_size != (size, size):
            raise ValueError(f"expected a camera of {size} x {size} px, got {scene.camera.image_size}")
        out = self.body.forward(scene.betas, scene.body_pose, scene.global_orient, scene.transl)
        joints2d = scene.camera.project(out.joints)
        images = np.empty((len(scene), size, size, 3), np.uint8)
        depth = np.zeros((len(scene), size, size), np.float32)
        for row in range(len(scene)):
            self._draw(
                scene.rows(slice(row, row + 1)), joints2d[row], out.joints[row, :, 2], images[row], depth[row]
            )
        mask = depth > 0
        visible = self._visibility(out.vertices, out.joints, scene.camera)
        return Batch(
            images=expose(images, scene.imaging),
            joints=out.joints,
            vertices=out.vertices,
            joints2d=joints2d,
            visibility=visible,
            mask=mask,
            depth=depth,
            boxes=boxes_round(mask, scene.box_shift),
            scene=scene,
            joint_names=self.body.joint_names,
            visible_share=np.where(visible, 1.0, 0.0),
            others=np.empty((len(scene), 0, len(self.body.joint_names), 3)),
        )

    def close(self) -> None:
        """Nothing to free."""

    def __enter__(self) -> StickSimulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _draw(
        self, scene: Scene, points: Float, z: Float, image: NDArray[np.uint8], depth: NDArray[np.float32]
    ) -> None:
        image[:] = _tone(scene.background[0], BACKGROUND, 110, 150)
        brightness = _tone(scene.light[0], LIGHT, 85, 100)[0] / 100
        cloth = _tone(scene.clothing[0], CLOTHING, 0, 40)
        for joint, parent in enumerate(self.body.parents):
            start = joint if parent < 0 else int(parent)
            colour = brightness * (cloth + _side(self.body.joint_names[joint]))
            ends, zs = points[[start, joint]], z[[start, joint]]
            if zs.min() > 0.0:
                _line(ends, zs, _THICKNESS_M * scene.camera.focal_length[0], colour, image, depth)


def _line(
    ends: Float, z: Float, width: float, colour: Float, image: NDArray[np.uint8], depth: NDArray[np.float32]
) -> None:
    """Draw a line between two points, where nothing nearer is. `width` is half the width at 1 m, pixels."""
    size = len(depth)
    reach = width / z.min()
    low = np.clip(np.floor(ends.min(0) - reach), 0, size).astype(int)
    high = np.clip(np.ceil(ends.max(0) + reach), 0, size).astype(int)
    if (low >= high).any():
        return
    window = np.s_[low[1] : high[1], low[0] : high[0]]
    y, x = np.mgrid[window] + 0.5
    along = ends[1] - ends[0]
    dx, dy = x - ends[0, 0], y - ends[0, 1]
    t = np.clip((dx * along[0] + dy * along[1]) / max(along[0] ** 2 + along[1] ** 2, 1e-9), 0.0, 1.0)
    here = z[0] + t * (z[1] - z[0])
    near = np.hypot(dx - t * along[0], dy - t * along[1]) < width / here
    near &= (depth[window] == 0.0) | (here < depth[window])
    image[window][near] = np.clip(colour, 0, 255)
    depth[window][near] = here[near]


def _side(joint_name: str) -> Float:
    if joint_name.startswith("left_"):
        return np.array([40.0, 90.0, 200.0])
    if joint_name.startswith("right_"):
        return np.array([200.0, 70.0, 40.0])
    return np.array([190.0, 190.0, 60.0])


def _tone(row: Float, parameters: Parameters, low: float, high: float) -> Float:
    """Three numbers that follow from a row; the middle of the range for the default."""
    if np.array_equal(row, parameters.default):
        return np.full(3, 0.5 * (low + high))
    return np.random.default_rng(np.frombuffer(row.tobytes(), np.uint8)).uniform(low, high, 3)


def _octahedra(centres: Float) -> tuple[Float, NDArray[np.int32], NDArray[np.intp]]:
    """Vertices (6 n, 3), faces (8 n, 3) and owners (6 n,) of octahedra round (n, 3) centres."""
    corners = np.concatenate([np.eye(3), -np.eye(3)]) * _THICKNESS_M
    eighths = [(0, 1, 2), (1, 3, 2), (3, 4, 2), (4, 0, 2), (1, 0, 5), (3, 1, 5), (4, 3, 5), (0, 4, 5)]
    n = len(centres)
    faces = np.array(eighths)[None] + 6 * np.arange(n)[:, None, None]
    vertices = (centres[:, None] + corners).reshape(-1, 3)
    return vertices, faces.reshape(-1, 3).astype(np.int32), np.repeat(np.arange(n), 6)
