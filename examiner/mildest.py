"""The mildest failing variant: how near to ordinary people a failure still is one.

From the failing person a straight walk leads to a typical one: every joint turns towards the nearest typical pose, the
shape towards the mean, the view towards the frontal one. The last person on the way who still fails, found by
bisection, is the case that an engineer believes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from examiner import seeds
from examiner.asking import Ask
from examiner.distinct import Signature, distance, mirror_pose, signature
from examiner.joints import Bool, Float
from examiner.outcomes import Outcomes
from examiner.rig import Rig
from examiner.subspace import beside_pose
from simulator import Body, Scene, join_scenes, orientation, view_of, with_physical_values

STAGE = "mildest"

TYPICAL = 4000
"""Typical poses among which the nearest is looked for."""

HALVINGS = 5
"""Times that the way is halved: the mildest is known to a 32nd of it."""

LOOKS = 4
"""Appearances in which a person must fail, each time, to count as failing."""


@dataclass(frozen=True)
class Mildest:
    """The last person on the way from a failure to a typical person who still fails."""

    scene: Scene
    """One row."""
    outcomes: Outcomes
    """LOOKS rows: the person in as many appearances."""
    way: float
    """Share of the way walked, 0 where no step could be taken."""
    distance: float
    """From the typical person at the end, 1 is distinct: the larger of pose / 150 mm and view / 30 degrees."""
    start: float
    """The same of the failure itself."""


def mildest_of(rig: Rig, people: Scene, ask: Ask) -> list[Mildest]:
    """The mildest failing variant of every person (row), LOOKS * (HALVINGS + 2) queries each.

    A person who does not fail in every look, or is unfair, counts as not failing: what is reported fails. Where the
    typical person at the end fails too, that is the mildest.
    """
    if not len(people):
        return []
    ends = typical_ends(rig, people)
    low, high = np.zeros(len(people)), np.ones(len(people))
    best = _asked(rig, people, ask)
    for step in range(HALVINGS + 1):
        there = high if step == 0 else (low + high) / 2
        outcomes = _asked(rig, walk(people, ends, there, rig.space.frame), ask)
        still = _fails(outcomes, rig.threshold)
        low, high = np.where(still, there, low), np.where(still, high, there)
        best = [new if still[row] else old for row, (old, new) in enumerate(zip(best, outcomes, strict=True))]
    last = walk(people, ends, low, rig.space.frame)
    at, start = (distance_from_typical(rig.body, scene, ends) for scene in (last, people))
    rows = [slice(row, row + 1) for row in range(len(people))]
    return [
        Mildest(last.rows(r), best[i], float(low[i]), float(at[i]), float(start[i]))
        for i, r in enumerate(rows)
    ]


def walk(start: Scene, end: Scene, way: Float, frame: Callable[[Scene], Scene]) -> Scene:
    """People (N) who have gone shares (N,) of their ways; everything but pose, shape and view stays as at the start."""
    share = way[:, None]
    pose = _turned(start.body_pose.reshape(-1, 3), end.body_pose.reshape(-1, 3), np.repeat(way, 21))
    view = view_of(start.global_orient) * (1 - share) + view_of(end.global_orient) * share
    return frame(
        replace(
            start,
            body_pose=pose.reshape(-1, 63),
            betas=start.betas * (1 - share) + end.betas * share,
            global_orient=orientation(view),
        )
    )


def looks(rig: Rig, person: Scene) -> Scene:
    """A person (one row) in LOOKS appearances, the same for everybody."""
    rng = seeds.generator(seeds.FIXED, seeds.MILDEST)
    return rig.space.redress(person.rows(np.zeros(LOOKS, dtype=np.intp)), rng)


def typical_ends(rig: Rig, people: Scene) -> Scene:
    """The typical person nearest to each: nearest pose or mirror image of one, mean shape, seen from the front.

    What is not searched, or held at a value, stays as it is.
    """
    names = [d.name for d in beside_pose(rig.space) if d.name.startswith(("view.", "shape."))]
    ends = with_physical_values(people, names, np.zeros((len(people), len(names))))
    if "pose" not in rig.config.factors:
        return ends
    poses = rig.typical_poses(TYPICAL, seeds.generator(seeds.FIXED, seeds.MASS, 1))
    both = np.concatenate([poses, mirror_pose(poses)])
    marks = signature(rig.body, _posed(people, both))
    mine = signature(rig.body, people)
    nearest = np.array([_nearest(mine, marks, row) for row in range(len(people))])
    return replace(ends, body_pose=both[nearest])


def distance_from_typical(body: Body, people: Scene, ends: Scene) -> Float:
    """(N,) distance between each person and its end, as modes are told apart."""
    mine, theirs = signature(body, people), signature(body, ends)
    rows = [np.array([row]) for row in range(len(people))]
    return np.array([distance(mine.rows(r), theirs.rows(r))[0, 0] for r in rows])


def _nearest(mine: Signature, marks: Signature, row: int) -> int:
    """The pose nearest to a person as it stands, not its mirror image: mirrored ones are among the poses."""
    away = np.sqrt(((marks.joints - mine.joints[row]) ** 2).sum(axis=2)).mean(axis=1)
    return int(away.argmin())


def _posed(people: Scene, poses: Float) -> Scene:
    """The first person in other poses."""
    return replace(people.rows(np.zeros(len(poses), dtype=np.intp)), body_pose=poses)


def _turned(start: Float, end: Float, share: Float) -> Float:
    """Rotations (n, 3) turned by shares (n,) of the shortest way from start to end, axis-angle."""
    first = Rotation.from_rotvec(start)
    step = (first.inv() * Rotation.from_rotvec(end)).as_rotvec()
    return np.asarray((first * Rotation.from_rotvec(step * share[:, None])).as_rotvec())


def _asked(rig: Rig, people: Scene, ask: Ask) -> list[Outcomes]:
    """Outcomes of each person in LOOKS appearances, the same for everybody and every step."""
    rows = [slice(row, row + 1) for row in range(len(people))]
    outcomes = ask(STAGE, join_scenes([looks(rig, people.rows(r)) for r in rows]))
    return [outcomes.rows(slice(LOOKS * row, LOOKS * (row + 1))) for row in range(len(people))]


def _fails(outcomes: list[Outcomes], threshold: float) -> Bool:
    """(N,) whether each person fails in every look."""
    return np.array([bool((o.fair & o.exceeds(threshold)).all()) for o in outcomes])
