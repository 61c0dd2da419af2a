"""Lights: two directional ones and an ambient one, a pure function of a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.camera import Float

_KEY, _FILL, _AMBIENT = 2.0, 0.7, 0.38
"""Relative strengths of the default light. A white surface sends back key / pi, fill / pi and ambient."""

_KEY_FROM, _FILL_FROM = (-40.0, 40.0), (60.0, 15.0)
"""Azimuth and elevation, degrees: 0, 0 is the camera, azimuth 90 its right."""

_EXPOSURE = 0.85
"""Linear light, 1 being the brightest that the picture holds, from a white surface that faces the camera."""


@dataclass(frozen=True)
class Lights:
    """The lights of one picture, in OpenCV camera axes (x right, y down, z forward)."""

    directions: Float
    """(2, 3) unit vectors along which the light travels."""
    colours: Float
    """(2, 3) linear RGB, intensity included."""
    ambient: Float
    """(3,) linear RGB."""


def draw(seed: int) -> Lights:
    """The lights of a seed.

    Args:
        seed: 0 is a key light from the upper left, beside the camera, a weaker one from the right, and a soft
            surround. Other seeds move the lights and change their strength and warmth.

    Returns:
        The lights; the same for the same seed.
    """
    if seed == 0:
        return _lights(_KEY_FROM, _FILL_FROM, np.array([_KEY, _FILL, _AMBIENT]), 0.04, _EXPOSURE)
    rng = np.random.default_rng((seed, 0x11647))
    side = rng.choice([-1.0, 1.0])
    key_from = side * rng.uniform(5, 95), rng.uniform(5, 70)
    fill_from = -side * rng.uniform(30, 150), rng.uniform(-15, 45)
    strengths = rng.uniform((0.6, 0.1, 0.15), (2.0, 1.8, 1.2)) * (_KEY, _FILL, _AMBIENT)
    return _lights(key_from, fill_from, strengths, rng.uniform(-0.16, 0.16), rng.uniform(0.6, 1.15))


def _lights(
    key_from: tuple[float, float],
    fill_from: tuple[float, float],
    strengths: Float,
    warmth: float,
    exposure: float,
) -> Lights:
    """Lights from two directions, of opposite warmth, set so that white facing the camera sends back `exposure`."""
    directions = np.stack([_from(*key_from), _from(*fill_from)])
    colours = np.stack([_warm(warmth), _warm(-warmth)]) * strengths[:2, None]
    ambient = strengths[2] * _warm(-0.5 * warmth)
    facing = ambient + (np.maximum(directions[:, 2:], 0.0) * colours / np.pi).sum(axis=0)
    scale = exposure / facing.mean()
    return Lights(directions, scale * colours, scale * ambient)


def _from(azimuth: float, elevation: float) -> Float:
    """The direction of light that comes from there, in degrees: 0, 0 is the camera, 90, 0 its right."""
    a, e = np.radians([azimuth, elevation])
    return np.array([-np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])


def _warm(warmth: float) -> Float:
    """Linear RGB of mean 1, redder for positive warmth, bluer for negative."""
    return np.array([1.0 + warmth, 1.0, 1.0 - warmth])
