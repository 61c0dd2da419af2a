"""Any target as one that the examiner can score: one row a picture, metres, camera axes, joints by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from examiner.joints import Float, pick
from examiner.keypoints import Keypoints, keypoints_of
from examiner.vertex_joints import VertexJoints, fit_vertex_joints
from simulator import EMBEDDED, Body, load_body
from simulator.camera import Camera
from targets import Prediction, Target, TargetSpec
from targets.axes import in_camera_axes
from targets.people import one_a_picture

TRUTH = ("boxes", "joints", "camera")
"""Fields that are read beside those of the target: who was asked about, and how far away."""

IN_SPACE = ("joints", "hypotheses", "body_pose", "vertices")
"""What gives joints in space, the first before the next."""

FAMILIES = {6890: "smpl", 10475: "smplx"}
"""Body models by their number of vertices."""


class UnfitAnswerError(ValueError):
    """A prediction that cannot be scored; the message says why."""


@dataclass(frozen=True)
class Adapted:
    """A target whose answers are turned into what is scored. Made by `adapted`.

    Joints come from the first of: the target's joints; the first of its hypotheses; the body, posed by its parameters;
    its vertices, by weights fitted on the body; its 2D joints, laid at the depth of the true ones, so that the error is
    the one in the plane of the picture, in millimetres where the person stands.
    """

    target: Target
    body: Body
    keypoints: Keypoints | None = None

    @cached_property
    def spec(self) -> TargetSpec:
        """The target's, with the joints, units and needs of the adapted answers."""
        spec = self.target.spec
        own = [name for name in spec.needs if name != "keypoints"]
        extra = () if self.keypoints is None else self.keypoints.needs
        return replace(
            spec,
            joint_names=spec.joint_names or self.body.joint_names,
            needs=tuple(dict.fromkeys((*own, *extra, *TRUTH))),
            units="m",
            axes=(1, 1, 1),
            metric=spec.metric or is_flat(spec),
        )

    def predict(self, **fields: Any) -> Prediction:
        """Predict N people from the fields of `spec.needs`.

        Returns:
            N rows with `joints`.

        Raises:
            UnfitAnswerError: The answer has nothing to score, or does not fit its spec.
        """
        given = {name: fields[name] for name in self.target.spec.needs if name != "keypoints"}
        if self.keypoints is not None:
            given["keypoints"] = self.keypoints(fields)
        answer = self.target.predict(**given)
        if not isinstance(answer, Prediction):
            raise UnfitAnswerError(
                f"expected a Prediction from {self.spec.name}, got {type(answer).__name__}"
            )
        try:
            one = one_a_picture(answer, fields["boxes"])
            return self._with_joints(in_camera_axes(one, self.target.spec), fields)
        except ValueError as error:
            raise UnfitAnswerError(f"{self.spec.name}: {error}") from error

    def _with_joints(self, given: Prediction, fields: dict[str, Any]) -> Prediction:
        if given.joints is not None:
            return given
        if given.hypotheses is not None:
            return replace(given, joints=np.array(given.hypotheses[:, 0]))
        if given.body_pose is not None and self._posed_body is not None:
            return self._posed(given, self._posed_body)
        if given.vertices is not None:
            return replace(given, joints=self._of_vertices(given.vertices))
        if given.joints2d is not None:
            return replace(given, joints=self._flat(given.joints2d, fields["joints"], fields["camera"]))
        raise ValueError(
            "expected joints, hypotheses, vertices, joints2d or the parameters of the run's body "
            f"{self.body.name!r} in the prediction, got {_names_of(given)}; the spec's body is "
            f"{self.target.spec.body!r}"
        )

    @cached_property
    def _posed_body(self) -> Body | None:
        """Whose parameters the target gives: the run's body, or an embedded one; None where we do not have it."""
        named = self.target.spec.body
        if named and named in (self.body.name, FAMILIES.get(len(self.body.v_template))):
            return self.body
        return load_body(named) if named in EMBEDDED else None

    def _posed(self, given: Prediction, body: Body) -> Prediction:
        """Joints and vertices of the body, posed as predicted; NaN where a parameter is."""
        pose, count = given.body_pose, len(given.found)
        assert pose is not None
        everything = 3 * (len(body.parents) - 1)
        widths = {"betas": 10, "global_orient": 3, "transl": 3}
        values = {name: getattr(given, name) for name in widths}
        values = {name: np.zeros((count, widths[name])) if v is None else v for name, v in values.items()}
        values["body_pose"] = pose[:, : everything if pose.shape[1] == everything else 63]
        whole = np.logical_and.reduce([np.isfinite(value).all(axis=1) for value in values.values()])
        out = body.forward(**{name: np.where(whole[:, None], value, 0.0) for name, value in values.items()})
        joints = np.where(whole[:, None, None], out.joints, np.nan)
        ours = given.vertices is None and body is self.body
        vertices = out.vertices.astype(np.float64) if ours else given.vertices
        return replace(given, joints=pick(joints, body.joint_names, self.spec.joint_names), vertices=vertices)

    def _of_vertices(self, vertices: Float) -> Float:
        wanted = len(self.body.v_template)
        if vertices.ndim != 3 or vertices.shape[1:] != (wanted, 3):
            raise ValueError(
                f"expected vertices (N, {wanted}, 3) of the run's body {self.body.name!r}, got {vertices.shape}: give "
                "the body that the target predicts with --body, or let the target give joints"
            )
        return self._vertex_joints(vertices)

    @cached_property
    def _vertex_joints(self) -> VertexJoints:
        return fit_vertex_joints(self.body)

    def _flat(self, joints2d: Float, gt: Float, camera: Camera) -> Float:
        """(N, J, 3) metres: pixels at the depth of the true joint of the same name, else of the pelvis."""
        names = self.body.joint_names
        place = [names.index(name) if name in names else 0 for name in self.spec.joint_names]
        depth = gt[:, place, 2:]
        rays = (joints2d - camera.center[:, None]) / camera.focal_length[:, None, None]
        return np.concatenate([rays * depth, depth], axis=2)


