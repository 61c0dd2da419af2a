"""Things in front of the person: a box, a pole, a disc, or a second person; real geometry with depth."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from functools import cache

import numpy as np

from simulator.body import Body
from simulator.camera import Float
from simulator.drawing import Z_NEAR, Part, Surface
from simulator.parameters import Dimension, Parameters, choice
from simulator.solids import Solid, box, disc, pole
from simulator.view import FLESH, orientation, view_of

KINDS = ("none", "box", "pole", "disc", "person")
"""What can stand in front, in the order of the choice."""

_SHARE_NONE = 0.75
_TYPICAL_KINDS = (0.3, 0.3, 0.2, 0.2)
"""Shares among what is not none."""

_SATURATION = 0.55
_GAMMA = 2.2
_THICKEST = 0.5
"""Depth of a solid over its distance, at most."""
_NEAREST = 2 * Z_NEAR
"""Metres from the camera to the near side of a solid, at least."""
_POLE_LENGTH, _POLE_WIDTH = 3.0, 0.2
"""Length in shares of the person's size; width over `occluder.size`: a lamp post to a tree."""
_STATURE = 1.5
"""Standard deviations of the first beta between a second person of middle and of full `occluder.size`."""


def _typical(count: int, rng: np.random.Generator) -> Float:
    """Mostly nothing, else something small that leaves most of the person to see."""
    rows = OCCLUDER.rows(count)
    kind = 1.5 + rng.choice(len(KINDS) - 1, count, p=_TYPICAL_KINDS)
    side, away = rng.choice([-1.0, 1.0], count), rng.uniform(0.0, 1.0, count)
    person = kind > KINDS.index("person")
    x = side * np.where(person, 0.8 + 0.2 * away, away)
    distance = rng.uniform(0.1, np.where(person, 0.25, 0.5))
    angle = rng.normal(0, 25, count).clip(-180, 180)
    y, size, hue, value = rng.uniform((-1, 0.08, 0, 0.15), (1, 0.35, 360, 0.9), (count, 4)).T
    drawn = np.column_stack([kind, x, y, size, distance, angle, hue, value])
    some = rng.random(count) >= _SHARE_NONE
    rows[some] = drawn[some]
    return rows


OCCLUDER = Parameters(
    "occluder",
    (
        choice("occluder.kind", KINDS),
        Dimension("occluder.x", "share", -1.0, 1.0),
        Dimension("occluder.y", "share", -1.0, 1.0),
        Dimension("occluder.size", "share", 0.05, 1.0),
        Dimension("occluder.distance", "share", 0.1, 0.8),
        Dimension("occluder.angle", "degree", -180.0, 180.0),
        Dimension("occluder.hue", "degree", 0.0, 360.0),
        Dimension("occluder.value", "share", 0.05, 0.95),
    ),
    (0.5, 0.0, 0.0, 0.3, 0.3, 0.0, 30.0, 0.5),
    _typical,
)
"""Columns of `Scene.occluder`. x and y: where the middle of the occluder is on the box round the person's joints
in the picture, -1 its left and upper edge. Size: of a box and a disc the height over the longer side of that box,
five times a pole's width, the stature of a second person. Distance: share of the way from the person to the
camera. Angle: about the viewing axis, clockwise; of a second person the azimuth. Hue and value: the colour."""


@dataclass(frozen=True)
class Bystander:
    """Body parameters of one person."""

    betas: Float
    """(10,) standard deviations."""
    body_pose: Float
    """(63,) axis-angle, radians."""
    global_orient: Float
    """(3,) axis-angle, radians."""
    transl: Float
    """(3,) metres, camera axes."""


def kind_of(row: Float) -> str:
    """One of `KINDS`, of a row (8,) of `Scene.occluder`."""
    return OCCLUDER.dimensions[0].choice(row[0])


def colour_of(row: Float) -> Float:
    """Linear RGB (3,) in 0..1 of a row (8,) of `Scene.occluder`."""
    *_, hue, value = row
    return np.asarray(np.array(colorsys.hsv_to_rgb(hue / 360.0 % 1.0, _SATURATION, value)) ** _GAMMA)


@cache
def solid_parts() -> tuple[Part, ...]:
    """The parts that a renderer needs for the solids: box, pole, disc."""
    return tuple(Part(name, s.faces, len(s.vertices), "other") for name, s in _solids().items())


def solids(row: Float, joints: Float) -> tuple[Surface | None, ...]:
    """One surface or None for each of `solid_parts()`.

    Args:
        row: (8,) of `Scene.occluder`.
        joints: (J, 3) metres, camera axes: the person, before the camera.

    Returns:
        All None for kinds `none` and `person`. The solid lies wholly before the nearest joint and its flesh,
        and behind `Z_NEAR`; its near side (the axis of a pole) has the wanted size in the picture.
    """
    kind = kind_of(row)
    return tuple(_surface(name, s, row, joints) if name == kind else None for name, s in _solids().items())


