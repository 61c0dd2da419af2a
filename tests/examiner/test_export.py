"""The first export and the first hook, over the same samples of a planted audit."""

import copy
import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from examiner import Examiner, FailureDataset
from examiner.export import export_parquet
from examiner.files import read_json, write_json
from examiner.progress import Silence
from examiner.samples import sample_run
from examiner.subspace_files import check_finished
from simulator import Camera, StickSimulator


@pytest.fixture(scope="module")
def run(planted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "small"
    return Examiner(planted(budget=300, baselines=()), folder).run().folder


@pytest.fixture(scope="module")
def exported(run, body, tmp_path_factory):
    out = tmp_path_factory.mktemp("exports") / "set"
    return export_parquet(run, out, 20, 3, Silence(), StickSimulator(body, image_size=64))


def test_labels_and_pictures_belong_together(exported):
    table = pq.read_table(exported / "labels.parquet").to_pydict()
    assert len(table["image"]) == 20
    for name in table["image"]:
        with Image.open(exported / name) as picture:
            assert picture.size == (64, 64)
    joints = np.array(table["joints"]).reshape(20, -1, 3)
    camera = Camera(np.array(table["focal_length"]), np.array(table["center"]), (64, 64))
    again = camera.project(joints).reshape(20, -1)
    assert np.allclose(again, np.array(table["joints2d"]))


def test_every_sample_is_the_planted_failure(exported, body):
    table = pq.read_table(exported / "labels.parquet").to_pydict()
    joints = np.array(table["joints"]).reshape(20, -1, 3)
    wrist, neck = (body.joint_names.index(name) for name in ("left_wrist", "neck"))
    assert (joints[:, wrist, 1] < joints[:, neck, 1]).mean() >= 0.8


def test_card_says_body_licences_and_seeds(exported):
    card = (exported / "README.md").read_text()
    assert "do not train a SMPL model on its betas" in card
    assert "CC0" in card
    assert json.loads((exported / "export.json").read_text())["seed"] == 3


def test_ambiguous_failures_are_never_exported_without_the_flag(run, body, tmp_path):
    copied = tmp_path / "run"
    shutil.copytree(run, copied)
    stored = read_json(copied / "subspaces.json")
    modes = [row["mode"] for row in stored["subspaces"]]
    for row in stored["subspaces"]:
        row["flags"] = ["crop", "ambiguous"] if row["mode"] == modes[0] else []
    write_json(copied / "subspaces.json", stored)
    out = export_parquet(copied, tmp_path / "set", 20, 3, Silence(), StickSimulator(body, image_size=64))
    table = pq.read_table(out / "labels.parquet").to_pydict()
    assert table["ambiguous"] == [mode == modes[0] for mode in table["mode"]]
    assert table["flags"][0] == "crop ambiguous"
    assert "so do not take their labels" in (out / "README.md").read_text()
    dataset = FailureDataset(copied, samples=20, seed=3, simulator=StickSimulator(body, image_size=64))
    assert [bool(dataset[i].ambiguous) for i in (0, 19)] == [table["ambiguous"][0], table["ambiguous"][19]]


def test_same_seed_same_labels(exported, run, body, tmp_path):
    again = export_parquet(run, tmp_path / "again", 20, 3, Silence(), StickSimulator(body, image_size=64))
    assert pq.read_table(again / "labels.parquet").equals(pq.read_table(exported / "labels.parquet"))


def test_dataset_is_the_export(exported, run, body):
    dataset = FailureDataset(run, samples=20, seed=3, simulator=StickSimulator(body, image_size=64))
    table = pq.read_table(exported / "labels.parquet").to_pydict()
    assert len(dataset) == 20
    for i in (0, 7, 19):
        sample = dataset[i]
        assert np.allclose(sample.body_pose, table["body_pose"][i], atol=1e-6)
        assert int(sample.mode) == table["mode"][i]
        with Image.open(exported / table["image"][i]) as picture:
            pixels = np.asarray(picture).transpose(2, 0, 1) / 255
        assert np.allclose(sample.image, pixels, atol=1e-6)


def test_dataset_collates_and_transforms(run, body):
    stick = StickSimulator(body, image_size=64)
    dataset = FailureDataset(run, samples=8, simulator=stick)
    batch = next(iter(DataLoader(dataset, batch_size=4)))
    assert batch.image.shape == (4, 3, 64, 64)
    assert batch.image.dtype == torch.float32
    assert batch.joints.shape == (4, 24, 3)
    only = FailureDataset(run, samples=8, simulator=stick, transform=lambda sample: sample.image)
    assert torch.equal(only[5], dataset[5].image)
    with pytest.raises(IndexError, match="expected an index from 0 to 7, got 8"):
        dataset[8]


def test_samples_come_evenly_from_every_mode(run):
    samples = sample_run(run, 21, 0)
    counts = np.bincount(samples.mode)[1:]
    assert counts.max() - counts.min() <= 1


def test_refusals(run, exported, tmp_path):
    with pytest.raises(FileExistsError, match="expected a new folder for the export"):
        export_parquet(run, exported, 5, 0, Silence())
    with pytest.raises(FileNotFoundError, match="expected the folder of a run"):
        check_finished(tmp_path)
    with pytest.raises(ValueError, match="expected at least 1 sample, got 0"):
        sample_run(run, 0, 0)
    write_json(tmp_path / "manifest.json", {"status": "running"})
    with pytest.raises(ValueError, match="finish it with examiner audit --resume"):
        FailureDataset(tmp_path)


def test_nothing_half_written_is_left_where_drawing_fails(run, body, tmp_path):
    class FakeBrokenSimulator(StickSimulator):
        def render(self, scene):
            raise RuntimeError("no light")

    with pytest.raises(RuntimeError, match="no light"):
        export_parquet(run, tmp_path / "out", 5, 0, Silence(), FakeBrokenSimulator(body, image_size=64))
    assert not (tmp_path / "out").exists()


def test_pictures_of_a_killed_export_do_not_stay(run, body, tmp_path):
    (tmp_path / ".set.part" / "images").mkdir(parents=True)
    (tmp_path / ".set.part" / "images" / "000099.png").write_bytes(b"old")
    out = export_parquet(run, tmp_path / "set", 3, 0, Silence(), StickSimulator(body, image_size=64))
    assert len(list((out / "images").iterdir())) == 3


def test_a_forked_worker_starts_a_renderer_of_its_own(run, monkeypatch):
    monkeypatch.setattr(
        "examiner.dataset.build_reference_renderer",
        lambda config, body: StickSimulator(body, image_size=config.image_size),
    )
    dataset = FailureDataset(run, samples=2)
    first = dataset[0]
    here = dataset.__dict__["_simulator"]
    assert torch.equal(dataset[0].image, first.image)
    assert dataset.__dict__["_simulator"] is here
    monkeypatch.setattr("examiner.dataset.os.getpid", lambda: -1)
    assert torch.equal(dataset[0].image, first.image)
    assert dataset.__dict__["_simulator"] is not here


def test_dataset_travels_to_workers_without_its_renderer(run, body):
    dataset = FailureDataset(run, samples=4, simulator=StickSimulator(body, image_size=64))
    again = copy.deepcopy(dataset)
    assert len(again) == 4
    assert again.__dict__["_simulator"] is None
