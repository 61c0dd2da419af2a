"""The judge's places: rooms with lamps and windows, streets and meadows under a sky of their own.

A place is built in room axes (x to the picture's left, y up, z away from the camera), the person's pelvis above the
origin, and then turned into camera axes. A side of a room beyond which the camera stands is left out, as in a doll's
house.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from simulator import judge_textures as textures
from simulator.body import Float32, Int32
from simulator.camera import Float

_SKY_SHAPE = (64, 128)
_MARGIN = 0.3
"""Metres that the floor is put below a low camera, and walls beyond the person."""
_DEEPEST = 1.6
"""Metres below the person to which the floor is put for a low camera; for a lower one it is left out."""
_INDOORS = 0.6
_FAR = 9.0
"""Metres from the person beyond which a camera is always outdoors."""


@dataclass(frozen=True, eq=False)
class Thing:
    """One mesh."""

    vertices: Float32
    """(V, 3) metres, camera axes."""
    faces: Int32
    """(F, 3) counter-clockwise seen from outside: what is seen from inside must be there twice."""
    uv: Float32
    """(V, 2); beyond 0..1 the texture repeats."""
    pixels: textures.Pixels
    """(T, T, 3) sRGB texture."""
    radiance: Float | None = None
    """(3,) what a lamp gives; lamps are not seen themselves."""
    normals: Float32 | None = None
    """(V, 3) for a smooth look."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where a person is."""

    things: tuple[Thing, ...]
    sky: Float32
    """(64, 128, 3) linear light from all round: rows from straight up to straight down, columns round the vertical."""
    axes: Float
    """(3, 3) the room's axes as columns, in camera axes."""

    def seen(self, directions: Float) -> Float:
        """Linear light (..., 3) of the sky along unit vectors (..., 3) in camera axes; the sun is not drawn."""
        x, y, z = np.moveaxis(directions @ self.axes, -1, 0)
        row = np.arccos(y.clip(-1, 1)) / np.pi * _SKY_SHAPE[0] - 0.5
        column = np.arctan2(x, -z) / (2 * np.pi) * _SKY_SHAPE[1] - 0.5
        planes = np.minimum(np.moveaxis(self.sky, -1, 0), 1.5)
        seen = [map_coordinates(plane, [row, column], order=1, mode="grid-wrap") for plane in planes]
        return np.stack(seen, axis=-1).astype(np.float64)


@dataclass(frozen=True)
class Stand:
    """Where the person and the camera are, in room axes."""

    axes: Float
    """(3, 3) the room's axes as columns, in camera axes."""
    pelvis: Float
    """(3,) metres, camera axes."""
    low: Float
    """(3,) metres about the pelvis, room axes: lower corner of the person's box."""
    high: Float
    """(3,) its upper corner."""

    @property
    def camera(self) -> Float:
        """(3,) the camera, room axes about the pelvis."""
        return -self.pelvis @ self.axes


def stand(vertices: Float32, pelvis: Float, up: Float) -> Stand:
    """The room axes for a person.

    Args:
        vertices: (V, 3) metres, camera axes.
        pelvis: (3,) metres.
        up: (3,) unit vector, camera axes.
    """
    ahead = np.array([0.0, 0.0, 1.0]) - up[2] * up
    if np.linalg.norm(ahead) < 0.1:
        ahead = np.array([0.0, -1.0, 0.0]) * np.sign(-up[2]) + up[1] * up * np.sign(up[2])
    ahead /= np.linalg.norm(ahead)
    axes = np.column_stack([np.cross(up, ahead), up, ahead])
    local = (vertices - pelvis) @ axes
    return Stand(axes, pelvis, local.min(axis=0), local.max(axis=0))


def place(where: Stand, rng: np.random.Generator) -> Place:
    """A place for a person, drawn at random."""
    floor = where.low[1]
    if where.camera[1] < floor + _MARGIN:
        floor = max(where.camera[1] - _MARGIN, floor - _DEEPEST)
    indoors = rng.random() < _INDOORS and np.linalg.norm(where.camera) < _FAR
    things = _room(where, floor, rng) if indoors else _open_air(where, floor, rng)
    sky = _sky(rng, sun=not indoors, strength=0.35 if indoors else 1.0)
    return Place(tuple(_turned(thing, where) for thing in things), sky, where.axes)


def _room(where: Stand, floor: float, rng: np.random.Generator) -> list[Thing]:
    low = np.minimum(where.low, where.camera) - rng.uniform(0.5, 2.0, 3)
    high = np.maximum(where.high, where.camera) + rng.uniform(0.6, 2.5, 3)
    low[1], high[1] = floor, max(where.high[1] + 0.2, floor + rng.uniform(2.4, 3.4))
    low[2] = min(low[2], -3.0)
    paint, side = textures.wall(rng), rng.choice([0, 2])
    sides = [_panel(low, high, 1, low[1], textures.floor(rng), rng.uniform(0.8, 2.0))]
    sides += [_panel(low, high, 1, high[1], textures.plain(rng.uniform(205, 245) * np.ones(3)), 1.0)]
    sides += [
        _panel(low, high, axis, at, paint, 1.6) for axis, at in ((0, low[0]), (0, high[0]), (2, high[2]))
    ]
    kept = [side for side in sides if _before(side, where.camera)]
    return kept + _lamps(low, high, side, rng) + _furniture(where, low, high, rng)


