"""Runs a TensorFlow.js graph model in torch. Operations that are not known here are refused by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from targets.tfjs_graph import Constant, Node, TfjsGraph
from targets.tflite_graph import same_padding

Value = Tensor | tuple[Tensor, ...]
Constants = Mapping[str, Constant]

TYPES: Mapping[str, torch.dtype] = MappingProxyType({"DT_FLOAT": torch.float32, "DT_INT32": torch.int64})
"""What a tensor is cast to; integers are 64 bits wide, as torch indexes with them."""


@dataclass(frozen=True)
class Step:
    """One operation, ready to run."""

    output: str
    """Name of the node."""
    inputs: tuple[tuple[str, int], ...]
    """What `run` takes, in order."""
    run: Callable[..., Value]


class TfjsModel:
    """A graph model on one picture at a time. Several threads may call it at once."""

    def __init__(self, graph: TfjsGraph) -> None:
        """Prepare the steps.

        Raises:
            ValueError: The graph has an operation, or an option of one, that is not known; the message names it.
        """
        self.shape = graph.shape
        self._source, self._output = graph.source, graph.output
        self._steps = [_step(node, graph.constants) for node in graph.nodes]
        self._done = _last_uses(self._steps, graph.output[0])
        used = {name for step in self._steps for name, _ in step.inputs}
        self._constants: dict[str, Value] = {
            name: torch.from_numpy(value) for name, value in graph.constants.items() if name in used
        }

    @torch.inference_mode()
    def __call__(self, picture: Tensor) -> Tensor:
        """The graph's output for a picture of the graph's `shape`."""
        values = dict(self._constants)
        values[self._source] = picture
        for step, done in zip(self._steps, self._done, strict=True):
            values[step.output] = step.run(*(_one_of(values, each) for each in step.inputs))
            for name in done:  # memory that is used again at once is in the cache
                del values[name]
        return _one_of(values, self._output)


def _one_of(values: Mapping[str, Value], reference: tuple[str, int]) -> Tensor:
    value = values[reference[0]]
    return value[reference[1]] if isinstance(value, tuple) else value


def _last_uses(steps: Sequence[Step], output: str) -> list[tuple[str, ...]]:
    """Names of the values that nothing needs after each step."""
    last = {name: number for number, step in enumerate(steps) for name, _ in step.inputs}
    return [
        tuple(name for name in {name for name, _ in step.inputs} if last[name] == number and name != output)
        for number, step in enumerate(steps)
    ]


def _step(node: Node, constants: Constants) -> Step:
    if node.operation not in OPERATIONS:
        known = ", ".join(sorted(OPERATIONS))
        raise ValueError(f"expected operations out of {known}, got {node.operation} at the node {node.name}")
    return OPERATIONS[node.operation](node, constants)


def _plain(run: Callable[..., Value]) -> Callable[[Node, Constants], Step]:
    """An operation on all of its inputs, without options."""
    return lambda node, _: Step(node.name, node.inputs, run)


@dataclass(frozen=True, eq=False)
class _Convolution:
    """Convolution and bias of an NHWC tensor, which is channels-last to torch: nothing is copied."""

    weight: Tensor
    """(O, I / groups, h, w), channels-last."""
    bias: Tensor | None
    stride: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    pads: bool
    """Whether zeros are added as TensorFlow's SAME has it; none otherwise."""

    def __call__(self, x: Tensor) -> Tensor:
        even = (0, 0)
        if self.pads:
            (top, bottom), (left, right) = (
                same_padding(x.shape[1 + i], self.weight.shape[2 + i], self.stride[i], self.dilation[i])
                for i in (0, 1)
            )
            if top == bottom and left == right:
                even = (top, left)
            else:
                x = functional.pad(x, (0, 0, left, right, top, bottom))
        x = x.permute(0, 3, 1, 2)
        x = functional.conv2d(x, self.weight, self.bias, self.stride, even, self.dilation, self.groups)
        return x.permute(0, 2, 3, 1)


ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {"Relu": torch.relu_, "Relu6": lambda x: functional.hardtanh_(x, 0.0, 6.0)}
)
"""In place: nothing else holds a convolution's result."""


