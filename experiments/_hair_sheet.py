"""A sheet of hair laid round a scalp: rays from the middle of the head, pushed out and smoothed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from experiments._anny_rig import Array
from simulator.body import Body

_MERIDIANS, _PARALLELS = 48, 20
_STEPS = 80
"""Points of a meridian before it is cut at its end."""
_CLEARANCE = 0.007
"""Metres between hair and scalp."""
_EDGE = 0.003
"""The same at the hairline, so that no rim stands out."""
_WIDEST = (0.105, 0.15)
"""Metres from the middle, at the sides and at the back: beyond are shoulders, not hair."""


def hair_sheet(
    body: Body, places: Array, strips: NDArray[np.int64], hem: float, back: float
) -> tuple[Array, NDArray[np.int64]]:
    """Vertices and triangles of hair that ends `hem` metres above the neck joint, and `back` at the back."""
    names = body.joint_names
    head = body.weights[:, names.index("head")] > 0.5
    joint, neck = (body.joint_template[names.index(name)] for name in ("head", "neck"))
    top = body.v_template[head][:, 1].max()
    depth = body.v_template[head][:, 2]
    middle = np.array([0.0, joint[1] + 0.52 * (top - joint[1]), 0.55 * depth.min() + 0.45 * depth.max()])
    angle = np.linspace(-np.pi, np.pi, _MERIDIANS, endpoint=False)
    fine = _meridians(body, middle, angle, neck[1] + back, places[strips])
    low = neck[1] + np.interp(np.abs(angle), [1.9, 2.5], [hem, back])
    ends = _ends(angle, joint[1], top - joint[1], low)
    return _cut(fine, ends, angle)


def _meridians(body: Body, middle: Array, angle: Array, lowest: float, strips: Array) -> Array:
    """(M, S, 3) from the crown down: a ball above the middle, a cylinder below it."""
    quarter = np.linspace(0.0, 0.5 * np.pi, _STEPS // 2, endpoint=False)
    level = np.linspace(0.0, lowest - 0.01 - middle[1], _STEPS - len(quarter))
    slope = np.concatenate([np.cos(quarter), np.zeros(len(level))])
    out = np.concatenate([np.sin(quarter), np.ones(len(level))])
    rise = np.concatenate([np.zeros(len(quarter)), level])
    around = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    ways = np.stack(
        [
            np.outer(around[:, 0], out),
            np.broadcast_to(slope, (len(angle), _STEPS)),
            np.outer(around[:, 1], out),
        ],
        axis=2,
    )
    starts = np.broadcast_to(middle, ways.shape).copy()
    starts[..., 1] += rise
    radius = _radius(body, starts, ways, strips)
    radius = np.minimum(radius, np.interp(np.abs(angle), [2.0, 2.6], _WIDEST)[:, None])
    hanging = np.maximum.accumulate(radius[:, len(quarter) :], axis=1)
    radius[:, len(quarter) :] = np.where(np.abs(angle)[:, None] > 1.2, hanging, radius[:, len(quarter) :])
    for _ in range(4):
        padded = gaussian_filter(radius, (1.0, 2.0), mode=("wrap", "nearest"))
        radius = np.maximum(radius, padded)
    radius = gaussian_filter(radius, (1.2, 2.5), mode=("wrap", "nearest"))
    radius[:, 0] = radius[:, 0].mean()
    points: Array = starts + radius[..., None] * ways
    return points


def _radius(body: Body, starts: Array, ways: Array, strips: Array) -> Array:
    """(M, S) metres from the middle to the outermost of scalp, neck and strips."""
    kept = np.isin(
        body.weights.argmax(axis=1), [body.joint_names.index(n) for n in ("head", "neck", "spine3")]
    )
    skin = body.v_template[body.faces[kept[body.faces].all(axis=1)]].astype(np.float64)
    outside = _farthest(skin, starts, ways) + _CLEARANCE
    lateral = np.abs(strips[:, :, 0]).mean(axis=1)
    behind = strips[:, :, 2].mean(axis=1) < starts[0, 0, 2] + 0.5 * lateral
    hair = _farthest(strips[behind], starts, ways)
    radius: Array = np.maximum(outside, np.minimum(hair, outside + 0.012))
    return radius


def _farthest(triangles: Array, starts: Array, ways: Array) -> Array:
    """(M, S) metres to the last triangle (T, 3, 3) that a ray meets, 0 where it meets none.

    T. Moeller, B. Trumbore, "Fast, Minimum Storage Ray/Triangle Intersection", 1997.
    """
    u, v = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    far = np.zeros(starts.shape[:2])
    for index in np.ndindex(far.shape):
        way, arm = ways[index], starts[index] - triangles[:, 0]
        across, over = np.cross(way, v), np.cross(arm, u)
        volume = (u * across).sum(axis=1)
        scale = 1.0 / np.where(np.abs(volume) > 1e-12, volume, np.inf)
        a, b, length = ((x * y).sum(axis=1) * scale for x, y in ((arm, across), (over, way), (v, over)))
        met = (scale != 0) & (a >= 0) & (b >= 0) & (a + b <= 1) & (length > 0)
        far[index] = length[met].max(initial=0.0)
    return far


def _ends(angle: Array, joint: float, height: float, hem: Array) -> Array:
    """(M,) heights at which the meridians end: hairline in front, hem behind."""
    away = np.abs(angle)
    hairline = joint + height * np.interp(away, [0.0, 0.6, 1.2], [0.84, 0.80, 0.62])
    share = np.clip((away - 1.05) / 0.35, 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    ends: Array = hairline + share * (hem - hairline)
    return ends


def _cut(fine: Array, ends: Array, angle: Array) -> tuple[Array, NDArray[np.int64]]:
    """Meridians cut at their ends, evenly divided again, and woven: (V, 3), (F, 3)."""
    vertices = [fine[:, 0].mean(axis=0)]
    for line, end, away in zip(fine, ends, np.abs(angle), strict=True):
        length = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1)))
        last = np.interp(-end, -line[:, 1], length)
        at = np.linspace(0.0, last, _PARALLELS + 1)[1:]
        points = np.stack([np.interp(at, length, axis) for axis in line.T], axis=1)
        inward = np.clip(1.0 - (last - at) / 0.03, 0.0, 1.0) * (away < 1.3) * (_CLEARANCE - _EDGE)
        centre = np.array([0.0, line[_STEPS // 2, 1], line[:, 2].mean()])
        way = points - centre
        points -= inward[:, None] * way / np.linalg.norm(way, axis=1, keepdims=True)
        vertices.extend(points)
    return np.stack(vertices), _woven()


def _woven() -> NDArray[np.int64]:
    """Triangles of the sheet, outward: a fan at the crown, then bands."""
    number = 1 + np.arange(_MERIDIANS * _PARALLELS).reshape(_MERIDIANS, _PARALLELS)
    beside = np.roll(number, -1, axis=0)
    fan = np.stack([np.zeros(_MERIDIANS, np.int64), number[:, 0], beside[:, 0]], axis=1)
    a, b, c, d = number[:, :-1], number[:, 1:], beside[:, 1:], beside[:, :-1]
    bands = [np.stack([a, b, c], axis=-1).reshape(-1, 3), np.stack([a, c, d], axis=-1).reshape(-1, 3)]
    return np.concatenate([fan, *bands])
