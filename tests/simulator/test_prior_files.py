import os

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from torch import nn

from simulator.prior_files import MOST_POSES, load_poses, load_prior


class FakeVPoser2(nn.Module):
    """The layout of a VPoser v2 checkpoint, small and with random weights."""

    def __init__(self, hidden=16, dim=8):
        super().__init__()
        self.encoder_net = nn.Sequential(
            nn.Flatten(),
            nn.BatchNorm1d(63),
            nn.Linear(63, hidden),
            nn.LeakyReLU(),
            nn.BatchNorm1d(hidden),
            nn.Dropout(0.1),
            nn.Linear(hidden, hidden),
            nn.Linear(hidden, hidden),
            nn.ModuleDict({"mu": nn.Linear(hidden, dim), "logvar": nn.Linear(hidden, dim)}),
        )
        self.decoder_net = nn.Sequential(
            nn.Linear(dim, hidden),
            nn.LeakyReLU(),
            nn.Dropout(0.1),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(),
            nn.Linear(hidden, 126),
        )

    def encode(self, pose):
        return self.encoder_net[8]["mu"](self.encoder_net[:8](pose))

    def decode(self, z):
        return angles(self.decoder_net(z))


class FakeVPoser1(nn.Module):
    """The layout of a VPoser v1 checkpoint, small and with random weights."""

    def __init__(self, inputs=63, hidden=16, dim=8):
        super().__init__()
        self.bodyprior_enc_bn1 = nn.BatchNorm1d(inputs)
        self.bodyprior_enc_fc1 = nn.Linear(inputs, hidden)
        self.bodyprior_enc_bn2 = nn.BatchNorm1d(hidden)
        self.bodyprior_enc_fc2 = nn.Linear(hidden, hidden)
        self.bodyprior_enc_mu = nn.Linear(hidden, dim)
        self.bodyprior_enc_logvar = nn.Linear(hidden, dim)
        self.bodyprior_dec_fc1 = nn.Linear(dim, hidden)
        self.bodyprior_dec_fc2 = nn.Linear(hidden, hidden)
        self.bodyprior_dec_out = nn.Linear(hidden, 126)
        self.inputs = inputs

    def encode(self, pose):
        if self.inputs == 189:
            pose = torch.tensor(
                Rotation.from_rotvec(pose.reshape(-1, 3).numpy()).as_matrix().reshape(-1, 189)
            )
        x = nn.functional.leaky_relu(self.bodyprior_enc_fc1(self.bodyprior_enc_bn1(pose.float())), 0.2)
        x = nn.functional.leaky_relu(self.bodyprior_enc_fc2(self.bodyprior_enc_bn2(x)), 0.2)
        return self.bodyprior_enc_mu(x)

    def decode(self, z):
        x = nn.functional.leaky_relu(self.bodyprior_dec_fc1(z), 0.2)
        return angles(self.bodyprior_dec_out(nn.functional.leaky_relu(self.bodyprior_dec_fc2(x), 0.2)))


def angles(six):
    """The continuous representation as VPoser reads it: (3, 2) matrices, columns made orthonormal."""
    pairs = six.view(-1, 3, 2)
    first = nn.functional.normalize(pairs[:, :, 0], dim=1)
    along = (first * pairs[:, :, 1]).sum(1, keepdim=True)
    second = nn.functional.normalize(pairs[:, :, 1] - along * first, dim=-1)
    matrix = torch.stack([first, second, torch.linalg.cross(first, second, dim=1)], -1)
    return Rotation.from_matrix(matrix.numpy()).as_rotvec().reshape(-1, 63)


def seasoned(model):
    """The model with batch statistics as after training, ready to run."""
    generator = torch.Generator().manual_seed(0)
    for name, value in model.state_dict().items():
        if "running" in name or ("bn" in name and value.dtype.is_floating_point):
            value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
    return model.eval()


@pytest.fixture(params=["v2", "v1", "v1 of matrices"])
def vposer(request):
    torch.manual_seed(0)
    kinds = {"v2": FakeVPoser2, "v1": FakeVPoser1, "v1 of matrices": lambda: FakeVPoser1(inputs=189)}
    return seasoned(kinds[request.param]())


