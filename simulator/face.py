"""Head and face: hair, eyes, brows and lips, painted on vertices."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from simulator.body import Body
from simulator.camera import Float
from simulator.layers import Colour, inside, over

HairStyle = Literal["short", "long", "shaved", "cap", "beard"]
HAIR_STYLES: tuple[HairStyle, ...] = ("short", "short", "long", "long", "shaved", "cap", "beard")

_EYE_NAMES = ("leye", "reye")


class Head:
    """The head of one body in its T-pose.

    Args:
        body: Eyes, brows and lips are painted where its `vertex_ids` name the eyes and the nose.
        spacing: (V,) metres, `layers.vertex_spacing` of the body.
    """

    def __init__(self, body: Body, spacing: Float) -> None:
        self._spacing = spacing
        self._x, self._y, self._z = np.asarray(body.v_template, np.float64).T
        names = body.joint_names
        on_head = body.weights.argmax(axis=1) == names.index("head")
        self._neck, joint = body.joint_template[names.index("neck")], body.joint_template[names.index("head")]
        y, z = self._y[on_head], self._z[on_head]
        self._height = (self._y - joint[1]) / (y.max() - joint[1])
        middle, half = 0.5 * (z.max() + z.min()), 0.5 * (z.max() - z.min())
        self._forward, self._depth = (self._z - middle) / half, half
        self._above_neck = self._y - self._neck[1]
        self._top, self._scale = joint[1], y.max() - joint[1]
        self._points = np.asarray(body.v_template, np.float64)
        self._eyes = [body.vertex_ids[name] for name in _EYE_NAMES if name in body.vertex_ids]
        self._eyeballs = _eyeballs(body, self._eyes)
        self._nose = body.vertex_ids.get("nose")

    def paint(self, colours: Float, skin: Colour, hair: Colour, style: HairStyle) -> None:
        """Paint face and hair over skin (V, 3), in place."""
        self._paint_features(colours, skin, hair)
        if style == "beard":
            over(colours, hair, 0.85 * self._beard())
        hairline = self._hairline() * (0.35 if style == "shaved" else 1.0)
        over(colours, hair, hairline)
        if style == "cap":
            over(colours, _cap_colour(hair), self._inside(self._scale * (self._height - 0.68)))

    def paint_long_hair(self, colours: Float, hair: Colour, style: HairStyle) -> None:
        """Paint long hair over the clothes, in place: behind the ears and down to the shoulders."""
        if style == "long":
            behind = self._depth * (-0.05 - self._forward)
            narrow = 0.1 - np.abs(self._x)
            down = np.minimum.reduce([behind, narrow, self._above_neck + 0.04])
            over(colours, hair, self._inside(down))

    def _inside(self, distance: Float) -> Float:
        return inside(distance, 0.7 * self._spacing)

    def _hairline(self) -> Float:
        front = 0.50 + 0.40 * np.clip(self._forward, 0, 1) ** 0.7
        back = 0.50 + 0.75 * np.clip(self._forward, -1, 0)
        line = np.where(self._forward > 0, front, back)
        return self._inside(np.minimum(self._scale * (self._height - line), self._above_neck - 0.02))

    def _beard(self) -> Float:
        if self._nose is None:
            return np.zeros(len(self._y))
        below_nose = self._points[self._nose, 1] - 0.012 - self._y
        front = self._z - self._neck[2] - 0.03
        return self._inside(np.minimum.reduce([below_nose, front, self._above_neck - 0.035]))

    def _paint_features(self, colours: Float, skin: Colour, hair: Colour) -> None:
        for eye, ball in zip(self._eyes, self._eyeballs, strict=True):
            centre = self._points[eye]
            brow = self._ellipse(centre[0] + 0.006 * np.sign(centre[0]), centre[1] + 0.023, 0.018, 0.005)
            over(colours, hair, 0.7 * brow)
            lid = self._ellipse(centre[0], centre[1], 0.019, 0.011)
            over(colours, _times(skin, 0.72), 0.8 * lid)
            _paint_eyeball(colours, self._points, ball)
        if self._nose is not None:
            lips = self._ellipse(0.0, self._points[self._nose, 1] - 0.037, 0.025, 0.010)
            over(colours, _times(skin, 0.82, 0.62, 0.62), 0.75 * lips)

    def _ellipse(self, x: float, y: float, width: float, height: float) -> Float:
        """Coverage of an ellipse on the front of the head; half axes in metres."""
        radius = np.hypot((self._x - x) / width, (self._y - y) / height)
        return np.asarray(self._inside((1.0 - radius) * height) * (self._forward > 0.3))


def _paint_eyeball(colours: Float, points: Float, ball: NDArray[np.intp]) -> None:
    """White, iris and pupil by the distance to the foremost point."""
    front = points[ball[points[ball, 2].argmax()]]
    distance = np.linalg.norm(points[ball] - front, axis=1)
    colours[ball] = (226, 222, 218)
    colours[ball[distance < 0.008]] = (74, 58, 44)
    colours[ball[distance < 0.003]] = (16, 14, 14)


def _eyeballs(body: Body, eyes: list[int]) -> list[NDArray[np.intp]]:
    """The vertices of the pieces of mesh that hold the eyes; empty where eyes are part of the skin."""
    n = len(body.v_template)
    edges = np.concatenate([body.faces[:, :2], body.faces[:, 1:]])
    graph = coo_array((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), shape=(n, n))
    _, piece = connected_components(graph, directed=False)
    balls = [np.flatnonzero(piece == piece[eye]) for eye in eyes]
    return [ball if len(ball) < 0.1 * n else ball[:0] for ball in balls]


def _times(colour: Colour, red: float, green: float | None = None, blue: float | None = None) -> Colour:
    return colour[0] * red, colour[1] * (green or red), colour[2] * (blue or red)


def _cap_colour(hair: Colour) -> Colour:
    """Something other than hair, from the only colour at hand."""
    return 40.0 + 0.6 * hair[2], 40.0 + 0.3 * hair[0], 60.0 + 0.9 * hair[1]
