"""`hmr-lite` with the weights that ship, on three rendered people."""

from __future__ import annotations

import json
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from scipy.spatial.transform import Rotation

from targets import LANDMARK_FILES, HmrLite, Prediction, Target, build_target
from targets.blazepose_geometry import Region
from targets.hmr_features import WIDTH, bilinear
from targets.hmr_head import Estimate, Head, load_head, rotations_from_pairs, save_head
from targets.hmr_lite import WEIGHTS, _axis_angles

HERE = Path(__file__).parent
ABOUT = {"body": "neutral", "trained_on": "stage 0", "trunk_sha256": LANDMARK_FILES["full"].sha256}


@cache
def people() -> dict[str, Any]:
    """Three people at 192 px, drawn by the default camera."""
    truth = json.loads((HERE / "people.json").read_text())
    sheet = np.asarray(Image.open(HERE / "people.png").convert("RGB"))
    focal = 96 / np.tan(np.radians(20))
    camera = np.array([[focal, 0, 96], [0, focal, 96], [0, 0, 1]])
    images = np.ascontiguousarray(np.stack(np.split(sheet, 3, axis=1)))
    return {"images": images, "boxes": np.array(truth["boxes"]), "intrinsics": np.stack([camera] * 3)}


@cache
def target() -> HmrLite:
    return HmrLite()


def rows(prediction: Prediction) -> dict[str, np.ndarray]:
    values = {field.name: getattr(prediction, field.name) for field in fields(Prediction)}
    return {name: value for name, value in values.items() if value is not None}


def test_shipped_weights_are_small_and_say_where_they_come_from() -> None:
    head, about = load_head(WEIGHTS)
    assert WEIGHTS.stat().st_size <= 10_000_000
    assert sum(p.numel() for p in head.parameters()) > 1_000_000
    assert about["trunk_sha256"] == LANDMARK_FILES["full"].sha256
    assert about["body"] == "neutral"
    assert "stage" in about["trained_on"]
    assert about["poses"].startswith("train of ")


