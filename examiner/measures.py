"""Measures: a few numbers with a meaning for people, by which searches may spread."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from agents import Measures
from examiner.distinct import Signature
from examiner.joints import Float
from simulator import ParameterSpace

VIEW = ("view.azimuth", "view.elevation")
"""Dimensions that are a measure as they are."""

PLAIN = 2
"""Dimensions that are taken where nothing with a meaning is searched."""

HAND_RANGE = (-0.2, 1.5)
"""Height of the higher hand, in trunk lengths: 0 is the height of the pelvis, 1 of the neck. Nine in ten typical poses
are between -0.1 and 1.0, nine in ten uniform draws of the prior between 0.0 and 1.5."""

BEND_RANGE = (0.0, 120.0)
"""Bend of the knee that is bent more, degrees. Nine in ten typical poses are between 25 and 95."""

HIPS, KNEES, ANKLES, WRISTS, NECK = (1, 2), (4, 5), (7, 8), (20, 21), 12
"""Places in a signature, which has the order of SMPL."""


def measures_of(space: ParameterSpace, marks: Callable[[Float], Signature]) -> Measures:
    """Numbers with a meaning for the people of a space.

    Height of the higher hand and bend of the more bent knee where pose is searched, azimuth and elevation of the
    camera where they are; where none of these is, the first two searched dimensions.

    Args:
        space: what is searched.
        marks: from units (n, D) to signatures.

    Returns:
        From units (n, D) to (n, m) in 0 to 1, m from 2 to 4 (1 where less is searched).
    """
    names = [dimension.name for dimension in space.dimensions]
    views = [names.index(name) for name in VIEW if name in names]
    if any(name.startswith("pose.") for name in names):
        return lambda units: np.concatenate([pose_measures(marks(units)), units[:, views]], axis=1)
    columns = [*views, *(i for i in range(len(names)) if i not in views)]
    return lambda units: units[:, columns[:PLAIN]]


def pose_measures(marks: Signature) -> Float:
    """Hand height and knee bend (n, 2) of n people, in 0 to 1 over HAND_RANGE and BEND_RANGE."""
    return np.stack([_share(hand_height(marks), HAND_RANGE), _share(knee_bend(marks), BEND_RANGE)], axis=1)


def hand_height(marks: Signature) -> Float:
    """Height (n,) of the higher hand along the line from pelvis to neck, in lengths of that line."""
    trunk = marks.joints[:, NECK]
    along = (marks.joints[:, WRISTS] * trunk[:, None]).sum(axis=2)
    return np.asarray(along.max(axis=1) / (trunk**2).sum(axis=1))


def knee_bend(marks: Signature) -> Float:
    """Angle (n,) between thigh and shin of the leg that is bent more, degrees: 0 is a straight leg."""
    hips, knees, ankles = (marks.joints[:, list(rows)] for rows in (HIPS, KNEES, ANKLES))
    thigh, shin = knees - hips, ankles - knees
    length = np.linalg.norm(thigh, axis=2) * np.linalg.norm(shin, axis=2)
    cosine = (thigh * shin).sum(axis=2) / length
    return np.asarray(np.degrees(np.arccos(cosine.clip(-1.0, 1.0))).max(axis=1))


def _share(value: Float, limits: tuple[float, float]) -> Float:
    low, high = limits
    return np.asarray((value - low) / (high - low)).clip(0.0, 1.0)
