"""Reads the specification of a network file: a short YAML that says what goes in and what comes out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast, get_args

from targets.axes import METRES
from targets.base import TargetSpec
from targets.crop import IMAGENET_MEAN, IMAGENET_STD, Border, Channels, Crop
from targets.file_inputs import INPUTS, Layout
from targets.file_meanings import read_meanings
from targets.file_outputs import Meaning
from targets.joint_names import JOINT_SETS
from targets.yaml_section import Section, read_yaml

Format = Literal["onnx", "torchscript"]
KEYS = (
    *("name", "licence", "onnx", "torchscript", "device", "batch", "crop", "layout", "inputs", "outputs"),
    *("joint_names", "units", "axes", "root", "body", "metric"),
)
"""Keys of a specification."""
CROP_KEYS = ("size", "box_scale", "aspect", "channels", "range", "mean", "std", "border", "antialias")
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"0..1": (0.0, 1.0), "0..255": (0.0, 1 / 255), "-1..1": (0.5, 0.5)}
)
"""Mean and standard deviation that give a crop's values a range."""
NEED_NAMES = ("joints", "joints2d", "heatmaps")
"""Meanings of outputs that are of named joints."""
BODIES = ("smpl", "smplx")
CALLS_AT_ONCE = 16
"""Either runtime may be called from many threads."""


@dataclass(frozen=True)
class FileSpec:
    """A network file and what its inputs and outputs mean."""

    file: Path
    """The network."""
    format: Format
    """What runs it."""
    top: Section
    """The specification itself, for messages."""
    target: TargetSpec
    crop: Crop
    layout: Layout
    """Of the crop as an input."""
    device: str
    """`cpu`, `cuda` or `cuda:1`."""
    batch: int | None
    """Rows of one call, where it is given."""
    inputs: Mapping[str | int, str] | None
    """Words of INPUTS by name or place of an input; None where the network's only input gets the crop."""
    meanings: tuple[Meaning, ...]


def read_file_spec(path: Path) -> FileSpec:
    """Read a specification. Paths in it are relative to its own folder; docs/targets-files.md has the keys.

    Raises:
        FileNotFoundError: The specification or the network file is not there.
        ValueError: An unknown key or a value that does not fit; the message has the key and its line.
    """
    top = read_yaml(path)
    top.only(KEYS)
    kind, file = _network(top)
    names, crop, inputs = _joint_names(top), _crop(top), _inputs(top)
    units = cast(Literal["m", "mm"], top.choice("units", tuple(METRES), "m"))
    meanings = read_meanings(top, names, units)
    target = TargetSpec(
        name=top.text("name", path.stem),
        joint_names=names,
        needs=("images", "boxes", *(("intrinsics",) if "intrinsics" in (inputs or {}).values() else ())),
        metric=top.flag("metric"),
        licence=top.text("licence", "unstated"),
        weights_sha256=_digest(path, file),
        calls_at_once=CALLS_AT_ONCE,
        units=units,
        axes=_axes(top),
        root=top.text("root", ""),
        gives=_gives(meanings),
        crop=crop,
        body=top.choice("body", ("", *BODIES), ""),
    )
    layout = cast(Layout, top.choice("layout", get_args(Layout), "nchw"))
    batch = top.whole("batch") if "batch" in top else None
    return FileSpec(file, kind, top, target, crop, layout, top.text("device", "cpu"), batch, inputs, meanings)


def _network(top: Section) -> tuple[Format, Path]:
    given = [key for key in get_args(Format) if key in top]
    if len(given) != 1:
        raise ValueError(
            f"expected one of the keys {' or '.join(get_args(Format))}, the network's file, got {len(given)} of them, "
            f"{top.where(given[-1] if given else None)}"
        )
    file = top.file.parent / top.text(given[0])
    if not file.is_file():
        raise FileNotFoundError(
            f"expected {given[0]} to be a file beside the specification, got no file {file}, {top.where(given[0])}: "
            "check the path"
        )
    return cast(Format, given[0]), file


