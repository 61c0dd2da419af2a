"""Why: what about a person matters, by setting one thing at a time back to typical and seeing the error fall.

A joint is set to its rotation in the default person, who stands and looks at the camera; not to that of the nearest
typical pose, which as often as not shares what is wrong. The comparison is paired: the person and every changed one
are drawn in the same appearances.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from examiner.mildest import LOOKS, Ask, looks
from examiner.rig import Rig
from simulator import Scene, join_scenes, orientation, physical_values, view_of, with_physical_values

STAGE = "why"

JOINTS = 21
"""Of a body pose."""

VIEW = ("azimuth", "elevation", "roll")


@dataclass(frozen=True)
class Cause:
    """One thing set back to typical."""

    name: str
    """A joint, `view.azimuth`, or a factor."""
    fall: float
    """Mean paired fall of the error, mm; negative where the error rises."""
    spread: float
    """Standard deviation of the fall over the looks, mm."""
    exceed: int
    """Of LOOKS changed people, those who still fail."""
    fair: bool
    """Whether the changed person is a fair test."""


def causes_of(rig: Rig, person: Scene, ask: Ask) -> list[Cause]:
    """What matters most, first; (number of causes + 1) * LOOKS queries.

    Args:
        rig: The run's parts.
        person: One row.
        ask: Answers queries.
    """
    names, people = zip(*_changed(rig, person), strict=True)
    outcomes = ask(STAGE, join_scenes([looks(rig, one) for one in (person, *people)]))
    error = outcomes.told(rig.threshold).reshape(-1, LOOKS)
    falls = error[0] - error[1:]
    exceed = outcomes.exceeds(rig.threshold).reshape(-1, LOOKS)[1:]
    fair = outcomes.fair.reshape(-1, LOOKS)[1:]
    causes = [
        Cause(name, float(falls[i].mean()), float(falls[i].std()), int(exceed[i].sum()), bool(fair[i].all()))
        for i, name in enumerate(names)
    ]
    return sorted(causes, key=lambda cause: -cause.fall)


def cause_count(rig: Rig) -> int:
    """How many things are set back one at a time."""
    whole = {"pose": JOINTS, "view": len(VIEW)}
    return sum(whole.get(factor.name, 1) for factor in rig.space.factors)


def _changed(rig: Rig, person: Scene) -> Iterator[tuple[str, Scene]]:
    """Names, and the person (one row) with the named thing as the default person has it."""
    default = rig.space.default(1)
    searched = {factor.name for factor in rig.space.factors}
    frame = rig.space.frame
    if "pose" in searched:
        for joint in range(JOINTS):
            pose, part = person.body_pose.copy(), slice(3 * joint, 3 * joint + 3)
            pose[:, part] = default.body_pose[:, part]
            yield rig.body.joint_names[joint + 1], frame(replace(person, body_pose=pose))
    if "view" in searched:
        for axis, name in enumerate(VIEW):
            view = view_of(person.global_orient)
            view[:, axis] = 0.0
            yield f"view.{name}", frame(replace(person, global_orient=orientation(view)))
    yield from _factors(rig, person, default)


def _factors(rig: Rig, person: Scene, default: Scene) -> Iterator[tuple[str, Scene]]:
    """Every other searched factor as a whole."""
    for factor in rig.space.factors:
        if factor.name in ("pose", "view"):
            continue
        names = [dimension.name for dimension in factor.dimensions]
        typical = physical_values(default, names)
        yield factor.name, rig.space.frame(with_physical_values(person, names, typical))
