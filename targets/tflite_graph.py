"""Reads the graph of a float .tflite file: which operations, on which tensors, with which constants.

Needs the schema of the format alone (the package `tflite`). Nothing in a file is run: an operation that is not known
here is refused by its name. The format is NHWC; everything below is NCHW and OIHW, as torch has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Activation = Literal["NONE", "RELU", "RELU6"]
Sides = tuple[int, int, int, int]
"""Left, right, top, bottom."""


@dataclass(frozen=True, eq=False)
class Convolution:
    """A 2D convolution, depthwise where `groups` is the number of channels."""

    weight: Float32
    """(O, I / groups, h, w)."""
    bias: Float32
    """(O,)."""
    stride: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    padding: Sides
    activation: Activation


@dataclass(frozen=True)
class Add:
    """The sum of two tensors."""

    activation: Activation


@dataclass(frozen=True)
class Pad:
    """Zeros around."""

    padding: tuple[int, int, int, int, int, int]
    """Left, right, top, bottom, channels before and after."""


@dataclass(frozen=True)
class MaxPool:
    """The largest of a window."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: Sides


@dataclass(frozen=True)
class Resize:
    """Bilinear enlargement."""

    size: tuple[int, int]
    """Height and width."""
    align_corners: bool


@dataclass(frozen=True)
class Reshape:
    """Values of a tensor in NHWC order, in another shape."""

    shape: tuple[int, ...]
    """Without the batch axis."""


@dataclass(frozen=True)
class Sigmoid:
    """The logistic function."""


Operation = Convolution | Add | Pad | MaxPool | Resize | Reshape | Sigmoid


@dataclass(frozen=True)
class Step:
    """One operation on numbered tensors."""

    inputs: tuple[int, ...]
    output: int
    operation: Operation


@dataclass(frozen=True)
class Graph:
    """Steps from one input to named outputs, in an order in which they can be run."""

    source: int
    """Number of the input tensor."""
    outputs: Mapping[str, int]
    """Numbers of the output tensors by name."""
    steps: tuple[Step, ...]
    shapes: Mapping[int, tuple[int, ...]]
    """Shape of each tensor without its batch axis; (C, H, W) for pictures."""


def read_graph(path: Path) -> Graph:
    """Read a .tflite file with one input picture and float weights (32 or 16 bits).

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no .tflite file, is damaged, or holds an operation or option that is not known.
    """
    from targets.tflite_reader import Reader  # deferred: the schema is needed here alone

    if not path.is_file():
        raise FileNotFoundError(f"expected a .tflite file, got no file {path}: check the path")
    data = path.read_bytes()
    if data[4:8] != b"TFL3":
        raise ValueError(
            f"expected a .tflite file, got something else in {path} (no mark TFL3): check the path"
        )
    try:
        return _without_pads(Reader(data).graph())
    except UnknownGraphError as error:
        raise ValueError(f"{path.name}: {error}: run it with `targets.tflite.TfliteModel` instead") from None
    except Exception as error:  # the schema's code stumbles over damaged bytes in many ways
        raise ValueError(
            f"expected a whole .tflite file, got {type(error).__name__} while reading {path}: fetch it again"
        ) from error


def _without_pads(graph: Graph) -> Graph:
    """The graph with zeros laid round by the convolutions themselves, where nothing else sees them: less to copy."""
    users: dict[int, list[Operation]] = {}
    for step in graph.steps:
        for i in step.inputs:
            users.setdefault(i, []).append(step.operation)
    pads = {
        step.output: (step.inputs[0], step.operation.padding[:4])
        for step in graph.steps
        if isinstance(step.operation, Pad)
        and step.operation.padding[4:] == (0, 0)
        and step.output not in graph.outputs.values()
        and all(_bare(operation) for operation in users.get(step.output, []))
    }
    steps = tuple(_padded(step, pads) for step in graph.steps if step.output not in pads)
    return replace(graph, steps=steps)


def _bare(operation: Operation) -> bool:
    return isinstance(operation, Convolution) and not any(operation.padding)


def _padded(step: Step, pads: Mapping[int, tuple[int, Sides]]) -> Step:
    if step.inputs[0] not in pads:
        return step
    source, padding = pads[step.inputs[0]]
    assert isinstance(step.operation, Convolution)
    return replace(step, inputs=(source,), operation=replace(step.operation, padding=padding))


class UnknownGraphError(Exception):
    """What the file has that cannot be run here."""


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Zeros before and after for TensorFlow's SAME: outputs are ceil(size / stride), the odd zero comes after."""
    reach = (kernel - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def names_of(enumeration: Any) -> dict[int, str]:
    """Names by number of an enumeration of the schema."""
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}
