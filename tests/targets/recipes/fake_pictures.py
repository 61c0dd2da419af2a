"""Models of the published signatures that look at whole pictures, videos or 2D joints, and answer with the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from tests.targets.recipes.fake_crops import HALF, axis_angles, pose_of, tensor
from tests.targets.recipes.published_inputs import FakeEyes, padded
from tests.targets.recipes.rendered import FOCAL_LENGTH, SIZE, People

Float = NDArray[np.float64]

AWAY = np.array([0.9, 0.0, 0.4])
"""Metres by which somebody else stands beside each person."""
ANNY_BONES = {
    "root": None,
    "head": "head",
    "wrist.R": "right_wrist",
    "wrist.L": "left_wrist",
    "upperleg01.R": "right_hip",
    "lowerleg01.R": "right_knee",
    "foot.R": "right_ankle",
    "upperarm01.L": "left_shoulder",
    "lowerarm01.L": "left_elbow",
    "upperarm01.R": "right_shoulder",
    "lowerarm01.R": "right_elbow",
    "upperleg01.L": "left_hip",
    "lowerleg01.L": "left_knee",
    "foot.L": "left_ankle",
}
"""The joint at each bone's head, in an order that is nobody's."""
BONE_LABELS = list(ANNY_BONES)
MHR_70 = {
    5: "left_shoulder",
    6: "right_shoulder",
    7: "left_elbow",
    8: "right_elbow",
    9: "left_hip",
    10: "right_hip",
    11: "left_knee",
    12: "right_knee",
    13: "left_ankle",
    14: "right_ankle",
    41: "right_wrist",
    62: "left_wrist",
    69: "neck",
}
"""Rows of SAM 3D Body's keypoints that SMPL has too, as its metadata tells."""


def row_of(people: People, image: Any) -> int:
    """Whose picture it is, to the last bit."""
    same = [np.array_equal(image, other) for other in people.images]
    assert any(same), "expected one of the pictures as it is, in RGB"
    return same.index(True)


def padded_camera(people: People, row: int, side: int) -> Float:
    """The intrinsics of a picture in its square."""
    scale = side / max(SIZE)
    camera = people.intrinsics[row] * scale
    camera[2, 2] = 1
    camera[:2, 2] += (side - np.array(SIZE) * scale) / 2
    return camera


@dataclass(frozen=True)
class FakeRomp:
    """Finds the person and somebody beside them; parallel rays in a square of the picture's longer side."""

    people: People

    def __call__(self, image: NDArray[np.uint8]) -> dict[str, Any] | None:
        assert image.flags["C_CONTIGUOUS"]
        row = row_of(self.people, image[..., ::-1])
        people, half = self.people, max(SIZE) / 2
        scale = FOCAL_LENGTH / (half * people.joints[row, 0, 2])
        place = (people.joints2d[row, 0] - HALF) / half
        offsets = (place + np.array([[0.8, 0.1], [0, 0]])) - scale * people.local_joints[row, 0, :2]
        joints = np.concatenate([people.local_joints[row], np.zeros((47, 3))])
        seen = (scale * joints[:, :2] + offsets[:, None]) * half + HALF
        twice = {"verts": people.local_vertices[row], "joints": joints, "smpl_betas": people.betas[row]}
        twice |= {"smpl_thetas": axis_angles(people.rotations[row]).ravel()}
        fields = {name: np.stack([value, value]).astype(np.float32) for name, value in twice.items()}
        cams = np.column_stack([np.full(2, scale), offsets])
        return {**fields, "cam": cams, "pj2d_org": seen, "center_confs": np.array([[0.5], [0.9]])}


