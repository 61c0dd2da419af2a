"""The judge's own textures: floors, walls, grounds, skies and pictures that the search never sees."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from simulator.camera import Float

Pixels = NDArray[np.uint8]
"""(T, T, 3) sRGB."""

SIZE = 256
"""Texels along a side; a texture repeats."""

_PALETTE = np.array(
    [
        (224, 208, 186),
        (201, 214, 205),
        (176, 190, 204),
        (214, 180, 160),
        (232, 228, 218),
        (150, 164, 150),
        (196, 176, 200),
        (120, 132, 148),
        (206, 160, 120),
        (168, 120, 96),
    ],
    np.float64,
)
_GROUNDS = np.array(
    [(104, 122, 68), (132, 128, 120), (168, 150, 118), (92, 94, 98), (150, 112, 84), (116, 136, 92)],
    np.float64,
)


def floor(rng: np.random.Generator) -> Pixels:
    """Planks, tiles or carpet."""
    make: Callable[[np.random.Generator, Float], Float] = (_planks, _tiles, _carpet)[rng.integers(3)]
    return _bytes(make(rng, _PALETTE[rng.integers(5, len(_PALETTE))] * rng.uniform(0.55, 1.05)))


def wall(rng: np.random.Generator) -> Pixels:
    """Plaster, wallpaper, bricks or tiles."""
    make: Callable[[np.random.Generator, Float], Float] = (_plaster, _stripes, _bricks, _tiles)[
        rng.integers(4)
    ]
    return _bytes(make(rng, _PALETTE[rng.integers(len(_PALETTE))]))


def ground(rng: np.random.Generator) -> Pixels:
    """Grass, gravel, sand or asphalt."""
    base = _GROUNDS[rng.integers(len(_GROUNDS))]
    return _bytes(base * (1 + 0.35 * clouds(rng, 9)[..., None] + rng.normal(0, 0.08, (SIZE, SIZE, 1))))


def facade(rng: np.random.Generator) -> Pixels:
    """Rows of windows."""
    base = _PALETTE[rng.integers(len(_PALETTE))] * rng.uniform(0.6, 1.0)
    image = np.tile(base, (SIZE, SIZE, 1)) * (1 + 0.1 * clouds(rng, 4)[..., None])
    across, up = rng.integers(3, 7, 2)
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    pane = (np.abs(x * across % 1 - 0.5) < 0.28) & (np.abs(y * up % 1 - 0.5) < 0.3)
    image[pane] = np.array((62, 74, 88)) * rng.uniform(0.6, 1.5)
    return _bytes(image)


def leaves(rng: np.random.Generator) -> Pixels:
    """Foliage."""
    base = np.array((70, 104, 48)) * rng.uniform(0.7, 1.4, 3)
    return _bytes(base * (1 + 0.5 * clouds(rng, 7)[..., None]))


def poster(rng: np.random.Generator) -> Pixels:
    """A picture on a wall: coloured clouds in a frame."""
    low, high = rng.uniform(20, 240, (2, 3))
    share = 0.5 + 0.5 * clouds(rng, 3)[..., None]
    image = low + (high - low) * share
    edge = np.minimum.reduce([np.arange(SIZE), np.arange(SIZE)[::-1]])
    image[np.minimum(edge[:, None], edge) < 12] = rng.choice((30, 225))
    return _bytes(image)


def plain(colour: Float) -> Pixels:
    """One colour, sRGB bytes."""
    return _bytes(np.tile(np.asarray(colour, np.float64), (4, 4, 1)))


def clouds(rng: np.random.Generator, roughness: float) -> Float:
    """Noise (SIZE, SIZE) in -1..1 that repeats, its amplitude falling with frequency: 1 smooth, 7 rough."""
    across, down = np.meshgrid(np.fft.rfftfreq(SIZE), np.fft.fftfreq(SIZE))
    frequency = np.hypot(across, down) * SIZE
    phases = rng.normal(size=(*frequency.shape, 2)) @ np.array([1.0, 1j])
    field = np.fft.irfft2(phases / (1 + frequency) ** (2.6 - roughness / 7), s=(SIZE, SIZE))
    field -= field.mean()
    return np.asarray((field / (2.5 * field.std())).clip(-1.0, 1.0))


def _plaster(rng: np.random.Generator, base: Float) -> Float:
    return np.asarray(base * (1 + 0.07 * clouds(rng, 6)[..., None]))


def _stripes(rng: np.random.Generator, base: Float) -> Float:
    count = rng.integers(4, 14)
    x = np.arange(SIZE) * count / SIZE % 1
    shade = np.where(x < rng.uniform(0.2, 0.6), rng.uniform(0.7, 0.92), 1.0)
    return np.asarray(base * shade[None, :, None] * (1 + 0.03 * clouds(rng, 5)[..., None]))


def _bricks(rng: np.random.Generator, base: Float) -> Float:
    rows, columns = 12, 4
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    row = np.floor(y * rows).astype(int)
    along = x * columns + 0.5 * (row % 2)
    tone = rng.uniform(0.75, 1.1, (rows, columns))[row, np.floor(along).astype(int) % columns]
    mortar = (np.abs(along % 1 - 0.5) > 0.47) | (np.abs(y * rows % 1 - 0.5) > 0.42)
    return np.asarray(np.where(mortar, 1.05, tone)[..., None] * base * (1 + 0.1 * clouds(rng, 7)[..., None]))


def _tiles(rng: np.random.Generator, base: Float) -> Float:
    count = 2 * int(rng.integers(1, 5))
    y, x = np.mgrid[:SIZE, :SIZE] * count / SIZE
    dark = rng.uniform(0.35, 0.95)
    tone = np.where((np.floor(x) + np.floor(y)) % 2 == 0, 1.0, dark)
    joint = np.maximum(np.abs(x % 1 - 0.5), np.abs(y % 1 - 0.5)) > 0.48
    return np.asarray(np.where(joint, 0.6, tone)[..., None] * base * (1 + 0.08 * clouds(rng, 6)[..., None]))


def _planks(rng: np.random.Generator, base: Float) -> Float:
    rows = 8
    row = np.arange(SIZE) * rows // SIZE
    grain = zoom(rng.uniform(-1, 1, (SIZE, 16)), (1, SIZE / 16), order=1)
    tone = rng.uniform(0.72, 1.08, rows)[row][:, None] * (1 + 0.12 * grain)
    tone[np.arange(SIZE) * rows % SIZE < 2 * rows] *= 0.6
    return np.asarray(tone[..., None] * base)


def _carpet(rng: np.random.Generator, base: Float) -> Float:
    return np.asarray(base * (1 + 0.12 * clouds(rng, 3)[..., None] + rng.normal(0, 0.07, (SIZE, SIZE, 1))))


def _bytes(image: Float) -> Pixels:
    return np.asarray(image).clip(8, 250).astype(np.uint8)
