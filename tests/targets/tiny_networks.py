"""Tiny network files, made on the spot: every output is a constant plus the mean of the first input."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

Sides = Sequence[int | str]
PICTURE: Sides = ("N", 3, 32, 32)
GAIN = 0.25
"""Of the mean in every output."""


def onnx_file(
    path: Path,
    outputs: Mapping[str, NDArray[Any]],
    inputs: Mapping[str, Sides] | None = None,
    kinds: Mapping[str, int] | None = None,
    gain: float = GAIN,
) -> None:
    """Write a model.

    Args:
        path: Where.
        outputs: One person's, by name.
        inputs: Shapes by name, with the batch axis; text for sides of any length.
        kinds: Types of the inputs, float where they are not named.
        gain: Of the mean.
    """
    inputs = inputs or {"pictures": PICTURE}
    first, kinds = next(iter(inputs)), kinds or {}
    axes = numpy_helper.from_array(np.arange(1, len(inputs[first])), "axes")
    nodes = [
        helper.make_node("Cast", [first], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], ["mean"], keepdims=0),
    ]
    constants = [axes, numpy_helper.from_array(np.float32(gain), "gain")]
    nodes.append(helper.make_node("Mul", ["mean", "gain"], ["part"]))
    for name, value in outputs.items():
        constants += [
            numpy_helper.from_array(value[None].astype(np.float32), f"{name}_constant"),
            numpy_helper.from_array(np.array([-1, *[1] * value.ndim]), f"{name}_shape"),
        ]
        nodes += [
            helper.make_node("Reshape", ["part", f"{name}_shape"], [f"{name}_part"]),
            helper.make_node("Add", [f"{name}_constant", f"{name}_part"], [name]),
        ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), sides)
            for name, sides in inputs.items()
        ],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ("N", *value.shape))
            for name, value in outputs.items()
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)


class Tiny(nn.Module):
    """The same as a module; outputs in a dict."""

    def __init__(self, outputs: Mapping[str, NDArray[Any]]) -> None:
        super().__init__()
        self.values = {
            name: torch.from_numpy(value[None].astype(np.float32)) for name, value in outputs.items()
        }

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        part = GAIN * pictures.flatten(1).mean(1)
        return {
            name: each + part.reshape([-1] + [1] * (each.dim() - 1)) for name, each in self.values.items()
        }


class TinyTuple(Tiny):
    """Outputs in a tuple."""

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        return tuple(super().forward(pictures).values())


def torchscript_file(path: Path, module: nn.Module, *examples: Tensor) -> None:
    """Trace a module and write it."""
    with warnings.catch_warnings():  # torch announces that it will drop the format
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(module, examples or (torch.zeros(1, 3, 32, 32),), strict=False)
        torch.jit.save(traced, path)
