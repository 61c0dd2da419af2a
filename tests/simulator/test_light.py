from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.light import LIGHT, Lights, colour_of, lights_of

Float = NDArray[np.float64]


def row(**changes: float) -> Float:
    values: Float = LIGHT.rows(1)[0]
    for name, value in changes.items():
        values[LIGHT.column(name)] = value
    return values


def shaded(lights: Lights, normals: Float) -> Float:
    """(N, 3) linear light that white surfaces send back."""
    cosines = np.maximum(-normals @ lights.directions.T, 0.0)
    return np.asarray(lights.ambient + cosines @ lights.colours / np.pi)


def ball(lights: Lights) -> float:
    """Mean brightness of the image of a white ball, by integration."""
    grid = np.linspace(-1, 1, 102)
    x, y = (a.ravel() for a in np.meshgrid(grid, grid))
    on_it = x**2 + y**2 < 1
    z = -np.sqrt(1 - x[on_it] ** 2 - y[on_it] ** 2)
    return float(shaded(lights, np.column_stack([x[on_it], y[on_it], z])).mean())


FACING = np.array([[0.0, 0.0, -1.0]])


def test_is_a_pure_function_of_the_row() -> None:
    one, same, other = lights_of(row()), lights_of(row()), lights_of(row(azimuth=10))
    np.testing.assert_array_equal(one.directions, same.directions)
    np.testing.assert_array_equal(one.colours, same.colours)
    assert not np.allclose(one.directions, other.directions)


def test_the_default_is_a_key_from_the_upper_left_and_a_fill_from_the_right() -> None:
    lights = lights_of(row())
    key = np.cos(np.radians(40))
    np.testing.assert_allclose(
        lights.directions[0], [key * np.sin(np.radians(40)), np.sin(np.radians(40)), key**2]
    )
    assert lights.directions[1, 0] < 0, "light from the right travels to the left"
    np.testing.assert_allclose(shaded(lights, FACING), 0.85, atol=0.01)
    np.testing.assert_allclose(lights.ambient, 0.373, atol=0.002)


@pytest.mark.parametrize(
    ("azimuth", "elevation", "toward"),
    [(0, 0, (0, 0, 1)), (90, 0, (-1, 0, 0)), (180, 0, (0, 0, -1)), (0, 90, (0, 1, 0))],
)
def test_light_travels_away_from_where_it_stands(azimuth: float, elevation: float, toward: Float) -> None:
    key = lights_of(row(azimuth=azimuth, elevation=elevation)).directions[0]
    np.testing.assert_allclose(key, toward, atol=1e-12)


def test_the_whole_range_gives_unit_directions_and_no_negative_light() -> None:
    rng = np.random.default_rng(0)
    for values in rng.uniform(LIGHT.low, LIGHT.high, (300, 5)):
        lights = lights_of(values)
        np.testing.assert_allclose(np.linalg.norm(lights.directions, axis=1), 1.0)
        assert (lights.colours >= 0).all()
        assert (lights.ambient >= 0).all()


def test_the_ends_of_the_azimuth_are_the_same_light() -> None:
    one, other = lights_of(row(azimuth=-180)), lights_of(row(azimuth=180))
    np.testing.assert_allclose(one.directions, other.directions, atol=1e-12)
    np.testing.assert_allclose(one.colours, other.colours)


def test_a_ball_is_equally_bright_wherever_light_comes_from_the_front() -> None:
    default = ball(lights_of(row()))
    assert default == pytest.approx(0.745, abs=0.005)
    for azimuth in (-50, 0, 30, 60):
        for elevation in (-20, 0, 45):
            assert ball(lights_of(row(azimuth=azimuth, elevation=elevation))) == pytest.approx(
                default, rel=0.01
            )


def test_light_from_the_side_is_a_little_darker_and_light_from_behind_much() -> None:
    default = ball(lights_of(row(ambient=0.2)))
    side, behind = (ball(lights_of(row(azimuth=a, elevation=10, ambient=0.2))) for a in (90, 175))
    assert 0.6 * default < side < default
    assert behind < 0.3 * default
    np.testing.assert_allclose(
        shaded(lights_of(row(azimuth=175, elevation=10, ambient=0.2)), FACING), 0.149, atol=0.001
    )