def bystander(row: Float, joints: Float, global_orient: Float, body: Body) -> Bystander:
    """Who stands in front of somebody, for the kind `person`; deterministic.

    They stand or walk upright in the world of the first person's view, turned by `occluder.angle` (0 faces
    the camera), their middle at x and y. Their far side is at `occluder.distance` before the first person,
    unless they would then touch the camera.

    Args:
        row: (8,) of `Scene.occluder`.
        joints: (J, 3) metres, camera axes: the first person.
        global_orient: (3,) axis-angle of the first person; tells what is up.
        body: Of both.
    """
    _, _, _, size, distance, angle, _, _ = row
    _, elevation, roll = view_of(global_orient[None])[0]
    betas = np.zeros(body.shapedirs.shape[2])
    betas[0] = _STATURE * (2 * size - 1)
    pose = _walking(0.45 * np.sin(np.radians(angle)), body.joint_names)
    orient = orientation(np.array([[angle, elevation, roll]]))[0]
    own = body.joints(betas[None], pose[None], orient[None], np.zeros((1, 3)))[0]
    low, high = own.min(axis=0), own.max(axis=0)
    far = (1 - distance) * _before(joints)
    z = max(far - FLESH - high[2], 2 * FLESH - low[2])
    x, y = _place(row, joints) * (z + (low[2] + high[2]) / 2)
    middle = (low + high) / 2
    return Bystander(betas, pose, orient, np.array([x - middle[0], y - middle[1], z]))


@cache
def _solids() -> dict[str, Solid]:
    return {"box": box(), "pole": pole(), "disc": disc()}


def _surface(name: str, solid: Solid, row: Float, joints: Float) -> Surface:
    """The solid in its place."""
    _, _, _, size, distance, angle, _, _ = row
    extent = _extent(name, size) * _longer(joints)
    extent[2] = min(extent[2], _THICKEST)
    far = (1 - distance) * _before(joints)
    behind, before = solid.vertices[:, 2].max(), solid.vertices[:, 2].min()
    z = max(far / (1 + extent[2] * behind), _NEAREST / (1 + extent[2] * before))
    sine, cosine = np.sin(np.radians(angle)), np.cos(np.radians(angle))
    turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    vertices = ((solid.vertices * extent) @ turn.T + [*_place(row, joints), 1.0]) * z
    paint = np.tile(np.float32(colour_of(row)), (len(vertices), 1))
    return Surface(vertices.astype(np.float32), (solid.normals @ turn.T).astype(np.float32), paint)


def _extent(name: str, size: float) -> Float:
    """Width, height and depth in the picture over the person's longer side."""
    extents = {
        "box": (0.7 * size, size, 0.5 * size),
        "pole": (_POLE_WIDTH * size, _POLE_LENGTH, _POLE_WIDTH * size),
        "disc": (size, size, 0.05 * size),
    }
    return np.array(extents[name])


def _box(joints: Float) -> tuple[Float, Float]:
    """Upper left and lower right corner, x / z and y / z."""
    flat = joints[:, :2] / np.maximum(joints[:, 2:], Z_NEAR)
    return flat.min(axis=0), flat.max(axis=0)


def _longer(joints: Float) -> float:
    low, high = _box(joints)
    return float((high - low).max())


def _place(row: Float, joints: Float) -> Float:
    """Where the middle of the occluder is: x / z and y / z."""
    low, high = _box(joints)
    return np.asarray((low + high) / 2 + row[1:3] * (high - low) / 2)


def _before(joints: Float) -> float:
    """Metres along z up to which nothing of the person reaches."""
    return max(float(joints[:, 2].min()) - FLESH, _NEAREST)


def _walking(stride: float, joint_names: tuple[str, ...]) -> Float:
    """body_pose (63,), upright, hanging arms; stride in radians from the vertical, left leg ahead."""
    pose = np.zeros((21, 3))
    turns = {
        "left_hip": (-stride, 0, 0),
        "right_hip": (stride, 0, 0),
        "left_knee": (0.1 + 0.3 * max(-stride, 0.0), 0, 0),
        "right_knee": (0.1 + 0.3 * max(stride, 0.0), 0, 0),
        "left_shoulder": (0.0, -0.6 * stride, -1.15),
        "right_shoulder": (0.0, -0.6 * stride, 1.15),
        "left_elbow": (0, -0.3, 0),
        "right_elbow": (0, 0.3, 0),
    }
    for name, turn in turns.items():
        pose[joint_names.index(name) - 1] = turn
    return pose.ravel()
