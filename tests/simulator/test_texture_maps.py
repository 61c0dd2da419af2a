from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simulator.body import UV, Body
from simulator.body_files import load_body
from simulator.clothing import CLOTHING, wardrobe
from simulator.stick import stick_body
from simulator.texture_maps import TextureMaps, load_uv


@pytest.fixture(scope="module")
def body() -> Body:
    return stick_body()


@pytest.fixture
def uv(body: Body) -> UV:
    """Made-up coordinates: every corner has its own."""
    corners = 3 * len(body.faces)
    vt = np.random.default_rng(0).random((corners, 2)).astype(np.float32)
    return UV(vt, np.arange(corners, dtype=np.int32).reshape(-1, 3))


def obj(path: Path, body: Body, uv: UV, order: list[int], turn: int = 0) -> Path:
    lines = [f"v {x} {y} {z}" for x, y, z in body.v_template] + [f"vt {u:.7f} {v:.7f} 0.0" for u, v in uv.vt]
    for row in order:
        corners = np.roll(np.column_stack([body.faces[row], uv.ft[row]]) + 1, turn, axis=0)
        lines.append("f " + " ".join(f"{v}/{t}/7" for v, t in corners))
    path.write_text("# template\n" + "\n".join(lines))
    return path


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_an_obj_gives_its_coordinates_whatever_the_order_of_its_faces(
    tmp_path: Path, body: Body, uv: UV, turn: int
) -> None:
    order = np.random.default_rng(1).permutation(len(body.faces)).tolist()
    read = load_uv(obj(tmp_path / "uv.obj", body, uv, order, turn), body)
    np.testing.assert_allclose(read.vt[read.ft], uv.vt[uv.ft], atol=1e-6)
    assert str(read.vt.dtype) == "float32"
    assert str(read.ft.dtype) == "int32"


def test_an_npz_gives_its_coordinates(tmp_path: Path, body: Body, uv: UV) -> None:
    np.savez(tmp_path / "uv.npz", vt=uv.vt, ft=uv.ft)
    read = load_uv(tmp_path / "uv.npz", body)
    np.testing.assert_array_equal(read.vt, uv.vt)
    np.testing.assert_array_equal(read.ft, uv.ft)


def test_the_embedded_layout_comes_back_through_an_obj(tmp_path: Path) -> None:
    neutral = load_body("neutral")
    assert neutral.uv is not None
    read = load_uv(obj(tmp_path / "uv.obj", neutral, neutral.uv, list(range(len(neutral.faces)))), neutral)
    np.testing.assert_allclose(read.vt[read.ft], neutral.uv.vt[neutral.uv.ft], atol=1e-6)


def test_templates_of_other_bodies_are_refused(tmp_path: Path, body: Body, uv: UV) -> None:
    path = obj(tmp_path / "uv.obj", body, uv, list(range(len(body.faces) - 1)))
    count = len(body.faces)
    with pytest.raises(
        ValueError, match=f"expected the {count} faces of body stick, got {count - 1}; take the"
    ):
        load_uv(path, body)
    np.savez(tmp_path / "uv.npz", vt=uv.vt, ft=uv.ft[1:])
    with pytest.raises(
        ValueError, match=f"expected the {count} faces of body stick, got {count - 1}; take the"
    ):
        load_uv(tmp_path / "uv.npz", body)
    twice = obj(tmp_path / "twice.obj", body, uv, [0, 0, *range(2, count)])
    with pytest.raises(
        ValueError, match=rf"got \d+ of {count} with other vertices; take the template of this"
    ):
        load_uv(twice, body)


def test_broken_templates_are_refused_in_one_sentence(tmp_path: Path, body: Body, uv: UV) -> None:
    with pytest.raises(FileNotFoundError, match=r"expected a UV template \(.obj or .npz\), found no file at"):
        load_uv(tmp_path / "nothing.obj", body)
    broken = {
        "empty.obj": ("v 0 0 0\n", "expected an .obj with vt and f lines, found none"),
        "plain.obj": (
            "vt 0 0\nf 1 2 3\n",
            "expected triangles f v/vt v/vt v/vt, got something else in face 1",
        ),
        "quads.obj": (
            "vt 0 0\nf 1/1 2/1 3/1 4/1\n",
            "expected triangles f v/vt v/vt v/vt, got something else",
        ),
        "words.obj": ("vt a b\nf 1/1 2/1 3/1\n", "expected numbers, got 'a b'"),
        "short.obj": ("vt 0\nf 1/1 2/1 3/1\n", "expected two coordinates in every vt line"),
        "other.npz": ("not an archive", "expected arrays vt and ft, cannot read them"),
    }
    for name, (content, message) in broken.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(ValueError, match=message):
            load_uv(tmp_path / name, body)
    for key, vt, message in (
        ("beyond", uv.vt + 1, r"expected texture coordinates in 0..1, got .* in row 0"),
        ("nan", uv.vt * np.nan, r"expected texture coordinates in 0..1, got \[nan, nan\] in row 0"),
        ("few", uv.vt[:-1], "expected rows of vt between 0 and"),
        ("flat", uv.vt[:, 0], r"expected vt of shape \(T, 2\)"),
    ):
        np.savez(tmp_path / f"{key}.npz", vt=vt, ft=uv.ft)
        with pytest.raises(ValueError, match=message):
            load_uv(tmp_path / f"{key}.npz", body)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "more").mkdir()
    for number, name in enumerate(("a.png", "b.jpg", "more/c.PNG")):
        Image.new("RGB", (40, 24), (60 * number + 20, 90, 150)).save(tmp_path / name)
    (tmp_path / "readme.txt").write_text("who made them")
    return tmp_path


def test_rows_pick_maps_always_the_same_ones(folder: Path) -> None:
    maps = TextureMaps(folder, 64)
    rows = wardrobe()[:40]
    paints = [maps.paint(row) for row in rows]
    assert all(paint.pixels.shape == (64, 64, 3) for paint in paints)
    reds = [int(paint.pixels[5, 5, 0]) for paint in paints]
    assert {round((red - 20) / 60) for red in reds} == {0, 1, 2}
    assert reds == [int(TextureMaps(folder, 64).paint(row).pixels[5, 5, 0]) for row in rows]
    assert len({id(paint) for paint in paints}) == 3


def test_the_version_follows_the_content(folder: Path) -> None:
    before = TextureMaps(folder, 64).version
    assert before == TextureMaps(folder, 64).version
    assert before != TextureMaps(folder, 32).version
    Image.new("RGB", (8, 8), (1, 2, 3)).save(folder / "a.png")
    assert before != TextureMaps(folder, 64).version


def test_folders_without_good_maps_are_refused(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(FileNotFoundError, match="expected a folder of texture maps, found none at"):
        TextureMaps(folder / "nowhere")
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(
        ValueError, match=r"expected .png or .jpg texture maps in .*, found none; put the maps"
    ):
        TextureMaps(empty)
    with pytest.raises(ValueError, match="expected a texture size that is a power of two, got 100"):
        TextureMaps(folder, 100)
    (folder / "z.png").write_text("no picture")
    with pytest.raises(ValueError, match=r"expected a picture in .*z.png, got something that cannot be read"):
        TextureMaps(folder)


def test_a_map_cut_short_is_refused_when_it_is_worn(tmp_path: Path) -> None:
    noisy = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noisy).save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"expected a picture in .*a.jpg, got something that cannot be read"):
        TextureMaps(tmp_path, 64).paint(CLOTHING.rows(1)[0])
