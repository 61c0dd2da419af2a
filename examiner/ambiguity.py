"""Ambiguous: failures that no single picture could settle.

A limb that points towards the camera by some angle looks the same when it points away by it. A failure is ambiguous
where the prediction would count as right had the person been in another pose that keeps every visible joint in its
place: with limbs flipped in depth, inside the range of motion; or in the predicted pose itself.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from examiner.joints import Float, Pair, pick, rooted
from examiner.outcomes import Outcomes
from examiner.rig import Rig
from examiner.scores import Score, fitted_scale
from simulator import Body, Camera, Scene

IN_PLACE = 0.02
"""Share of the box's longer side by which a visible joint may move and still be in its place."""

TWISTS = np.linspace(-np.pi, np.pi, 16, endpoint=False)
"""Twists of the upper and the lower bone among which one inside the range of motion is looked for, radians."""

CHAINS = tuple(
    tuple(f"{side}_{joint}" for joint in chain)
    for side in ("left", "right")
    for chain in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
)
"""Limbs: two bones each."""


def is_ambiguous(rig: Rig, person: Scene, outcomes: Outcomes) -> bool:
    """Whether the failure of a person (one row) is ambiguous."""
    names = rig.evaluator.joints
    joints = rig.body.joints(person.betas, person.body_pose, person.global_orient, person.transl)
    if _looks_right(person.camera, pick(joints, rig.body.joint_names, names)[0], outcomes):
        return True
    flipped = flipped_limbs(rig, person, joints[0])
    if not len(flipped):
        return False
    gt = rooted(pick(flipped, rig.body.joint_names, names), names)
    return bool((_errors(rig.score, gt, outcomes, names) <= rig.threshold).any())


def flipped_limbs(rig: Rig, person: Scene, joints: Float) -> Float:
    """Joints (C, J, 3), metres, of the person with limbs flipped in depth: all that the range of motion allows."""
    turns = _world_turns(rig.body, person)
    options = [_limb(rig, person, joints, turns, chain) for chain in CHAINS]
    people = []
    for choice in product(*options):
        changed = joints.copy()
        for (elbow, wrist), chain in zip(choice, CHAINS, strict=True):
            middle, end = (rig.body.joint_names.index(name) for name in chain[1:])
            changed[middle], changed[end] = elbow, wrist
        people.append(changed)
    return np.array(people[1:]).reshape(-1, *joints.shape)


def _errors(score: Score, gt: Float, outcomes: Outcomes, names: tuple[str, ...]) -> Float:
    """(C,) the score of the one prediction against every truth (C, J, 3)."""
    return score(Pair(gt, np.repeat(outcomes.prediction, len(gt), axis=0), names))


def _looks_right(camera: Camera, gt: Float, outcomes: Outcomes) -> bool:
    """Whether the prediction, put where it fits best, has every visible joint in its place."""
    scale = float(fitted_scale(Pair(outcomes.gt, outcomes.prediction, ()))[0])
    moved, seen = outcomes.prediction[0] * scale, outcomes.visible[0]
    if not seen.any() or not np.isfinite(moved).all() or scale <= 0:
        return False
    true = outcomes.gt2d[0, seen]

    def off(transl: Float) -> Float:
        return np.asarray((camera.project((moved + transl)[None])[0, seen] - true).ravel())

    start = gt.mean(axis=0) - moved.mean(axis=0)
    best = least_squares(off, start, bounds=([-np.inf, -np.inf, 0.1], np.inf)).x
    side = float(np.ptp(outcomes.gt2d[0], axis=0).max())
    return bool(np.linalg.norm(off(best).reshape(-1, 2), axis=1).max() <= IN_PLACE * side)


def _world_turns(body: Body, person: Scene) -> list[Rotation]:
    """Rotation of every body joint relative to the camera, pelvis first."""
    local = Rotation.from_rotvec(person.body_pose[0].reshape(-1, 3))
    turns = [Rotation.from_rotvec(person.global_orient[0])]
    for joint in range(1, 22):
        turns.append(turns[body.parents[joint]] * local[joint - 1])
    return turns


def _limb(
    rig: Rig, person: Scene, joints: Float, turns: list[Rotation], chain: tuple[str, ...]
) -> list[tuple[Float, Float]]:
    """Places of a limb's middle and end joint, as they are first, then flipped in depth as far as it can bend so."""
    root, middle, end = (rig.body.joint_names.index(name) for name in chain)
    found = [(joints[middle], joints[end])]
    for elbow in (joints[middle], _other_crossing(joints[root], joints[middle])):
        for wrist in _crossings(elbow, joints[end], float(np.linalg.norm(joints[end] - joints[middle]))):
            same = np.allclose(elbow, joints[middle]) and np.allclose(wrist, joints[end], atol=1e-6)
            if not same and _can_bend(rig, person, joints, turns, (root, middle, end), elbow, wrist):
                found.append((elbow, wrist))
    return found


def _other_crossing(centre: Float, point: Float) -> Float:
    """Where the camera's ray through a point of a sphere round a centre crosses the sphere again."""
    way = point / np.linalg.norm(point)
    return np.asarray((2 * way @ centre - np.linalg.norm(point)) * way)


def _crossings(centre: Float, point: Float, radius: float) -> list[Float]:
    """Where the ray through a point crosses a sphere: two places, or none."""
    way = point / np.linalg.norm(point)
    along = float(way @ centre)
    rest = along**2 - float(centre @ centre) + radius**2
    return [] if rest < 0 else [(along + sign * np.sqrt(rest)) * way for sign in (1, -1)]


def _can_bend(
    rig: Rig,
    person: Scene,
    joints: Float,
    turns: list[Rotation],
    chain: tuple[int, int, int],
    elbow: Float,
    wrist: Float,
) -> bool:
    """Whether some twist of both bones puts a limb there inside the range of motion."""
    root, middle, end = chain
    first, second = elbow - joints[root], wrist - elbow
    upper = _turn_between(joints[middle] - joints[root], first) * turns[root]
    lower = _turn_between(joints[end] - joints[middle], second) * turns[middle]
    uppers = _twisted(upper, first)
    lowers = _twisted(lower, second)
    count = len(TWISTS)
    pose = np.repeat(person.body_pose, count * count, axis=0)
    above = turns[rig.body.parents[root]].inv() * uppers
    between = [(u.inv() * lowers).as_rotvec() for u in uppers]
    pose[:, 3 * root - 3 : 3 * root] = np.repeat(above.as_rotvec(), count, axis=0)
    pose[:, 3 * middle - 3 : 3 * middle] = np.concatenate(between)
    return bool((rig.fairness.motion_margin(pose) >= 0).any())


def _twisted(turn: Rotation, axis: Float) -> Rotation:
    """The rotation with every one of TWISTS about a bone added."""
    way = axis / np.linalg.norm(axis)
    return Rotation.from_rotvec(TWISTS[:, None] * way) * turn


def _turn_between(start: Float, end: Float) -> Rotation:
    """The shortest rotation from one direction to another."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis = np.cross(a, b)
    sine = float(np.linalg.norm(axis))
    if sine < 1e-9:
        return Rotation.identity()
    return Rotation.from_rotvec(axis / sine * np.arctan2(sine, float(a @ b)))
