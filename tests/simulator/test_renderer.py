from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from simulator import gl
from simulator.body import UV
from simulator.body_files import load_body
from simulator.drawing import Drawn, Part, Picture, Surface, Texture
from simulator.render_memory import CHUNK
from simulator.render_process import PyrenderRenderer
from simulator.shaders import stock_shaders
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

pytestmark = pytest.mark.skipif(gl.diagnose() is not None, reason=str(gl.diagnose()))

PARTS = (
    plate_part("shirt"),
    plate_part("box", "other"),
    plate_part("card", uv=UV_OF_A_PICTURE),
    plate_part("solid", closed=True),
    plate_part("poster", "other", uv=UV(UV_OF_A_PICTURE.vt, np.array([[1, 1, 1], [0, 3, 2]], np.int32))),
)
MIDDLE = SIZE // 2


@pytest.fixture(scope="module")
def renderer() -> Iterator[PyrenderRenderer]:
    one = PyrenderRenderer(PARTS, SIZE)
    yield one
    one.close()


def shows(
    shirt: Surface | None = None,
    box: Surface | None = None,
    card: Surface | None = None,
    solid: Surface | None = None,
    poster: Surface | None = None,
) -> Picture:
    return picture(shirt, box, card, solid, poster)


def assert_same(one: Drawn, other: Drawn) -> None:
    for name in ("rgba", "depth", "person"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)


def mixed(count: int) -> list[Picture]:
    """Pictures that differ in what they hold, in paint and in depth."""
    textures = [quarters(RED, GREEN, BLUE, WHITE), quarters(WHITE, BLUE, GREEN, RED)]
    return [
        shows(
            shirt=plate(RED, z=2 + 0.1 * index) if index % 3 else None,
            box=plate(GREEN, z=1.3, half=0.1) if index % 2 else None,
            card=plate(textures[index % 2], z=2.5, half=1.0 + 0.02 * index),
        )
        for index in range(count)
    ]


def test_what_stands_in_front_hides_the_person_but_not_from_its_own_depth(renderer: PyrenderRenderer) -> None:
    drawn = renderer.draw([shows(shirt=plate(RED, 2.0), box=plate(BLUE, 1.0, half=0.1))])[0]
    beside = MIDDLE - 12
    assert colour_at(drawn.rgba, MIDDLE, MIDDLE) == BLUE
    assert colour_at(drawn.rgba, MIDDLE, beside) == RED
    assert drawn.depth[MIDDLE, MIDDLE] == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(drawn.person[drawn.person > 0], 2.0, atol=1e-5)
    assert (drawn.person[MIDDLE, [MIDDLE, beside]] > 0).all()
    only_shirt = drawn.depth > 1.5
    np.testing.assert_array_equal(drawn.depth[only_shirt], drawn.person[only_shirt])


def test_people_and_others_are_drawn_as_if_at_once(renderer: PyrenderRenderer) -> None:
    tilted = plate(BLUE, 2.0, half=0.3)
    tilt = np.array([[0, 0, -0.4], [0, 0.1, 0.5], [0, 0, 0.4], [0.1, 0, -0.5]], np.float32)
    tilted = replace(tilted, vertices=tilted.vertices + tilt)  # through the other plate
    one, both = renderer.draw([shows(shirt=plate(RED), solid=tilted), shows(shirt=plate(RED), box=tilted)])
    np.testing.assert_array_equal(one.rgba, both.rgba)
    np.testing.assert_array_equal(one.depth, both.depth)
    assert {RED, BLUE} <= {colour_at(both.rgba, MIDDLE, column) for column in range(MIDDLE - 8, MIDDLE + 8)}


def test_where_two_are_equally_far_the_first_part_shows(renderer: PyrenderRenderer) -> None:
    drawn = renderer.draw([shows(shirt=plate(RED), solid=plate(BLUE), box=plate(GREEN))])[0]
    assert colour_at(drawn.rgba, MIDDLE, MIDDLE) == RED


def test_nothing_in_front_leaves_one_depth(renderer: PyrenderRenderer) -> None:
    drawn = renderer.draw([shows(shirt=plate(RED))])[0]
    np.testing.assert_array_equal(drawn.depth, drawn.person)
    assert drawn.depth[0, 0] == 0.0
    assert not drawn.rgba[0, 0].any()


def test_somebody_else_alone_is_not_the_person(renderer: PyrenderRenderer) -> None:
    drawn = renderer.draw([shows(box=plate(RED))])[0]
    assert drawn.depth.max() > 0
    assert not drawn.person.any()


