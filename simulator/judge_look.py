"""How the judge dresses people: skins, faces, clothes and patterns of its own, painted on the texture atlas.

Everything is a function of where a texel or vertex lies on the body at rest. Clothes are thick: they lift the surface.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.atlas import Atlas
from simulator.body import Body, Float32
from simulator.camera import Float
from simulator.judge_textures import clouds

_TEXELS = 512
_WORN = 0.4
"""How often a cloth mesh is worn."""

_SKINS = np.array(
    [(243, 208, 188), (232, 190, 160), (205, 158, 122), (172, 122, 88), (128, 84, 58), (88, 58, 42)],
    np.float64,
)
_HAIRS = np.array(
    [(28, 22, 20), (58, 40, 28), (104, 74, 44), (176, 138, 82), (138, 66, 36), (150, 148, 146)], np.float64
)
_CLOTHS = np.array(
    [
        (238, 92, 66),
        (52, 88, 160),
        (250, 204, 92),
        (64, 140, 112),
        (232, 228, 220),
        (44, 46, 54),
        (142, 84, 150),
        (120, 152, 186),
        (196, 160, 124),
        (92, 104, 70),
        (228, 150, 172),
        (120, 36, 44),
    ],
    np.float64,
)


@dataclass(frozen=True, eq=False)
class Dress:
    """What one person wears."""

    pixels: NDArray[np.uint8]
    """(T, T, 3) sRGB, row 0 at the top."""
    lift: Float32
    """(V,) metres by which clothes stand off the skin."""
    worn: Mapping[str, Float]
    """Colours (3,), sRGB bytes, of the cloth meshes that are worn, by the garment's name."""


@dataclass(frozen=True, eq=False)
class _Points:
    """Places on the body at rest."""

    xyz: Float
    """(P, 3) metres."""
    vertex: NDArray[np.intp]
    """(P,) nearest vertex."""


