"""Outfits painted on the body: colours of vertices, a pure function of a seed.

Garments are bounded by planes and spheres in the T-pose, whose distances are blended over a few millimetres,
so that any body in the SMPL format is dressed, without texture coordinates, and hems stay where they are in
every pose.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from simulator import face
from simulator.body import Body
from simulator.camera import Float
from simulator.layers import Colour, inside, over, vertex_spacing

GAMMA = 2.2
"""The exponent with which the renderer encodes its pictures."""

_KEPT = 64
"""Outfits that a wardrobe remembers."""

_SKINS = ((228, 194, 172), (218, 176, 150), (202, 156, 126), (168, 122, 94), (124, 86, 66), (84, 60, 48))
_HAIRS = ((28, 22, 20), (58, 38, 26), (98, 66, 42), (170, 128, 78), (128, 60, 34), (142, 140, 138))
_TOPS = (
    *((236, 236, 232), (30, 32, 36), (112, 116, 122), (34, 48, 84), (60, 104, 160), (140, 182, 210)),
    *((150, 34, 40), (92, 28, 44), (66, 90, 60), (100, 110, 62), (38, 110, 112), (206, 160, 60)),
    *((214, 150, 158), (104, 76, 128), (120, 84, 60), (206, 186, 152), (204, 100, 52), (232, 218, 190)),
)
_BOTTOMS = (
    *((62, 84, 120), (38, 50, 76), (32, 33, 36), (84, 86, 92), (150, 134, 106), (84, 66, 50)),
    *((78, 82, 58), (206, 202, 192), (110, 132, 160)),
)
_SHOES = ((40, 38, 38), (230, 228, 224), (96, 64, 44), (58, 66, 84), (150, 60, 50), (120, 120, 122))


@dataclass(frozen=True)
class Outfit:
    """What somebody wears. Colours are sRGB in 0..255, lengths are fractions of the limb."""

    skin: Colour
    hair: Colour
    hair_style: face.HairStyle
    top: Colour
    top_accent: Colour
    pattern: str
    sleeve: float
    """0 at the shoulder, 1 at the elbow, 2 at the wrist."""
    neckline: float
    """Metres of skin round the base of the neck."""
    bottom: Colour
    leg: float
    """0 at the hip, 1 at the knee, 2 at the ankle."""
    belt: Colour | None
    shoe: Colour
    sock: Colour | None


_DEFAULT = Outfit(
    skin=(222, 176, 146),
    hair=(58, 40, 30),
    hair_style="short",
    top=(60, 104, 160),
    top_accent=(236, 236, 232),
    pattern="plain",
    sleeve=0.62,
    neckline=0.075,
    bottom=(78, 76, 74),
    leg=1.93,
    belt=None,
    shoe=(226, 224, 220),
    sock=None,
)

_PATTERNS = ("plain", "plain", "plain", "stripes", "checks", "print", "jacket", "raglan")


def draw(seed: int) -> Outfit:
    """The outfit of a seed: 0 is a blue T-shirt, grey trousers and white shoes."""
    if seed == 0:
        return _DEFAULT
    rng = np.random.default_rng((seed, 0xC107))
    top = _varied(rng, _TOPS)
    pattern = _PATTERNS[rng.integers(len(_PATTERNS))]
    long_sleeve = rng.random() < 0.45 or pattern == "jacket"
    shorts = rng.random() < 0.35
    return Outfit(
        skin=_varied(rng, _SKINS, 5),
        hair=_varied(rng, _HAIRS, 6),
        hair_style=face.HAIR_STYLES[rng.integers(len(face.HAIR_STYLES))],
        top=top,
        top_accent=_contrasting(rng, top),
        pattern=pattern,
        sleeve=rng.uniform(1.8, 2.0) if long_sleeve else rng.uniform(0.3, 0.9),
        neckline=rng.uniform(0.055, 0.1),
        bottom=_varied(rng, _BOTTOMS),
        leg=rng.uniform(0.45, 1.05) if shorts else rng.uniform(1.85, 2.0),
        belt=(40, 32, 28) if rng.random() < 0.4 else None,
        shoe=_varied(rng, _SHOES),
        sock=(232, 232, 230) if rng.random() < 0.5 else None,
    )


def paint(body: Body, seed: int) -> NDArray[np.uint8]:
    """The (V, 3) sRGB colours of a body's vertices in the outfit of a seed."""
    return Wardrobe(body).paint(seed)