def _lamps(low: Float, high: Float, side: int, rng: np.random.Generator) -> list[Thing]:
    """One to three lamps below the ceiling and, half the time, the daylight of a window."""
    lamps = []
    for _ in range(rng.integers(1, 4)):
        half = rng.uniform(0.15, 0.6)
        x, z = rng.uniform((-1.8, -3.0), (1.8, -0.3)).clip(low[[0, 2]] + half, high[[0, 2]] - half)
        corner = np.array([x, high[1] - 0.02, z])
        glow = np.array([1.0, rng.uniform(0.78, 0.98), rng.uniform(0.55, 0.95)])
        lamps.append(_lamp(corner, np.array([half, 0, 0]), np.array([0, 0, half]), glow * rng.uniform(4, 10)))
    if rng.random() < 0.6:
        at = low[0] + 0.02 if side else high[0] - 0.02
        inward = 1.0 if side else -1.0
        middle = np.array([at, (low[1] + high[1]) / 2 + 0.2, rng.uniform(low[2] + 1.0, -1.0)])
        along = np.array([0.0, 0.0, -inward * rng.uniform(0.5, 1.0)])
        day = np.array([rng.uniform(0.8, 1.0), 0.95, 1.05])
        lamps.append(
            _lamp(middle, along, np.array([0.0, rng.uniform(0.5, 0.8), 0.0]), day * rng.uniform(4, 12))
        )
    return lamps


def _furniture(where: Stand, low: Float, high: Float, rng: np.random.Generator) -> list[Thing]:
    """Boxes along the back wall, behind the person, and pictures on it."""
    things = []
    behind = high[2] - where.high[2] - 0.1
    for _ in range(rng.integers(0, 4)):
        width, height, depth = (
            rng.uniform(0.4, 1.4),
            rng.uniform(0.4, 1.9),
            min(rng.uniform(0.3, 0.6), behind),
        )
        x = rng.uniform(low[0], max(high[0] - width, low[0] + 0.1))
        corner = np.array([x, low[1], high[2] - depth])
        things.append(
            _block(corner, np.add(corner, (width, min(height, high[1] - low[1]), depth)), _cabinet(rng))
        )
    for _ in range(rng.integers(0, 4)):
        middle = np.array([rng.uniform(low[0], high[0]), low[1] + rng.uniform(1.2, 2.0), high[2] - 0.03])
        half = rng.uniform(0.15, 0.5, 2)
        across, up = np.array([-half[0], 0, 0]), np.array([0, half[1], 0])
        things.append(_quad(middle, across, up, textures.poster(rng), 1.0, 1.0))
    return things


def _open_air(where: Stand, floor: float, rng: np.random.Generator) -> list[Thing]:
    reach = 60.0 + 2 * float(np.linalg.norm(where.camera))
    flat = np.array([0.0, floor, 0.0])
    across, along = np.array([reach, 0, 0]), np.array([0, 0, -reach])
    ground = _quad(flat, across, along, textures.ground(rng), reach / 1.2, reach / 1.2)
    things = [ground] if _before(ground, where.camera) else []
    for _ in range(rng.integers(2, 7)):
        x, z = rng.uniform(-22, 22), rng.uniform(9, 30)
        width, height = rng.uniform((3, 3), (12, 11))
        corner = np.array([x - width / 2, floor, z])
        things.append(_block(corner, np.add(corner, (width, height, width)), textures.facade(rng)))
    for _ in range(rng.integers(0, 8)):
        things += _tree(np.array([rng.uniform(-14, 14), floor, rng.uniform(4, 18)]), rng)
    return things


def _tree(foot: Float, rng: np.random.Generator) -> list[Thing]:
    height, crown = rng.uniform(2.2, 5.0), rng.uniform(0.8, 1.8)
    bark = textures.plain(np.array((86, 68, 52)) * rng.uniform(0.7, 1.2))
    trunk = _block(foot - (0.12, 0, 0.12), np.add(foot, (0.12, height, 0.12)), bark)
    return [trunk, _ball(np.add(foot, (0, height, 0)), crown, textures.leaves(rng), rng)]


def _ball(middle: Float, radius: float, pixels: textures.Pixels, rng: np.random.Generator) -> Thing:
    """A bumpy sphere."""
    rows, columns = 12, 20
    v, u = np.mgrid[: rows + 1, : columns + 1].reshape(2, -1) / [[rows], [columns]]
    out = np.column_stack(
        [
            np.sin(np.pi * v) * np.cos(2 * np.pi * u),
            np.cos(np.pi * v),
            np.sin(np.pi * v) * np.sin(2 * np.pi * u),
        ]
    )
    bumps = 1 + 0.12 * np.sin(out @ rng.uniform(-9, 9, (3, 4)) + rng.uniform(0, 6, 4)).sum(axis=1)
    index = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).ravel()
    faces = [(index, index + 1, index + columns + 2), (index, index + columns + 2, index + columns + 1)]
    stacked = np.concatenate([np.column_stack(face) for face in faces]).astype(np.int32)
    points = middle + radius * bumps[:, None] * out
    return Thing(
        points.astype(np.float32), stacked, np.column_stack([3 * u, 2 * v]).astype(np.float32), pixels
    )


