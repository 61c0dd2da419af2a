from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.body import Body, Float32
from simulator.body_files import load_body
from simulator.camera import Float
from simulator.clothing import CLOTHING, GARMENTS, HAIR_STYLES, PATTERNS, WARDROBE_SIZE, outfit_of, wardrobe
from simulator.drawing import Texture
from simulator.stick import stick_body
from simulator.wardrobe import Wardrobe, linear

CLOSE = 0.12
"""By which cloth may differ from its colour: folds and weave, as a share."""


@pytest.fixture(scope="module")
def bare() -> Body:
    """The embedded body, stripped of its texture coordinates."""
    return replace(load_body("neutral"), uv=None)


@pytest.fixture(scope="module")
def dressed(bare: Body) -> Wardrobe:
    return Wardrobe(bare)


def wearing(**values: float) -> Float:
    row: Float = CLOTHING.rows(1)[0]
    for what, value in values.items():
        row[CLOTHING.column(what)] = value
    return row


def painted(dresser: Wardrobe, **values: float) -> Float32:
    paint = dresser.paint(wearing(**values))
    assert not isinstance(paint, Texture)
    return paint


def near(body: Body, colours: Float32, point: tuple[float, float, float]) -> Float:
    """The sRGB colour of the vertex nearest to a point of the T-pose."""
    closest = np.linalg.norm(body.v_template - np.array(point), axis=1).argmin()
    return np.asarray(255 * colours[closest].astype(np.float64) ** (1 / 2.2))


def joints_of(body: Body) -> dict[str, Float]:
    return dict(zip(body.joint_names, body.joint_template, strict=True))


def test_the_default_is_a_blue_t_shirt_grey_trousers_and_white_shoes() -> None:
    outfit = outfit_of(CLOTHING.rows(1)[0])
    np.testing.assert_allclose(outfit.top, (60, 104, 160), atol=1)
    np.testing.assert_allclose(outfit.bottom, (78, 76, 74), atol=1)
    np.testing.assert_allclose(outfit.shoe, (226, 224, 220), atol=8)
    np.testing.assert_allclose(outfit.hair, (58, 40, 30), atol=1)
    np.testing.assert_allclose(outfit.skin, (222, 176, 146), atol=10)
    assert (outfit.hair_style, outfit.pattern, outfit.garment, outfit.belt) == (
        "short",
        "plain",
        "trousers",
        None,
    )


def test_every_choice_can_be_made() -> None:
    for what, choices in (("hair_style", HAIR_STYLES), ("pattern", PATTERNS), ("bottom", GARMENTS)):
        dimension = CLOTHING.dimensions[CLOTHING.column(what)]
        assert dimension.choices == choices
    assert [outfit_of(wearing(hair_style=i + 0.5)).hair_style for i in range(5)] == list(HAIR_STYLES)
    assert [outfit_of(wearing(pattern=i + 0.5)).pattern for i in range(7)] == list(PATTERNS)
    assert [outfit_of(wearing(bottom=i + 0.5)).garment for i in range(2)] == list(GARMENTS)


def test_values_beyond_the_range_count_as_its_end() -> None:
    low, high = CLOTHING.low, CLOTHING.high
    assert outfit_of(high + 9) == outfit_of(high)
    assert outfit_of(low - 9) == outfit_of(low)
    assert outfit_of(high).hair_style == HAIR_STYLES[-1]


def test_typical_outfits_lie_in_their_ranges_and_come_from_the_wardrobe() -> None:
    rows = CLOTHING.typical(500, np.random.default_rng(1))
    assert rows.shape == (500, len(CLOTHING.dimensions))
    assert (rows >= CLOTHING.low).all()
    assert (rows <= CLOTHING.high).all()
    known = {row.tobytes() for row in wardrobe()}
    assert len(known) == WARDROBE_SIZE
    assert {row.tobytes() for row in rows} <= known
    np.testing.assert_array_equal(rows, CLOTHING.typical(500, np.random.default_rng(1)))


