"""Closed meshes of simple things: a box, a pole, a disc. Every corner has the normal of its own side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.body import Float32, Int32
from simulator.camera import Float

_POLE_SIDES, _DISC_SIDES = 24, 48


@dataclass(frozen=True, eq=False)
class Solid:
    """A mesh of unit size about the origin, camera axes (x right, y down, z away from the camera)."""

    vertices: Float32
    """(V, 3), a unit wide, high and deep; z starts at 0 where the side that faces the camera is flat."""
    normals: Float32
    """(V, 3) unit vectors, outward; right while the round sides are scaled evenly."""
    faces: Int32
    """(F, 3) vertices, counter-clockwise seen from outside."""


def box() -> Solid:
    """A cube whose near side is the plane z = 0: 24 vertices, 12 faces."""
    normals = np.concatenate([np.eye(3), -np.eye(3)])
    corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]) / 2
    sides = [normal / 2 + corners @ _tangents(normal) for normal in normals]
    faces = [[4 * i, 4 * i + j, 4 * i + j + 1] for i in range(6) for j in (1, 2)]
    forward = np.array([0.0, 0.0, 0.5])
    return _solid(np.concatenate(sides) + forward, np.repeat(normals, 4, axis=0), faces)


def pole() -> Solid:
    """A cylinder along y with its axis in the plane z = 0: 24 sides, 92 faces."""
    return _turned(_cylinder(_POLE_SIDES), np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]), 0.0)


def disc() -> Solid:
    """A cylinder along z whose near side is the plane z = 0: 48 sides, 188 faces."""
    return _turned(_cylinder(_DISC_SIDES), np.eye(3), 0.5)


def _cylinder(sides: int) -> Solid:
    """A cylinder about z, of diameter and height 1 about the origin."""
    angle = 2 * np.pi * np.arange(sides) / sides
    ring = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(sides)])
    up = np.tile([0.0, 0.0, 1.0], (sides, 1))
    low, high = (ring - up) / 2, (ring + up) / 2
    here = np.arange(sides)
    after = (here + 1) % sides
    around = np.concatenate(
        [np.column_stack([here, after, after + sides]), np.column_stack([here, after + sides, here + sides])]
    )
    fan = np.column_stack([np.zeros(sides - 2, np.intp), here[1:-1], here[2:]])
    faces = np.concatenate([around, fan[:, ::-1] + 2 * sides, fan + 3 * sides])
    return _solid(np.concatenate([low, high, low, high]), np.concatenate([ring, ring, -up, up]), faces)


def _turned(solid: Solid, rotation: Float, forward: float) -> Solid:
    """The solid after a rotation matrix and a step along z."""
    vertices = solid.vertices @ rotation.T + np.array([0.0, 0.0, forward])
    return _solid(vertices, solid.normals @ rotation.T, solid.faces)


def _tangents(normal: Float) -> Float:
    """(2, 3) two axes that make a right-handed frame with an axis."""
    first = np.roll(np.abs(normal), 1)
    return np.stack([first, np.cross(normal, first)])


def _solid(vertices: Float, normals: Float, faces: object) -> Solid:
    return Solid(vertices.astype(np.float32), normals.astype(np.float32), np.asarray(faces, np.int32))
