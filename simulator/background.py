"""Backgrounds: a stock of pictures, painted or photographed, from which a row takes a piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulator.background_kinds import PAINTERS, painted
from simulator.camera import Float
from simulator.compiled import compiled
from simulator.parameters import Dimension, Parameters, choice
from simulator.photographs import content_hash, read_photograph, shipped_photographs

Pixels = NDArray[np.uint8]

BACKGROUND_VERSION = 1
"""Raised whenever the same row would give other pixels."""

PATTERNS = 32
"""Pictures of each kind."""

_MARGIN = 1.25
"""Sides of the frame that a picture of the stock measures."""

_KEPT = 256
"""Pictures that are remembered: 79 MB at 256 px."""

_GAMMA = 2.2
"""With which pictures are encoded."""

KINDS = (*PAINTERS, "photograph")

_TYPICAL = np.array([0.2, 0.15, 0.25, 0.25, 0.15, 0.0, 0.0])
_TYPICAL_WITH_PHOTOGRAPHS = np.array([0.06, 0.06, 0.13, 0.13, 0.06, 0.0, 0.56])
"""Shares of the kinds in common training sets, in the order of `KINDS`."""


def _typical(shares: Float, count: int, rng: np.random.Generator) -> Float:
    kind = rng.choice(len(shares), count, p=shares) + 0.5
    return np.column_stack(
        [
            kind,
            rng.uniform(0.0, PATTERNS, count),
            rng.random((count, 2)),
            rng.normal(-0.15, 0.3, count).clip(-1.0, 0.4),
            rng.normal(1.0, 0.12, count).clip(0.6, 1.4),
        ]
    )


def _typical_painted(count: int, rng: np.random.Generator) -> Float:
    """Mostly rooms and open country, some plain and studio walls, some far out of focus; no photographs."""
    return _typical(_TYPICAL, count, rng)


def _typical_photographed(count: int, rng: np.random.Generator) -> Float:
    """More than half photographs, the rest painted."""
    return _typical(_TYPICAL_WITH_PHOTOGRAPHS, count, rng)


BACKGROUND = Parameters(
    "background",
    (
        choice("background.kind", KINDS),
        Dimension("background.pattern", "number", 0.0, float(PATTERNS)),
        Dimension("background.shift_x", "share", 0.0, 1.0),
        Dimension("background.shift_y", "share", 0.0, 1.0),
        Dimension("background.brightness", "EV", -2.0, 1.5),
        Dimension("background.saturation", "factor", 0.0, 2.0),
    ),
    (0.5, 0.25, 0.5, 0.5, 0.0, 1.0),
    _typical_painted,
)
"""What is behind; which picture of the kind, mirrored in the second half of each whole number; from where in it,
0 left and top; stops; and how colourful, 0 grey and 1 as it is."""

PHOTOGRAPHED = replace(BACKGROUND, typical=_typical_photographed)
"""The same space for a user who gave a folder of photographs: they are typical then."""


class Backgrounds:
    """Draws backgrounds, each a pure function of its row.

    Args:
        size: Height and width in pixels.
        photographs: Files for the kind `photograph`; none takes those that scikit-image ships.

    Raises:
        OSError: A photograph cannot be read.
    """

    def __init__(self, size: int, photographs: Sequence[Path] = ()) -> None:
        self._size = size
        self._photographs = tuple(photographs)
        self._own = f", photographs {content_hash(self._photographs)[:12]}" if photographs else ""
        self._stock = lru_cache(_KEPT)(self._made)

    @property
    def version(self) -> str:
        """What can change a pixel: the painters, and the contents of the user's photographs."""
        return f"backgrounds {BACKGROUND_VERSION}{self._own}"

    def draw(self, row: Float) -> Pixels:
        """The background of a row.

        Args:
            row: (6,) physical values, columns as in `BACKGROUND`.

        Returns:
            (size, size, 3) sRGB.

        Raises:
            ModuleNotFoundError: A photograph is wanted, of the user there is none, and scikit-image is missing.
        """
        kind = BACKGROUND.dimensions[0].choice(row[0])
        picture = self._stock(kind, self._number(kind, row[1]))
        top, left = (round(s * (n - self._size)) for s, n in zip(row[3:1:-1], picture.shape[:2], strict=True))
        piece = np.ascontiguousarray(picture[top : top + self._size, left : left + self._size])
        if row[1] % 1.0 >= 0.5:
            piece = _mirrored(piece)
        out = np.empty_like(piece)
        gain, saturation = np.int32(round(256 * 2.0 ** (row[4] / _GAMMA))), np.int32(round(256 * row[5]))
        _tone(piece.reshape(-1), gain, saturation, out.reshape(-1))
        return out

    def _number(self, kind: str, pattern: float) -> int:
        """Which picture of the kind: every one of many photographs has its share of the patterns."""
        count = len(self._files) if kind == "photograph" else PATTERNS
        return min(int(pattern / PATTERNS * count), count - 1)

    def _made(self, kind: str, number: int) -> Pixels:
        side = round(_MARGIN * self._size)
        if kind == "photograph":
            return read_photograph(self._files[number], side)
        return painted(kind, number, side)

    @cached_property
    def _files(self) -> tuple[Path, ...]:
        return self._photographs or shipped_photographs()


@compiled
def _mirrored(piece: Pixels) -> Pixels:
    """Pixels (H, W, 3), left and right exchanged."""
    out = np.empty_like(piece)
    height, width, _ = piece.shape
    for y in range(height):
        for x in range(width):
            for c in range(3):
                out[y, x, c] = piece[y, width - 1 - x, c]
    return out


@compiled
def _tone(piece: Pixels, gain: np.int32, saturation: np.int32, out: Pixels) -> None:
    """Bytes (P * 3,) of P pixels, gain and saturation in 1/256, in whole numbers throughout."""
    for pixel in range(len(out) // 3):
        i = 3 * pixel
        red, green, blue = np.int32(piece[i]), np.int32(piece[i + 1]), np.int32(piece[i + 2])
        grey = np.int32((77 * red + 150 * green + 29 * blue + 128) >> 8)
        out[i] = _toned(red, grey, gain, saturation)
        out[i + 1] = _toned(green, grey, gain, saturation)
        out[i + 2] = _toned(blue, grey, gain, saturation)


@compiled
def _toned(value: np.int32, grey: np.int32, gain: np.int32, saturation: np.int32) -> np.int32:
    mixed = np.int32(grey * np.int32(256) + saturation * (value - grey))
    toned = np.int32((mixed * gain + np.int32(32768)) >> 16)
    return min(max(toned, np.int32(0)), np.int32(255))