def _digest(path: Path, file: Path) -> str:
    """Of the specification, the network and what lies beside it under a longer name, such as its weights."""
    digest = hashlib.sha256(path.read_bytes())
    for part in sorted(file.parent.glob(f"{file.name}*")):
        digest.update(part.read_bytes())
    return digest.hexdigest()


def _crop(top: Section) -> Crop:
    if "crop" not in top:
        top.refuse("crop", "how a person is cut out, with crop.size at least")
    keys = top.section("crop")
    keys.only(CROP_KEYS)
    mean, std = _mean_and_std(keys)
    try:
        return Crop(
            size=_size(keys),
            box_scale=keys.number("box_scale", Crop.box_scale),
            aspect=keys.number("aspect", Crop.aspect),
            channels=cast(Channels, keys.choice("channels", get_args(Channels), Crop.channels)),
            mean=mean,
            std=std,
            border=cast(Border, keys.choice("border", get_args(Border), Crop.border)),
            antialias=keys.number("antialias", Crop.antialias),
        )
    except ValueError as error:
        place = "" if str(keys.file) in str(error) else f", {top.where('crop')}"
        raise ValueError(f"{error}{place}") from None


def _size(keys: Section) -> tuple[int, int]:
    value = keys.value("size") if "size" in keys else None
    sides = [value, value] if isinstance(value, int) else value
    if not isinstance(sides, list) or len(sides) != 2 or any(type(side) is not int for side in sides):
        keys.refuse("size", "[height, width] in pixels")
    return sides[0], sides[1]


def _mean_and_std(keys: Section) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    if "range" not in keys:
        mean, std = (keys.numbers(name, 3) if name in keys else None for name in ("mean", "std"))
        one, other = mean or IMAGENET_MEAN, std or IMAGENET_STD
        return (one[0], one[1], one[2]), (other[0], other[1], other[2])
    if doubled := [name for name in ("mean", "std") if name in keys]:
        keys.refuse(doubled[0], "there without crop.range", "keep one of them")
    mean_of_all, std_of_all = RANGES[keys.choice("range", tuple(RANGES))]
    return (mean_of_all,) * 3, (std_of_all,) * 3


def _joint_names(top: Section) -> tuple[str, ...]:
    outputs = top.section("outputs") if "outputs" in top else top
    needed = [key for key in NEED_NAMES if key in outputs]
    if "joint_names" not in top:
        if needed:
            top.refuse(
                "joint_names",
                f"a list or one of {', '.join(JOINT_SETS)}, since outputs.{needed[0]} has joints",
            )
        return ()
    value = top.value("joint_names")
    if isinstance(value, str):
        return JOINT_SETS[top.choice("joint_names", tuple(JOINT_SETS))]
    names = top.words("joint_names")
    if doubled := [name for name in names if names.count(name) > 1]:
        top.refuse("joint_names", f"different names, and {doubled[0]} is there twice")
    return names


def _inputs(top: Section) -> dict[str | int, str] | None:
    if "inputs" not in top:
        return None
    keys = top.section("inputs")
    given = {key: keys.choice(key, tuple(INPUTS)) for key in keys.all_keys()}
    if "crop" not in given.values():
        top.refuse("inputs", "names of inputs with what each is given, the crop among them")
    return given


def _axes(top: Section) -> tuple[int, int, int]:
    if "axes" not in top:
        return (1, 1, 1)
    signs = top.numbers("axes", 3)
    if any(sign not in (-1, 1) for sign in signs):
        top.refuse("axes", "three signs, 1 or -1, e.g. [1, -1, -1] for OpenGL's axes")
    return int(signs[0]), int(signs[1]), int(signs[2])


def _gives(meanings: tuple[Meaning, ...]) -> tuple[str, ...]:
    """What a score can be made of."""
    given = {field for meaning in meanings for field in meaning.gives}
    return tuple(field for field in ("joints", "joints2d", "vertices", "body_pose") if field in given)
