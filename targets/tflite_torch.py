"""A .tflite graph as a torch module: the published weights, trainable and with gradients."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

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
    read_graph,
)

FEATURES = "features"
"""Name of the output of a graph that ends at a cut."""
INPUT = "pictures"
"""Name of the input of an exported graph."""
OPSET = 17


@dataclass(frozen=True)
class Cut:
    """A place where a single tensor connects what comes before with everything that comes after."""

    tensor: int
    """Its number in the file."""
    steps: int
    """Operations before it."""
    shape: tuple[int, ...]
    """Of the tensor, without the batch axis."""
    weights: int
    """Trainable numbers after it."""


class TorchGraph(nn.Module):
    """The graph of a .tflite file, or a part of it, for batches of any size.

    Parts share their weights with the whole, and the keys of `state_dict` are numbers of tensors in the file, so a
    part's weights go into the whole with `load_state_dict(..., strict=False)`.
    """

    def __init__(self, graph: Graph, layers: nn.ModuleDict | None = None) -> None:
        """Build the steps of a graph.

        Args:
            graph: What to run.
            layers: Convolutions by the number of their output, to share; new ones hold the file's weights.
        """
        super().__init__()
        self.graph = graph
        own = {str(s.output): s.operation for s in graph.steps if isinstance(s.operation, Convolution)}
        self.layers = nn.ModuleDict(
            {key: _layer(operation) if layers is None else layers[key] for key, operation in own.items()}
        )
        self._done = _last_uses(graph)

    @classmethod
    def from_tflite(cls, path: Path) -> Self:
        """The graph of a file.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It cannot be read, or holds what is not known; the message names it.
        """
        return cls(read_graph(path)).eval()

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(self.graph.outputs)

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Outputs by name.

        Args:
            pictures: (N, C, H, W) float32 in the model's own range (BlazePose: RGB, 0..1); of a tail, the features.

        Returns:
            Tensors (N, ...); pictures are (N, C, H, W).
        """
        values = {self.graph.source: pictures}
        for step, done in zip(self.graph.steps, self._done, strict=True):
            values[step.output] = self._run(step, [values[i] for i in step.inputs])
            for i in done:
                del values[i]
        return {name: values[i] for name, i in self.graph.outputs.items()}

    def pruned(self, outputs: Iterable[str]) -> TorchGraph:
        """The part that gives these outputs; what only others need is not run.

        Raises:
            ValueError: There is no such output.
        """
        wanted = tuple(outputs)
        unknown = [name for name in wanted if name not in self.graph.outputs]
        if unknown or not wanted:
            names = ", ".join(self.graph.outputs)
            raise ValueError(
                f"expected some of the outputs {names}, got {unknown[0] if unknown else 'none'!r}"
            )
        return self._part(self.graph.source, {name: self.graph.outputs[name] for name in wanted})

    def tapped(self, tensors: Mapping[str, int]) -> TorchGraph:
        """The part that gives tensors in between, by names of your own: for features.

        Raises:
            ValueError: No step of this graph makes that tensor.
        """
        made = {step.output for step in self.graph.steps}
        for name, tensor in tensors.items():
            if tensor not in made:
                raise ValueError(
                    f"expected the number of a tensor that a step makes, got {tensor} for {name!r}"
                )
        return self._part(self.graph.source, tensors)

    def cuts(self) -> tuple[Cut, ...]:
        """Where the graph can be cut in two, in order; prune first, for skip connections leave few."""
        found = []
        for number, live in enumerate(self._live()):
            tensor = self.graph.steps[number].output
            if live == {tensor}:
                weights = sum(_size(step.operation) for step in self.graph.steps[number + 1 :])
                found.append(Cut(tensor, number + 1, self.graph.shapes[tensor], weights))
        return tuple(found)

    def until(self, cut: Cut) -> TorchGraph:
        """What comes before a cut; its only output is `features`."""
        return self._part(self.graph.source, {FEATURES: self._checked(cut).tensor})

    def after(self, cut: Cut) -> TorchGraph:
        """What comes after a cut: features in, the outputs of this graph out."""
        return self._part(self._checked(cut).tensor, self.graph.outputs)

    def export_onnx(self, path: Path) -> None:
        """Write the graph with its weights as ONNX: input `pictures` of any batch size, the same outputs."""
        names = list(self.output_names)
        example = torch.zeros(1, *self.graph.shapes[self.graph.source])
        axes = {name: {0: "batch"} for name in (INPUT, *names)}
        with warnings.catch_warnings():  # the exporter announces its successor, which takes 20 times as long
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _Listed(self),
                (example,),
                str(path),
                input_names=[INPUT],
                output_names=names,
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )

    def _run(self, step: Step, inputs: list[Tensor]) -> Tensor:
        operation, x = step.operation, inputs[0]
        if isinstance(operation, Convolution):
            if _uneven(operation.padding):
                x = functional.pad(x, operation.padding)
            return _activated(self.layers[str(step.output)](x), operation.activation)
        if isinstance(operation, Add):
            return _activated(x + inputs[1], operation.activation)
        return _plain(operation, x)

    def _part(self, source: int, outputs: Mapping[str, int]) -> TorchGraph:
        needed, kept = set(outputs.values()) - {source}, []
        for step in reversed(self.graph.steps):
            if step.output in needed:
                kept.append(step)
                needed.update(i for i in step.inputs if i != source)
        graph = replace(self.graph, source=source, outputs=dict(outputs), steps=tuple(kept[::-1]))
        part = TorchGraph(graph, self.layers)
        return part.train(self.training)

    def _live(self) -> list[set[int]]:
        """After each step, the tensors that later steps or the outputs need."""
        live, result = set(self.graph.outputs.values()), []
        for step in reversed(self.graph.steps):
            result.append(set(live))
            live = (live - {step.output}) | set(step.inputs)
        return result[::-1]

    def _check_outputs(self, wanted: Sequence[str]) -> None:
        unknown = [name for name in wanted if name not in self.graph.outputs]
        if unknown or not wanted:
            names = ", ".join(self.graph.outputs)
            raise ValueError(
                f"expected some of the outputs {names}, got {unknown[0] if unknown else 'none'!r}"
            )

    def _checked(self, cut: Cut) -> Cut:
        if cut not in self.cuts():
            raise ValueError(f"expected one of this graph's own cuts(), got {cut}")
        return cut