def linear(colours: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Light reflected, in 0..1, by sRGB colours: what the renderer multiplies with its lights.

    The renderer encodes pictures with the exponent 1 / 2.2, so the same exponent is undone here.
    """
    return np.asarray((colours / 255.0) ** GAMMA, np.float32)


class Wardrobe:
    """Dresses one body.

    Args:
        body: T-pose vertices and joints are used; its joints bear SMPL's names.
    """

    def __init__(self, body: Body) -> None:
        joints = dict(zip(body.joint_names, body.joint_template, strict=True))
        x, self._y, self._z = np.asarray(body.v_template, np.float64).T
        self._x = np.abs(x)
        self._spacing = vertex_spacing(body.v_template, body.faces)
        self._head = face.Head(body, self._spacing)
        self._neck = joints["neck"]
        self._waist = joints["pelvis"][1] + 0.03
        self._arm = np.array([joints[f"left_{name}"][0] for name in ("shoulder", "elbow", "wrist")])
        self._leg = np.array([joints[f"left_{name}"][1] for name in ("hip", "knee", "ankle")])
        self._paint = lru_cache(_KEPT)(lambda seed: self.wear(draw(seed)))

    def paint(self, seed: int) -> NDArray[np.uint8]:
        """The (V, 3) sRGB colours of a seed's outfit; do not write into them."""
        colours = self._paint(seed)
        colours.flags.writeable = False
        return colours

    def wear(self, outfit: Outfit) -> NDArray[np.uint8]:
        """The (V, 3) sRGB colours of an outfit."""
        colours = np.tile(np.asarray(outfit.skin, np.float64), (len(self._y), 1))
        self._head.paint(colours, outfit.skin, outfit.hair, outfit.hair_style)
        if outfit.sock:
            over(colours, outfit.sock, self._inside(self._leg[2] + 0.07 - self._y))
        self._wear_shoes(colours, outfit)
        self._wear_bottom(colours, outfit)
        self._wear_top(colours, outfit)
        self._head.paint_long_hair(colours, outfit.hair, outfit.hair_style)
        return np.clip(np.rint(colours), 0, 255).astype(np.uint8)

    def _wear_shoes(self, colours: Float, outfit: Outfit) -> None:
        sole = self._y.min() + 0.018
        over(colours, outfit.shoe, self._inside(self._leg[2] + 0.015 - self._y))
        over(colours, _lighter(outfit.shoe, 0.75), self._inside(sole - self._y))

    def _wear_bottom(self, colours: Float, outfit: Outfit) -> None:
        hem = np.interp(outfit.leg, [0, 1, 2], self._leg)
        off_arms = self._arm[0] + 0.06 - self._x
        trousers = np.minimum.reduce([self._waist - self._y, self._y - hem, off_arms])
        over(colours, outfit.bottom, self._inside(trousers))
        over(
            colours, _lighter(outfit.bottom, -0.15), self._inside(np.minimum(trousers, 0.012 + hem - self._y))
        )
        if outfit.belt:
            over(colours, outfit.belt, self._inside(np.minimum(trousers, self._y - self._waist + 0.035)))

    def _wear_top(self, colours: Float, outfit: Outfit) -> None:
        cuff = np.interp(outfit.sleeve, [0, 1, 2], self._arm)
        hem = self._waist - (0.0 if outfit.belt else 0.05)
        from_neck = np.sqrt(
            self._x**2 + (self._y - self._neck[1] + 0.01) ** 2 + (self._z - self._neck[2] - 0.02) ** 2
        )
        below_neck = np.minimum(from_neck - outfit.neckline, self._neck[1] + 0.01 - self._y)
        top = np.minimum.reduce([self._y - hem, cuff - self._x, below_neck])
        colour = np.tile(np.asarray(outfit.top, np.float64), (len(self._y), 1))
        over(colour, outfit.top_accent, self._patterned(outfit.pattern))
        seams = (
            self._inside(0.012 - np.minimum(cuff - self._x, below_neck))[:, None]
            if outfit.pattern != "jacket"
            else 0.0
        )
        colour = colour * (1 - 0.12 * seams)
        over(colours, colour, self._inside(top))

    def _inside(self, distance: Float) -> Float:
        return inside(distance, 0.7 * self._spacing)

    def _patterned(self, pattern: str) -> Float:
        """(V,) how much of the accent's colour each vertex bears."""
        on_sleeve = self._x > self._arm[0]
        along = np.where(on_sleeve, self._x, self._y)
        if pattern == "stripes":
            return self._inside(0.02 * np.sin(along * 2 * np.pi / 0.085))
        if pattern == "checks":
            across = np.where(on_sleeve, self._y + self._z, self._x)
            bands = [self._inside(0.02 * np.sin(c * 2 * np.pi / 0.09)) for c in (along, across)]
            return np.asarray(0.45 * (bands[0] + bands[1]))
        if pattern == "print":
            middle = 0.5 * (self._neck[1] + self._waist) + 0.05
            emblem = self._inside(0.075 - np.hypot(self._x, 1.3 * (self._y - middle)))
            return np.asarray(emblem * (self._z > self._neck[2]))
        if pattern == "jacket":
            opening = 0.035 + 0.1 * (self._neck[1] - self._y)
            return np.asarray(self._inside(opening - self._x) * (self._z > self._neck[2]))
        if pattern == "raglan":
            return self._inside(self._x - 0.75 * self._arm[0] - 0.35 * (self._neck[1] - self._y))
        return np.zeros(len(self._y))


def _varied(rng: Generator, palette: tuple[Colour, ...], spread: float = 14.0) -> Colour:
    """A colour of the palette, a little off."""
    colour = np.asarray(palette[rng.integers(len(palette))])
    colour = colour * rng.lognormal(0, spread / 100) + rng.normal(0, 0.3 * spread, 3)
    red, green, blue = np.clip(colour, 12, 245)
    return float(red), float(green), float(blue)


def _contrasting(rng: Generator, colour: Colour) -> Colour:
    """A colour of the palette that can be told from another."""
    candidates = [_varied(rng, _TOPS) for _ in range(5)]
    return max(candidates, key=lambda other: sum(abs(a - b) for a, b in zip(colour, other, strict=True)))


def _lighter(colour: Colour, share: float) -> Colour:
    """Towards white for a positive share, towards black for a negative one."""
    end = 235.0 if share > 0 else 0.0
    red, green, blue = (c + (end - c) * abs(share) for c in colour)
    return red, green, blue