def assert_same(prior, model):
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((20, 8))
    with torch.no_grad():
        wanted = model.decode(torch.tensor(codes, dtype=torch.float32))
        np.testing.assert_allclose(prior.decode(codes), wanted, atol=2e-5)
        poses = rng.normal(size=(20, 63)) * 0.4
        encoded = model.encode(torch.tensor(poses, dtype=torch.float32))
    np.testing.assert_allclose(prior.encode(poses), encoded.numpy(), atol=2e-5)


def test_a_state_dict_runs_as_in_torch(vposer, tmp_path):
    torch.save(vposer.state_dict(), tmp_path / "vposer.pt")
    prior = load_prior(tmp_path / "vposer.pt")
    assert_same(prior, vposer)
    assert prior.dim == 8
    assert prior.everyday is None
    assert "non-commercial" in prior.licence
    assert prior.name.startswith("VPoser v2" if isinstance(vposer, FakeVPoser2) else "VPoser v1")


def test_a_training_checkpoint_in_a_folder_is_found(tmp_path):
    old, new = FakeVPoser2(), seasoned(FakeVPoser2())
    (tmp_path / "snapshots").mkdir()
    for model, name in ((old, "V02_05_epoch=9.ckpt"), (new, "V02_05_epoch=13.ckpt")):
        state = {f"vp_model.{key}": value for key, value in model.state_dict().items()}
        torch.save({"state_dict": state, "epoch": 13}, tmp_path / "snapshots" / name)
    assert_same(load_prior(tmp_path), new)


def test_data_parallel_names_are_understood(tmp_path):
    model = seasoned(FakeVPoser1())
    torch.save({f"module.{key}": value for key, value in model.state_dict().items()}, tmp_path / "a.pt")
    assert_same(load_prior(str(tmp_path / "a.pt")), model)


def test_the_old_serialisation_is_understood(tmp_path):
    model = seasoned(FakeVPoser1())
    torch.save(model.state_dict(), tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    assert_same(load_prior(tmp_path / "a.pt"), model)


def test_missing_files_are_named(tmp_path):
    for path in (tmp_path / "nothing.ckpt", tmp_path):
        with pytest.raises(FileNotFoundError, match=r"^expected a VPoser checkpoint .*; found none at .*"):
            load_prior(path)


@pytest.mark.parametrize("kept", [0, 10, 500, -200])
def test_a_truncated_file_is_refused(tmp_path, kept):
    torch.save(FakeVPoser2().state_dict(), tmp_path / "whole.pt")
    (tmp_path / "part.pt").write_bytes((tmp_path / "whole.pt").read_bytes()[:kept])
    with pytest.raises(
        ValueError, match=r"part\.pt (cannot be read as a torch checkpoint|holds more than tensors)"
    ):
        load_prior(tmp_path / "part.pt")


def test_a_file_of_text_is_refused(tmp_path):
    (tmp_path / "a.pt").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ValueError, match=r"a\.pt (cannot be read|holds more than tensors or is damaged)"):
        load_prior(tmp_path / "a.pt")