def adapted(target: Target, body: Body, keypoints_from: Target | None = None) -> Target:
    """A target as the examiner asks it; one that is adapted already is returned as it is.

    Raises:
        ValueError: A lifter wants keypoints that are not to be had, or they are offered to a target that wants none.
    """
    spec = target.spec
    if keypoints_from is not None and "keypoints" not in spec.needs:
        raise ValueError(
            f"expected --keypoints with a lifter, whose spec needs keypoints, got {spec.name}, which needs "
            f"{', '.join(spec.needs)}"
        )
    if isinstance(target, Adapted):
        return target
    source = keypoints_of(spec.keypoints, body, keypoints_from) if "keypoints" in spec.needs else None
    return Adapted(target, body, source)


def close_target(target: Target) -> None:
    """End what a target keeps running; most keep nothing."""
    inner = target.target if isinstance(target, Adapted) else target
    close = getattr(inner, "close", None)
    if callable(close):
        close()


def is_flat(spec: TargetSpec) -> bool:
    """Whether a target gives 2D joints and nothing in space."""
    return "joints2d" in spec.gives and not set(IN_SPACE) & set(spec.gives)


def joints_from(spec: TargetSpec) -> str:
    """Where the scored joints of a target come from, in words."""
    words = {
        "joints": "its joints",
        "hypotheses": "its first hypothesis",
        "body_pose": f"the body {spec.body!r} posed by its parameters",
        "vertices": "its vertices, by weights fitted on the body",
    }
    given = [words[name] for name in IN_SPACE if name in spec.gives]
    return given[0] if given else "its 2D joints, laid at the true depth"


def _names_of(given: Prediction) -> str:
    named = ("vertices", "betas", "body_pose", "global_orient", "confidence", "heatmaps", "transl")
    there = [name for name in named if getattr(given, name) is not None]
    return ", ".join(there) or "none of them"