@dataclass(frozen=True)
class FakeNlf:
    """Points in millimetres. Told a box it answers for that; asked to detect it finds somebody else too."""

    people: People

    def estimate_smpl_batched(self, images: Any, boxes: Any, intrinsic_matrix: Any) -> dict[str, Any]:
        row = self._row(images, intrinsic_matrix)
        x0, y0, x1, y1 = self.people.boxes[row]
        np.testing.assert_allclose(boxes[0].numpy(), [[x0, y0, x1 - x0, y1 - y0]], rtol=1e-5)
        return self._answer(row, np.zeros((1, 3)))

    def detect_smpl_batched(self, images: Any, intrinsic_matrix: Any) -> dict[str, Any]:
        row = self._row(images, intrinsic_matrix)
        box = tensor([[0, 0, 10, 10, 0.6], [0, 0, 10, 10, 0.8]])
        return {**self._answer(row, np.stack([AWAY, np.zeros(3)])), "boxes": [box]}

    def _row(self, images: Any, intrinsic_matrix: Any) -> int:
        assert images.dtype == torch.uint8
        row = row_of(self.people, images[0].numpy().transpose(1, 2, 0))
        np.testing.assert_allclose(intrinsic_matrix[0].numpy(), self.people.intrinsics[row], rtol=1e-6)
        return row

    def _answer(self, row: int, away: Float) -> dict[str, Any]:
        people = self.people
        joints, vertices = (value[row] + away[:, None] for value in (people.joints, people.vertices))
        camera = people.camera.rows(slice(row, row + 1))
        pose = np.tile(axis_angles(people.rotations[row]).ravel(), (len(away), 1))
        return {
            "joints3d": [tensor(joints * 1000)],
            "vertices3d": [tensor(vertices * 1000)],
            "joints2d": [tensor(np.concatenate([camera.project(each[None]) for each in joints]))],
            "pose": [tensor(pose)],
            "betas": [tensor(np.tile(people.betas[row], (len(away), 1)))],
        }


@dataclass(frozen=True)
class FakeMultiHmr:
    """People in the metric camera of the square, under the names of one version of the repository."""

    people: People
    eyes: FakeEyes
    side: int
    anny: bool

    @classmethod
    def of(cls, people: People, side: int, anny: bool) -> FakeMultiHmr:
        return cls(people, FakeEyes([padded(image, side) for image in people.images], 0.005), side, anny)

    def __call__(
        self,
        x: torch.Tensor,
        is_training: bool,
        det_thresh: float,
        nms_kernel_size: int,
        K: torch.Tensor,  # noqa: N803
    ) -> Any:
        row = self.eyes(x)
        camera = padded_camera(self.people, row, self.side)
        np.testing.assert_allclose(K[0].numpy(), camera, rtol=1e-6)
        return [self._person(row, camera, away) for away in (AWAY, np.zeros(3))]

    def _person(self, row: int, camera: Float, away: Float) -> dict[str, Any]:
        people = self.people
        joints = self._joints(people.joints[row] + away)
        seen = joints[:, :2] / joints[:, 2:] * camera[0, 0] + camera[:2, 2]
        turns = np.concatenate([axis_angles(people.rotations[row])[:22], np.zeros((31, 3))])
        person = {"rotvec": turns, "shape": people.betas[row], "transl": people.joints[row, 15] + away}
        if not self.anny:
            person |= {"scores": np.array(0.7)}
        old = ("v3d", "j3d", "j2d") if self.anny else ("verts_smplx", "j3d_smplx", "j2d_smplx")
        person |= dict(zip(old, (people.vertices[row] + away, joints, seen), strict=True))
        return {name: tensor(value) for name, value in person.items()}

    def _joints(self, joints: Float) -> Float:
        if not self.anny:
            return np.concatenate([joints[:22], np.ones((105, 3))])
        by_name = dict(zip(self.people.body.joint_names, joints, strict=True))
        return np.stack([np.ones(3) if name is None else by_name[name] for name in ANNY_BONES.values()])


@dataclass(frozen=True)
class FakeSam3dBody:
    people: People

    def __call__(
        self, img: Any, bboxes: Any, cam_int: torch.Tensor, inference_type: str
    ) -> list[dict[str, Any]]:
        row = row_of(self.people, img)
        np.testing.assert_allclose(bboxes, self.people.boxes[row : row + 1])
        np.testing.assert_allclose(cam_int[0].numpy(), self.people.intrinsics[row], rtol=1e-6)
        assert inference_type == "full"
        by_name = dict(zip(self.people.body.joint_names, self.people.joints[row], strict=True))
        joints = np.tile(by_name["head"], (70, 1))
        joints[list(MHR_70)] = [by_name[name] for name in MHR_70.values()]
        seen = self.people.camera.rows(slice(row, row + 1)).project(joints[None])[0]
        transl = self.people.transl[row]
        person = {"pred_keypoints_3d": joints - transl, "pred_vertices": self.people.local_vertices[row]}
        person |= {"pred_keypoints_2d": seen, "pred_cam_t": transl, "focal_length": np.array(FOCAL_LENGTH)}
        return [{name: value.astype(np.float32) for name, value in person.items()}]


