"""What a recipe says when something that the user must have is not there, and how it loads what is."""

from __future__ import annotations

import re
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest
import torch

from targets.recipes import RECIPES, hmr2, pose2mesh, spin, wham

LOADED = [name for name, recipe in RECIPES.items() if name != "imphmr"]


@pytest.mark.parametrize("name", LOADED)
def test_without_a_checkpoint_it_says_which(name):
    recipe = RECIPES[name]
    message = f"expected build(model=...) with the path of {recipe.checkpoint}, got none"
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        recipe.build()
    assert "as " in str(caught.value)
    assert str(caught.value).endswith(" describes")


def test_imphmr_wants_a_network():
    with pytest.raises(ValueError, match="we know no published repository to load it from"):
        RECIPES["imphmr"].build()


@pytest.mark.parametrize("name", LOADED)
def test_a_checkpoint_that_is_not_there_is_named(name, tmp_path):
    with pytest.raises(FileNotFoundError, match="found no such file"):
        RECIPES[name].build(tmp_path / "nothing.pt")


def test_a_repository_that_cannot_be_imported_is_named(tmp_path):
    checkpoint = tmp_path / "hmr2.ckpt"
    checkpoint.write_bytes(b"weights")
    message = (
        "expected the module hmr2.models of the repository shubham-goel/4D-Humans to be importable, got No module "
        "named 'hmr2': install it, or put the folder of your clone on PYTHONPATH"
    )
    with pytest.raises(ModuleNotFoundError, match=re.escape(message)):
        hmr2.build(checkpoint)


def test_options_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="expected at least 30 frames, fewer WHAM drops, got 16"):
        wham.build(network=print, frames=16)
    with pytest.raises(ValueError, match="expected joint_set smpl, human36 or coco, got 'lsp'"):
        pose2mesh.build(network=print, joint_set="lsp")
    with pytest.raises(ValueError, match="expected region_of_interest box or detector, got 'face'"):
        RECIPES["nlf"].build(network=SimpleNamespace(), region_of_interest="face")


class FakePublishedHmr(torch.nn.Module):
    """Answers with its one weight as the scale."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        assert not self.training
        return torch.eye(3).expand(1, 24, 3, 3), torch.zeros(1, 10), self.scale * torch.ones(1, 3)


def test_spin_is_loaded_from_the_users_clone(tmp_path, monkeypatch):
    models = ModuleType("models")
    models.hmr = lambda mean_params, pretrained: FakePublishedHmr()
    monkeypatch.setitem(sys.modules, "models", models)
    checkpoint, means = tmp_path / "model_checkpoint.pt", tmp_path / "smpl_mean_params.npz"
    torch.save({"model": {"scale": torch.tensor([0.25])}}, checkpoint)
    means.write_bytes(b"")
    target = spin.build(checkpoint, mean_params=means)
    assert target.network(torch.zeros((1, 3, 224, 224)).numpy())[2].tolist() == [[0.25, 0.25, 0.25]]
    assert len(target.spec.weights_sha256) == 64


def test_hmr2_is_loaded_by_its_package(tmp_path, monkeypatch):
    package = ModuleType("hmr2.models")
    package.load_hmr2 = lambda path: (FakePublishedHmr(), {"path": path})
    monkeypatch.setitem(sys.modules, "hmr2", ModuleType("hmr2"))
    monkeypatch.setitem(sys.modules, "hmr2.models", package)
    checkpoint = tmp_path / "epoch=35-step=1000000.ckpt"
    checkpoint.write_bytes(b"weights")
    assert hmr2.build(checkpoint).spec.name == "hmr2"


def test_the_list_of_recipes_is_light():
    code = "import sys, targets.recipes; print(sorted({'torch', 'cv2', 'PIL', 'smplx', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_lifter_names_its_joints():
    coco = pose2mesh.build(network=print, joint_set="coco").spec.keypoints
    assert (len(coco), coco[0], coco[-2:]) == (19, "nose", ("hips", "shoulders"))
    human36 = pose2mesh.build(network=print, joint_set="human36").spec.keypoints
    assert (len(set(human36)), human36[1], human36[4], human36[16]) == (
        17,
        "right_hip",
        "left_hip",
        "right_wrist",
    )