def test_brightness_is_continuous_in_the_direction() -> None:
    path = np.array([ball(lights_of(row(azimuth=a))) for a in np.linspace(-180, 180, 121)])
    assert np.abs(np.diff(path)).max() < 0.03


@pytest.mark.parametrize("stops", [-3.0, -1.0, 2.0])
def test_intensity_is_in_stops(stops: float) -> None:
    changed, default = lights_of(row(intensity=stops)), lights_of(row())
    np.testing.assert_allclose(changed.colours, default.colours * 2**stops)
    np.testing.assert_allclose(changed.ambient, default.ambient * 2**stops)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_ambient_is_a_share_of_the_same_light(share: float) -> None:
    lights = lights_of(row(ambient=share))
    whole = ball(lights)
    assert whole == pytest.approx(0.745, abs=0.005)
    assert lights.ambient.mean() / whole == pytest.approx(share, abs=0.005)


def test_6500_kelvin_is_white_and_low_temperatures_are_warm() -> None:
    np.testing.assert_allclose(colour_of(6500.0), 1.0)
    red, green, blue = colour_of(2500.0)
    assert red > 1.5 > green > 3 * blue > 0
    red, green, blue = colour_of(12000.0)
    assert red < green < blue < 2


def test_colours_follow_planck() -> None:
    """Against black bodies integrated over the CIE 1931 matching functions (the fit of C. Wyman et al., 2013)."""
    for temperature in (2500.0, 4000.0, 9000.0, 12000.0):
        red, green, blue = colour_of(temperature)
        expected = planck(temperature) / planck(6500.0)
        assert red / green == pytest.approx(expected[0] / expected[1], rel=0.05)
        assert blue / green == pytest.approx(expected[2] / expected[1], rel=0.1)


def planck(temperature: float) -> Float:
    """Linear sRGB of a black body, from Planck's law and the analytic fit of the matching functions."""

    def lobe(wave: Float, middle: float, below: float, above: float) -> Float:
        return np.exp(-0.5 * ((wave - middle) * np.where(wave < middle, below, above)) ** 2)

    wave = np.linspace(380.0, 780.0, 801)
    power = wave**-5 / np.expm1(1.438777e7 / (wave * temperature))
    x = 0.362 * lobe(wave, 442, 0.0624, 0.0374) + 1.056 * lobe(wave, 599.8, 0.0264, 0.0323)
    x -= 0.065 * lobe(wave, 501.1, 0.0490, 0.0382)
    y = 0.821 * lobe(wave, 568.8, 0.0213, 0.0247) + 0.286 * lobe(wave, 530.9, 0.0613, 0.0322)
    z = 1.217 * lobe(wave, 437, 0.0845, 0.0278) + 0.681 * lobe(wave, 459, 0.0385, 0.0725)
    xyz = np.array([(power * curve).sum() for curve in (x, y, z)])
    matrix = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
    return np.asarray(matrix @ xyz)


def test_colour_is_continuous_where_the_approximation_changes_its_branch() -> None:
    np.testing.assert_allclose(colour_of(3999.99), colour_of(4000.01), rtol=2e-3)


def test_luminance_stays_when_the_temperature_changes() -> None:
    for temperature in (2500.0, 5000.0, 12000.0):
        assert colour_of(temperature) @ (0.2126, 0.7152, 0.0722) == pytest.approx(1.0)


def test_typical_lights_stay_in_range_and_people_are_neither_dark_nor_burnt_out() -> None:
    values = LIGHT.typical(300, np.random.default_rng(1))
    assert values.shape == (300, 5)
    assert ((values >= LIGHT.low) & (values <= LIGHT.high)).all()
    bright = np.array([ball(lights_of(v)) for v in values[:60]])
    assert np.quantile(bright, 0.05) > 0.4
    assert np.quantile(bright, 0.95) < 1.3