@dataclass(frozen=True)
class FakePromptHmr:
    people: People
    eyes: FakeEyes

    @classmethod
    def of(cls, people: People) -> FakePromptHmr:
        return cls(people, FakeEyes([padded(image, 896) for image in people.images], 0.005))

    def __call__(self, batch: list[dict[str, Any]], use_mean_hands: bool) -> list[dict[str, torch.Tensor]]:
        (item,) = batch
        row, scale = self.eyes(item["image"]), 896 / max(SIZE)
        inside = self.people.boxes[row] * scale + np.tile((896 - np.array(SIZE) * scale) / 2, 2)
        np.testing.assert_allclose(item["boxes"].numpy(), [[*inside, 1]], rtol=1e-5)
        np.testing.assert_allclose(
            item["cam_int"][0].numpy(), padded_camera(self.people, row, 896), rtol=1e-6
        )
        assert use_mean_hands
        assert all(item[name] is None for name in ("kpts", "masks", "text"))
        pose = pose_of(self.people, row)
        turns = torch.cat([pose["global_orient"], pose["body_pose"]], dim=1)[:, :22]
        known = {
            "smpl_j3d": self.people.joints,
            "vertices": self.people.vertices,
            "transl": self.people.transl,
        }
        truth = {name: tensor(value[row])[None] for name, value in known.items()}
        return [{**truth, "rotmat": turns, "betas": pose["betas"]}]


@dataclass(frozen=True)
class FakePose2Mesh:
    """Recognises a person by 2D joints of mean 0 and deviation 1; gives the mesh backwards."""

    people: People
    eyes: FakeEyes

    @classmethod
    def of(cls, people: People) -> FakePose2Mesh:
        boxes = (people.joints2d.min(axis=1), np.ptp(people.joints2d, axis=1))
        inside = (people.joints2d - boxes[0][:, None]) / boxes[1].max(axis=1)[:, None, None]
        shares = inside * np.array([384 / 288, 1])
        return cls(people, FakeEyes([(each - each.mean(0)) / each.std(0) for each in shares], 1e-4))

    def __call__(self, pose2d: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        row = self.eyes(pose2d)
        mesh = self.people.vertices[row] - self.people.joints[row, 0]
        return tensor(mesh[::-1].copy())[None], torch.zeros((1, 24, 3))


@dataclass(frozen=True)
class FakeWham:
    """Reads the video's last frame; follows the person and somebody beside them, and lost a third before the end."""

    people: People
    frames: int

    def __call__(self, video: str, output_dir: str, run_global: bool) -> tuple[Any, ...]:
        assert not run_global
        capture, shots = cv2.VideoCapture(video), []
        while (shot := capture.read())[0]:
            shots.append(shot[1][..., ::-1])
        assert len(shots) == self.frames
        row = FakeEyes([image.astype(float) for image in self.people.images], 4.0)(shots[-1])
        there = {index: self._person(row, away) for index, away in enumerate((AWAY, np.zeros(3)))}
        lost = {**there[1], "frame_id": np.arange(self.frames - 2)}
        return {**there, 7: lost}, {}, None

    def _person(self, row: int, away: Float) -> dict[str, Any]:
        def filmed(last: Float) -> Float:
            return np.stack([*[np.zeros_like(last)] * (self.frames - 1), last])

        people = self.people
        return {
            "poses_root_cam": filmed(people.rotations[row, :1]),
            "poses_body": filmed(people.rotations[row, 1:]),
            "betas": filmed(people.betas[row]),
            "verts_cam": filmed(people.vertices[row] + away),
            "frame_id": np.arange(self.frames),
        }
