"""Lights: two directional ones and an ambient one, a pure function of a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.camera import Float

_KEY, _FILL, _AMBIENT = 2.0, 0.7, 0.38
"""Strengths of the default light. A white surface facing the key light reflects key / pi + ... + ambient,
here a little above 1 where all of them meet, so that only highlights are clipped."""


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
    rng = np.random.default_rng((seed, 0x11647))
    side = rng.choice([-1.0, 1.0])
    azimuths = side * rng.uniform((10, -140), (80, -30))
    elevations = rng.uniform((10, -10), (65, 40))
    strengths = rng.uniform((0.6, 0.2, 0.6), (1.25, 1.6, 1.25))
    warmths = rng.uniform(-0.15, 0.15, 2)
    if seed == 0:
        azimuths, elevations = np.array([-40.0, 60.0]), np.array([40.0, 15.0])
        strengths, warmths = np.ones(3), np.array([0.04, -0.04])
    colours = np.stack([_warm(warmth) for warmth in warmths]) * (strengths[:2] * (_KEY, _FILL))[:, None]
    directions = np.stack([_from(*angles) for angles in zip(azimuths, elevations, strict=True)])
    return Lights(directions, colours, _AMBIENT * strengths[2] * _warm(-0.5 * warmths[0]))


def _from(azimuth: float, elevation: float) -> Float:
    """The direction of light that comes from there, in degrees: 0, 0 is the camera, 90, 0 its right."""
    a, e = np.radians([azimuth, elevation])
    return np.array([-np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])


def _warm(warmth: float) -> Float:
    """Linear RGB of mean 1, redder for positive warmth, bluer for negative."""
    return np.array([1.0 + warmth, 1.0, 1.0 - warmth])