def test_a_fresh_head_gives_rotations_whatever_it_sees() -> None:
    found = Head(8, 1)(torch.randn(3, WIDTH))
    product = found.rotations @ found.rotations.transpose(-1, -2)
    torch.testing.assert_close(product, torch.eye(3).expand(3, 22, 3, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(found.rotations), torch.ones(3, 22))
    assert (found.betas.shape, found.camera.shape) == ((3, 10), (3, 3))


def test_pairs_are_the_first_two_columns() -> None:
    wanted = torch.from_numpy(Rotation.random(5, random_state=0).as_matrix())
    pairs = wanted[..., :2].transpose(-1, -2) * torch.tensor([[2.0], [3.0]])
    torch.testing.assert_close(rotations_from_pairs(pairs), wanted)


def test_bilinear_samples_are_those_of_torch() -> None:
    rng = np.random.default_rng(0)
    channels, places = rng.random((4, 5, 3), np.float32), rng.uniform(-1.3, 1.3, (50, 2)).astype(np.float32)
    given = torch.from_numpy(channels).permute(2, 0, 1)[None], torch.from_numpy(places)[None, None]
    wanted = torch.nn.functional.grid_sample(*given, align_corners=False)[0, :, 0].T
    np.testing.assert_allclose(bilinear(channels, places), wanted.numpy(), atol=1e-6)


def test_saved_weights_are_loaded(tmp_path: Path) -> None:
    head = Head(8, 1).eval()
    save_head(head, tmp_path / "mine.safetensors", ABOUT)
    again, about = load_head(tmp_path / "mine.safetensors")
    assert about["trained_on"] == "stage 0"
    seen = torch.randn(2, WIDTH)
    torch.testing.assert_close(again(seen).camera, head(seen).camera, atol=1e-2, rtol=0)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    with pytest.raises(
        FileNotFoundError, match=r"expected weights of hmr-lite \(.safetensors\), got no file"
    ):
        HmrLite(weights=path)
    path.write_bytes(b"nothing")
    with pytest.raises(
        ValueError, match=r"^expected weights of hmr-lite, got something else in .* train them"
    ):
        HmrLite(weights=path)
    save_file(load_file(WEIGHTS), path, metadata={"hidden": "8", "blocks": "1"})
    with pytest.raises(
        ValueError, match=r"^expected weights of hmr-lite, got something else in .* train them"
    ):
        HmrLite(weights=path)
    save_head(Head(8, 1), path, {**ABOUT, "trunk_sha256": "0123456789abcdef"})
    with pytest.raises(ValueError, match=r"blazepose-full\), got .* trained on 0123456789ab\.\.\.: train"):
        HmrLite(weights=path)
    with pytest.raises(ValueError, match="region_of_interest") as caught:
        HmrLite("mask")  # type: ignore[arg-type]
    assert str(caught.value) == "expected region_of_interest to be one of box, detector, got 'mask'"


def test_a_turned_region_turns_the_person_back() -> None:
    upright = torch.from_numpy(Rotation.from_euler("xyz", np.ones((22, 3))).as_matrix())[None]
    seen = Estimate(upright, torch.zeros(1, 10), torch.zeros(1, 3))
    plain, turned = _axis_angles(seen, 0.0), _axis_angles(seen, 0.5)
    back = Rotation.from_rotvec([0, 0, 0.5]) * Rotation.from_rotvec(plain[0])
    np.testing.assert_allclose(turned[0], back.as_rotvec(), atol=1e-12)
    np.testing.assert_array_equal(turned[1:], plain[1:])


@pytest.mark.slow
def test_the_pelvis_lies_on_its_pixel_as_far_as_the_scale_says() -> None:
    seen = Estimate(torch.eye(3).expand(1, 22, 3, 3), torch.zeros(1, 10), torch.tensor([[0.1, 0.2, -0.3]]))
    intrinsics = people()["intrinsics"][0]
    place = target()._place(seen, Region(100.0, 90.0, 128.0, 0.0), intrinsics)
    pelvis = place + target()._head.pelvis.numpy()
    focal = intrinsics[0, 0]
    np.testing.assert_allclose(
        pelvis[:2] / pelvis[2] * focal + 96, [100 + 64 * 0.2, 90 - 64 * 0.3], atol=1e-4
    )
    assert focal / pelvis[2] == pytest.approx(64 * np.exp(0.1), rel=1e-5)


@pytest.mark.slow
def test_rows_are_the_same_bits_alone_again_and_in_any_batch() -> None:
    whole, again = rows(target().predict(**people())), rows(target().predict(**people()))
    assert whole["found"].all()
    assert set(whole) == set(again)
    for row in range(3):
        alone = rows(target().predict(**{name: v[row : row + 1] for name, v in people().items()}))
        for name, value in whole.items():
            assert value[row].tobytes() == alone[name][0].tobytes() == again[name][row].tobytes(), name


@pytest.mark.slow
def test_the_target_is_in_the_catalogue_and_says_what_it_gives() -> None:
    built = build_target("hmr-lite")
    assert isinstance(built, Target)
    spec = built.spec
    assert (spec.name, spec.body, spec.gives, spec.joint_names) == ("hmr-lite", "neutral", ("body_pose",), ())
    assert spec.metric
    assert len(spec.weights_sha256.split("+")) == 2


@pytest.mark.slow
def test_the_detector_sees_lying_people_turned() -> None:
    seer = HmrLite("detector")
    upright = seer.predict(**people())
    images = np.ascontiguousarray(np.rot90(people()["images"], axes=(1, 2)))
    lying = seer.predict(**{**people(), "images": images})
    assert upright.global_orient is not None
    assert lying.global_orient is not None
    quarter = Rotation.from_rotvec([0, 0, -np.pi / 2])
    apart = (quarter * Rotation.from_rotvec(upright.global_orient)).inv()
    assert np.degrees((apart * Rotation.from_rotvec(lying.global_orient)).magnitude()).max() < 10


@pytest.mark.slow
def test_nobody_is_zeros_and_bad_input_is_refused() -> None:
    empty = np.full((1, 192, 192, 3), 120, np.uint8)
    one = {name: value[:1] for name, value in people().items()}
    told = target().predict(**{**one, "images": empty})
    assert told.found.tolist() == [False]
    assert told.body_pose is not None
    assert not told.body_pose.any()
    with pytest.raises(ValueError, match="intrinsics") as caught:
        target().predict(**{**one, "intrinsics": np.eye(3)})
    assert str(caught.value) == "expected intrinsics (1, 3, 3), one matrix an image, got (3, 3)"