def test_the_order_in_depth_decides_not_the_order_of_parts(renderer: PyrenderRenderer) -> None:
    drawn = renderer.draw([shows(shirt=plate(RED, 1.0, half=0.1), box=plate(BLUE, 2.0))])[0]
    assert colour_at(drawn.rgba, MIDDLE, MIDDLE) == RED
    np.testing.assert_array_equal(drawn.person > 0, (drawn.depth > 0) & (drawn.depth < 1.5))


def test_a_texture_lands_where_its_coordinates_say(renderer: PyrenderRenderer) -> None:
    rgba = renderer.draw([shows(card=plate(quarters(RED, GREEN, BLUE, WHITE)))])[0].rgba
    off = SIZE // 8
    near, far = MIDDLE - off, MIDDLE + off
    corners = [(near, near), (near, far), (far, near), (far, far)]
    assert [colour_at(rgba, *corner) for corner in corners] == [RED, GREEN, BLUE, WHITE]


def test_vertices_on_a_seam_have_a_coordinate_for_each_side(renderer: PyrenderRenderer) -> None:
    rgba = renderer.draw([shows(poster=plate(quarters(RED, GREEN, BLUE, BLUE)))])[0].rgba
    off = SIZE // 8
    assert colour_at(rgba, MIDDLE - off, MIDDLE + off // 2) == GREEN, (
        "one face is the upper right corner all over"
    )
    assert colour_at(rgba, MIDDLE + off, MIDDLE - off // 2) == BLUE, (
        "the other is the texture's lower left half"
    )


def test_another_texture_shows_at_once(renderer: PyrenderRenderer) -> None:
    first, second = quarters(RED, RED, RED, RED), quarters(GREEN, GREEN, GREEN, GREEN, size=64)
    pictures = [shows(card=plate(texture)) for texture in (first, second, first)]
    drawn = renderer.draw(pictures)
    assert [colour_at(one.rgba, MIDDLE, MIDDLE) for one in drawn] == [RED, GREEN, RED]
    assert_same(drawn[0], drawn[2])


def test_more_textures_than_are_remembered(renderer: PyrenderRenderer) -> None:
    textures = [quarters(*[(index, 255 - index, 0)] * 4) for index in range(150)]
    pictures = [shows(card=plate(texture)) for texture in (*textures, textures[0], textures[140])]
    middle = np.array([one.rgba[MIDDLE, MIDDLE] for one in renderer.draw(pictures)]).astype(int)
    assert (np.diff(middle[10:150, 0]) >= 0).all()
    assert (np.diff(middle[10:150, 1]) <= 0).all()
    assert middle[149, 0] - middle[10, 0] > 80
    np.testing.assert_array_equal(middle[[0, 140]], middle[[150, 151]])


def test_small_textures_use_the_levels_of_the_texture(renderer: PyrenderRenderer) -> None:
    checks = np.indices((256, 256)).sum(axis=0) % 2 * 255
    fine = Texture(np.repeat(checks[..., None], 3, axis=-1).astype(np.uint8))
    grey = Texture(np.full((1, 1, 3), 128, np.uint8))
    drawn = renderer.draw([shows(card=plate(texture)) for texture in (fine, grey)])
    np.testing.assert_array_equal(fine.mips[1], 128)
    inside = drawn[1].rgba[..., 3] == 255
    np.testing.assert_allclose(drawn[0].rgba[inside].astype(int), drawn[1].rgba[inside], atol=1)


def test_what_is_hidden_comes_back(renderer: PyrenderRenderer) -> None:
    everything = shows(
        plate(RED, 2.0), plate(BLUE, 1.0, 0.1), plate(quarters(RED, GREEN, BLUE, WHITE), 3.0, 1.4)
    )
    first, nothing, again = renderer.draw([everything, shows(), everything])
    assert not any(array.any() for array in (nothing.rgba, nothing.depth, nothing.person))
    assert_same(first, again)
    assert colour_at(first.rgba, MIDDLE, MIDDLE) == BLUE


def test_an_open_part_is_seen_from_behind_a_closed_one_is_not(renderer: PyrenderRenderer) -> None:
    box = plate(BLUE, 1.0, half=0.05)
    front, back, closed = renderer.draw(
        [
            shows(shirt=plate(RED), box=box),
            shows(shirt=plate(RED, turned=True), box=box),
            shows(solid=plate(RED, turned=True), box=box),
        ]
    )
    np.testing.assert_array_equal(front.person > 0, back.person > 0)
    np.testing.assert_array_equal(front.depth > 0, back.depth > 0)
    np.testing.assert_allclose(front.rgba.astype(int), back.rgba, atol=1)
    assert not closed.person.any()


