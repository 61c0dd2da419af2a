"""What stands in front of people: the meshes, without paint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.base import Scene
from simulator.body import Body, Float32
from simulator.camera import Float
from simulator.drawing import Surface
from simulator.occluder import bystander, kind_of, solid_parts, solids
from simulator.visibility import Blocker


@dataclass(frozen=True, eq=False)
class PosedBystander:
    """A second person, unpainted."""

    vertices: Float32
    """(V, 3) metres, camera axes."""
    joints: Float
    """(J, 3) metres."""


@dataclass(frozen=True, eq=False)
class Front:
    """What stands in front of one person."""

    solids: tuple[Surface | None, ...]
    """One for each of `solid_parts()`."""
    bystander: PosedBystander | None
    blockers: tuple[Blocker, ...]
    """The same as meshes."""


NOTHING = Front((None,) * len(solid_parts()), None, ())


def in_front(scene: Scene, joints: Float, body: Body) -> list[Front]:
    """What stands in front of each person of a scene.

    Args:
        scene: N people.
        joints: (N, J, 3) metres, camera axes: theirs.
        body: Of the second person.
    """
    return [_front(scene, row, joints[row], body) for row in range(len(scene))]


def joints_in_front(fronts: Sequence[Front], joints: int) -> Float:
    """(N, 1, J, 3) metres: joints of the second people, NaN where there is none."""
    nobody = np.full((joints, 3), np.nan)
    rows = [nobody if front.bystander is None else front.bystander.joints for front in fronts]
    return np.stack(rows)[:, None]


def _front(scene: Scene, row: int, joints: Float, body: Body) -> Front:
    occluder = scene.occluder[row]
    kind = kind_of(occluder)
    if kind == "none":
        return NOTHING
    if kind == "person":
        return _second(occluder, joints, scene.global_orient[row], body)
    surfaces = solids(occluder, joints)
    meshes = zip(surfaces, solid_parts(), strict=True)
    blockers = (Blocker(s.vertices, part.faces, part.closed) for s, part in meshes if s is not None)
    return Front(surfaces, None, tuple(blockers))


def _second(occluder: Float, joints: Float, global_orient: Float, body: Body) -> Front:
    who = bystander(occluder, joints, global_orient, body)
    values = (who.betas, who.body_pose, who.global_orient, who.transl)
    out = body.forward(*(np.asarray(value)[None] for value in values))
    posed = PosedBystander(out.vertices[0], out.joints[0])
    return Front(NOTHING.solids, posed, (Blocker(posed.vertices, body.faces, body.closed),))
