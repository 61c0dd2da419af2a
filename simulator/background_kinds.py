"""Backgrounds painted without any picture file, each a pure function of a generator and a size.

Rooms and open country have edges and a noise whose amplitude falls as a power of the frequency: together the mean
exponent is within -0.8 to -1.5, the range of photographs (D. J. Tolhurst, Y. Tadmor, T. Chao, "Amplitude spectra
of natural images", 1992). What is out of focus falls more steeply, as it does there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import fft

Picture = NDArray[np.float32]
"""(H, W) or (H, W, 3) sRGB in 0..1, before clipping."""


def painted(kind: str, variant: int, size: int) -> NDArray[np.uint8]:
    """One picture of the stock.

    Args:
        kind: One of `PAINTERS`.
        variant: Which of its pictures; plain 0 is the default, a soft grey.
        size: Height and width in pixels.

    Returns:
        (size, size, 3) sRGB; the same for the same arguments.
    """
    rng = np.random.default_rng((list(PAINTERS).index(kind), variant, 0xBAC4))
    paint = _grey if (kind, variant) == ("plain", 0) else PAINTERS[kind]
    return (np.clip(paint(rng, size), 0.0, 1.0) * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def _grey(_: Generator, size: int) -> Picture:
    """Lighter in the middle, so little that the brightness of the middle four fifths is within 5 %."""
    grey = np.full((size, size, 3), (0.60, 0.605, 0.61), np.float32)
    return grey * _falloff(size, 0.5, 0.46, 0.156)[..., None]


def _plain(rng: Generator, size: int) -> Picture:
    return np.full((size, size, 3), _colour(rng, 0.15, 0.95, 0.4), np.float32)


def _studio(rng: Generator, size: int) -> Picture:
    """A paper roll: light that falls off from a spot, the faint curve where the wall becomes the floor."""
    colour = _colour(rng, 0.35, 0.9, 0.25)
    light = _falloff(size, rng.uniform(0.3, 0.7), rng.uniform(0.2, 0.6), rng.uniform(0.15, 0.5))
    floor = 1.0 + rng.uniform(-0.08, 0.12) * _above(size, rng.uniform(0.65, 0.85), 0.08)[:, None]
    return light[..., None] * floor[..., None] * colour + 0.004 * _noise(rng, size, 0.5)[..., None]


def _room(rng: Generator, size: int) -> Picture:
    """A wall with a few things on it, a skirting board and a floor."""
    edge = rng.uniform(0.55, 0.8)
    wall = _falloff(size, rng.uniform(0, 1), rng.uniform(0, 0.5), 0.3)[..., None] * _colour(
        rng, 0.45, 0.92, 0.25
    )
    texture = _noise(rng, size, 0.8)
    wall = wall + 0.018 * texture[..., None]
    for _ in range(rng.integers(1, 5)):
        _hang(rng, wall, texture, edge)
    board = np.clip(_colour(rng, 0.5, 0.95, 0.1), 0, 1)
    wall = _mix(wall, board, (_above(size, edge - 0.03, 0.006) * 0.9)[:, None, None])
    return _mix(wall, _floor(rng, size, edge), _above(size, edge, 0.006)[:, None, None])


def _country(rng: Generator, size: int) -> Picture:
    """Sky, a line of hills or trees, and ground in perspective."""
    horizon = rng.uniform(0.35, 0.62)
    height = np.linspace(0, 1, size, dtype=np.float32)[:, None, None] / np.float32(horizon)
    zenith, haze = np.array(_ONE_OF_SKIES[rng.integers(len(_ONE_OF_SKIES))], np.float32)
    texture = _noise(rng, size, 1.1)
    clouds = np.clip(0.35 * _noise(rng, size, 1.6, 0.4) + rng.uniform(-0.25, 0.2), 0.0, 0.85)
    sky = _mix(_mix(zenith, haze, np.clip(height, 0, 1)), np.float32(0.95), clouds[..., None])
    ridge = horizon - rng.uniform(0.01, 0.14) * (1 + 0.5 * texture[0])
    rows = np.linspace(0, 1, size, dtype=np.float32)[:, None]
    trees = _GREENS[rng.integers(len(_GREENS))] * (1 + 0.2 * texture[..., None])
    scene = _mix(
        sky, _mix(trees, haze, np.float32(rng.uniform(0.1, 0.5))), _step(rows - ridge, 0.01)[..., None]
    )
    return _mix(scene, _ground(rng, texture, horizon), _above(size, horizon, 0.008)[:, None, None])


def _bokeh(rng: Generator, size: int) -> Picture:
    """Something far out of focus: smooth patches of colour, and discs where there were lights or leaves."""
    base = _colour(rng, 0.15, 0.7, 0.4)
    luminance, hue = _noise(rng, size, 2.6), _noise(rng, size, 2.6)
    picture: Picture = base * (1 + 0.28 * luminance[..., None]) + 0.06 * hue[..., None] * _OPPONENT
    for _ in range(rng.integers(4, 26)):
        _disc(rng, picture)
    return picture


def _person_coloured(rng: Generator, size: int) -> Picture:
    """Skin and cloth everywhere: limbs and trunks of a crowd out of focus, in no order that makes a person."""
    palette = np.concatenate([_SKINS, _CLOTHS])
    base = palette[rng.integers(len(palette))] * rng.uniform(0.5, 1.0)
    picture: Picture = base * (1 + 0.25 * _noise(rng, size, 1.8)[..., None])
    for _ in range(rng.integers(14, 30)):
        _limb(rng, picture)
    return picture * (1 + 0.03 * _noise(rng, size, 1.4)[..., None])


_OPPONENT = np.array([1.0, -0.1, -0.9], np.float32)
"""Yellow against blue, the strongest direction of colour in outdoor photographs."""

_GREENS = np.array(
    [[0.20, 0.28, 0.14], [0.30, 0.36, 0.20], [0.26, 0.30, 0.30], [0.42, 0.36, 0.24]], np.float32
)

_GROUNDS = np.array(
    [[0.33, 0.42, 0.18], [0.46, 0.45, 0.44], [0.70, 0.62, 0.47], [0.42, 0.33, 0.24], [0.56, 0.54, 0.36]],
    np.float32,
)
"""Grass, asphalt, sand, earth, dry grass."""

_ONE_OF_SKIES = (
    ((0.33, 0.52, 0.80), (0.78, 0.86, 0.92)),
    ((0.62, 0.68, 0.74), (0.83, 0.85, 0.87)),
    ((0.44, 0.50, 0.68), (0.95, 0.80, 0.64)),
)
"""Zenith and horizon: clear, overcast, evening."""

_FLOORS = np.array(
    [[0.52, 0.38, 0.26], [0.62, 0.60, 0.57], [0.36, 0.30, 0.27], [0.70, 0.60, 0.46]], np.float32
)
"""Wood, stone, dark wood, parquet."""


_SKINS = np.array(
    [[0.89, 0.76, 0.67], [0.83, 0.66, 0.55], [0.74, 0.55, 0.43], [0.58, 0.42, 0.32], [0.35, 0.25, 0.20]],
    np.float32,
)
"""Human skin from light to dark."""

_CLOTHS = np.array(
    [
        *[[0.24, 0.33, 0.47], [0.13, 0.14, 0.17], [0.85, 0.84, 0.81], [0.45, 0.46, 0.48], [0.50, 0.20, 0.20]],
        *[[0.30, 0.36, 0.26], [0.60, 0.54, 0.43], [0.20, 0.24, 0.36]],
    ],
    np.float32,
)
"""Denim, black, white, grey, wine, olive, khaki, navy."""


def _limb(rng: Generator, picture: Picture) -> None:
    """An arm, leg or trunk, from somewhere to somewhere: thinner toward its end, often bare from a hem on."""
    size = len(picture)
    (x, y), angle = rng.uniform(-0.05, 1.05, 2) * size, rng.normal(0.0, 0.7)
    radius = rng.uniform(0.025, 0.09) * size
    half, soft = rng.uniform(1.5, 4.5) * radius, rng.uniform(0.02, 0.06) * size
    window = tuple(
        slice(max(int(c - half - 2 * radius - soft), 0), int(c + half + 2 * radius + soft)) for c in (y, x)
    )
    rows, columns = (np.arange(size, dtype=np.float32)[part] for part in window)
    right, down = columns[None] - np.float32(x), rows[:, None] - np.float32(y)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    along = (sin * right + cos * down) / np.float32(half)
    thick = np.float32(radius) * (1 - np.float32(rng.uniform(0.0, 0.4)) * np.clip(along, -1, 1))
    across = cos * right - sin * down
    beyond = np.maximum(np.abs(along) - 1, 0) * np.float32(half)
    inside = _step(np.asarray(thick - np.hypot(across, beyond), np.float32), soft)
    bare = np.asarray(along - np.float32(rng.uniform(-1.5, 1.5)), np.float32)
    hem = _step(bare, soft / half)[..., None]
    cloth, skin = (colours[rng.integers(len(colours))] for colours in (_CLOTHS, _SKINS))
    shade = np.float32(rng.uniform(0.7, 1.0)) * (
        1 - np.float32(0.25) * (across / thick - np.float32(0.3)) ** 2
    )
    limb = np.asarray(_mix(cloth, skin, hem) * shade[..., None], np.float32)
    picture[window] = _mix(picture[window], limb, inside[..., None])


def _ground(rng: Generator, texture: Picture, horizon: float) -> Picture:
    texture = _in_perspective(rng, texture, horizon)
    colour = _GROUNDS[rng.integers(len(_GROUNDS))] * rng.uniform(0.8, 1.15)
    return np.asarray(
        colour * (1 + 0.11 * texture[..., None]) + 0.012 * texture[..., None] * _OPPONENT, np.float32
    )


def _floor(rng: Generator, size: int, edge: float) -> Picture:
    colour = _FLOORS[rng.integers(len(_FLOORS))] * rng.uniform(0.8, 1.15)
    noise = _noise(rng, size, 1.2)
    texture = _in_perspective(rng, 0.6 * noise[:1] + 0.4 * noise, edge - 0.25)
    return np.asarray(colour * (1 + 0.08 * texture[..., None]), np.float32)


def _in_perspective(rng: Generator, texture: Picture, horizon: float) -> Picture:
    """A texture laid on the ground below the horizon; it fades with distance, before it would flicker."""
    size = len(texture)
    y = np.linspace(0, 1, size, dtype=np.float32) - np.float32(horizon)
    distance = 1 / np.maximum(y, 0.02)
    column = (
        (np.linspace(-0.5, 0.5, size, dtype=np.float32) + rng.uniform(0, 9))
        * distance[:, None]
        * (0.5 * size)
    )
    row = np.broadcast_to(distance[:, None] * (0.5 * size), column.shape)
    fade = np.clip(1.2 - 0.06 * distance, 0.15, 1.0)[:, None]
    return np.asarray(fade * texture[row.astype(int) % size, column.astype(int) % size], np.float32)


def _disc(rng: Generator, picture: Picture) -> None:
    """A translucent disc somewhere."""
    size = len(picture)
    (x, y), radius = rng.uniform(0, size, 2), rng.uniform(0.02, 0.12) * size
    weight, colour = rng.uniform(0.15, 0.6), _colour(rng, 0.3, 1.0, 0.5)
    window = tuple(slice(max(int(c - radius - 3), 0), int(c + radius + 3)) for c in (y, x))
    rows, columns = (np.arange(size, dtype=np.float32)[part] for part in window)
    inside = _step(radius - np.hypot(rows[:, None] - np.float32(y), columns - np.float32(x)), 3.0)
    picture[window] = _mix(picture[window], colour, np.float32(weight) * inside[..., None])


def _hang(rng: Generator, wall: Picture, texture: Picture, edge: float) -> None:
    """A picture, window, door or shelf on the wall: a rectangle with a soft edge, its own shading and texture."""
    size = len(wall)
    x0, y0 = rng.uniform(-0.1, 0.9), rng.uniform(0.0, 0.5) * edge
    width, height = rng.uniform(0.08, 0.4), rng.uniform(0.08, 0.5)
    bottom = edge if rng.random() < 0.4 else min(y0 + height, edge - 0.06)
    across = _above(size, x0, 0.004) * (1 - _above(size, x0 + width, 0.004))
    down = _above(size, y0, 0.004) * (1 - _above(size, bottom, 0.004))
    inside = _colour(rng, 0.1, 0.95, 0.22) * _falloff(size, x0, y0, rng.uniform(-0.3, 0.5))[..., None]
    inside *= 1 + np.float32(rng.uniform(0.0, 0.15)) * texture[::-1, ::-1, None]
    wall[:] = _mix(wall, inside, np.float32(0.9) * (down[:, None] * across)[..., None])


def _noise(rng: Generator, size: int, exponent: float, stretch: float = 1.0) -> Picture:
    """(size, size) periodic noise, mean 0, deviation 1; its amplitude falls as 1 / frequency ** exponent."""
    spectrum = _spectrum(size, exponent, stretch)
    parts = rng.standard_normal((*spectrum.shape, 2), dtype=np.float32) * spectrum[..., None]
    field = fft.irfft2(parts.view(np.complex64)[..., 0], (size, size))
    return np.asarray(field / field.std(), np.float32)


@lru_cache(32)
def _spectrum(size: int, exponent: float, stretch: float) -> Picture:
    """1 / frequency ** exponent, 0 for the mean; vertical frequencies are multiplied by `stretch` first."""
    fy, fx = fft.fftfreq(size)[:, None] * stretch, fft.rfftfreq(size)[None]
    frequency = np.hypot(fy, fx)
    frequency[0, 0] = np.inf
    return np.asarray(frequency**-exponent, np.float32)


def _colour(rng: Generator, dark: float, bright: float, saturation: float) -> Picture:
    """(3,) an everyday colour: rarely vivid, warm more often than not."""
    value = rng.uniform(dark, bright)
    chroma = saturation * rng.beta(1.2, 3.0) * value
    hue = rng.vonmises(0.6, 0.8)  # about orange
    tint = np.cos(hue - np.array([0.0, 2.0, 4.0]) * np.pi / 3)
    return np.asarray(value + chroma * tint, np.float32)


def _falloff(size: int, x: float, y: float, strength: float) -> Picture:
    """(size, size) light that is 1 at x, y (fractions of the picture) and weaker far from it."""
    grid = np.linspace(0, 1, size, dtype=np.float32)
    return np.asarray(1 - strength * ((grid[:, None] - y) ** 2 + (grid[None] - x) ** 2), np.float32)


def _above(size: int, threshold: float, softness: float) -> Picture:
    """(size,) from 0 to 1 where the fraction along the picture passes the threshold."""
    return _step(np.linspace(0, 1, size, dtype=np.float32) - np.float32(threshold), softness)


def _step(x: Picture, softness: float) -> Picture:
    return np.asarray(np.clip(x / np.float32(softness) + np.float32(0.5), 0, 1), np.float32)


def _mix(under: Picture, over: Picture | np.float32, weight: Picture | np.float32) -> Picture:
    return np.asarray(under + (over - under) * weight, np.float32)


PAINTERS: dict[str, Callable[[Generator, int], Picture]] = {
    "plain": _plain,
    "studio": _studio,
    "room": _room,
    "country": _country,
    "bokeh": _bokeh,
    "person-coloured": _person_coloured,
}
"""The kinds that are painted."""