def _cabinet(rng: np.random.Generator) -> textures.Pixels:
    return textures.floor(rng) if rng.random() < 0.5 else textures.plain(rng.uniform(40, 225, 3))


def _panel(low: Float, high: Float, axis: int, at: float, pixels: textures.Pixels, period: float) -> Thing:
    """One side of a room: the plane `axis` = `at`."""
    middle = (low + high) / 2
    middle[axis] = at
    half = (high - low) / 2
    first, second = ((2, 1), (0, 2), (0, 1))[axis]
    across, along = half[first] * np.eye(3)[first], half[second] * np.eye(3)[second]
    inward = (low + high)[axis] / 2 - at
    if np.cross(across, along)[axis] * inward < 0:
        across = -across
    return _quad(middle, across, along, pixels, 2 * half[first] / period, 2 * half[second] / period)


def _lamp(middle: Float, across: Float, along: Float, radiance: Float) -> Thing:
    """A rectangle that shines along across x along."""
    panel = _quad(middle, across, along, textures.plain(np.zeros(3)), 1.0, 1.0)
    return Thing(panel.vertices, panel.faces, panel.uv, panel.pixels, radiance)


def _block(low: Float, high: Float, pixels: textures.Pixels) -> Thing:
    """The five sides of a box that are seen from above."""
    middle, (x, y, z) = (low + high) / 2, np.diag((high - low) / 2)
    sides = ((x, y, z), (-x, y, -z), (-z, y, x), (z, y, -x), (x, -z, y))
    return _together([_quad(middle + out, across, along, pixels, 1.0, 1.0) for across, along, out in sides])


def _together(things: list[Thing]) -> Thing:
    """One mesh of several with the same texture."""
    starts = np.cumsum([0, *(len(thing.vertices) for thing in things)])
    faces = np.concatenate([thing.faces + start for thing, start in zip(things, starts, strict=False)])
    vertices, uv = (np.concatenate([getattr(thing, name) for thing in things]) for name in ("vertices", "uv"))
    return Thing(vertices, faces.astype(np.int32), uv, things[0].pixels)


def _quad(
    middle: Float, across: Float, along: Float, pixels: textures.Pixels, repeat_u: float, repeat_v: float
) -> Thing:
    """A rectangle of two faces whose normal is across x along."""
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    vertices = middle + signs @ np.stack([across, along])
    uv = (signs + 1) / 2 * (repeat_u, repeat_v)
    faces = np.array([(0, 1, 2), (0, 2, 3)], np.int32)
    return Thing(vertices.astype(np.float32), faces, uv.astype(np.float32), pixels)


def _before(panel: Thing, point: Float) -> bool:
    """Whether a point is on the side of a panel that its normal looks to."""
    a, b, c = panel.vertices[:3].astype(np.float64)
    return bool((point - a) @ np.cross(b - a, c - a) > 0)


def _turned(thing: Thing, where: Stand) -> Thing:
    """From room axes to camera axes."""
    vertices = (thing.vertices @ where.axes.T + where.pelvis).astype(np.float32)
    return Thing(vertices, thing.faces, thing.uv, thing.pixels, thing.radiance)


def _sky(rng: np.random.Generator, *, sun: bool, strength: float) -> Float32:
    """A sky with haze, clouds and, where wanted, a sun; dull ground below."""
    rows, columns = _SKY_SHAPE
    height = np.cos(np.pi * (np.arange(rows) + 0.5) / rows)[:, None, None]
    zenith = np.array([0.25, 0.45, 0.9]) * rng.uniform(0.6, 1.1)
    haze = np.array([0.8, 0.8, 0.8]) * rng.uniform(0.7, 1.1)
    earth = np.array([0.3, 0.28, 0.24])
    sky = np.where(height > 0, haze + (zenith - haze) * np.sqrt(height.clip(0)), earth)
    sky = np.broadcast_to(sky, (rows, columns, 3)).copy()
    veil = textures.clouds(rng, 4)[::4, ::2][:rows, :columns] * 3 - rng.uniform(-1.0, 1.5)
    veil = (veil * (4 * height[..., 0])).clip(0, 0.9)[..., None]
    sky += veil * (np.array([0.95, 0.95, 0.97]) * rng.uniform(0.7, 1.0) - sky)
    if sun:
        row, column = rng.integers(4, 26), rng.integers(columns)
        warm = np.array([1.0, rng.uniform(0.75, 0.98), rng.uniform(0.55, 0.95)])
        size = int(rng.integers(1, 5))
        sky[row : row + size, np.arange(column, column + size) % columns] = (
            warm * rng.uniform(300, 1800) / size**2
        )
    return (strength * sky).astype(np.float32)
