"""Reads a TensorFlow.js graph model: its nodes in an order in which they can be run, and its weights."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Constant = NDArray[np.float32] | NDArray[np.int64]

STORED = {"float32": "<f4", "float16": "<f2", "int32": "<i4"}
"""Types of the weights in the .bin file, little-endian."""
WEIGHT_TYPES: Mapping[str, Any] = {"float32": np.float32, "int32": np.int64}
"""What a weight is in the graph; integers are 64 bits wide, as torch indexes with them."""


@dataclass(frozen=True)
class Node:
    """One operation of the graph."""

    name: str
    operation: str
    """TensorFlow's name, e.g. `AddV2`."""
    inputs: tuple[tuple[str, int], ...]
    """Name of a node and which of its outputs."""
    attributes: Mapping[str, Any]
    """Decoded: text, whole numbers, booleans, types by name, or lists of these."""


@dataclass(frozen=True, eq=False)
class TfjsGraph:
    """Nodes from one picture to one output. Tensors are NHWC, weights as TensorFlow lays them out."""

    source: str
    """Name of the input."""
    shape: tuple[int, ...]
    """Of the input, with its batch axis of 1."""
    output: tuple[str, int]
    """Name of a node and which of its outputs."""
    nodes: tuple[Node, ...]
    """Every node comes after its inputs; those that the output does not need are left out."""
    constants: Mapping[str, Constant]
    """By name of their node."""


def read_tfjs(model: Path, weights: Path) -> TfjsGraph:
    """Read a graph model with one input and one output.

    Args:
        model: The .json file: topology and list of weights.
        weights: The .bin file, whatever the .json file calls it.

    Raises:
        FileNotFoundError: A file is not there.
        ValueError: It is no such model, or the two files do not belong together.
    """
    for path in (model, weights):
        if not path.is_file():
            raise FileNotFoundError(f"expected a TensorFlow.js model, got no file {path}: check the path")
    try:
        document = json.loads(model.read_text())
        described = [each for group in document["weightsManifest"] for each in group["weights"]]
        nodes = document["modelTopology"]["node"]
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"expected a TensorFlow.js graph model, got {type(error).__name__}: {error} in {model}: "
            "fetch it again"
        ) from error
    return _graph(model, nodes, document["signature"], _constants(described, weights))


def _graph(
    model: Path, described: Sequence[Any], signature: Any, constants: dict[str, Constant]
) -> TfjsGraph:
    inputs, outputs = list(signature["inputs"].values()), list(signature["outputs"].values())
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError(
            f"expected a graph with one input and one output, got {len(inputs)} and {len(outputs)} in {model}"
        )
    nodes = {each["name"]: _node(each) for each in described}
    source, output = (_reference(each[0]["name"])[0] for each in (inputs, outputs))
    needed = _in_order(nodes, output)
    return TfjsGraph(
        source,
        tuple(int(side["size"]) for side in inputs[0]["tensorShape"]["dim"]),
        _reference(outputs[0]["name"]),
        tuple(nodes[name] for name in needed if name not in constants and name != source),
        {name: constants[name] for name in needed if name in constants},
    )


def _in_order(nodes: Mapping[str, Node], output: str) -> list[str]:
    """Names of what the output needs, each after its inputs."""
    done: dict[str, None] = {}
    waiting = [output]
    while waiting:
        missing = [name for name, _ in nodes[waiting[-1]].inputs if name not in done]
        if missing:
            waiting += missing
        else:
            done[waiting.pop()] = None
    return list(done)


def _node(described: Mapping[str, Any]) -> Node:
    inputs = tuple(_reference(name) for name in described.get("input", ()) if not name.startswith("^"))
    attributes = {name: _decoded(value) for name, value in described.get("attr", {}).items()}
    return Node(described["name"], described["op"], inputs, attributes)


def _reference(name: str) -> tuple[str, int]:
    """A node and which of its outputs, of `node` or `node:1`."""
    node, _, place = name.partition(":")
    return node, int(place or 0)


def _decoded(value: Mapping[str, Any]) -> Any:
    """An attribute: the format says its kind by a letter or a word."""
    if "s" in value:
        return base64.b64decode(value["s"]).decode()
    if "i" in value:
        return int(value["i"])
    if "list" in value:
        return [_decoded({kind: each}) for kind, values in value["list"].items() for each in values]
    return next(iter(value.values()), None)


def _constants(described: Sequence[Mapping[str, Any]], path: Path) -> dict[str, Constant]:
    data, start, constants = path.read_bytes(), 0, {}
    for each in described:
        stored = _stored(each, path)
        count = int(np.prod(each["shape"], dtype=np.int64))
        end = start + count * stored.itemsize
        if end > len(data):
            raise ValueError(
                f"expected {end} bytes of weights or more, got {len(data)} in {path}: fetch it again"
            )
        values = np.frombuffer(data[start:end], stored).reshape(each["shape"])
        constants[each["name"]] = values.astype(WEIGHT_TYPES[each["dtype"]])
        start = end
    if start != len(data):
        raise ValueError(f"expected {start} bytes of weights, got {len(data)} in {path}: fetch it again")
    return constants


def _stored(described: Mapping[str, Any], path: Path) -> np.dtype[Any]:
    kind = described.get("quantization", {}).get("dtype", described["dtype"])
    if kind not in STORED:
        options = ", ".join(STORED)
        raise ValueError(f"expected weights stored as one of {options}, got {kind} in {path}")
    return np.dtype(STORED[kind])
