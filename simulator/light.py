"""Lights: a key light, a weaker fill light on the other side and an ambient one, from five numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.camera import Float
from simulator.parameters import Dimension, Parameters

_FILL_SHARE = 0.35
"""Strength of the fill light, that of the key light being 1."""

_FILL_ELEVATION = 15.0
"""Degrees."""

_FILL_LEAD = 20.0 / np.sin(np.radians(40.0))
"""Degrees times the sine of the key's azimuth, by which the fill stands further round than a mirrored key:
60 right for a key 40 left. For a key right in front or behind the two stand above each other."""

_BALL = 0.745
"""Linear light, 1 being the brightest that a picture holds, that a white ball sends back, mean over its image.
White that faces the camera then gets 0.85 in the default light."""

_MOST_GAIN = 1.5
"""How far key and fill are turned up, relative to the default, to make up for a direction from the side."""

_NEUTRAL = 6500.0
"""Kelvin. What the camera's white balance is set to."""


@dataclass(frozen=True)
class Lights:
    """The lights of one picture, in OpenCV camera axes (x right, y down, z forward)."""

    directions: Float
    """(2, 3) unit vectors along which the light travels: key, fill."""
    colours: Float
    """(2, 3) linear RGB, intensity included. White at right angles to it sends back colour / pi."""
    ambient: Float
    """(3,) linear RGB, what white sends back."""


def _typical(count: int, rng: np.random.Generator) -> Float:
    """Light from the camera's side and above, daylight to warm lamps after white balance, soft shadows."""
    azimuth = rng.normal(0.0, 50.0, count).clip(-120.0, 120.0)
    elevation = rng.uniform(10.0, 75.0, count)
    intensity = rng.normal(0.0, 0.35, count).clip(-1.0, 0.7)
    temperature = 1e6 / (1e6 / _NEUTRAL + rng.normal(8.0, 18.0, count)).clip(110.0, 230.0)
    return np.column_stack([azimuth, elevation, intensity, temperature, rng.uniform(0.3, 0.85, count)])


LIGHT = Parameters(
    "light",
    (
        Dimension("light.azimuth", "degree", -180.0, 180.0),
        Dimension("light.elevation", "degree", -30.0, 90.0),
        Dimension("light.intensity", "EV", -3.0, 2.0),
        Dimension("light.temperature", "K", 2500.0, 12000.0),
        Dimension("light.ambient", "share", 0.0, 1.0),
    ),
    (-40.0, 40.0, 0.0, _NEUTRAL, 0.5),
    _typical,
)
"""Where the key light stands (0, 0 is the camera, azimuth 90 its right), stops above the default light, colour
temperature of all lights, and the share of the light on a white ball, as the camera sees it, that is ambient."""


def lights_of(row: Float) -> Lights:
    """The lights of a row.

    Exposure follows the light as a photographer's does: a white ball has the same mean brightness wherever the
    key stands, up to about 70 degrees from the camera. Further round, key and fill stay `_MOST_GAIN` times as
    strong as in the default, so that light from the side is a little darker and light from behind leaves
    the person in the ambient light alone: the dark, backlit person that a camera's meter falls for.

    Args:
        row: (5,) physical values, columns as in `LIGHT`.

    Returns:
        The lights; the same for the same row.
    """
    azimuth, elevation, intensity, temperature, ambient = (float(value) for value in row)
    ball = _BALL * 2.0**intensity * colour_of(temperature)
    directions = _directions(azimuth, elevation)
    key = np.pi * (1.0 - ambient) * _gain(directions) * ball
    return Lights(directions, np.stack([key, _FILL_SHARE * key]), ambient * ball)


def colour_of(temperature: float) -> Float:
    """Linear RGB (3,) of luminance 1 of a black body, seen by a camera that is balanced for 6500 K.

    The chromaticity is the cubic approximation of the Planckian locus by B. Kim et al., US patent 7024034 (2002),
    good from 1667 to 25000 K; the matrix is that of IEC 61966-2-1 (sRGB). Each channel is divided by what it
    gets at 6500 K.

    Args:
        temperature: Kelvin.
    """
    balanced = _black_body(temperature) / _black_body(_NEUTRAL)
    return np.asarray(balanced / (_LUMINANCE @ balanced))


_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])

_FROM_XYZ = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])

_X_COOL = (-3.0258469, 2.1070379, 0.2226347, 0.240390)
_X_WARM = (-0.2661239, -0.2343589, 0.8776956, 0.179910)
"""Coefficients of x in 1000 / T, highest power first, above and below 4000 K."""

_Y_COOL = (3.0817580, -5.87338670, 3.75112997, -0.37001483)
_Y_WARM = (-0.9549476, -1.37418593, 2.09137015, -0.16748867)
"""Coefficients of y in x, highest power first, above and below 4000 K (the warm ones end at 2222 K)."""


def _black_body(temperature: float) -> Float:
    """Linear sRGB (3,) of luminance 1."""
    warm = temperature < 4000.0
    x = np.polyval(_X_WARM if warm else _X_COOL, 1e3 / temperature)
    y = np.polyval(_Y_WARM if warm else _Y_COOL, x)
    rgb = (_FROM_XYZ * np.array([x / y, 1.0, (1.0 - x - y) / y])).sum(axis=1)
    return np.asarray(np.maximum(rgb, 1e-3))


def _directions(azimuth: float, elevation: float) -> Float:
    """(2, 3) unit vectors of key and fill."""
    across = -(azimuth + _FILL_LEAD * np.sin(np.radians(azimuth)))
    return np.stack([_from(azimuth, elevation), _from(across, _FILL_ELEVATION)])


def _from(azimuth: float, elevation: float) -> Float:
    """The direction of light that comes from there, in degrees: 0, 0 is the camera, 90, 0 its right."""
    a, e = np.radians([azimuth, elevation])
    return np.array([-np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])


def _gain(directions: Float) -> float:
    """1 / (what key and fill of strength 1 give to a white ball), but not above its limit."""
    given, default = _on_ball(directions), _on_ball(_directions(*LIGHT.default[:2]))
    return min(1.0 / given, _MOST_GAIN / default)


def _on_ball(directions: Float) -> float:
    """Mean light over the image of a white ball, of a key of strength pi and its fill.

    A Lambertian ball lit at an angle a from the camera has the phase function (sin a + (pi - a) cos a) / pi
    and sends back 2/3 at a = 0 (J. H. Lambert, "Photometria", 1760).
    """
    angle = np.arccos(directions[:, 2].clip(-1.0, 1.0))
    phase = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi
    return float((2.0 / 3.0 * phase * (1.0, _FILL_SHARE)).sum())
