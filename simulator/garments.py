"""Garments, painted on any canvas of a body.

They are bounded by planes and spheres in the T-pose, whose distances are blended over a few millimetres, so
that any body in the SMPL format is dressed and hems stay where they are in every pose.
"""

from __future__ import annotations

import numpy as np

from simulator.body import Body, Float32
from simulator.clothing import Outfit
from simulator.face import Head
from simulator.layers import Canvas, Colour, inside, noise, over

_STATURE = 1.704
"""Metres of the embedded body, for which lengths are given here."""
_LEG = ("hip", "knee", "ankle")
_ARM = ("shoulder", "elbow", "wrist")


class Garments:
    """Dresses one body.

    Args:
        body: T-pose vertices and joints are used; its joints bear SMPL's names.
        canvas: What is painted on.
    """

    def __init__(self, body: Body, canvas: Canvas) -> None:
        joints = dict(zip(body.joint_names, body.joint_template.astype(np.float32), strict=True))
        self._softness = canvas.spacing
        self._head = Head(body, canvas)
        x, self._y, self._z = np.ascontiguousarray(canvas.points.T)
        self._x = np.abs(x)
        self._low = np.float32(body.v_template[:, 1].min())
        self._unit = np.float32(np.ptp(body.v_template[:, 1]) / _STATURE)
        self._neck = joints["neck"]
        self._waist = joints["pelvis"][1] + 0.03 * self._unit
        self._arm = np.array([joints[f"left_{name}"][0] for name in _ARM])
        self._leg = np.array([joints[f"left_{name}"][1] for name in _LEG])
        self._armpit = joints["left_shoulder"][1] - 0.1 * self._unit
        self._on_sleeve = self._x > self._arm[0]
        self._from_neck = self._neck_distance(canvas)
        forward = np.maximum(self._z - self._neck[2], 0)
        self._below_chin = self._neck[1] + 0.04 * self._unit - self._y - np.float32(0.6) * forward
        self._skin = 1 + 0.02 * noise(canvas.points, (0.05, 0.05, 0.05), 1)
        self._cloth = self._fabric(canvas) * (1 - 0.16 * self._side_seams(joints))

    def wear(self, outfit: Outfit) -> Float32:
        """The colours (3, P) of an outfit, sRGB in 0..255."""
        colours = np.asarray(outfit.skin, np.float32)[:, None] * self._skin
        self._head.paint(colours, outfit.skin, outfit.hair, outfit.hair_style, outfit.bottom)
        over(colours, outfit.sock, self._inside(self._leg[2] + 0.07 * self._unit - self._y))
        self._wear_shoes(colours, outfit)
        self._wear_bottom(colours, outfit)
        self._wear_top(colours, outfit)
        self._head.paint_long_hair(colours, outfit.hair, outfit.hair_style)
        return colours.clip(0, 255)

    def _wear_shoes(self, colours: Float32, outfit: Outfit) -> None:
        sole = self._low + 0.014 * self._unit
        over(colours, outfit.shoe, self._inside(self._leg[2] + 0.015 * self._unit - self._y))
        over(colours, _lighter(outfit.shoe, 0.7), self._inside(sole - self._y))

    def _wear_bottom(self, colours: Float32, outfit: Outfit) -> None:
        leg = min(outfit.leg, 0.55) if outfit.garment == "skirt" else outfit.leg
        above_hem = self._y - np.float32(np.interp(leg, [0, 1, 2], self._leg))
        off_arms = self._arm[0] + 0.06 * self._unit - self._x
        region = np.minimum(np.minimum(self._waist - self._y, above_hem), off_arms)
        shade = self._cloth * (1 - 0.13 * self._inside(0.014 * self._unit - above_hem))
        if outfit.garment == "trousers":
            shade *= 1 - 0.16 * self._inside(0.003 * self._unit - self._x)
        over(colours, _times(outfit.bottom, shade), self._inside(region))
        if outfit.belt:
            belt = np.minimum(region, self._y - self._waist + 0.035 * self._unit)
            over(colours, outfit.belt, self._inside(belt))

    def _wear_top(self, colours: Float32, outfit: Outfit) -> None:
        cuff = np.float32(np.interp(outfit.sleeve, [0, 1, 2], self._arm)) - self._x
        above_hem = self._y - (self._waist - np.float32(outfit.top_length) * self._unit)
        off_neck = self._from_neck - np.float32(outfit.neckline) * self._unit
        below_neck = np.minimum(off_neck, self._below_chin)
        region = np.minimum(np.minimum(above_hem, np.maximum(cuff, self._armpit - self._y)), below_neck)
        rims = np.minimum(np.minimum(cuff, off_neck), above_hem)
        shade = self._cloth * (1 - 0.13 * self._inside(0.013 * self._unit - rims))
        colour = np.repeat(np.asarray(outfit.top, np.float32)[:, None], len(self._y), axis=1)
        if outfit.pattern != "plain":
            over(colour, outfit.accent, self._patterned(outfit.pattern))
        colour *= shade
        over(colours, colour, self._inside(region))

    def _neck_distance(self, canvas: Canvas) -> Float32:
        """Metres from a half line that leads up from the base of the neck."""
        away = canvas.points - (self._neck + np.array([0, -0.01, 0.012], np.float32) * self._unit)
        away[:, 1] = np.minimum(away[:, 1], 0)
        return np.asarray(np.linalg.norm(away, axis=1))

    def _inside(self, distance: Float32) -> Float32:
        return inside(distance, self._softness)

    def _patterned(self, pattern: str) -> Float32:
        """(P,) how much of the accent's colour each point bears."""
        unit, down = self._unit, self._neck[1] - self._y
        front = self._z > self._neck[2]
        middle = np.float32(0.5) * (self._neck[1] + self._waist)
        if pattern == "stripes":
            return self._bands(self._along_limb, 0.085)
        if pattern == "checks":
            bands = self._bands(self._along_limb, 0.09) + self._bands(self._across_limb, 0.09)
            return np.asarray(0.5 * bands, np.float32)
        if pattern == "print":
            emblem = 0.075 * unit - np.hypot(self._x, 1.3 * (self._y - middle - 0.05 * unit))
            return np.asarray(self._inside(emblem) * front)
        if pattern == "jacket":
            return np.asarray(self._inside(0.035 * unit + 0.1 * down - self._x) * front)
        if pattern == "raglan":
            return self._inside(self._x - 0.75 * self._arm[0] - 0.35 * down)
        return np.asarray(self._inside(middle - self._y) * ~self._on_sleeve)

    def _bands(self, along: Float32, period: float) -> Float32:
        turns = along * np.float32(2 * np.pi / (period * self._unit))
        return self._inside(0.25 * period * self._unit * np.sin(turns))

    @property
    def _along_limb(self) -> Float32:
        return np.asarray(np.where(self._on_sleeve, self._x, self._y))

    @property
    def _across_limb(self) -> Float32:
        return np.asarray(np.where(self._on_sleeve, self._y + self._z, self._x))

    def _fabric(self, canvas: Canvas) -> Float32:
        """Lightness of cloth: patches, a weave as fine as the canvas shows it, and folds across the limbs."""
        patches = noise(canvas.points, (0.09, 0.09, 0.09), 2)
        fine = noise(canvas.points, (0.02, 0.02, 0.02), 3)
        upright = noise(canvas.points, (0.16, 0.045, 0.16), 4)
        level = noise(canvas.points, (0.045, 0.16, 0.16), 4)
        folds = np.where(self._on_sleeve, level, upright)
        return np.asarray(1 + 0.03 * patches + 0.02 * fine + 0.06 * folds, np.float32)

    def _side_seams(self, joints: dict[str, Float32]) -> Float32:
        """Coverage of the seams down the outside of trousers and shirts."""
        names = ("left_ankle", "left_knee", "left_hip", "left_shoulder")
        x, y, z = np.array([joints[name] for name in names]).T
        outside = (
            self._x > np.interp(self._y, y, x).astype(np.float32) - 0.08 * self._unit * (self._y > y[2])
        ) & (self._y < self._armpit)
        behind = np.abs(self._z - np.interp(self._y, y, z).astype(np.float32))
        return np.asarray(self._inside(0.003 * self._unit - behind) * outside)


def _lighter(colour: Colour, share: float) -> Colour:
    red, green, blue = (c + (235.0 - c) * share for c in colour)
    return red, green, blue


def _times(colour: Colour, shade: Float32) -> Float32:
    return np.asarray(colour, np.float32)[:, None] * shade