def test_typical_people_are_of_every_kind() -> None:
    outfits = [outfit_of(row) for row in wardrobe()]
    assert {o.hair_style for o in outfits} == set(HAIR_STYLES)
    assert {o.pattern for o in outfits} == set(PATTERNS)
    assert 0.05 < np.mean([o.garment == "skirt" for o in outfits]) < 0.3
    skin = wardrobe()[:, CLOTHING.column("skin")]
    assert np.histogram(skin, bins=4, range=(0, 1))[0].min() > 0.12 * WARDROBE_SIZE


def test_typical_rows_survive_the_way_through_units(dressed: Wardrobe) -> None:
    rows = wardrobe()
    again = CLOTHING.values(CLOTHING.units(CLOTHING.values(CLOTHING.units(rows))))
    np.testing.assert_array_equal(again.astype(np.float32), rows.astype(np.float32))
    assert dressed.paint(rows[5]) is dressed.paint(again[5])


def test_a_wardrobe_remembers_but_nobody_can_paint_over_its_memory(dressed: Wardrobe) -> None:
    paint = painted(dressed)
    assert paint is painted(dressed)
    with pytest.raises(ValueError, match="read-only"):
        paint[0] = 0


def test_all_clothes_are_colours(dressed: Wardrobe) -> None:
    ends = (
        CLOTHING.low,
        CLOTHING.high,
        *np.random.default_rng(0).uniform(CLOTHING.low, CLOTHING.high, (20, 17)),
    )
    for row in ends:
        paint = np.asarray(dressed.paint(row))
        assert paint.dtype == np.float32
        assert ((paint >= 0) & (paint <= 1)).all()
        assert paint.std() > 0.01


def test_the_default_outfit_is_where_it_belongs(bare: Body, dressed: Wardrobe) -> None:
    outfit, colours, joints = outfit_of(wearing()), painted(dressed), joints_of(bare)
    belongs = {
        (0.0, joints["spine3"][1], 0.3): outfit.top,
        (joints["left_knee"][0], joints["left_knee"][1] + 0.15, 0.3): outfit.bottom,
        tuple(joints["left_wrist"]): outfit.skin,
        tuple(joints["right_foot"] + [0.0, 0.03, 0.0]): outfit.shoe,
    }
    for point, colour in belongs.items():
        np.testing.assert_allclose(near(bare, colours, point), colour, rtol=CLOSE)
    crown = near(bare, colours, (0.0, 9.0, joints["head"][2]))
    np.testing.assert_allclose(crown, outfit.hair, rtol=0.25)


@pytest.mark.parametrize(
    ("where", "top"), [("left", True), ("right", True), ("left", False), ("right", False)]
)
def test_sleeves_and_legs_end_where_the_row_says(
    bare: Body, dressed: Wardrobe, where: str, top: bool
) -> None:
    joints, outfit = joints_of(bare), outfit_of(wearing())
    bones, what = (("shoulder", "elbow", "wrist"), "sleeve") if top else (("hip", "knee", "ankle"), "leg")
    cloth = outfit.top if top else outfit.bottom
    ends = [joints[f"{where}_{bone}"] for bone in bones]
    for length in (0.6, 1.0, 1.5):
        colours = painted(dressed, **{what: length})
        for share, wanted in ((length - 0.17, cloth), (length + 0.17, outfit.skin)):
            at = np.array([np.interp(share, [0, 1, 2], values) for values in np.array(ends).T])
            got = near(bare, colours, (at[0], at[1], at[2]))
            np.testing.assert_allclose(got, wanted, rtol=CLOSE)