def _convolution(node: Node, constants: Constants) -> Step:
    weight = torch.from_numpy(_constant(node, 1, constants))
    depthwise = "depthwise" in node.operation.lower()
    groups = weight.shape[2] if depthwise else 1
    order = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
    weight = weight.permute(*order).reshape(-1, weight.shape[2] // groups, *weight.shape[:2])
    fused = list(node.attributes.get("fused_ops", ()))
    bias = torch.from_numpy(_constant(node, 2, constants)) if fused[:1] == ["BiasAdd"] else None
    rest = fused if bias is None else fused[1:]
    _check_option(node, "data_format", ("NHWC",))
    _check_option(node, "padding", ("SAME", "VALID"))
    if len(rest) > 1 or any(each not in ACTIVATIONS for each in rest):
        raise ValueError(f"expected BiasAdd, Relu or Relu6 fused into {node.name}, got {', '.join(fused)}")
    convolve = _convolve(node, weight, bias, groups)
    activate = ACTIVATIONS[rest[0]] if rest else None
    return Step(
        node.name, node.inputs[:1], lambda x: convolve(x) if activate is None else activate(convolve(x))
    )


def _convolve(node: Node, weight: Tensor, bias: Tensor | None, groups: int) -> Callable[[Tensor], Tensor]:
    stride = _height_and_width(node.attributes["strides"])
    if tuple(weight.shape[2:]) == stride == (1, 1) and groups == 1:
        matrix = weight[:, :, 0, 0].contiguous()
        return lambda x: functional.linear(
            x, matrix, bias
        )  # a convolution by 1 x 1 takes torch three times as long
    dilation = _height_and_width(node.attributes.get("dilations", (1, 1, 1, 1)))
    weight = weight.contiguous(memory_format=torch.channels_last)
    return _Convolution(weight, bias, stride, dilation, groups, node.attributes["padding"] == "SAME")


def _resize(node: Node, constants: Constants) -> Step:
    _check_option(node, "half_pixel_centers", (True,))
    _check_option(node, "align_corners", (False,))
    size = _numbers(node, 1, constants)

    def run(x: Tensor) -> Tensor:
        larger = functional.interpolate(
            x.permute(0, 3, 1, 2), size=size, mode="bilinear", align_corners=False
        )
        return larger.permute(0, 2, 3, 1)

    return Step(node.name, node.inputs[:1], run)


def _cast(node: Node, _: Constants) -> Step:
    _check_option(node, "DstT", tuple(TYPES))
    wanted = TYPES[node.attributes["DstT"]]
    return Step(node.name, node.inputs, lambda x: x.to(wanted))


def _squeeze(node: Node, _: Constants) -> Step:
    axes = tuple(node.attributes["squeeze_dims"])
    return Step(node.name, node.inputs, lambda x: x.squeeze(axes))


def _pack(node: Node, _: Constants) -> Step:
    axis = node.attributes["axis"]
    return Step(node.name, node.inputs, lambda *x: torch.stack(x, axis))


def _unpack(node: Node, _: Constants) -> Step:
    axis = node.attributes["axis"]
    return Step(node.name, node.inputs, lambda x: x.unbind(axis))


def _reshape(node: Node, constants: Constants) -> Step:
    shape = _numbers(node, 1, constants)
    return Step(node.name, node.inputs[:1], lambda x: x.reshape(shape))


def _expand(node: Node, constants: Constants) -> Step:
    axis = _numbers(node, 1, constants)[0]
    return Step(node.name, node.inputs[:1], lambda x: x.unsqueeze(axis))


def _argmax(node: Node, constants: Constants) -> Step:
    axis = _numbers(node, 1, constants)[0]
    return Step(node.name, node.inputs[:1], lambda x: x.argmax(axis))


def _concatenate(node: Node, constants: Constants) -> Step:
    axis = _numbers(node, len(node.inputs) - 1, constants)[0]
    return Step(node.name, node.inputs[:-1], lambda *x: torch.cat(x, axis))


OPERATIONS: Mapping[str, Callable[[Node, Constants], Step]] = MappingProxyType(
    {
        "AddV2": _plain(torch.add),
        "ArgMax": _argmax,
        "Cast": _cast,
        "ConcatV2": _concatenate,
        "DepthwiseConv2dNative": _convolution,
        "ExpandDims": _expand,
        "FloorDiv": _plain(torch.floor_divide),
        "FusedDepthwiseConv2dNative": _convolution,
        "GatherNd": _plain(lambda x, places: x[places.unbind(-1)]),
        "Identity": _plain(lambda x: x),
        "Mul": _plain(torch.mul),
        "Pack": _pack,
        "RealDiv": _plain(torch.div),
        "Reshape": _reshape,
        "ResizeBilinear": _resize,
        "Sigmoid": _plain(torch.sigmoid),
        "Sqrt": _plain(torch.sqrt),
        "SquaredDifference": _plain(lambda x, y: (x - y).square()),
        "Squeeze": _squeeze,
        "Sub": _plain(torch.sub),
        "Unpack": _unpack,
        "_FusedConv2D": _convolution,
    }
)
"""What makes a step of a node, by TensorFlow's name of the operation."""


def _constant(node: Node, place: int, constants: Constants) -> Any:
    name = node.inputs[place][0]
    if name not in constants:
        raise ValueError(
            f"expected a constant as input {place} of {node.operation} at {node.name}, got {name}"
        )
    return constants[name]


def _numbers(node: Node, place: int, constants: Constants) -> tuple[int, ...]:
    return tuple(int(each) for each in _constant(node, place, constants).reshape(-1))


def _height_and_width(sides: Any) -> tuple[int, int]:
    """Of a list for N, H, W and C."""
    return sides[1], sides[2]


def _check_option(node: Node, name: str, known: tuple[Any, ...]) -> None:
    if (value := node.attributes.get(name)) not in known:
        options = " or ".join(str(each) for each in known)
        raise ValueError(f"expected {name} of {node.operation} to be {options}, got {value} at {node.name}")
