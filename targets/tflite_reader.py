"""The bytes of a .tflite file as a graph; see `targets.tflite_graph`."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import tflite
from numpy.typing import NDArray

from targets.tflite_graph import (
    Activation,
    Add,
    Convolution,
    Graph,
    MaxPool,
    Operation,
    Pad,
    Reshape,
    Resize,
    Sigmoid,
    Step,
    UnknownGraphError,
    names_of,
    same_padding,
)

NUMBERS = {
    tflite.TensorType.FLOAT32: "<f4",
    tflite.TensorType.FLOAT16: "<f2",
    tflite.TensorType.INT32: "<i4",
}
"""Types of constants that are read."""

ACTIVATIONS = ("NONE", "RELU", "RELU6")


class Reader:
    """One file's graph."""

    def __init__(self, data: bytes) -> None:
        self._model = tflite.Model.GetRootAsModel(data, 0)
        if (count := self._model.SubgraphsLength()) != 1:
            raise UnknownGraphError(f"expected one graph, got {count}")
        self._graph = self._model.Subgraphs(0)
        self._tensors = [self._graph.Tensors(i) for i in range(self._graph.TensorsLength())]
        self._shapes = [
            tuple(int(n) for n in t.ShapeAsNumpy()) if t.ShapeLength() else () for t in self._tensors
        ]
        self._constants: dict[int, NDArray[Any]] = {}
        self._operations = names_of(tflite.BuiltinOperator)
        self._activations = names_of(tflite.ActivationFunctionType)

    def graph(self) -> Graph:
        """Everything, constants folded into the steps."""
        inputs = [int(i) for i in self._graph.InputsAsNumpy()]
        if len(inputs) != 1 or len(self._shapes[inputs[0]]) != 4 or self._shapes[inputs[0]][0] != 1:
            shapes = ", ".join(str(self._shapes[i]) for i in inputs)
            raise UnknownGraphError(f"expected one input picture (1, H, W, C), got {shapes}")
        for i in range(len(self._tensors)):
            self._take_constant(i)
        steps = tuple(filter(None, (self._step(k) for k in range(self._graph.OperatorsLength()))))
        used = {inputs[0], *(step.output for step in steps)}
        outputs = {self._tensors[int(i)].Name().decode(): int(i) for i in self._graph.OutputsAsNumpy()}
        return Graph(inputs[0], outputs, steps, {i: _channels_first(self._shapes[i]) for i in used})

    def _take_constant(self, i: int) -> None:
        buffer = self._model.Buffers(self._tensors[i].Buffer())
        if not buffer.DataLength():
            return
        if (kind := self._tensors[i].Type()) not in NUMBERS:
            name = names_of(tflite.TensorType).get(kind, str(kind))
            raise UnknownGraphError(
                f"expected constants of FLOAT32, FLOAT16 or INT32, got {name} in tensor {i}"
            )
        self._constants[i] = np.frombuffer(buffer.DataAsNumpy().tobytes(), NUMBERS[kind]).reshape(
            self._shapes[i]
        )

    def _step(self, number: int) -> Step | None:
        """An operation; None where it only makes a constant."""
        op = self._graph.Operators(number)
        code = self._model.OperatorCodes(op.OpcodeIndex())
        name = self._operations.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), "unknown")
        inputs = [int(i) for i in op.InputsAsNumpy()]
        if name == "DEQUANTIZE" and inputs[0] in self._constants:
            self._constants[int(op.Outputs(0))] = self._constants[inputs[0]].astype(np.float32)
            return None
        live = tuple(i for i in inputs if i >= 0 and i not in self._constants)
        if name not in _READ:
            raise UnknownGraphError(
                f"expected only the operations {', '.join(_READ)}, got {name} as operation {number}"
            )
        read, wanted = _READ[name]
        if len(live) != wanted:
            raise UnknownGraphError(
                f"expected {wanted} tensors for {name}, got {len(live)} in operation {number}"
            )
        return Step(live, int(op.Outputs(0)), read(self, op, inputs))

    def activation(self, options: Any) -> Activation:
        """The function fused to an operation."""
        name = self._activations.get(options.FusedActivationFunction(), "unknown")
        if name not in ACTIVATIONS:
            raise UnknownGraphError(f"expected one of the activations {', '.join(ACTIVATIONS)}, got {name}")
        return cast(Activation, name)

    def convolution(self, op: Any, inputs: list[int]) -> Operation:
        """CONV_2D: weights (O, h, w, I)."""
        options = _options(op, tflite.Conv2DOptions)
        return self._convolution(options, inputs, self._floats(inputs[1]).transpose(0, 3, 1, 2), 1)

    def depthwise(self, op: Any, inputs: list[int]) -> Operation:
        """DEPTHWISE_CONV_2D: weights (1, h, w, O), output channels of one input channel side by side."""
        options = _options(op, tflite.DepthwiseConv2DOptions)
        weight = self._floats(inputs[1]).transpose(3, 0, 1, 2)
        return self._convolution(options, inputs, weight, self._shapes[inputs[0]][3])

    def _convolution(
        self, options: Any, inputs: list[int], weight: NDArray[np.float32], groups: int
    ) -> Operation:
        stride = (options.StrideH(), options.StrideW())
        dilation = (options.DilationHFactor(), options.DilationWFactor())
        given = len(inputs) > 2 and inputs[2] >= 0
        return Convolution(
            weight=np.ascontiguousarray(weight),
            bias=np.array(self._floats(inputs[2])) if given else np.zeros(len(weight), np.float32),
            stride=stride,
            dilation=dilation,
            groups=groups,
            padding=self._sides(options, inputs[0], weight.shape[2:], stride, dilation),
            activation=self.activation(options),
        )

    def add(self, op: Any, inputs: list[int]) -> Operation:
        """ADD of two tensors of one shape."""
        one, other = (self._shapes[i] for i in inputs)
        if one != other:
            raise UnknownGraphError(f"expected ADD of equal shapes, got {one} and {other}")
        return Add(self.activation(_options(op, tflite.AddOptions)))

    def pad(self, op: Any, inputs: list[int]) -> Operation:
        """PAD with zeros; its widths are (4, 2), before and after each axis of NHWC."""
        batch, height, width, channels = (
            (int(before), int(after)) for before, after in self._constants[inputs[1]]
        )
        if batch != (0, 0):
            raise UnknownGraphError(f"expected PAD to leave the batch axis alone, got {batch}")
        return Pad((*width, *height, *channels))

    def max_pool(self, op: Any, inputs: list[int]) -> Operation:
        """MAX_POOL_2D."""
        options = _options(op, tflite.Pool2DOptions)
        if (activation := self.activation(options)) != "NONE":
            raise UnknownGraphError(f"expected MAX_POOL_2D without an activation, got {activation}")
        kernel = (options.FilterHeight(), options.FilterWidth())
        stride = (options.StrideH(), options.StrideW())
        return MaxPool(kernel, stride, self._sides(options, inputs[0], kernel, stride, (1, 1)))

    def resize(self, op: Any, inputs: list[int]) -> Operation:
        """RESIZE_BILINEAR with corners aligned or half-pixel middles."""
        options = _options(op, tflite.ResizeBilinearOptions)
        if not (options.AlignCorners() or options.HalfPixelCenters()):
            raise UnknownGraphError(
                "expected RESIZE_BILINEAR with half-pixel centres or aligned corners, got neither"
            )
        height, width = (int(n) for n in self._constants[inputs[1]])
        return Resize((height, width), bool(options.AlignCorners()))

    def reshape(self, op: Any, inputs: list[int]) -> Operation:
        """RESHAPE that keeps the batch axis."""
        shape = self._shapes[int(op.Outputs(0))]
        if not shape or shape[0] != 1:
            raise UnknownGraphError(f"expected RESHAPE to keep the batch axis, got the shape {shape}")
        return Reshape(shape[1:])

    def sigmoid(self, op: Any, inputs: list[int]) -> Operation:
        """LOGISTIC."""
        return Sigmoid()

    def _floats(self, i: int) -> NDArray[np.float32]:
        if i not in self._constants:
            raise UnknownGraphError(f"expected constant weights, got the tensor {i} computed at run time")
        return np.asarray(self._constants[i], np.float32)

    def _sides(
        self,
        options: Any,
        source: int,
        kernel: tuple[int, ...],
        stride: tuple[int, int],
        dilation: tuple[int, int],
    ) -> tuple[int, int, int, int]:
        if options.Padding() != tflite.Padding.SAME:
            return (0, 0, 0, 0)
        height, width = self._shapes[source][1:3]
        columns = same_padding(width, kernel[1], stride[1], dilation[1])
        return (*columns, *same_padding(height, kernel[0], stride[0], dilation[0]))


_READ = {
    "CONV_2D": (Reader.convolution, 1),
    "DEPTHWISE_CONV_2D": (Reader.depthwise, 1),
    "ADD": (Reader.add, 2),
    "PAD": (Reader.pad, 1),
    "MAX_POOL_2D": (Reader.max_pool, 1),
    "RESIZE_BILINEAR": (Reader.resize, 1),
    "RESHAPE": (Reader.reshape, 1),
    "LOGISTIC": (Reader.sigmoid, 1),
}
"""What reads an operation, and how many tensors it takes beside constants; DEQUANTIZE of constants is folded."""


def _options(op: Any, kind: Any) -> Any:
    options, table = kind(), op.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    return options


def _channels_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[3], shape[1], shape[2]) if len(shape) == 4 else shape[1:]