@pytest.mark.parametrize("count", [1, CHUNK, CHUNK + 4])
def test_a_picture_does_not_depend_on_those_beside_it(renderer: PyrenderRenderer, count: int) -> None:
    pictures = mixed(CHUNK + 4)
    drawn = renderer.draw(pictures[:count])
    assert len(drawn) == count
    for index in {0, count // 2, count - 1}:
        assert_same(drawn[index], renderer.draw([pictures[index]])[0])


def test_a_fresh_process_draws_the_same(renderer: PyrenderRenderer) -> None:
    pictures = mixed(4)
    together = renderer.draw(pictures)
    fresh = PyrenderRenderer(PARTS, SIZE)
    assert_same(fresh.draw([pictures[3]])[0], together[3])
    fresh.close()


def test_no_pictures_are_no_work(renderer: PyrenderRenderer) -> None:
    assert renderer.draw([]) == []


@pytest.mark.parametrize("z", [0.06, 0.5, 30.0, 150.0])
def test_depth_is_fine_at_every_distance(renderer: PyrenderRenderer, z: float) -> None:
    drawn = renderer.draw([shows(shirt=plate(RED, z, half=0.2 * z))])[0]
    assert drawn.depth[MIDDLE, MIDDLE] == pytest.approx(z, rel=1e-5)


def test_nothing_is_drawn_before_the_near_plane(renderer: PyrenderRenderer) -> None:
    drawn = renderer.draw([shows(shirt=plate(RED, 0.04, 0.01), card=plate(quarters(*[BLUE] * 4)))])[0]
    assert drawn.depth[MIDDLE, MIDDLE] == pytest.approx(2.0, abs=1e-4)


def test_drawings_stay_when_more_is_drawn(renderer: PyrenderRenderer) -> None:
    first = renderer.draw([shows(shirt=plate(RED))])[0]
    kept = first.rgba.copy()
    renderer.draw([shows(card=plate(quarters(*[BLUE] * 4), 1.0))])
    np.testing.assert_array_equal(first.rgba, kept)


def test_too_many_pictures_at_a_time_are_refused(renderer: PyrenderRenderer) -> None:
    with pytest.raises(
        ValueError, match=r"^expected at most 16 pictures at a time, got 17; draw\(\) takes any"
    ):
        renderer.submit(mixed(CHUNK + 1))


def test_pictures_that_do_not_fit_the_parts_are_refused(renderer: PyrenderRenderer) -> None:
    with pytest.raises(ValueError, match=r"^expected 5 surfaces, one a part, got 1 in picture 1; give None"):
        renderer.draw([shows(), picture(plate(RED))])
    short = plate(RED)
    short = replace(short, vertices=short.vertices[:3])
    with pytest.raises(
        ValueError, match=r"^expected 4 vertices of shirt, got an array \(3, 3\) in picture 0$"
    ):
        renderer.draw([shows(shirt=short)])
    with pytest.raises(
        ValueError, match=r"^expected a texture as paint of card, got ndarray in picture 0; parts"
    ):
        renderer.draw([shows(card=plate(RED))])
    with pytest.raises(
        ValueError, match=r"^expected colours of the vertices as paint of shirt, got Texture in"
    ):
        renderer.draw([shows(shirt=plate(quarters(*[RED] * 4)))])


def test_the_version_names_pyrender(renderer: PyrenderRenderer) -> None:
    assert renderer.version == "pyrender-maintained 1.0.1, drawing 2"


@pytest.mark.slow
def test_specialised_shaders_give_the_same_bits() -> None:
    body = load_body("neutral")
    parts = tuple(
        Part(name, body.faces, len(body.v_template), "person", uv)
        for name, uv in (("a", None), ("b", body.uv))
    )
    rng = np.random.default_rng(0)
    texture = Texture(rng.integers(0, 256, (256, 256, 3), np.uint8))
    points = body.v_template * np.array([1, -1, -1], np.float32)
    normals = body.normals(points[None])[0]
    surfaces = [
        Surface(points + np.array([x, 0.2, 2.5], np.float32), normals, paint)
        for x, paint in ((-0.4, rng.random(points.shape, np.float32)), (0.4, texture))
    ]
    drawn = []
    for renderer in (PyrenderRenderer(parts, 256), PyrenderRenderer(parts, 256, stock_shaders)):
        drawn += renderer.draw([picture(*surfaces, size=256)])
        renderer.close()
    assert_same(*drawn)
    assert (drawn[0].depth > 0).mean() > 0.1
