"""What goes into a simulator and what comes out: Scene, Batch and the Simulator protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.camera import Camera, Float

Rows = slice | NDArray[np.intp]


@dataclass(frozen=True)
class Scene:
    """A batch of people to draw, in physical parameters. Row i of every field is person i."""

    betas: Float
    """(N, 10) shape coefficients, standard deviations."""
    body_pose: Float
    """(N, 63) axis-angle, radians, SMPL joints 1..21; hands are in their rest pose."""
    global_orient: Float
    """(N, 3) axis-angle, radians: body axes (x left, y up, z forward) to camera axes."""
    transl: Float
    """(N, 3) metres, added after the rotation about the pelvis joint, camera axes."""
    camera: Camera
    """N cameras."""
    framing: Float
    """(N, 3) how the person is framed: size (1 fits the picture), shift right and down in shares of its side."""
    clothing: Float
    """(N, d) physical values, columns as in `clothing.CLOTHING`."""
    background: Float
    """(N, d) physical values, columns as in `background.BACKGROUND`."""
    light: Float
    """(N, d) physical values, columns as in `light.LIGHT`."""
    occluder: Float
    """(N, d) physical values, columns as in `occluder.OCCLUDER`."""
    imaging: Float
    """(N, d) physical values, columns as in `imaging.IMAGING`."""
    box_shift: Float
    """(N, 2) pixels by which the person's box is moved, as an imperfect detector would."""

    def __len__(self) -> int:
        return len(self.betas)

    def rows(self, index: Rows) -> Scene:
        """The people of some rows."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        camera = values.pop("camera").rows(index)
        return Scene(camera=camera, **{name: value[index] for name, value in values.items()})


def join_scenes(parts: Sequence[Scene]) -> Scene:
    """The people of all scenes, in order; all have pictures of one size."""
    names = [f.name for f in fields(Scene) if f.name != "camera"]
    values = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    focal = np.concatenate([part.camera.focal_length for part in parts])
    center = np.concatenate([part.camera.center for part in parts])
    return Scene(camera=Camera(focal, center, parts[0].camera.image_size), **values)


@dataclass(frozen=True)
class Batch:
    """Pictures with exact ground truth, all in OpenCV camera axes (x right, y down, z forward)."""

    images: NDArray[np.uint8]
    """(N, H, W, 3) RGB."""
    joints: Float
    """(N, J, 3) metres, in the order of the body's `joint_names`."""
    vertices: NDArray[np.float32]
    """(N, V, 3) metres."""
    joints2d: Float
    """(N, J, 2) pixels."""
    visibility: NDArray[np.bool_]
    """(N, J) in frame, and the first surface on the joint's ray is its own or an adjacent part."""
    visible_share: Float
    """(N, J) 0..1, share of the camera-facing surface of each joint's part that the picture shows."""
    mask: NDArray[np.bool_]
    """(N, H, W) pixels that show the person."""
    depth: NDArray[np.float32]
    """(N, H, W) metres along z, 0 where there is no person."""
    boxes: Float
    """(N, 4) x0, y0, x1, y1 pixels round the mask, moved by the scene's `box_shift`."""
    scene: Scene
    """What was drawn."""
    joint_names: tuple[str, ...]
    """J names."""
    others: Float
    """(N, K, J, 3) metres: the joints of K further people, NaN where there is nobody."""

    @property
    def camera(self) -> Camera:
        """The scene's cameras."""
        return self.scene.camera

    @property
    def intrinsics(self) -> Float:
        """(N, 3, 3) pixels."""
        return self.scene.camera.intrinsics

    def __len__(self) -> int:
        return len(self.images)


def join_batches(parts: Sequence[Batch]) -> Batch:
    """The people of all batches, in order."""
    names = [f.name for f in fields(Batch) if f.name not in ("scene", "joint_names")]
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    scene = join_scenes([part.scene for part in parts])
    return Batch(scene=scene, joint_names=parts[0].joint_names, **arrays)


class Simulator(Protocol):
    """Draws people. A user may bring one.

    One that bears calls of `render` from several threads at the same time says how many by an attribute
    `calls_at_once`; without it there is one call at a time.
    """

    @property
    def version(self) -> str:
        """Name and version of everything that can change a pixel or a label."""

    def render(self, scene: Scene) -> Batch:
        """Draw the scene; row i of the batch is row i of the scene, whatever the batch size."""

    def close(self) -> None:
        """Free processes and memory; the simulator is not used afterwards."""