class _Listed(nn.Module):
    """A graph whose outputs are a tuple."""

    def __init__(self, graph: TorchGraph) -> None:
        super().__init__()
        self.graph = graph

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.graph(pictures).values())


def _layer(operation: Convolution) -> nn.Conv2d:
    made = nn.Conv2d(
        operation.weight.shape[1] * operation.groups,
        operation.weight.shape[0],
        (operation.weight.shape[2], operation.weight.shape[3]),
        operation.stride,
        0 if _uneven(operation.padding) else (operation.padding[2], operation.padding[0]),
        operation.dilation,
        operation.groups,
        device="meta",  # no weights are drawn
    )
    made.weight = nn.Parameter(torch.from_numpy(operation.weight.copy()))
    made.bias = nn.Parameter(torch.from_numpy(operation.bias.copy()))
    return made


def _plain(operation: Operation, x: Tensor) -> Tensor:
    """An operation on one tensor, without weights."""
    if isinstance(operation, Pad):
        return functional.pad(x, operation.padding)
    if isinstance(operation, MaxPool):
        if any(operation.padding):
            x = functional.pad(x, operation.padding, value=-torch.finfo(x.dtype).max)
        return functional.max_pool2d(x, operation.kernel, operation.stride)
    if isinstance(operation, Resize):
        return functional.interpolate(
            x, size=operation.size, mode="bilinear", align_corners=operation.align_corners
        )
    if isinstance(operation, Reshape):
        return (x.permute(0, 2, 3, 1) if x.dim() == 4 else x).reshape(x.shape[0], *operation.shape)
    assert isinstance(operation, Sigmoid)
    return x.sigmoid()


def _activated(x: Tensor, activation: Activation) -> Tensor:
    if activation == "NONE":
        return x
    return functional.relu6(x, inplace=True) if activation == "RELU6" else functional.relu(x, inplace=True)


def _uneven(padding: tuple[int, int, int, int]) -> bool:
    """Whether a convolution cannot pad by itself."""
    left, right, top, bottom = padding
    return left != right or top != bottom


def _size(operation: Operation) -> int:
    return operation.weight.size + operation.bias.size if isinstance(operation, Convolution) else 0


def _last_uses(graph: Graph) -> list[tuple[int, ...]]:
    """Tensors that may be forgotten after each step."""
    last = {i: number for number, step in enumerate(graph.steps) for i in step.inputs}
    kept = set(graph.outputs.values())
    return [
        tuple(i for i in dict.fromkeys(step.inputs) if last[i] == number and i not in kept)
        for number, step in enumerate(graph.steps)
    ]