def test_hems_are_at_the_same_place_on_the_left_and_on_the_right(bare: Body, dressed: Wardrobe) -> None:
    bare_legs, covered = painted(dressed, leg=0.3, sleeve=0.1), painted(dressed, leg=1.3, sleeve=1.4)
    changed = (np.abs(bare_legs - covered).max(axis=1) > 0.05) & (np.abs(bare.v_template[:, 0]) > 0.02)
    x, y, _ = bare.v_template[changed].T
    shank = np.abs(x) < 0.3
    assert abs(y[shank & (x > 0)].min() - y[shank & (x < 0)].min()) < 0.012
    assert abs(x.max() + x.min()) < 0.012
    joints = joints_of(bare)
    hem = np.interp(1.3, [0, 1, 2], [joints[f"left_{name}"][1] for name in ("hip", "knee", "ankle")])
    assert abs(y[shank].min() - hem) < 0.02


@pytest.mark.parametrize("pattern", range(1, len(PATTERNS)))
def test_every_pattern_shows(dressed: Wardrobe, pattern: int) -> None:
    changed = (painted(dressed, pattern=pattern + 0.5) != painted(dressed)).any(axis=1)
    assert 0.003 < changed.mean() < 0.5


@pytest.mark.parametrize("style", range(1, len(HAIR_STYLES)))
def test_every_hair_style_shows(dressed: Wardrobe, style: int) -> None:
    changed = (painted(dressed, hair_style=style + 0.5) != painted(dressed)).any(axis=1)
    assert 0.005 < changed.mean() < 0.5


def test_a_skirt_colours_the_thighs_beneath_it(bare: Body, dressed: Wardrobe) -> None:
    joints, outfit = joints_of(bare), outfit_of(wearing())
    colours = painted(dressed, bottom=1.5, leg=1.2)
    hip, knee = joints["left_hip"], joints["left_knee"]
    thigh = hip + 0.3 * (knee - hip)
    np.testing.assert_allclose(near(bare, colours, (thigh[0], thigh[1], 0.3)), outfit.bottom, rtol=CLOSE)
    np.testing.assert_allclose(near(bare, colours, (knee[0], knee[1], 0.3)), outfit.skin, rtol=CLOSE)


@pytest.mark.parametrize("what", [d.name.removeprefix("clothing.") for d in CLOTHING.dimensions])
def test_every_dimension_can_be_seen(dressed: Wardrobe, what: str) -> None:
    base = {"pattern": 1.5, "leg": 1.2, "top_saturation": 0.5, "bottom_saturation": 0.5}
    dimension = CLOTHING.dimensions[CLOTHING.column(what)]
    middle = 0.5 * (dimension.low + dimension.high) + 0.01
    one, other = (painted(dressed, **(base | {what: value})) for value in (dimension.low, middle))
    assert (one != other).any(axis=1).mean() > 0.002


def test_eyes_are_light_with_a_dark_middle(bare: Body, dressed: Wardrobe) -> None:
    colours = painted(dressed)
    for eye in ("leye", "reye"):
        distance = np.linalg.norm(bare.v_template - bare.v_template[bare.vertex_ids[eye]], axis=1)
        around = colours[distance < 0.02]
        assert around.min(axis=1).max() > 0.5
        assert around.max(axis=1).min() < 0.05


@pytest.mark.parametrize("name", ["male", "female"])
def test_dresses_every_embedded_body(name: str) -> None:
    dresser = Wardrobe(load_body(name), 64)
    paint = dresser.paint(wearing())
    assert isinstance(paint, Texture)
    assert paint.pixels.std() > 10


def test_dresses_a_body_without_texture_or_face() -> None:
    paint = np.asarray(Wardrobe(stick_body()).paint(wearing()))
    assert len(np.unique(paint, axis=0)) > 3
    assert np.isfinite(paint).all()


def test_a_version_tells_textures_from_vertices(dressed: Wardrobe) -> None:
    body = load_body("neutral")
    versions = {dressed.version, Wardrobe(body, 32).version, Wardrobe(body, 64).version}
    assert len(versions) == 3


def test_linear_light_comes_back_as_the_painted_colour() -> None:
    colours = np.arange(256, dtype=np.uint8).repeat(3).reshape(-1, 3)
    encoded = linear(colours).astype(np.float64) ** (1 / 2.2) * 255
    np.testing.assert_allclose(encoded, colours, atol=1e-3)
