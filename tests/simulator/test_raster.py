from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator import gl, raster_lanes, raster_paint, raster_texture
from simulator.body import UV
from simulator.body_files import load_body
from simulator.drawing import Z_NEAR, Drawn, Part, Picture, Surface, Texture
from simulator.light import Lights
from simulator.raster import RasterRenderer
from simulator.render_process import PyrenderRenderer
from simulator.silhouette import boxes_round
from tests.simulator.plates import (
    BLUE,
    GREEN,
    RED,
    SIZE,
    UV_OF_A_PICTURE,
    WHITE,
    colour_at,
    picture,
    plate,
    plate_part,
    quarters,
)

SMOOTH = Part("smooth", load_body("neutral").faces, len(load_body("neutral").v_template), "person")
PARTS = (
    replace(SMOOTH, name="textured", uv=load_body("neutral").uv),
    SMOOTH,
    plate_part("box", "other"),
    plate_part("card", "other", UV_OF_A_PICTURE),
)
PLATES = (plate_part("shirt"), plate_part("box", "other"), plate_part("solid", closed=True))
MIDDLE = SIZE // 2


def noise(seed: int, size: int = 256) -> Texture:
    """Colours at every scale."""
    rng = np.random.default_rng(seed)
    scales = [4 * 4**k for k in range(3)]
    layers = [
        rng.normal(0, 40, (k, k, 3)).repeat(size // k, axis=0).repeat(size // k, axis=1) for k in scales
    ]
    return Texture(np.clip(128 + sum(layers, np.zeros(3)), 0, 255).astype(np.uint8))


def people(count: int, size: int) -> list[Picture]:
    """People, some smooth, some textured, some behind things, some near."""
    body, rng = load_body("neutral"), np.random.default_rng(5)
    yaw = rng.uniform(-2, 2, count)
    orient = np.pi * np.column_stack([np.cos(yaw / 2), np.zeros(count), np.sin(yaw / 2)])
    transl = np.column_stack([rng.uniform(-0.2, 0.2, count), np.full(count, 0.3), 3 - np.arange(count) % 3])
    out = body.forward(np.zeros((count, 10)), rng.normal(0, 0.3, (count, 63)), orient, transl)
    normals = body.normals(out.vertices)
    return [person(i, out.vertices[i], normals[i], size) for i in range(count)]


def person(number: int, vertices: NDArray[np.float32], normals: NDArray[np.float32], size: int) -> Picture:
    rng = np.random.default_rng(number)
    colours = (0.5 + 0.4 * np.sin(9 * load_body("neutral").v_template)).astype(np.float32)
    surfaces = [None, Surface(vertices, normals, colours)]
    if number % 2:
        surfaces = [Surface(vertices, normals, noise(number)), None]
    front = float(vertices[:, 2].min())
    box = plate(GREEN, z=0.9 * front, half=0.1, turned=number % 3 == 0) if number % 4 > 1 else None
    card = plate(noise(number + 50), z=1.2 * front, half=0.3) if number % 5 > 1 else None
    towards = rng.normal(0, 1, (2, 3)) + np.array([0, 0, 2])
    lights = Lights(
        towards / np.linalg.norm(towards, axis=1, keepdims=True),
        rng.uniform(0.2, 1.5, (2, 3)),
        rng.uniform(0.1, 0.4, 3),
    )
    camera = np.array([1.3 * size, size / 2 + rng.uniform(-3, 3), size / 2])
    return Picture((*surfaces, box, card), camera, lights)


def assert_same(one: Drawn, other: Drawn) -> None:
    for name in ("rgba", "depth", "person"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)


@pytest.fixture(scope="module")
def renderer() -> RasterRenderer:
    return RasterRenderer(PARTS, 128)


@pytest.fixture(scope="module")
def pairs() -> Iterator[list[tuple[Drawn, Drawn]]]:
    if gl.diagnose() is not None:
        pytest.skip(str(gl.diagnose()))
    pictures, reference = people(10, 256), PyrenderRenderer(PARTS, 256)
    yield list(zip(reference.draw(pictures), RasterRenderer(PARTS, 256).draw(pictures), strict=True))
    reference.close()


def test_silhouettes_agree_with_the_reference_to_the_sample(pairs: list[tuple[Drawn, Drawn]]) -> None:
    for reference, drawn in pairs:
        a, b = reference.rgba[..., 3], drawn.rgba[..., 3]
        assert ((a > 0) & (b > 0)).sum() >= 0.999 * ((a > 0) | (b > 0)).sum() > 1000
        assert (a != b).mean() < 3e-4


def test_colours_agree_with_the_reference(pairs: list[tuple[Drawn, Drawn]]) -> None:
    for reference, drawn in pairs:
        inside = (reference.rgba[..., 3] > 0) & (drawn.rgba[..., 3] > 0)
        gap = np.abs(reference.rgba.astype(int) - drawn.rgba)[inside]
        assert gap.mean() < 1.0
        assert np.percentile(gap, 99) <= 4


@pytest.mark.parametrize("kind", ["depth", "person"])
def test_depths_agree_with_the_reference(pairs: list[tuple[Drawn, Drawn]], kind: str) -> None:
    for reference, drawn in pairs:
        a, b = getattr(reference, kind), getattr(drawn, kind)
        assert ((a > 0) != (b > 0)).mean() < 2e-4
        assert np.percentile(np.abs(a - b)[(a > 0) & (b > 0)], 99.9) < 1e-3


def test_threads_draw_the_bits_of_one(renderer: RasterRenderer) -> None:
    pictures, two = people(9, 128), RasterRenderer(PARTS, 128, threads=2)
    for one, other in zip(renderer.draw(pictures), two.draw(pictures), strict=True):
        assert_same(one, other)
    two.close()


def test_a_picture_does_not_depend_on_those_beside_it(renderer: RasterRenderer) -> None:
    pictures = people(6, 128)
    together = renderer.draw(pictures)
    for number in (3, 0, 5):
        assert_same(renderer.draw([pictures[number]])[0], together[number])
        assert_same(RasterRenderer(PARTS, 128).draw([pictures[number]])[0], together[number])


def test_nothing_leaves_nothing(renderer: RasterRenderer) -> None:
    renderer.draw(people(1, 128))
    empty = renderer.draw([replace(people(1, 128)[0], surfaces=(None,) * 4)])[0]
    assert not any(array.any() for array in (empty.rgba, empty.depth, empty.person))
    assert renderer.draw([]) == []


def test_what_stands_in_front_hides_the_person_but_not_from_its_own_depth() -> None:
    shown = picture(plate(RED, 2.0), plate(BLUE, 1.0, half=0.1), None)
    drawn = RasterRenderer(PLATES, SIZE).draw([shown])[0]
    assert colour_at(drawn.rgba, MIDDLE, MIDDLE) == BLUE
    assert colour_at(drawn.rgba, MIDDLE, MIDDLE - 12) == RED
    assert drawn.depth[MIDDLE, MIDDLE] == pytest.approx(1.0, abs=1e-6)
    assert drawn.depth[MIDDLE, MIDDLE - 12] == pytest.approx(2.0, abs=1e-6)
    assert drawn.person[MIDDLE, MIDDLE] == pytest.approx(2.0, abs=1e-6)


def test_the_order_of_parts_does_not_matter() -> None:
    shown = picture(plate(RED, 1.0, half=0.1), plate(BLUE, 2.0), None)
    drawn = RasterRenderer(PLATES, SIZE).draw([shown])[0]
    assert colour_at(drawn.rgba, MIDDLE, MIDDLE) == RED
    assert drawn.person[MIDDLE, MIDDLE - 12] == 0


def test_an_open_part_is_seen_from_behind_a_closed_one_is_not() -> None:
    renderer = RasterRenderer(PLATES, SIZE)
    for turned, solid in ((False, 255), (True, 0)):
        open_part, closed_part = (plate(RED, turned=turned) for _ in range(2))
        drawn = renderer.draw([picture(open_part, None, None), picture(None, None, closed_part)])
        assert [d.rgba[MIDDLE, MIDDLE, 3] for d in drawn] == [255, solid]


def test_a_texture_lands_where_its_coordinates_say() -> None:
    renderer = RasterRenderer([plate_part("card", uv=UV_OF_A_PICTURE)], SIZE)
    drawn = renderer.draw([picture(plate(quarters(RED, GREEN, BLUE, WHITE), z=1.0))])[0]
    near, far = SIZE // 8, SIZE - SIZE // 8
    assert [colour_at(drawn.rgba, y, x) for y in (near, far) for x in (near, far)] == [
        RED,
        GREEN,
        BLUE,
        WHITE,
    ]


def test_corners_choose_the_texture_coordinates_not_vertices() -> None:
    uv = UV(UV_OF_A_PICTURE.vt, np.array([[1, 1, 1], [0, 0, 0]], np.int32))
    renderer = RasterRenderer([plate_part("poster", uv=uv)], SIZE)
    drawn = renderer.draw([picture(plate(quarters(RED, GREEN, BLUE, WHITE), z=1.0))])[0]
    assert colour_at(drawn.rgba, SIZE // 4, SIZE - 5) == GREEN
    assert colour_at(drawn.rgba, SIZE - SIZE // 4, 5) == RED


def test_a_face_is_cut_at_the_near_plane() -> None:
    height = 0.4
    corners = np.array([[-9, height, -5], [9, height, -5], [9, height, 20], [-9, height, 20]], np.float32)
    floor = Surface(
        corners, np.tile(np.array([0, -1, 0], np.float32), (4, 1)), np.full((4, 3), 0.5, np.float32)
    )
    drawn = RasterRenderer(PLATES, SIZE).draw([picture(floor, None, None)])[0]
    rows = np.arange(SIZE) + raster_lanes.SAMPLE_Y[0] / 256 - SIZE / 2
    seen = rows > height * SIZE / 20
    assert ((drawn.depth > 0) == seen[:, None]).all()
    seen_at = height * SIZE / drawn.depth[seen]
    np.testing.assert_allclose(seen_at, np.tile(rows[seen, None], (1, SIZE)), atol=1 / 256)


def test_nothing_is_seen_before_the_near_plane() -> None:
    steep = plate(RED, half=0.02)
    corners = steep.vertices.copy()
    corners[:, 2] = [0.01, 0.2, 0.2, 0.01]
    tilted = replace(steep, vertices=corners)
    drawn = RasterRenderer(PLATES, SIZE).draw(
        [picture(tilted, None, None), picture(plate(RED, 0.04), None, None)]
    )
    seen = drawn[0].depth > 0
    assert 0.05 < seen.mean() < 0.5
    assert Z_NEAR <= drawn[0].depth[seen].min() < 1.2 * Z_NEAR
    assert not drawn[1].rgba.any()


def test_meshes_have_no_gaps_and_samples_on_edges_belong_to_one_face() -> None:
    n, rng = 24, np.random.default_rng(0)
    grid = np.stack(np.meshgrid(np.arange(n + 1), np.arange(n + 1)), axis=-1).reshape(-1, 2).astype(float)
    on_samples = np.column_stack([raster_lanes.SAMPLE_X, raster_lanes.SAMPLE_Y])[
        rng.integers(0, 4, len(grid))
    ]
    xy = 2 * grid + on_samples / 256 - n
    vertices = np.column_stack([xy / SIZE, np.ones(len(xy))]).astype(np.float32)
    first = (np.arange(n)[:, None] * (n + 1) + np.arange(n)).ravel()
    faces = np.concatenate(
        [
            np.column_stack([first, first + n + 1, first + 1]),
            np.column_stack([first + 1, first + n + 1, first + n + 2]),
        ]
    )
    part = Part("sheet", faces.astype(np.int32), len(vertices), "person")
    sheet = Surface(
        vertices, np.tile(np.array([0, 0, -1], np.float32), (len(vertices), 1)), np.ones_like(vertices)
    )
    alpha = RasterRenderer([part], SIZE).draw([picture(sheet)])[0].rgba[..., 3]
    low, high = MIDDLE - n + 2, MIDDLE + n - 2
    assert (alpha[low:high, low:high] == 255).all()


def test_a_large_face_is_as_exact_as_a_small_one() -> None:
    near = plate(RED, z=0.3, half=40.0)
    drawn = RasterRenderer(PLATES, SIZE).draw([picture(near, None, None)])[0]
    assert (drawn.rgba[..., 3] == 255).all()
    np.testing.assert_allclose(drawn.depth, 0.3, rtol=1e-5)


def test_the_picture_of_a_scene_turned_round_is_the_picture_turned_round(renderer: RasterRenderer) -> None:
    for shown, whole in zip(people(3, 128), renderer.draw(people(3, 128)), strict=True):
        turned = renderer.draw([_moved(shown, np.array([-1, -1, 1], np.float32), 128)])[0]
        assert (turned.rgba[::-1, ::-1, 3] != whole.rgba[..., 3]).mean() < 1e-3
        gap = np.abs(turned.rgba[::-1, ::-1].astype(int) - whole.rgba)
        assert (gap > 2).any(axis=-1).mean() < 2e-3


def test_the_picture_of_a_mirrored_scene_is_the_mirrored_picture(renderer: RasterRenderer) -> None:
    mirrored_parts = [replace(part, faces=part.faces[:, ::-1], uv=_backwards(part.uv)) for part in PARTS]
    pictures = people(3, 128)
    mirrored = RasterRenderer(mirrored_parts, 128).draw(
        [_moved(p, np.array([-1, 1, 1], np.float32), 128) for p in pictures]
    )
    for one, other in zip(renderer.draw(pictures), mirrored, strict=True):
        flipped = other.rgba[:, ::-1]
        inside = (one.rgba[..., 3] == 255) & (flipped[..., 3] == 255)
        either = (one.rgba[..., 3] > 0) | (flipped[..., 3] > 0)
        assert inside.sum() > 0.7 * either.sum()
        assert np.abs(one.rgba[inside].astype(int) - flipped[inside]).mean() < 2.0
        boxes = [boxes_round((d > 0)[None], np.zeros((1, 2))) for d in (one.rgba[..., 3], flipped[..., 3])]
        np.testing.assert_allclose(boxes[0], boxes[1], atol=1.01)


def _moved(shown: Picture, signs: NDArray[np.float32], size: int) -> Picture:
    """The picture of a scene whose axes have other signs."""
    surfaces = tuple(
        s if s is None else replace(s, vertices=s.vertices * signs, normals=s.normals * signs)
        for s in shown.surfaces
    )
    centre = np.where(signs[:2] < 0, size - shown.camera[1:], shown.camera[1:])
    lights = replace(shown.lights, directions=shown.lights.directions * signs)
    return Picture(surfaces, np.array([shown.camera[0], *centre]), lights)


def _backwards(uv: UV | None) -> UV | None:
    return None if uv is None else replace(uv, ft=uv.ft[:, ::-1])


def test_memory_stays_flat(renderer: RasterRenderer) -> None:
    body = people(2, 128)

    def pages() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1])

    def draw(times: int) -> None:
        for number in range(times):
            fresh = replace(body[1].surfaces[0], paint=noise(number % 7))  # type: ignore[type-var]
            renderer.draw([body[0], replace(body[1], surfaces=(fresh, *body[1].surfaces[1:]))])

    draw(60)
    before = pages()
    draw(240)
    assert (pages() - before) * 4096 < 4_000_000


def test_the_halvings_are_those_of_the_texture() -> None:
    texture = noise(3, 64)
    levels = [level[::-1].reshape(-1, 3) for level in reversed(texture.mips)]
    expected = np.concatenate(levels).astype(np.int32) @ [1, 1 << 8, 1 << 16]
    np.testing.assert_array_equal(raster_texture.pyramid(texture.pixels), expected)


def test_colours_are_decoded_and_encoded_to_a_fraction_of_a_step() -> None:
    codes = np.arange(256, dtype=np.float32)
    x = codes / 255
    exact = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    decoded = np.array([raster_texture._linear(code) for code in codes])
    np.testing.assert_allclose(decoded, exact, rtol=2.5e-3)
    light = np.linspace(0, 1.2, 2001, dtype=np.float32)
    encoded = np.array([int(raster_paint._byte(value)) for value in light])
    assert np.abs(encoded - 255 * np.minimum(light, 1) ** (1 / 2.2)).max() < 0.57


def test_levels_of_a_texture_follow_the_logarithm() -> None:
    values = np.geomspace(1e-6, 1e6, 999, dtype=np.float32)
    logarithms = [raster_texture._log2(np.int32(bits)) for bits in values.view(np.int32)]
    np.testing.assert_allclose(logarithms, np.log2(values), atol=5e-4)


def test_arrays_of_another_layout_are_drawn_the_same(renderer: RasterRenderer) -> None:
    shown = people(1, 128)[0]
    surfaces = tuple(
        None
        if s is None
        else replace(s, vertices=np.asfortranarray(s.vertices), normals=s.normals.astype(np.float64))
        for s in shown.surfaces
    )
    assert_same(renderer.draw([shown])[0], renderer.draw([replace(shown, surfaces=surfaces)])[0])


def test_pictures_that_do_not_fit_the_parts_are_refused() -> None:
    renderer = RasterRenderer([PLATES[0], plate_part("card", uv=UV_OF_A_PICTURE)], SIZE)
    fine = picture(plate(RED), None)
    with pytest.raises(
        ValueError, match=r"^expected 2 surfaces, one a part, got 1 in picture 1; give None for"
    ):
        renderer.draw([fine, picture(plate(RED))])
    short = replace(plate(RED), normals=plate(RED).normals[:3])
    with pytest.raises(
        ValueError, match=r"^expected 4 normals of shirt, got an array \(3, 3\) in picture 0$"
    ):
        renderer.draw([picture(short, None)])
    with pytest.raises(
        ValueError, match=r"^expected a texture as paint of card, got ndarray in picture 0; parts"
    ):
        renderer.draw([picture(None, plate(RED))])
    with pytest.raises(
        ValueError, match=r"^expected colours of the vertices as paint of shirt, got Texture in"
    ):
        renderer.draw([picture(plate(noise(0)), None)])


def test_broken_numbers_stay_in_bounds(renderer: RasterRenderer) -> None:
    shown = people(2, 128)[1]
    body = shown.surfaces[0]
    assert body is not None
    for value in (np.nan, np.inf, -np.inf, 1e30, 0.0):
        vertices = body.vertices.copy()
        vertices[::5] = value
        broken = replace(shown, surfaces=(replace(body, vertices=vertices), *shown.surfaces[1:]))
        assert renderer.draw([broken])[0].rgba.shape == (128, 128, 4)
    assert_same(renderer.draw([shown])[0], RasterRenderer(PARTS, 128).draw([shown])[0])


def test_the_version_names_what_changes_pixels(renderer: RasterRenderer) -> None:
    assert renderer.version.startswith("raster 1, numba 0.")
