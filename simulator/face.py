"""Faces and hair, painted on any canvas of a body."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from simulator.body import Body, Float32
from simulator.clothing import HairStyle
from simulator.layers import Canvas, Colour, Stencil, inside, noise, stamp, stencil

_EYE_NAMES = ("leye", "reye")
_HEIGHT = 0.153
"""Metres from the head joint to the crown of the embedded body, for which lengths are given here."""
_HAIRLINE = (
    *((-1.0, -0.2), (-0.6, -0.15), (-0.38, -0.02), (-0.3, 0.32), (-0.1, 0.38), (0.05, 0.34), (0.1, 0.14)),
    *((0.2, 0.14), (0.27, 0.45), (0.42, 0.58), (0.5, 0.7), (0.65, 0.82), (1.0, 0.9)),
)
"""Where hair begins on the side of the head: share of the way from the back (-1) to the front (1) of the head,
share of the way from the head joint (0) to the crown (1)."""
_BEARDLINE = ((0.08, 0.2), (0.3, 0.03), (0.5, -0.1), (0.65, -0.12), (0.8, -0.07), (1.0, -0.07))
"""The upper end of a beard, likewise."""


class Head:
    """The head of one body in its T-pose.

    Args:
        body: Eyes, brows and lips are painted where its `vertex_ids` name the eyes and the nose.
        canvas: What is painted on.
    """

    def __init__(self, body: Body, canvas: Canvas) -> None:
        self._body, self._canvas = body, canvas
        self._x, self._y, self._z = canvas.points.T
        names = body.joint_names
        template = np.asarray(body.v_template, np.float64)
        on_head = template[body.weights.argmax(axis=1) == names.index("head")]
        self._neck, joint = body.joint_template[names.index("neck")], body.joint_template[names.index("head")]
        self._scale = float(on_head[:, 1].max() - joint[1])
        self._unit = self._scale / _HEIGHT
        self._height = (self._y - np.float32(joint[1])) / np.float32(self._scale)
        middle, half = _middle_and_half(on_head[:, 2])
        self._forward, self._depth = (self._z - np.float32(middle)) / np.float32(half), np.float32(half)
        self._above_neck = self._y - np.float32(self._neck[1])
        self._eyes = [template[body.vertex_ids[name]] for name in _EYE_NAMES if name in body.vertex_ids]
        self._nose = template[body.vertex_ids["nose"]] if "nose" in body.vertex_ids else None
        self._strands = 1 + 0.16 * noise(canvas.points, (0.007, 0.04, 0.007), 5)

    def paint(self, colours: Float32, skin: Colour, hair: Colour, style: HairStyle, cap: Colour) -> None:
        """Paint face and hair over skin (3, P), in place."""
        self._paint_features(colours, skin, hair)
        if style == "beard":
            self._brush(colours, hair, self._beard, 0.8)
        self._brush(colours, hair, self._hairline, 0.4 if style == "shaved" else 1.0)
        if style == "cap":
            stamp(colours, cap, self._cap)

    def paint_long_hair(self, colours: Float32, hair: Colour, style: HairStyle) -> None:
        """Paint long hair over the clothes, in place: behind the ears and down to the shoulders."""
        if style == "long":
            self._brush(colours, hair, self._behind, 1.0)

    def _brush(self, colours: Float32, hair: Colour, shape: Stencil, strength: float) -> None:
        """Hair, strand by strand."""
        coverage = shape.coverage * np.float32(strength)
        strands = self._strands[shape.index]
        for plane, new in zip(colours, hair, strict=True):
            before = plane[shape.index]
            plane[shape.index] = before + (np.float32(new) * strands - before) * coverage

    def _paint_features(self, colours: Float32, skin: Colour, hair: Colour) -> None:
        stamp(colours, _times(skin, 0.98, 0.84, 0.82), self._cheeks, 0.3)
        stamp(colours, _times(skin, 0.70), self._lids, 0.75)
        stamp(colours, _times(hair, 0.9), self._brows, 0.75)
        stamp(colours, _times(skin, 0.80, 0.60, 0.60), self._lips, 0.6)
        stamp(colours, _times(skin, 0.45, 0.32, 0.32), self._mouth, 0.6)
        for colour, shape in zip(((222, 217, 213), (74, 58, 44), (16, 14, 14)), self._balls, strict=True):
            stamp(colours, colour, shape)

    @cached_property
    def _hairline(self) -> Stencil:
        return self._shape(self._above_line(_HAIRLINE), self._above_neck - 0.02 * self._unit)

    @cached_property
    def _cap(self) -> Stencil:
        return self._shape(self._scale * (self._height - 0.56 - 0.08 * self._forward))

    @cached_property
    def _behind(self) -> Stencil:
        narrow = 0.1 * self._unit - np.abs(self._x)
        return self._shape(self._depth * (-0.3 - self._forward), narrow, self._above_neck + 0.04 * self._unit)

    @cached_property
    def _beard(self) -> Stencil:
        if self._nose is None:
            return stencil(np.zeros_like(self._y))
        front = self._depth * (self._forward - 0.08)
        down_to = self._above_neck - np.float32(0.03 * self._unit)
        nearest = np.minimum.reduce([-self._above_line(_BEARDLINE), front, down_to])
        softness = np.maximum(self._canvas.spacing, np.float32(0.012 * self._unit))
        return stencil(inside(nearest, softness) * (1 - self._below_nose(-0.038, 0.023, 0.009)))

    @cached_property
    def _brows(self) -> Stencil:
        return self._pair(0.006, 0.023, 0.018, 0.005)

    @cached_property
    def _lids(self) -> Stencil:
        return self._pair(0.0, 0.0, 0.019, 0.011)

    @cached_property
    def _cheeks(self) -> Stencil:
        return self._pair(0.012, -0.036, 0.02, 0.018, 1.6)

    @cached_property
    def _lips(self) -> Stencil:
        return stencil(self._below_nose(-0.037, 0.023, 0.009))

    @cached_property
    def _mouth(self) -> Stencil:
        return stencil(self._below_nose(-0.037, 0.021, 0.002))

    @cached_property
    def _balls(self) -> tuple[Stencil, Stencil, Stencil]:
        """White, iris and pupil by the distance to the foremost point of each eyeball."""
        shapes = np.zeros((3, len(self._canvas)), np.float32)
        for ball in _eyeballs(self._body):
            points = np.asarray(self._body.v_template)[ball]
            front = points[points[:, 2].argmax()]
            on_ball = np.flatnonzero(np.isin(self._canvas.vertex, ball))
            distance = np.linalg.norm(self._canvas.points[on_ball] - front, axis=1).astype(np.float32)
            spacing = self._canvas.spacing[on_ball]
            shapes[0, on_ball] = 1.0
            iris = np.maximum(np.float32(0.0075 * self._unit), np.float32(0.75) * spacing)
            shapes[1, on_ball] = inside(iris - distance, spacing)
            shapes[2, on_ball] = inside(np.float32(0.4) * iris - distance, spacing)
        return stencil(shapes[0]), stencil(shapes[1]), stencil(shapes[2])

    def _above_line(self, line: tuple[tuple[float, float], ...]) -> Float32:
        """Metres by which points lie above a line, given as height over forward, on the side of the head."""
        forward, height = np.array(line).T
        step = 0.02
        here, before, after = (np.interp(self._forward + d, forward, height) for d in (0.0, -step, step))
        slope = (after - before) / (2 * step) * self._scale / self._depth
        return np.asarray(self._scale * (self._height - here) / np.hypot(1.0, slope), np.float32)

    def _shape(self, *distances: Float32) -> Stencil:
        nearest = np.minimum.reduce(distances).astype(np.float32)
        return stencil(inside(nearest, self._canvas.spacing))

    def _pair(self, outward: float, up: float, width: float, height: float, blur: float = 0.4) -> Stencil:
        """The same ellipse at both eyes; metres on the embedded body."""
        total = np.zeros_like(self._y)
        for eye in self._eyes:
            x = eye[0] + outward * self._unit * np.sign(eye[0])
            total += self._ellipse(x, eye[1] + up * self._unit, width, height, blur)
        return stencil(total.clip(0, 1))

    def _below_nose(self, up: float, width: float, height: float) -> Float32:
        if self._nose is None:
            return np.zeros_like(self._y)
        return self._ellipse(0.0, self._nose[1] + up * self._unit, width, height)

    def _ellipse(self, x: float, y: float, width: float, height: float, blur: float = 0.4) -> Float32:
        """Coverage of an ellipse on the front of the head; half axes in metres on the embedded body.

        The edge is `blur` of the height wide, at least as wide as the canvas can show.
        """
        width, height = width * self._unit, height * self._unit
        radius = np.hypot((self._x - np.float32(x)) / width, (self._y - np.float32(y)) / height)
        softness = np.maximum(self._canvas.spacing, np.float32(blur * height))
        coverage = inside(((1.0 - radius) * height).astype(np.float32), softness)
        coverage[(self._forward < 0.3) | (self._height < -0.5)] = 0.0
        return coverage


def _middle_and_half(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return 0.5 * (high + low), 0.5 * (high - low)


def _eyeballs(body: Body) -> list[NDArray[np.intp]]:
    """The vertices of the pieces of mesh that hold the eyes; none where eyes are part of the skin."""
    n = len(body.v_template)
    edges = np.concatenate([body.faces[:, :2], body.faces[:, 1:]])
    graph = coo_array((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), shape=(n, n))
    _, piece = connected_components(graph, directed=False)
    eyes = [body.vertex_ids[name] for name in _EYE_NAMES if name in body.vertex_ids]
    balls = [np.flatnonzero(piece == piece[eye]) for eye in eyes]
    return [ball for ball in balls if len(ball) < 0.1 * n]


def _times(colour: Colour, red: float, green: float | None = None, blue: float | None = None) -> Colour:
    return colour[0] * red, colour[1] * (green or red), colour[2] * (blue or red)
