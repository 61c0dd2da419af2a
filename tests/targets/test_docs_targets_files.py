"""The examples of docs/targets-files.md are run: with stand-ins whose inputs and outputs have the published shapes."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto
from scipy.spatial.transform import Rotation
from torch import Tensor, nn

from targets import build_target, check_target
from targets.file_inputs import INPUTS
from targets.file_meanings import READERS
from targets.file_spec import CROP_KEYS, KEYS
from targets.joint_names import JOINT_SETS
from tests.targets.tiny_networks import onnx_file

PAGE = (Path(__file__).parents[2] / "docs" / "targets-files.md").read_text()
RNG = np.random.default_rng(0)
ROTATIONS = Rotation.from_rotvec(RNG.normal(0, 0.3, (24, 3))).as_matrix()


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)


def examples() -> dict[str, str]:
    return {text.split()[1]: text for text in blocks("yaml")}


def body(count: int, size: float = 1.0) -> Any:
    return RNG.uniform(-0.3, 0.3, (count, 3)) * size


class FakeSpin(nn.Module):
    """Six numbers, betas and a camera, all but independent of the picture."""

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        tiny = 1e-6 * crop.flatten(1).mean(1, keepdim=True)
        pose = torch.from_numpy(ROTATIONS[:, :, :2].reshape(1, 144).astype(np.float32))
        return pose + tiny, torch.zeros(1, 10) + tiny, torch.tensor([[0.9, 0.0, 0.1]]) + tiny


NETWORKS: dict[str, dict[str, Any]] = {
    "hmr2.yaml": {
        "inputs": {"img": ("N", 3, 256, 256)},
        "outputs": {
            "global_orient": ROTATIONS[:1],
            "body_pose": ROTATIONS[1:],
            "betas": np.zeros(10),
            "pred_cam": np.array([0.9, 0.0, 0.1]),
            "pred_keypoints_3d": body(44),
            "pred_keypoints_2d": RNG.uniform(-0.4, 0.4, (44, 2)),
            "pred_vertices": body(6890),
        },
    },
    "cliff.yaml": {
        "inputs": {"image": ("N", 3, 256, 192), "bbox_info": ("N", 3)},
        "outputs": {"rotmat": ROTATIONS, "betas": np.zeros(10)},
    },
    "blazepose.yaml": {
        "inputs": {"pictures": ("N", 3, 256, 256)},
        "outputs": {
            "Identity": RNG.uniform(10, 240, 195),
            "Identity_1": np.array([0.6]),
            "Identity_4": body(39).reshape(-1),
        },
    },
    "movenet.yaml": {
        "inputs": {"input": (1, 192, 192, 3)},
        "kinds": {"input": TensorProto.INT32},
        "outputs": {"output_0": RNG.uniform(0.3, 0.7, (1, 17, 3))},
    },
    "mine.yaml": {
        "inputs": {"input": (2, 3, 384, 288)},
        "outputs": {"joints": body(9, 1000.0), "maps": np.zeros((6, 8, 9))},
    },
}
"""What the ONNX files of the examples take and give."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in examples().items():
        (tmp_path / name).write_text(text)
    return tmp_path


def shapes(folder: Path, name: str) -> dict[str, tuple[int, ...]]:
    """Shapes of what a target answers about three people."""
    images = RNG.integers(0, 256, (3, 60, 80, 3), dtype=np.uint8)
    given = {"images": images, "boxes": np.array([[20.0, 4, 60, 44], [0, 0, 40, 60], [30, 10, 50, 50]])}
    target = build_target(str(folder / name))
    invented = ("metres", "project to")  # the networks here are random
    faults = check_target(target, given)
    assert [fault for fault in faults if not any(word in fault for word in invented)] == []
    answer = vars(target.predict(**given))
    return {field: value.shape for field, value in answer.items() if value is not None and field != "found"}


def test_a_model_is_exported_and_described(folder: Path) -> None:
    (code,) = blocks("python")
    with warnings.catch_warnings():  # torch announces successors of both formats
        warnings.simplefilter("ignore")
        exec(compile(code, "docs/targets-files.md", "exec"), {"load_my_network": FakeSpin})
    parameters = {"global_orient": (3, 3), "body_pose": (3, 69), "betas": (3, 10)}
    for name in ("spin.yaml", "spin-torchscript.yaml"):
        assert shapes(folder, name) == {**parameters, "transl": (3, 3), "focal_length": (3,)}
        pose = build_target(str(folder / name)).predict(
            images=np.zeros((1, 60, 80, 3), np.uint8), boxes=np.array([[20.0, 4, 60, 44]])
        )
        assert pose.body_pose is not None
        wanted = Rotation.from_matrix(ROTATIONS[1:]).as_rotvec().reshape(1, 69)
        np.testing.assert_allclose(pose.body_pose, wanted, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (
            "hmr2.yaml",
            {
                "global_orient": (3, 3),
                "body_pose": (3, 69),
                "betas": (3, 10),
                "transl": (3, 3),
                "focal_length": (3,),
                "joints": (3, 25, 3),
                "joints2d": (3, 25, 2),
                "vertices": (3, 6890, 3),
            },
        ),
        ("cliff.yaml", {"global_orient": (3, 3), "body_pose": (3, 69), "betas": (3, 10)}),
        ("blazepose.yaml", {"joints": (3, 33, 3), "joints2d": (3, 33, 2), "confidence": (3,)}),
        ("movenet.yaml", {"joints2d": (3, 17, 2), "confidence": (3,)}),
        ("mine.yaml", {"joints": (3, 9, 3), "heatmaps": (3, 9, 6, 8)}),
    ],
)
def test_every_example_is_a_target(folder: Path, name: str, wanted: dict[str, tuple[int, ...]]) -> None:
    network = NETWORKS[name]
    path = folder / name.replace(".yaml", ".onnx")
    onnx_file(path, network["outputs"], network["inputs"], network.get("kinds"), gain=1e-6)
    assert shapes(folder, name) == wanted


def test_every_example_is_run_here() -> None:
    assert set(examples()) == {*NETWORKS, "spin.yaml", "spin-torchscript.yaml"}


def test_the_page_names_every_key_and_word() -> None:
    for word in (*KEYS, *CROP_KEYS, *READERS, *INPUTS, *JOINT_SETS):
        assert f"`{word}`" in PAGE, word
