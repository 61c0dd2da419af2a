"""Networks of the published signatures that look at crops: they recognise the person and answer with the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tests.targets.recipes.published_inputs import FakeEyes, warped
from tests.targets.recipes.rendered import FOCAL_LENGTH, SIZE, People

Float = NDArray[np.float64]

AS_OPENPOSE = [15, 12, 17, 19, 21, 16, 18, 20, 0, 2, 5, 8, 1, 4, 7, 15, 15, 15, 15, 10, 10, 7, 11, 11, 8]
"""SMPL's joint for each of OpenPose's 25; the head's for those of the face, foot's or ankle's for toes and heel."""
HALF = np.array(SIZE) / 2


def tensor(value: Any) -> torch.Tensor:
    return torch.tensor(np.asarray(value), dtype=torch.float32)


def eyes_of(people: People, *how: Any, **more: Any) -> FakeEyes:
    """Eyes that know people by the crops that `warped` makes of them."""
    return FakeEyes([warped(*each, *how, **more) for each in zip(people.images, people.boxes, strict=True)])


def middle_of(box: Float) -> Float:
    return (box[:2] + box[2:]) / 2


def height_of(box: Float, scale: float, aspect: float = 1.0) -> float:
    return float(max(box[3] - box[1], (box[2] - box[0]) / aspect) * scale)


def weak_camera(people: People, row: int, height: float) -> Float:
    """(s, tx, ty) of a region: the size and the place of the pelvis are true, perspective is not."""
    scale = 2 * FOCAL_LENGTH / (height * people.joints[row, 0, 2])
    seen = (people.joints2d[row, 0] - middle_of(people.boxes[row])) / (height / 2)
    return np.array([scale, *(seen / scale - people.local_joints[row, 0, :2])])


def full_camera(people: People, row: int, height: float) -> Float:
    """(s, tx, ty) of a region that are the true translation in the picture's camera."""
    x, y, z = people.transl[row]
    scale = 2 * FOCAL_LENGTH / (height * z)
    shift = 2 * (middle_of(people.boxes[row]) - HALF) / (scale * height)
    return np.array([scale, x - shift[0], y - shift[1]])


def openpose(joints: Float, count: int) -> Float:
    """(count, 3): OpenPose's 25 joints, and zeros after them."""
    return np.concatenate([joints[AS_OPENPOSE], np.zeros((count - 25, 3))])


def pose_of(people: People, row: int) -> dict[str, torch.Tensor]:
    turns = people.rotations[row : row + 1]
    return {
        "global_orient": tensor(turns[:, :1]),
        "body_pose": tensor(turns[:, 1:]),
        "betas": tensor(people.betas[row : row + 1]),
    }