class FakeAttack:
    """Unpickled, it would make a folder."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_that_runs_code_is_refused_and_not_run(tmp_path):
    torch.save({"state_dict": FakeAttack(tmp_path / "attacked")}, tmp_path / "a.ckpt")
    message = (
        r"holds more than tensors .* re-save its state dict: torch\.save\(torch\.load\(.*\['state_dict'\]"
    )
    with pytest.raises(ValueError, match=message):
        load_prior(tmp_path / "a.ckpt")
    assert not (tmp_path / "attacked").exists()


def test_other_networks_are_refused(tmp_path):
    torch.save({"fc.weight": torch.zeros(3, 3)}, tmp_path / "a.pt")
    with pytest.raises(
        ValueError, match=r"^expected a VPoser v1 or v2 in .*a\.pt, but .* 'bodyprior_enc_bn1\.weight'"
    ):
        load_prior(tmp_path / "a.pt")
    torch.save([1, 2], tmp_path / "b.pt")
    with pytest.raises(
        ValueError, match=r"^expected a state dict in .*b\.pt, got list; re-save the state dict$"
    ):
        load_prior(tmp_path / "b.pt")


def test_a_vposer_of_other_joints_is_refused(tmp_path):
    state = FakeVPoser1().state_dict()
    state["bodyprior_dec_out.weight"], state["bodyprior_dec_out.bias"] = torch.zeros(60, 16), torch.zeros(60)
    torch.save(state, tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"a\.pt: expected decoder layers from 8 to 126 values, got widths"):
        load_prior(tmp_path / "a.pt")


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(10, 156))


def test_full_amass_poses_lose_root_and_hands(tmp_path, rows):
    for width in (66, 72, 156):
        np.savez(tmp_path / "a.npz", poses=rows[:, :width], trans=np.zeros((10, 3)), gender="neutral")
        np.testing.assert_array_equal(load_poses(tmp_path / "a.npz"), rows[:, 3:66])


def test_body_poses_are_taken_as_they_are(tmp_path, rows):
    np.savez(tmp_path / "a.npz", pose_body=rows[:, :63], poses=rows)
    np.testing.assert_array_equal(load_poses(tmp_path / "a.npz"), rows[:, :63])
    np.savez(tmp_path / "b.npz", body_pose=rows[:, :63].reshape(10, 21, 3))
    np.testing.assert_array_equal(load_poses(str(tmp_path / "b.npz")), rows[:, :63])
    np.savez(tmp_path / "c.npz", body_pose=rows[:, :69])
    np.testing.assert_array_equal(load_poses(tmp_path / "c.npz"), rows[:, :63])


def test_a_folder_is_joined_in_order_and_other_files_are_passed_over(tmp_path, rows):
    (tmp_path / "deep").mkdir()
    np.savez(tmp_path / "deep" / "b.npz", pose_body=rows[5:, :63])
    np.savez(tmp_path / "a.npz", pose_body=rows[:5, :63])
    np.savez(tmp_path / "shape.npz", betas=np.zeros(16))
    np.testing.assert_array_equal(load_poses(tmp_path), rows[:, :63])


def test_long_recordings_are_thinned_evenly(tmp_path):
    count = 3 * MOST_POSES
    np.savez(tmp_path / "a.npz", pose_body=np.repeat(np.arange(count, dtype=np.float32)[:, None], 63, 1))
    found = load_poses(tmp_path / "a.npz")[:, 0]
    assert len(found) == MOST_POSES
    assert (found[0], found[-1]) == (0, count - 1)
    assert set(np.diff(found)) <= {3.0, 4.0, 2.0}


def test_bad_pose_files_are_refused(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"^expected an \.npz file of poses or a folder of them, found none at"
    ):
        load_poses(tmp_path / "nothing.npz")
    with pytest.raises(FileNotFoundError, match=r"^expected an \.npz file of poses or a folder"):
        load_poses(tmp_path)
    np.savez(tmp_path / "a.npz", betas=np.zeros(10))
    with pytest.raises(
        ValueError, match=r"^expected `poses`, `pose_body` or `body_pose` in .*, found none of them$"
    ):
        load_poses(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", poses=np.zeros((4, 63)))
    with pytest.raises(
        ValueError, match=r"^expected poses of shape \(T, 66 or more\) in .*b\.npz, got \(4, 63\)$"
    ):
        load_poses(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", pose_body=np.full((4, 63), np.nan))
    with pytest.raises(
        ValueError, match=r"^expected finite poses in .*c\.npz, got a NaN or infinity in row 0; drop"
    ):
        load_poses(tmp_path / "c.npz")


def test_damaged_and_pickled_pose_files_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", poses=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match=r"a\.npz cannot be read as an \.npz of numbers; is it complete\?$"):
        load_poses(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", pose_body=np.zeros((50, 63)))
    (tmp_path / "c.npz").write_bytes((tmp_path / "b.npz").read_bytes()[:400])
    with pytest.raises(ValueError, match=r"c\.npz cannot be read as an \.npz of numbers"):
        load_poses(tmp_path / "c.npz")
    np.save(tmp_path / "d.npy", np.zeros((4, 63)))
    with pytest.raises(ValueError, match=r"d\.npy cannot be read as an \.npz of numbers"):
        load_poses(tmp_path / "d.npy")
