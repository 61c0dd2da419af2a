"""2D joints for targets that take them in place of a picture: the true ones, or another target's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from examiner.joints import Float, pick
from simulator import Body
from targets import Target

OF_THE_FACE: Mapping[str, str] = {
    "nose": "nose", "left_eye": "leye", "right_eye": "reye", "left_ear": "lear", "right_ear": "rear",
    "left_big_toe": "LBigToe", "left_small_toe": "LSmallToe", "left_heel": "LHeel",
    "right_big_toe": "RBigToe", "right_small_toe": "RSmallToe", "right_heel": "RHeel",
}  # fmt: skip
"""Keypoints that are a vertex of the body, by the body's word for it."""

MIDDLES: Mapping[str, tuple[str, str]] = {
    "hips": ("left_hip", "right_hip"),
    "shoulders": ("left_shoulder", "right_shoulder"),
}
"""Keypoints that are the middle of two joints."""


@dataclass(frozen=True)
class TrueKeypoints:
    """The simulator's own 2D joints, hidden ones too: what a perfect detector of keypoints would give."""

    body: Body
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        known = {*self.body.joint_names, *MIDDLES, *_face(self.body)}
        if unknown := [name for name in self.names if name not in known]:
            raise ValueError(
                f"expected TargetSpec.keypoints among {', '.join(sorted(known))}, got {unknown[0]!r}; take another "
                "target's with --keypoints"
            )

    @property
    def needs(self) -> tuple[str, ...]:
        """Fields of a batch that this reads."""
        return ("joints2d", "vertices", "camera")

    def __call__(self, fields: Mapping[str, Any]) -> Float:
        """(N, K, 2) pixels."""
        return np.stack([self._one(name, fields) for name in self.names], axis=1)

    def _one(self, name: str, fields: Mapping[str, Any]) -> Float:
        if name in MIDDLES:
            return np.asarray(pick(fields["joints2d"], self.body.joint_names, MIDDLES[name]).mean(axis=1))
        if name in self.body.joint_names:
            return np.asarray(fields["joints2d"][:, self.body.joint_names.index(name)])
        vertex = self.body.vertex_ids[OF_THE_FACE[name]]
        return np.asarray(fields["camera"].project(fields["vertices"][:, [vertex]])[:, 0])


@dataclass(frozen=True)
class PredictedKeypoints:
    """The 2D joints that another target finds in the picture."""

    source: Target
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if unknown := [name for name in self.names if name not in self.source.spec.joint_names]:
            raise ValueError(
                f"expected TargetSpec.keypoints among the joints of {self.source.spec.name}, got {unknown[0]!r}"
            )

    @property
    def needs(self) -> tuple[str, ...]:
        """Fields of a batch that the source is called with."""
        return self.source.spec.needs

    def __call__(self, fields: Mapping[str, Any]) -> Float:
        """(N, K, 2) pixels; zeros for a person who was not found.

        Raises:
            ValueError: The source gives no 2D joints.
        """
        prediction = self.source.predict(**{name: fields[name] for name in self.needs})
        if prediction.joints2d is None:
            raise ValueError(f"expected joints2d from {self.source.spec.name} for the lifter, got none")
        return pick(prediction.joints2d, self.source.spec.joint_names, self.names)


Keypoints = TrueKeypoints | PredictedKeypoints


def keypoints_of(names: Sequence[str], body: Body, source: Target | None) -> Keypoints:
    """Where a lifter's 2D joints come from: the truth, or the source where there is one.

    Raises:
        ValueError: A name that is not to be had there.
    """
    return TrueKeypoints(body, tuple(names)) if source is None else PredictedKeypoints(source, tuple(names))


def _face(body: Body) -> list[str]:
    return [name for name, vertex in OF_THE_FACE.items() if vertex in body.vertex_ids]