class Dresser:
    """Dresses one body.

    Args:
        body: An embedded body: it has texture coordinates and named vertices.
    """

    def __init__(self, body: Body) -> None:
        self._atlas = Atlas(body, _TEXELS)
        canvas = self._atlas.canvas
        self._texels = _Points(canvas.points.astype(np.float64), np.asarray(canvas.vertex, np.intp))
        self._skin = _Points(np.asarray(body.v_template, np.float64), np.arange(len(body.v_template)))
        self._part = body.weights.argmax(axis=1)
        self._joint = {n: body.joint_template[i] for i, n in enumerate(body.joint_names)}
        self._index = {n: i for i, n in enumerate(body.joint_names)}
        self._landmark = {n: self._skin.xyz[v] for n, v in body.vertex_ids.items()}
        self._head = np.flatnonzero(self._on(self._texels, "head"))
        top = self._skin.xyz[self._part == self._index["head"], 1].max()
        self._unit = float(top - self._joint["head"][1]) / 0.15
        self._size = float(np.ptp(self._skin.xyz[:, 1]))

    def draw(self, rng: np.random.Generator) -> Dress:
        """Clothes for one person, drawn at random."""
        skin = _SKINS[rng.integers(len(_SKINS))] * rng.uniform(0.92, 1.05)
        hair = _HAIRS[rng.integers(len(_HAIRS))] * rng.uniform(0.8, 1.2)
        cloths = _CLOTHS[rng.permutation(len(_CLOTHS))] * rng.uniform(0.75, 1.05)
        sleeve, leg = (
            rng.choice([0.12, 0.5, 0.95], p=[0.2, 0.4, 0.4]),
            rng.choice([0.35, 0.55, 0.97], p=[0.2, 0.2, 0.6]),
        )
        thick = rng.uniform((0.003, 0.003), (0.014, 0.012))
        colours = skin * (1 + 0.03 * self._noise(rng)[:, None])
        self._paint_head(colours, skin, hair)
        lift = np.zeros(len(self._skin.xyz))
        for cover, length, cloth, metres in (
            (self._trousers, leg, cloths[0], thick[0]),
            (self._top, sleeve, cloths[1], thick[1]),
            (self._shoes, 0.0, cloths[2] * 0.6, 0.008),
        ):
            paint = cloth * self._pattern(rng)
            share = cover(self._texels, length, 0.003)[:, None]
            colours += share * (paint - colours)
            lift = np.maximum(lift, metres * cover(self._skin, length, 0.02))
        meshes = {"skirt": cloths[4], rng.choice(["bob", "hair"]): hair}
        worn = {str(name): colour for name, colour in meshes.items() if rng.random() < _WORN}
        texture = self._atlas.texture(colours.clip(4, 250).astype(np.uint8))
        return Dress(texture.pixels, (lift * self._size / 1.7).astype(np.float32), worn)

    def _pattern(self, rng: np.random.Generator) -> Float:
        """Shades (P, 1 or 3) of a cloth: plain, bands, plaid, blobs or a block."""
        x, y, z = self._texels.xyz.T
        kind, period, dark = rng.integers(6), rng.uniform(0.05, 0.16), rng.uniform(0.3, 0.8)
        weave = 1 + 0.04 * self._noise(rng)
        if kind == 0:
            shade = np.where((y / period) % 1 < 0.35, dark, 1.0)
        elif kind == 1:
            shade = np.where((x / period) % 1 < 0.3, dark, 1.0) * np.where((y / period) % 1 < 0.3, dark, 1.0)
        elif kind == 2:
            shade = np.where(
                np.sin(x / period * 9) + np.sin(y / period * 9) + np.sin(z / period * 9) > 0.9, dark, 1.0
            )
        elif kind == 3:
            shade = np.where(np.hypot(x, y - self._joint["spine3"][1]) < 0.09, dark + 0.6, 1.0)
        else:
            shade = np.ones_like(x)
        return np.asarray((shade * weave)[:, None])

    def _noise(self, rng: np.random.Generator) -> Float:
        """Noise (P,) in -1..1 that follows the surface without seams."""
        grid = clouds(rng, 6)
        x, y, z = (self._texels.xyz * 400).astype(int).T
        return np.asarray((grid[x % 256, y % 256] + grid[z % 256, y % 256]) / 2)

    def _top(self, points: _Points, sleeve: float, blur: float) -> Float:
        """Coverage (P,) of a shirt."""
        x, y, _ = points.xyz.T
        shoulder, wrist = self._joint["left_shoulder"][0], self._joint["left_wrist"][0]
        end = shoulder + sleeve * (wrist - shoulder)
        bottom = self._joint["pelvis"][1] - 0.05 * self._size / 1.7
        neck = self._joint["neck"]
        collar = np.hypot(x - neck[0], y - neck[1] - 0.05 * self._size) - 0.06 * self._size
        distance = np.minimum.reduce([end - np.abs(x), y - bottom, collar])
        distance[self._on(points, "head", "left_hand", "right_hand")] = -1.0
        return _edge(distance, blur)

    def _trousers(self, points: _Points, leg: float, blur: float) -> Float:
        """Coverage (P,) of trousers, shorts or leggings."""
        _, y, _ = points.xyz.T
        hip, ankle = self._joint["left_hip"][1], self._joint["left_ankle"][1]
        distance = np.minimum(y - (hip + leg * (ankle - hip)), self._joint["pelvis"][1] + 0.08 - y)
        arms = [f"{side}_{name}" for side in ("left", "right") for name in ("elbow", "wrist", "hand")]
        distance[self._on(points, *arms)] = -1.0
        return _edge(distance, blur)

    def _shoes(self, points: _Points, _: float, blur: float) -> Float:
        """Coverage (P,) of shoes."""
        top = self._joint["left_ankle"][1] + 0.015 * self._size / 1.7
        return _edge(top - points.xyz[:, 1], blur)

    def _paint_head(self, colours: Float, skin: Float, hair: Float) -> None:
        """Hair, brows, lips and eyes, in place."""
        head, xyz, unit = self._head, self._texels.xyz[self._head], self._unit
        joint, nose = self._joint["head"], self._landmark["nose"]
        paint = colours[head]
        back = xyz[:, 2] < joint[2] + 0.035 * unit
        high = np.where(back, xyz[:, 1] > joint[1] + 0.02 * unit, xyz[:, 1] > nose[1] + 0.085 * unit)
        strands = 0.85 + 0.3 * (np.arange(len(head)) * 2654435761 % 1024) / 1024
        paint[high] = (hair * strands[:, None])[high]
        front = xyz[:, 2] > joint[2] + 0.05 * unit
        paint[front & _ellipse((xyz - nose) / unit, -0.037, 0.024, 0.009)] = skin * (0.82, 0.55, 0.55)
        for name in ("leye", "reye"):
            from_eye = (xyz - self._landmark[name]) / unit
            paint[front & _ellipse(from_eye, 0.024, 0.02, 0.005)] = 0.9 * hair
            paint[front & _ellipse(from_eye, 0.0, 0.018, 0.009)] = 0.62 * skin
            away = np.linalg.norm(from_eye, axis=1)
            for reach, colour in ((0.0125, (214, 208, 204)), (0.007, (70, 54, 40)), (0.003, (14, 12, 12))):
                paint[away < reach] = colour
        colours[head] = paint

    def _on(self, points: _Points, *joints: str) -> NDArray[np.bool_]:
        """(P,) whether a point belongs to one of some joints' parts."""
        return np.isin(
            self._part[points.vertex], [self._index[name] for name in joints if name in self._index]
        )


def _ellipse(from_middle: Float, up: float, width: float, height: float) -> NDArray[np.bool_]:
    """Whether points (P, 3) lie in an upright ellipse seen from the front."""
    return np.asarray(np.hypot(from_middle[:, 0] / width, (from_middle[:, 1] - up) / height) < 1)


def _edge(distance: Float, blur: float) -> Float:
    """Coverage 0..1 of signed distances in metres, with an edge of a width."""
    return np.asarray((distance / blur + 0.5).clip(0.0, 1.0))
