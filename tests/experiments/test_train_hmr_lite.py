"""The training of `hmr-lite`, in small, and the weights that it gave."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from examiner.joints import LIMB_JOINTS, Pair, pick, rooted
from examiner.scores import PA_MPJPE
from experiments._hmr_body import TorchBody, spread_out
from experiments._hmr_figures import figures
from experiments._hmr_pictures import PART, Draw, People, joined, people_of, sampled
from experiments._hmr_sets import draws
from experiments._hmr_training import Options, losses, projected, schedule, train, truth_of
from simulator import (
    ParameterSpace,
    PoseFactor,
    RasterSimulator,
    Scene,
    StickSimulator,
    ViewFactor,
    load_body,
    load_prior,
    shape_of,
)
from targets import LANDMARK_FILES, HmrLite, fetch
from targets.hmr_features import WIDTH, Features
from targets.hmr_head import Estimate


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def body():
    return load_body("neutral")


def fake_people(body, count=64, seed=0) -> People:
    """People whose features are noise, with labels that fit each other."""
    draw = Draw("fake", sampled(load_prior("default")), "fake", count, seed, ViewFactor())
    scene = draw.scene(body, 0, count)
    joints = body.joints(scene.betas, scene.body_pose, scene.global_orient, scene.transl)
    pose = np.concatenate([scene.global_orient, scene.body_pose], axis=1).reshape(count, 22, 3)
    half, middle = np.full((count, 1), 110.0), np.full((count, 2), 120.0)
    focal, pelvis = scene.camera.focal_length[:, None], joints[:, 0]
    pixels = scene.camera.project(joints)
    arrays = {
        "features": np.random.default_rng(seed).standard_normal((count, WIDTH)).astype(np.float16),
        "pose": pose,
        "betas": scene.betas,
        "joints": joints,
        "joints2d": (pixels - middle[:, None]) / half[:, None],
        "camera": np.concatenate(
            [np.log(focal / (half * pelvis[:, 2:])), (pixels[:, 0] - middle) / half], axis=1
        ),
        "rays": np.concatenate([(middle - scene.camera.center) / focal, half / focal], axis=1),
    }
    return People(**{n: v if n == "features" else v.astype(np.float32) for n, v in arrays.items()})


def test_the_body_in_torch_is_the_body(body):
    people, posed = fake_people(body, 4), TorchBody(body)
    truth = truth_of(people, posed, "cpu")
    wanted = people.joints - people.joints[:, :1]
    np.testing.assert_allclose(truth.joints.numpy(), wanted, atol=1e-5)
    pose = people.pose.astype(np.float64)
    out = body.forward(people.betas, pose[:, 1:].reshape(4, 63), pose[:, 0], np.zeros((4, 3)))
    chosen = spread_out(body.v_template.astype(np.float64), truth.vertices.shape[1])
    apart = out.vertices[:, chosen] - out.joints[:, :1] - truth.vertices.numpy()
    assert np.linalg.norm(apart, axis=2).mean() < 0.003  # the correctives that are left out


def test_the_truth_projects_onto_itself_and_has_no_loss(body):
    people, posed = fake_people(body, 8), TorchBody(body)
    truth = truth_of(people, posed, "cpu")
    flat = projected(truth.joints, truth.camera, truth.rays)
    np.testing.assert_allclose(flat.numpy(), people.joints2d, atol=1e-4)
    right = Estimate(truth.rotations, truth.betas, truth.camera)
    assert float(losses(right, truth, posed)) < 1e-3
    wrong = Estimate(truth.rotations.roll(1, 0), truth.betas, truth.camera)
    assert float(losses(wrong, truth, posed)) > 0.1


def test_the_learning_rate_goes_up_then_down():
    assert [round(schedule(done), 2) for done in (0.0, 0.025, 0.5, 1.0)] == [0.0, 0.5, 0.5, 0.0]


@pytest.mark.slow
def test_a_few_steps_reduce_the_loss_and_a_seed_gives_the_same_head(body):
    people = fake_people(body)
    options = Options(steps=30, batch=32, hidden=32, blocks=1, checks=3)
    said = []
    runs = [train(people, body, options, check=lambda head: 1.0, said=said.append) for _ in range(2)]
    (one, curve), (other, _) = runs
    assert curve[-1].loss < 0.7 * curve[0].loss
    assert len(curve) == 3
    assert said[0].startswith("step ")
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_only_recordings_of_train_are_trained_on(tmp_path: Path):
    splits = ("train", "validation", "test", "test_activities", "extreme")
    table = {f"clip_{i}": {"split": name, "everyday": True} for i, name in enumerate(splits)}
    pose = np.repeat(np.arange(5.0)[:, None, None], 21, axis=1).repeat(3, axis=2)
    np.savez(tmp_path / "poses.npz", body_pose=pose, clip=np.array(list(table)))
    (tmp_path / "splits.json").write_text(json.dumps(table))
    sets = draws(tmp_path / "poses.npz", tmp_path / "splits.json", 100, 10)
    rng = np.random.default_rng(0)
    found = {name: set(np.abs(draw.poses(20, rng)).ravel().round(6)) for name, draw in sets.items()}
    assert found["train"] == found["train-again"] == {0.0}
    assert (found["validation"], found["test"], found["extreme"]) == ({1.0}, {2.0}, {4.0})
    assert sets["train"].count == 100
    assert len({draw.seed for draw in sets.values()}) == len(sets)


class FakeFeatures:
    """As many features as there are, all alike."""

    def __call__(self, crop: np.ndarray) -> tuple[np.ndarray, float]:
        return np.ones(WIDTH, np.float32), 1.0


class CountingSimulator(StickSimulator):
    """Counts the people that it draws."""

    drawn = 0

    def render(self, scene: Scene):
        self.drawn += len(scene)
        return super().render(scene)


@pytest.mark.slow
def test_what_was_drawn_is_not_drawn_again(body, tmp_path: Path):
    simulator = CountingSimulator(body, image_size=256)
    draw = Draw("few", sampled(load_prior("default")), "prior", 20, 1, ViewFactor())
    said: list[str] = []
    first = people_of(draw, body, simulator, FakeFeatures(), tmp_path, said.append)
    again = people_of(draw, body, simulator, FakeFeatures(), tmp_path, said.append)
    assert simulator.drawn == 20 < PART
    assert said == ["few: 20 of 20 people drawn"]
    np.testing.assert_array_equal(first.joints, again.joints)
    posed = projected(
        *(torch.from_numpy(v) for v in (first.joints - first.joints[:, :1], first.camera, first.rays))
    )
    np.testing.assert_allclose(posed.numpy(), first.joints2d, atol=1e-3)
    assert len(joined([first, again])) == 40
    assert len(list(tmp_path.glob("few-*/000-20.npz"))) == 1


@pytest.mark.slow
def test_shipped_weights_are_right_about_typical_people_never_seen(body):
    rng = np.random.default_rng(12345)
    space = ParameterSpace([PoseFactor(load_prior("default")), shape_of(body), ViewFactor()], body)
    with RasterSimulator(body) as simulator:
        batch = simulator.render(space.redress(space.decode(space.typical(32, rng)), rng))
    told = HmrLite().predict(images=batch.images, boxes=batch.boxes, intrinsics=batch.intrinsics)
    assert told.body_pose is not None
    joints = body.joints(told.betas, told.body_pose, told.global_orient, told.transl)
    names = body.joint_names
    gt, found = (pick(rooted(points, names), names, LIMB_JOINTS) for points in (batch.joints, joints))
    assert told.found.sum() >= 31
    assert PA_MPJPE(Pair(gt, found, LIMB_JOINTS))[told.found].mean() < 75
    pelvis = np.linalg.norm(batch.camera.project(joints)[:, 0] - batch.joints2d[:, 0], axis=1)
    assert np.median(pelvis) < 8
    assert np.median(np.abs(joints[:, 0, 2] / batch.joints[:, 0, 2] - 1)) < 0.1


@pytest.mark.slow
def test_figures_of_the_target_and_of_the_study_agree(body, tmp_path: Path):
    draw = Draw("some", sampled(load_prior("default")), "prior", 8, 77, ViewFactor())
    trunk = Features(fetch(LANDMARK_FILES["full"]))
    target = HmrLite()
    with RasterSimulator(body) as simulator:
        people = people_of(draw, body, simulator, trunk, tmp_path, lambda text: None)
        batch = simulator.render(draw.scene(body, 0, 8))
    told = target.predict(images=batch.images, boxes=batch.boxes, intrinsics=batch.intrinsics)
    names = body.joint_names
    joints = body.joints(told.betas, told.body_pose, told.global_orient, told.transl)
    gt, found = (pick(rooted(points, names), names, LIMB_JOINTS) for points in (batch.joints, joints))
    wanted = figures(target._head, people, body, own_body=True)
    assert PA_MPJPE(Pair(gt, found, LIMB_JOINTS)).mean() == pytest.approx(wanted.pa_mpjpe, abs=1.0)
    assert wanted.pve is not None
    assert wanted.people == 8
