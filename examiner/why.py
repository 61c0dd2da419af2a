"""Why: what about a person matters, by setting one thing at a time back to typical and seeing the error fall.

A joint is set to its rotation in the default person, who stands and looks at the camera; not to that of the nearest
typical pose, which as often as not shares what is wrong. The comparison is paired: the person and every changed one
are drawn in the same appearances.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from examiner.asking import Ask
from examiner.mildest import LOOKS, looks
from examiner.rig import Rig
from examiner.subspace import beside_pose
from simulator import Scene, join_scenes, physical_values, with_physical_values

STAGE = "why"

JOINTS = 21
"""Of a body pose."""


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
    return (JOINTS if "pose" in rig.config.factors else 0) + len(_groups(rig))


def _groups(rig: Rig) -> dict[str, list[str]]:
    """What is set back beside pose: every searched angle of view by itself, every other factor as a whole."""
    groups: dict[str, list[str]] = {}
    for dimension in beside_pose(rig.space):
        factor = dimension.name.partition(".")[0]
        groups.setdefault(dimension.name if factor == "view" else factor, []).append(dimension.name)
    return groups


def _changed(rig: Rig, person: Scene) -> Iterator[tuple[str, Scene]]:
    """Names, and the person (one row) with the named thing as the default person has it."""
    default, frame = rig.space.default(1), rig.space.frame
    for joint in range(JOINTS if "pose" in rig.config.factors else 0):
        pose, part = person.body_pose.copy(), slice(3 * joint, 3 * joint + 3)
        pose[:, part] = default.body_pose[:, part]
        yield rig.body.joint_names[joint + 1], frame(replace(person, body_pose=pose))
    for name, dimensions in _groups(rig).items():
        yield name, frame(with_physical_values(person, dimensions, physical_values(default, dimensions)))
