from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator import raster_lanes
from simulator.body import UV
from simulator.drawing import Z_NEAR, Drawn, Part, Surface
from simulator.raster import RasterRenderer
from tests.simulator.crowd import PARTS, noise, people
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

PLATES = (plate_part("shirt"), plate_part("box", "other"), plate_part("solid", closed=True))
MIDDLE = SIZE // 2


def assert_same(one: Drawn, other: Drawn) -> None:
    for name in ("rgba", "depth", "person"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)


@pytest.fixture(scope="module")
def renderer() -> RasterRenderer:
    return RasterRenderer(PARTS, 128)


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
    assert renderer.version == "raster 1"
