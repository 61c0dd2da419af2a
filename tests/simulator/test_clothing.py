from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator import clothing
from simulator.body import Body
from simulator.body_files import load_body
from simulator.stick import stick_body


@pytest.fixture(scope="module")
def body() -> Body:
    return load_body("neutral")


@pytest.fixture(scope="module")
def wardrobe(body: Body) -> clothing.Wardrobe:
    return clothing.Wardrobe(body)


def near(body: Body, colours: NDArray[np.uint8], point: tuple[float, float, float]) -> list[float]:
    """The colour of the body's surface nearest to a point of the T-pose."""
    closest = np.linalg.norm(body.v_template - np.array(point), axis=1).argmin()
    return [float(c) for c in colours[closest]]


def test_is_a_pure_function_of_the_seed(body: Body, wardrobe: clothing.Wardrobe) -> None:
    colours = clothing.paint(body, 7)
    assert colours.shape == (len(body.v_template), 3)
    assert colours.dtype == np.uint8
    np.testing.assert_array_equal(colours, wardrobe.paint(7))
    assert len({wardrobe.paint(seed).tobytes() for seed in range(20)}) == 20


def test_a_wardrobe_remembers_but_nobody_can_paint_over_its_memory(wardrobe: clothing.Wardrobe) -> None:
    assert wardrobe.paint(3) is wardrobe.paint(3)
    with pytest.raises(ValueError, match="read-only"):
        wardrobe.paint(3)[0] = 0


def test_the_default_outfit_is_where_it_belongs(body: Body, wardrobe: clothing.Wardrobe) -> None:
    outfit, colours = clothing.draw(0), wardrobe.paint(0)
    joints = dict(zip(body.joint_names, body.joint_template, strict=True))
    chest = (0.0, joints["spine3"][1], 0.3)
    np.testing.assert_allclose(near(body, colours, chest), outfit.top, atol=1)
    thigh = (joints["left_knee"][0], joints["left_knee"][1] + 0.15, 0.3)
    np.testing.assert_allclose(near(body, colours, thigh), outfit.bottom, atol=1)
    np.testing.assert_allclose(near(body, colours, tuple(joints["left_wrist"])), outfit.skin, atol=1)
    toes = tuple(joints["right_foot"] + [0.0, 0.03, 0.0])
    np.testing.assert_allclose(near(body, colours, toes), outfit.shoe, atol=1)
    crown = (0.0, 9.0, joints["head"][2])
    np.testing.assert_allclose(near(body, colours, crown), outfit.hair, atol=1)


def test_sleeves_and_legs_end_where_the_outfit_says(body: Body, wardrobe: clothing.Wardrobe) -> None:
    joints = dict(zip(body.joint_names, body.joint_template, strict=True))
    short = wardrobe.wear(replace(clothing.draw(0), sleeve=0.3, leg=0.5))
    long = wardrobe.wear(replace(clothing.draw(0), sleeve=2.0, leg=2.0))
    forearm = tuple(0.5 * (joints["left_elbow"] + joints["left_wrist"]))
    shank = tuple(0.5 * (joints["right_knee"] + joints["right_ankle"]))
    outfit = clothing.draw(0)
    np.testing.assert_allclose(near(body, short, forearm), outfit.skin, atol=1)
    np.testing.assert_allclose(near(body, long, forearm), outfit.top, atol=1)
    np.testing.assert_allclose(near(body, short, shank), outfit.skin, atol=1)
    np.testing.assert_allclose(near(body, long, shank), outfit.bottom, atol=1)


@pytest.mark.parametrize("pattern", ["stripes", "checks", "print", "jacket", "raglan"])
def test_every_pattern_shows(wardrobe: clothing.Wardrobe, pattern: str) -> None:
    plain = replace(clothing.draw(0), pattern="plain")
    changed = (wardrobe.wear(replace(plain, pattern=pattern)) != wardrobe.wear(plain)).any(axis=1)
    assert 0.003 < changed.mean() < 0.5


def test_eyes_are_white_with_a_dark_pupil(body: Body, wardrobe: clothing.Wardrobe) -> None:
    colours = wardrobe.paint(0).astype(int)
    for eye in ("leye", "reye"):
        distance = np.linalg.norm(body.v_template - body.v_template[body.vertex_ids[eye]], axis=1)
        around = colours[distance < 0.02]
        assert around.sum(axis=1).max() > 600
        assert around.sum(axis=1).min() < 100


def test_dresses_a_body_without_texture_or_face() -> None:
    colours = clothing.paint(stick_body(), 0)
    assert len(np.unique(colours, axis=0)) > 3


def test_linear_light_comes_back_as_the_painted_colour() -> None:
    colours = np.arange(256, dtype=np.uint8).repeat(3).reshape(-1, 3)
    encoded = clothing.linear(colours).astype(np.float64) ** (1 / 2.2) * 255
    np.testing.assert_allclose(encoded, colours, atol=1e-3)
