from __future__ import annotations

import numpy as np

from simulator import light


def test_is_a_pure_function_of_the_seed() -> None:
    one, same, other = light.draw(5), light.draw(5), light.draw(6)
    np.testing.assert_array_equal(one.directions, same.directions)
    np.testing.assert_array_equal(one.colours, same.colours)
    assert not np.allclose(one.directions, other.directions)


def test_directions_are_unit_vectors_and_lights_are_positive() -> None:
    for seed in range(50):
        lights = light.draw(seed)
        np.testing.assert_allclose(np.linalg.norm(lights.directions, axis=1), 1.0)
        assert (lights.colours > 0).all()
        assert (lights.ambient > 0).all()


def test_the_key_light_comes_from_above_and_from_the_cameras_side() -> None:
    for seed in range(50):
        key = light.draw(seed).directions[0]
        assert key[1] > 0, "y points down, so light from above travels along +y"
        assert key[2] > -0.1, "z points away from the camera"


def test_the_default_key_comes_from_the_left() -> None:
    assert light.draw(0).directions[0, 0] > 0


def test_people_are_neither_dark_nor_burnt_out() -> None:
    for seed in range(200):
        lights = light.draw(seed)
        facing = lights.ambient + (np.clip(lights.directions[:, 2:], 0, 1) * lights.colours / np.pi).sum(0)
        assert 0.6 <= facing.mean() <= 1.15
