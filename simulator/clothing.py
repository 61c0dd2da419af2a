"""Clothing as a factor: what somebody wears, in seventeen numbers, and what people usually wear."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast, get_args

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from simulator.camera import Float
from simulator.layers import Colour
from simulator.parameters import Dimension, Parameters, choice

HairStyle = Literal["short", "long", "shaved", "cap", "beard"]
Pattern = Literal["plain", "stripes", "checks", "print", "jacket", "raglan", "block"]
Garment = Literal["trousers", "skirt"]

HAIR_STYLES: tuple[HairStyle, ...] = get_args(HairStyle)
PATTERNS: tuple[Pattern, ...] = get_args(Pattern)
GARMENTS: tuple[Garment, ...] = get_args(Garment)

WARDROBE_SIZE = 240
"""Typical outfits: few enough that a painter can keep the paint of all of them."""

_SKINS = ((228, 194, 172), (218, 176, 150), (202, 156, 126), (168, 122, 94), (124, 86, 66), (84, 60, 48))
_HAIRS = (
    (28, 22, 20),
    (58, 40, 30),
    (98, 66, 42),
    (128, 70, 40),
    (170, 128, 78),
    (150, 146, 142),
    (206, 202, 198),
)
_TOPS = (
    *((236, 236, 232), (30, 32, 36), (112, 116, 122), (34, 48, 84), (60, 104, 160), (140, 182, 210)),
    *((150, 34, 40), (92, 28, 44), (66, 90, 60), (100, 110, 62), (38, 110, 112), (206, 160, 60)),
    *((214, 150, 158), (104, 76, 128), (120, 84, 60), (206, 186, 152), (204, 100, 52), (232, 218, 190)),
)
_BOTTOMS = (
    *((62, 84, 120), (38, 50, 76), (32, 33, 36), (84, 86, 92), (150, 134, 106), (84, 66, 50)),
    *((78, 82, 58), (206, 202, 192), (110, 132, 160)),
)

_DIMENSIONS = (
    Dimension("clothing.skin", "share", 0.0, 1.0),
    choice("clothing.hair_style", HAIR_STYLES),
    Dimension("clothing.hair_tone", "share", 0.0, 1.0),
    Dimension("clothing.top_hue", "degree", 0.0, 360.0),
    Dimension("clothing.top_saturation", "share", 0.0, 0.85),
    Dimension("clothing.top_value", "share", 0.08, 0.95),
    choice("clothing.pattern", PATTERNS),
    Dimension("clothing.accent_value", "share", 0.08, 0.95),
    Dimension("clothing.sleeve", "joint", 0.1, 2.0),
    Dimension("clothing.neckline", "m", 0.068, 0.11),
    Dimension("clothing.top_length", "m", 0.0, 0.15),
    choice("clothing.bottom", GARMENTS),
    Dimension("clothing.leg", "joint", 0.3, 2.0),
    Dimension("clothing.bottom_hue", "degree", 0.0, 360.0),
    Dimension("clothing.bottom_saturation", "share", 0.0, 0.85),
    Dimension("clothing.bottom_value", "share", 0.08, 0.95),
    Dimension("clothing.shoe_value", "share", 0.08, 0.95),
)

_BELT = (40.0, 32.0, 28.0)


@dataclass(frozen=True)
class Outfit:
    """What somebody wears. Colours are sRGB in 0..255."""

    skin: Colour
    hair: Colour
    hair_style: HairStyle
    top: Colour
    accent: Colour
    """Of the pattern."""
    pattern: Pattern
    sleeve: float
    """0 at the shoulder, 1 at the elbow, 2 at the wrist."""
    neckline: float
    """Metres of skin round the base of the neck."""
    top_length: float
    """Metres by which the top hangs below the waist."""
    garment: Garment
    bottom: Colour
    leg: float
    """Where the bottom ends: 0 at the hip, 1 at the knee, 2 at the ankle."""
    belt: Colour | None
    shoe: Colour
    sock: Colour


def outfit_of(row: Float) -> Outfit:
    """The outfit of a row (17,) of physical values.

    Args:
        row: In the order of `CLOTHING.dimensions`; values outside their range count as its end.
    """
    row = np.clip(np.asarray(row, np.float64), CLOTHING.low, CLOTHING.high)
    value = {d.name.removeprefix("clothing."): float(v) for d, v in zip(_DIMENSIONS, row, strict=True)}
    return Outfit(
        skin=_along(_SKINS, value["skin"]),
        hair=_along(_HAIRS, value["hair_tone"]),
        hair_style=cast("HairStyle", _chosen(row, "hair_style")),
        top=_hsv(value["top_hue"], value["top_saturation"], value["top_value"]),
        accent=_hsv(value["top_hue"], 0.25 * value["top_saturation"], value["accent_value"]),
        pattern=cast("Pattern", _chosen(row, "pattern")),
        sleeve=value["sleeve"],
        neckline=value["neckline"],
        top_length=value["top_length"],
        garment=cast("Garment", _chosen(row, "bottom")),
        bottom=_hsv(value["bottom_hue"], value["bottom_saturation"], value["bottom_value"]),
        leg=value["leg"],
        belt=_BELT if value["top_length"] < 0.02 else None,
        shoe=_hsv(30.0, 0.06, value["shoe_value"]),
        sock=(228.0, 228.0, 226.0) if value["shoe_value"] > 0.4 else (52.0, 52.0, 56.0),
    )


@lru_cache(maxsize=1)
def wardrobe() -> Float:
    """(240, 17) the typical outfits, always the same; every value is exact in float32."""
    rng = np.random.default_rng(0xC107)
    inside = 1e-6 * (CLOTHING.high - CLOTHING.low)
    rows = np.array([_typical_row(rng) for _ in range(WARDROBE_SIZE)])
    rows = rows.clip(CLOTHING.low + inside, CLOTHING.high - inside).astype(np.float32).astype(np.float64)
    rows.flags.writeable = False
    return rows


def typical(count: int, rng: Generator) -> Float:
    """(count, 17) outfits out of the wardrobe."""
    return wardrobe()[rng.integers(WARDROBE_SIZE, size=count)]


CLOTHING = Parameters(
    name="clothing",
    dimensions=_DIMENSIONS,
    default=(
        *(0.17, 0.5, 1 / 6, 213.6, 0.625, 0.627, 0.5, 0.925, 0.62, 0.075, 0.05),
        *(0.5, 1.93, 30.0, 0.051, 0.306, 0.886),
    ),
    typical=typical,
)
"""Blue T-shirt, grey trousers, white shoes, short brown hair; and what else may be worn."""


def _typical_row(rng: Generator) -> list[float]:
    skin = rng.beta(1.1, 1.1)
    skirt = rng.random() < 0.15
    style = HAIR_STYLES.index(_style(rng, skirt))
    top, bottom = _varied(rng, _TOPS), _varied(rng, _BOTTOMS)
    pattern = rng.choice(len(PATTERNS), p=(0.4, 0.13, 0.1, 0.12, 0.1, 0.08, 0.07))
    long_sleeve = rng.random() < 0.45 or PATTERNS[pattern] == "jacket"
    short = rng.random() < 0.35
    accent = rng.choice((0.12, 0.3, 0.6, 0.9)) + rng.uniform(-0.05, 0.05)
    return [
        *(skin, style + 0.5, _hair_tone(rng, skin)),
        *top,
        pattern + 0.5,
        accent if abs(accent - top[2]) > 0.25 else (top[2] + 0.45) % 0.9,
        rng.uniform(1.8, 2.0) if long_sleeve else rng.uniform(0.3, 0.9),
        rng.uniform(0.07, 0.1),
        0.0 if rng.random() < 0.25 else rng.uniform(0.03, 0.12),
        skirt + 0.5,
        rng.uniform(0.6, 1.6) if skirt else rng.uniform(0.45, 1.05) if short else rng.uniform(1.85, 2.0),
        *bottom,
        rng.choice((0.12, 0.2, 0.4, 0.6, 0.88, 0.93)),
    ]


def _style(rng: Generator, skirt: bool) -> HairStyle:
    shares = (0.3, 0.7, 0.0, 0.0, 0.0) if skirt else (0.4, 0.25, 0.12, 0.1, 0.13)
    return HAIR_STYLES[rng.choice(len(HAIR_STYLES), p=shares)]


def _hair_tone(rng: Generator, skin: float) -> float:
    """Grey for one in eight; else the darker the skin, the nearer to black."""
    if rng.random() < 0.125:
        return float(rng.uniform(0.8, 1.0))
    return float(rng.beta(1.0, 1.3) * 0.7 * max(1.0 - 1.5 * skin, 0.12))


def _varied(rng: Generator, palette: tuple[tuple[int, int, int], ...]) -> tuple[float, float, float]:
    """Hue in degrees, saturation and value of a colour of the palette, a little off."""
    colour = np.asarray(palette[rng.integers(len(palette))]) * rng.lognormal(0, 0.14) + rng.normal(0, 4.2, 3)
    hue, saturation, value = colorsys.rgb_to_hsv(*(float(c) / 255 for c in colour.clip(12, 245)))
    return 360 * hue, saturation, value


def _along(stops: tuple[tuple[int, int, int], ...], share: float) -> Colour:
    """The colour at a share of the way through some colours."""
    place = share * (len(stops) - 1)
    red, green, blue = (
        float(np.interp(place, range(len(stops)), channel)) for channel in zip(*stops, strict=True)
    )
    return red, green, blue


def _hsv(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = (255 * c for c in colorsys.hsv_to_rgb(hue / 360, saturation, value))
    return red, green, blue


def _chosen(row: NDArray[np.float64], what: str) -> str:
    column = CLOTHING.column(what)
    return _DIMENSIONS[column].choice(row[column])
