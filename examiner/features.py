"""Features: what a person does and how they are seen, as named numbers that rules are made of.

Angles of limbs are taken in body axes (x left, y up, z forward) on the mean shape, so they say what an onlooker says:
how far an arm is raised, how far a knee is bent. Those towards the camera say how foreshortened a part is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from examiner.joints import Float
from simulator import Body, Dimension, Scene, camera_direction, physical_values, view_of

DEGREE = "\N{DEGREE SIGN}"
SIDES = ("left", "right")
UP = np.array([0.0, 1.0, 0.0])

SEGMENTS = (("upper arm", "shoulder", "elbow"), ("forearm", "elbow", "wrist"))
LEGS = (("thigh", "hip", "knee"), ("shin", "knee", "ankle"))


@dataclass(frozen=True)
class Feature:
    """One named number of a person."""

    name: str
    """As it stands in a rule, e.g. `left arm raised`."""
    unit: str
    """`degree`, else that of the dimension; empty where the feature is true (1) or not (0)."""

    def words(self, low: float, high: float) -> str:
        """The feature between two ends, either of which may be infinite."""
        if not self.unit:
            return self.name if low > 0 else f"not {self.name}"
        low_text, high_text = self._number(low), self._number(high)
        if np.isinf(high):
            return f"{self.name} above {low_text}"
        if np.isinf(low):
            return f"{self.name} below {high_text}"
        return f"{self.name} {low_text} to {high_text}"

    def _number(self, value: float) -> str:
        return f"{value:.0f}{DEGREE}" if self.unit == "degree" else f"{value:.2g} {self.unit}"


Column = tuple[Feature, Float]
"""A feature and its value (n,) for each person."""


@dataclass(frozen=True)
class Features:
    """F features of n people."""

    names: tuple[Feature, ...]
    values: Float
    """(n, F)"""


def features_of(body: Body, scene: Scene, beside: Sequence[Dimension]) -> Features:
    """Features of a scene's people.

    Args:
        body: Whose skeleton is posed.
        scene: N people.
        beside: Searched dimensions of factors other than pose and view, each a feature of its own.
    """
    still = np.zeros((len(scene), 3))
    joints = body.joints(np.zeros_like(scene.betas), scene.body_pose, still, still)
    place = {name: joints[:, i] for i, name in enumerate(body.joint_names)}
    camera = camera_direction(scene.global_orient)
    columns = list(chain(_trunk(place, camera), _limbs(place, camera), _views(scene), _beside(scene, beside)))
    return Features(tuple(f for f, _ in columns), np.column_stack([values for _, values in columns]))


def _degrees(name: str, values: Float) -> Column:
    return Feature(name, "degree"), np.asarray(np.degrees(values))


def _trunk(place: dict[str, Float], camera: Float) -> Iterator[Column]:
    up = _unit(place["neck"] - place["pelvis"])
    shoulders = place["left_shoulder"] - place["right_shoulder"]
    yield _degrees("trunk bent", _between(up, np.broadcast_to(UP, up.shape)))
    yield _degrees("trunk bent forward", np.arcsin(up[:, 2].clip(-1, 1)))
    yield _degrees("trunk bent to the left", np.arcsin(up[:, 0].clip(-1, 1)))
    yield _degrees("shoulders turned to the left", np.arctan2(-shoulders[:, 2], shoulders[:, 0]))
    yield _degrees("trunk off the line of sight", _folded(up, camera))


def _limbs(place: dict[str, Float], camera: Float) -> Iterator[Column]:
    """Each side's limbs, and of both sides the one that does more."""
    down = _unit(place["pelvis"] - place["neck"])
    sides = [dict(_side(place, side, down, camera)) for side in SIDES]
    for name in sides[0]:
        left, right = sides[0][name], sides[1][name]
        yield _degrees(f"left {name}", left)
        yield _degrees(f"right {name}", right)
        if "line of sight" in name:
            yield _degrees(f"either {name}", np.minimum(left, right))
        else:
            yield _degrees(f"either {name}", np.maximum(left, right))


def _side(place: dict[str, Float], side: str, down: Float, camera: Float) -> Iterator[tuple[str, Float]]:
    """Angles (n,) of one side's arm and leg, radians."""
    outward = 1.0 if side == "left" else -1.0
    ways = {
        part: _unit(place[f"{side}_{end}"] - place[f"{side}_{start}"])
        for part, start, end in (*SEGMENTS, *LEGS)
    }
    arm, thigh = ways["upper arm"], ways["thigh"]
    yield "arm raised", _between(arm, down)
    yield "arm forward", np.arcsin(arm[:, 2].clip(-1, 1))
    yield "arm out to the side", np.arcsin((outward * arm[:, 0]).clip(-1, 1))
    yield "elbow bent", _between(arm, ways["forearm"])
    yield "thigh raised", _between(thigh, np.broadcast_to(-UP, thigh.shape))
    yield "thigh forward", np.arcsin(thigh[:, 2].clip(-1, 1))
    yield "thigh out to the side", np.arcsin((outward * thigh[:, 0]).clip(-1, 1))
    yield "knee bent", _between(thigh, ways["shin"])
    for part, way in ways.items():
        yield f"{part} off the line of sight", _folded(way, camera)


def _views(scene: Scene) -> Iterator[Column]:
    azimuth, elevation, roll = view_of(scene.global_orient).T
    yield Feature("body turned to the left", "degree"), azimuth
    yield Feature("body turned away", "degree"), np.abs(azimuth)
    yield Feature("camera elevation", "degree"), elevation
    yield Feature("picture rolled", "degree"), roll


def _beside(scene: Scene, dimensions: Sequence[Dimension]) -> Iterator[Column]:
    for dimension in dimensions:
        values = physical_values(scene, [dimension.name])[:, 0]
        words = dimension.name.replace(".", " ").replace("_", " ")
        if dimension.unit != "choice":
            yield Feature(words, dimension.unit), values
            continue
        chosen = np.array([dimension.choice(value) for value in values])
        for choice in dimension.choices:
            yield Feature(f"{words} {choice}", ""), (chosen == choice).astype(np.float64)


def _unit(vectors: Float) -> Float:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))


def _between(a: Float, b: Float) -> Float:
    """(n,) angles between unit vectors (n, 3), radians."""
    return np.asarray(np.arccos((a * b).sum(axis=1).clip(-1.0, 1.0)))


def _folded(a: Float, camera: Float) -> Float:
    """(n,) angles of 0 to a right one between directions (n, 3) and the line of sight."""
    return np.asarray(np.arccos(np.abs((a * camera).sum(axis=1)).clip(0.0, 1.0)))
