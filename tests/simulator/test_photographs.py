from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simulator import photographs
from simulator.background import BACKGROUND, KINDS, Backgrounds
from simulator.photographs import (
    SHIPPED,
    content_hash,
    load_photographs,
    read_photograph,
    shipped_photographs,
)


def test_the_shipped_ones_are_there_and_large_enough_to_be_looked_at() -> None:
    files = shipped_photographs()
    assert [path.name for path in files] == [photograph.file for photograph in SHIPPED]
    for path in files:
        assert read_photograph(path, 320).std() > 8, path


def test_every_shipped_one_states_a_free_licence() -> None:
    for photograph in SHIPPED:
        assert photograph.licence.startswith(("CC0 (", "public domain (")), photograph


def test_a_missing_package_is_refused_only_when_a_photograph_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(photographs, "find_spec", lambda _: None)
    backgrounds, row = Backgrounds(32), BACKGROUND.rows(1)[0]
    assert backgrounds.draw(row).shape == (32, 32, 3)
    row[0] = KINDS.index("photograph") + 0.5
    message = (
        "the background kind `photograph` takes its pictures from scikit-image, which is not installed; "
        "pip install poseexaminer[photos], or give a folder of your own photographs"
    )
    with pytest.raises(ModuleNotFoundError, match=re.escape(message)):
        backgrounds.draw(row)


def test_another_picture_under_the_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = photographs.Shipped("brick.png", "wall", "CC0 (nobody)", "0" * 64)
    monkeypatch.setattr(photographs, "SHIPPED", (other,))
    with pytest.raises(
        FileNotFoundError, match=r"expected the photograph .*brick\.png of scikit-image 0\.22 to 0\.26"
    ):
        shipped_photographs()


def test_a_folder_is_read_with_its_sub_folders(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "notes.txt").write_text("not a picture")
    for name in ("b.PNG", "a.jpg", "more/c.webp"):
        Image.new("RGB", (20, 10)).save(tmp_path / name)
    assert [path.relative_to(tmp_path).as_posix() for path in load_photographs(tmp_path)] == [
        "a.jpg",
        "b.PNG",
        "more/c.webp",
    ]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "no"
    message = f"expected a folder of photographs, got {folder}, which is no folder"
    with pytest.raises(FileNotFoundError, match=re.escape(message)):
        load_photographs(folder)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    message = f"expected photographs in {tmp_path}, got no file that ends in .jpg, .jpeg, .png, "
    with pytest.raises(FileNotFoundError, match=re.escape(message)):
        load_photographs(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n1234"])
def test_an_unreadable_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    Image.new("RGB", (20, 10)).save(tmp_path / "a.png")
    bad = tmp_path / "b.png"
    bad.write_bytes(content)
    with pytest.raises(
        ValueError, match=re.escape(f"expected a picture in {bad}, got a file that cannot be read")
    ):
        load_photographs(tmp_path)


def test_a_file_cut_off_after_its_head_is_refused_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.effect_noise((200, 200), 50).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(
        ValueError, match=re.escape(f"expected a picture in {path}, got a file that cannot be read")
    ):
        read_photograph(path, 64)


@pytest.mark.parametrize(
    ("size", "shape"),
    [((300, 100), (64, 128)), ((100, 100), (64, 64)), ((90, 100), (71, 64)), ((1, 500), (128, 64))],
)
def test_photographs_cover_a_square(tmp_path: Path, size: tuple[int, int], shape: tuple[int, int]) -> None:
    Image.new("RGB", size, (10, 20, 30)).save(tmp_path / "a.png")
    pixels = read_photograph(tmp_path / "a.png", 64)
    assert pixels.shape == (*shape, 3)
    assert (pixels == (10, 20, 30)).all()


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1", "LA"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    Image.new(mode, (70, 70)).save(path)
    assert read_photograph(path, 64).shape == (64, 64, 3)


def test_the_hash_is_of_contents_in_order(tmp_path: Path) -> None:
    one, two, copy = (tmp_path / name for name in ("1", "2", "3"))
    for path, content in ((one, b"a"), (two, b"b"), (copy, b"a")):
        path.write_bytes(content)
    assert content_hash([one, two]) == content_hash([copy, two])
    assert content_hash([one, two]) != content_hash([two, one])


def test_large_jpeg_files_keep_their_look(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 1600).astype(np.uint8)
    Image.fromarray(np.broadcast_to(ramp[:, None], (1600, 1600)).copy()).convert("RGB").save(
        tmp_path / "a.jpg"
    )
    pixels = read_photograph(tmp_path / "a.jpg", 100)
    np.testing.assert_allclose(pixels[:, 50, 0], np.linspace(0, 255, 100), atol=4)


def test_photographs_taken_upright_stand_upright(tmp_path: Path) -> None:
    wide, exif = Image.new("RGB", (200, 100)), Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    wide.save(tmp_path / "a.jpg", exif=exif)
    assert read_photograph(tmp_path / "a.jpg", 50).shape == (100, 50, 3)