@dataclass(frozen=True)
class FakeSpin:
    people: People
    eyes: FakeEyes

    @classmethod
    def of(cls, people: People) -> FakeSpin:
        return cls(people, eyes_of(people, (224, 224), 1.2))

    def __call__(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        row = self.eyes(images)
        camera = weak_camera(self.people, row, height_of(self.people.boxes[row], 1.2))
        one = slice(row, row + 1)
        return tensor(self.people.rotations[one]), tensor(self.people.betas[one]), tensor([camera])


@dataclass(frozen=True)
class FakePare:
    spin: FakeSpin

    def __call__(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        rotations, betas, camera = self.spin(images)
        people, row = self.spin.people, self.spin.eyes(images)
        return {
            "pred_pose": rotations,
            "pred_shape": betas,
            "pred_cam": camera,
            "smpl_vertices": tensor(people.local_vertices[row])[None],
            "smpl_joints3d": tensor(openpose(people.local_joints[row], 49))[None],
        }


@dataclass(frozen=True)
class FakeCliff:
    people: People
    eyes: FakeEyes

    @classmethod
    def of(cls, people: People) -> FakeCliff:
        return cls(people, eyes_of(people, (256, 192), 1.1, 0.75))

    def __call__(self, images: torch.Tensor, bbox_info: torch.Tensor) -> tuple[torch.Tensor, ...]:
        row = self.eyes(images)
        box, one = self.people.boxes[row], slice(row, row + 1)
        side = height_of(box, 1.1, 0.75)
        shift = (middle_of(box) - HALF) / FOCAL_LENGTH * 2.8
        size = (side - 0.24 * FOCAL_LENGTH) / (0.06 * FOCAL_LENGTH)
        np.testing.assert_allclose(bbox_info.numpy(), [[*shift, size]], rtol=1e-5)
        camera = full_camera(self.people, row, side)
        return tensor(self.people.rotations[one]), tensor(self.people.betas[one]), tensor([camera])


@dataclass(frozen=True)
class FakeHmr2:
    people: People
    eyes: FakeEyes

    @classmethod
    def of(cls, people: People) -> FakeHmr2:
        return cls(people, eyes_of(people, (256, 256), 1.0, 0.75))

    def __call__(self, batch: dict[str, torch.Tensor]) -> dict[str, Any]:
        row = self.eyes(batch["img"])
        camera = weak_camera(self.people, row, height_of(self.people.boxes[row], 1.0, 0.75))
        return {
            "pred_cam": tensor([camera]),
            "pred_smpl_params": pose_of(self.people, row),
            "pred_keypoints_3d": tensor(openpose(self.people.local_joints[row], 44))[None],
            "pred_vertices": tensor(self.people.local_vertices[row])[None],
        }


@dataclass(frozen=True)
class FakeCameraHmr:
    people: People
    eyes: FakeEyes

    @classmethod
    def of(cls, people: People) -> FakeCameraHmr:
        return cls(people, eyes_of(people, (256, 256), 1.0))

    def __call__(self, batch: dict[str, torch.Tensor]) -> tuple[Any, ...]:
        row = self.eyes(batch["img"])
        box, side = self.people.boxes[row], height_of(self.people.boxes[row], 1.0)
        wanted = {"box_center": middle_of(box), "box_size": side, "img_size": SIZE[::-1]}
        for name, value in {**wanted, "cam_int": self.people.intrinsics[row]}.items():
            np.testing.assert_allclose(batch[name][0].numpy(), value, rtol=1e-5)
        camera = full_camera(self.people, row, side)
        return pose_of(self.people, row), tensor([camera]), batch["cam_int"][:, 0, 0]


@dataclass(frozen=True)
class FakeHybrik:
    """Root-relative joints in units of 2.2 m, the root where 1000 px of the crop see it."""

    people: People
    eyes: FakeEyes

    @classmethod
    def of(cls, people: People) -> FakeHybrik:
        mean, std = (0.406, 0.457, 0.480), (0.225, 0.224, 0.229)
        return cls(people, eyes_of(people, (256, 256), 1.25, mean=mean, std=std))

    def __call__(
        self, images: torch.Tensor, bboxes: torch.Tensor, img_center: torch.Tensor
    ) -> dict[str, Any]:
        row = self.eyes(images)
        box, side = self.people.boxes[row], height_of(self.people.boxes[row], 1.25)
        corners = [*(middle_of(box) - side / 2), *(middle_of(box) + side / 2)]
        np.testing.assert_allclose(bboxes.numpy(), [corners], rtol=1e-5)
        np.testing.assert_allclose(img_center.numpy(), [HALF])
        focal, pelvis = 1000 * side / 256, self.people.joints[row, 0]
        depth = pelvis[2] * focal / FOCAL_LENGTH
        root = np.array([*((self.people.joints2d[row, 0] - HALF) * depth / focal), depth])
        return {
            "pred_xyz_jts_24_struct": tensor((self.people.joints[row] - pelvis) / 2.2).reshape(1, 72),
            "pred_vertices": tensor(self.people.vertices[row] - pelvis)[None],
            "pred_shape": tensor(self.people.betas[row : row + 1]),
            "transl": tensor([root]),
        }


@dataclass(frozen=True)
class FakeI2lMeshNet:
    people: People
    eyes: FakeEyes

    @classmethod
    def of(cls, people: People) -> FakeI2lMeshNet:
        return cls(people, eyes_of(people, (256, 256), 1.25, mean=(0, 0, 0), std=(1, 1, 1)))

    def root_depth(self, boxes: Float, intrinsics: Float) -> Float:
        return np.array(
            [self.people.joints[self.people.boxes.tolist().index(box.tolist()), 0, 2] for box in boxes]
        )

    def __call__(self, inputs: Any, targets: Any, meta_info: Any, mode: str) -> dict[str, torch.Tensor]:
        row = self.eyes(inputs["img"])
        assert (targets, mode) == ({}, "test")
        box, side = self.people.boxes[row], height_of(self.people.boxes[row], 1.25)
        seen = self.people.camera.rows(slice(row, row + 1)).project(self.people.vertices[row][None])[0]
        place = (seen - middle_of(box) + side / 2) / side * 64
        depth = (self.people.vertices[row, :, 2:] - self.people.joints[row, 0, 2] + 1) / 2 * 64
        return {"mesh_coord_img": tensor(np.concatenate([place, depth], axis=1))[None]}


@dataclass(frozen=True)
class FakeVibe:
    people: People
    eyes: FakeEyes

    @classmethod
    def of(cls, people: People) -> FakeVibe:
        return cls(people, eyes_of(people, (224, 224), 1.1))

    def __call__(self, clip: torch.Tensor) -> list[dict[str, torch.Tensor]]:
        row, frames = self.eyes(clip[:, -1]), clip.shape[1]
        people, camera = self.people, weak_camera(self.people, row, height_of(self.people.boxes[row], 1.1))
        theta = np.concatenate([camera, axis_angles(people.rotations[row]).ravel(), people.betas[row]])
        last = {
            "theta": theta,
            "verts": people.local_vertices[row],
            "kp_3d": openpose(people.local_joints[row], 49),
        }
        clips = {
            name: tensor(np.stack([*[np.zeros_like(value)] * (frames - 1), value]))
            for name, value in last.items()
        }
        return [{name: value[None] for name, value in clips.items()}]


def axis_angles(rotations: Float) -> Float:
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_matrix(rotations).as_rotvec())
