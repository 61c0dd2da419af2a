"""Reads what the outputs of a network file mean: the part `outputs` of a specification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, cast, get_args

from targets.axes import METRES
from targets.file_body import Camera, CameraKind, Numbers, RotationKind, Rotations, Vertices
from targets.file_inputs import Layout
from targets.file_joints import UNUSED, Columns, Confidence, Heatmaps, Joints, Joints2d, Within
from targets.file_outputs import Meaning, Source
from targets.rotations import Order
from targets.weak_perspective import FOCAL_LENGTH
from targets.yaml_section import Section

Names = tuple[str, ...]
BODY = ("pose", "global_orient", "body_pose")
SCORED = ("joints", "joints2d", "vertices", "pose", "body_pose")
"""Meanings of which one has to be there."""


def read_meanings(top: Section, names: Names, units: str) -> tuple[Meaning, ...]:
    """What a specification's outputs mean.

    Args:
        top: The whole specification.
        names: Of the joints.
        units: Of the target's lengths: m or mm.

    Raises:
        ValueError: Outputs missing, unknown, or options that do not fit; the message has the key and its line.
    """
    outputs = (
        top.section("outputs")
        if "outputs" in top
        else top.refuse("outputs", "what the network's outputs mean")
    )
    outputs.only(READERS)
    if not any(key in outputs for key in SCORED):
        options = ", ".join(SCORED)
        raise ValueError(f"expected one of {options} in outputs, got none of them, {top.where('outputs')}")
    if "pose" in outputs and (doubled := [key for key in BODY[1:] if key in outputs]):
        raise ValueError(
            f"expected outputs.pose or its parts, got {doubled[0]} beside it, {outputs.where(doubled[0])}: keep one"
        )
    return tuple(
        READERS[key](outputs.section(key, short="output"), names, units) for key in outputs.all_keys()
    )


def _source(entry: Section) -> Source:
    value = entry.value("output") if "output" in entry else None
    if not isinstance(value, str | int) or isinstance(value, bool):
        entry.refuse("output", "the name of an output or its place, counted from 0")
    return Source(value, entry.name, entry.where("output"))


def _columns(entry: Section, names: Names, wanted: Names) -> Columns:
    columns = entry.words("columns", wanted)
    if not set(wanted) <= set(columns) or any(columns.count(name) > 1 for name in wanted):
        entry.refuse("columns", f"names of a joint's numbers with {', '.join(wanted)} once each")
    return Columns(columns, len(names), _taken(entry, len(names)))


def _taken(entry: Section, joints: int) -> tuple[int, ...] | None:
    """Places of the joints that are used, of `take: 33` (the first so many) or a list."""
    if "take" not in entry:
        return None
    value = entry.value("take")
    places = list(range(value)) if isinstance(value, int) and not isinstance(value, bool) else value
    whole = isinstance(places, list) and all(isinstance(i, int) and i >= 0 for i in places)
    if not whole or len(places) != joints or not joints:
        entry.refuse("take", f"{joints} or a list of {joints} places counted from 0, one each of joint_names")
    return tuple(places)


def _joints(entry: Section, names: Names, _: str) -> Meaning:
    entry.only(("output", "columns", "take"))
    return Joints(_source(entry), _columns(entry, names, ("x", "y", "z")))


def _joints2d(entry: Section, names: Names, _: str) -> Meaning:
    entry.only(("output", "in", "columns", "take"))
    within = entry.choice("in", get_args(Within))
    return Joints2d(_source(entry), _columns(entry, names, ("x", "y")), cast(Within, within))


def _heatmaps(entry: Section, names: Names, _: str) -> Meaning:
    entry.only(("output", "layout"))
    return Heatmaps(_source(entry), len(names), entry.choice("layout", get_args(Layout), "nchw") == "nhwc")


def _confidence(entry: Section, _: Names, __: str) -> Meaning:
    entry.only(("output", "columns", "logit", "least"))
    columns = entry.words("columns", ())
    if columns and columns.count("score") != 1:
        entry.refuse("columns", f"names of a joint's numbers with score once and {UNUSED} for the others")
    return Confidence(_source(entry), columns, entry.flag("logit"), entry.number("least", 0.0))


def _vertices(entry: Section, _: Names, __: str) -> Meaning:
    entry.only(("output",))
    return Vertices(_source(entry))


def _betas(entry: Section, _: Names, __: str) -> Meaning:
    entry.only(("output",))
    return Numbers(_source(entry), "betas", 10)


def _rotations(entry: Section, _: Names, __: str) -> Meaning:
    entry.only(("output", "rotations", "order"))
    kind = cast(RotationKind, entry.choice("rotations", get_args(RotationKind)))
    if kind != "rot6d" and "order" in entry:
        entry.refuse("order", "there with rotations: rot6d alone", "remove it")
    order = cast(Order, entry.choice("order", get_args(Order)) if kind == "rot6d" else "interleaved")
    field = cast(Literal["pose", "global_orient", "body_pose"], entry.name.rpartition(".")[2])
    return Rotations(_source(entry), field, kind, order)


def _camera(entry: Section, _: Names, units: str) -> Meaning:
    entry.only(("output", "kind", "focal_length"))
    kind = cast(CameraKind, entry.choice("kind", get_args(CameraKind)))
    if kind == "translation" and "focal_length" in entry:
        entry.refuse("focal_length", "there with kind: weak_perspective alone", "remove it")
    focal_length = entry.number("focal_length", FOCAL_LENGTH)
    if focal_length <= 0:
        entry.refuse("focal_length", "above 0")
    return Camera(_source(entry), kind, focal_length, 1 / METRES[units])


READERS: Mapping[str, Callable[[Section, Names, str], Meaning]] = MappingProxyType(
    {
        "joints": _joints,
        "joints2d": _joints2d,
        "vertices": _vertices,
        "betas": _betas,
        "pose": _rotations,
        "global_orient": _rotations,
        "body_pose": _rotations,
        "camera": _camera,
        "confidence": _confidence,
        "heatmaps": _heatmaps,
    }
)
"""What reads each meaning."""
