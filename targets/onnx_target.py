"""Runs an ONNX file by onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from targets.network import Array, NetworkError, Outputs, Slot, first_line

TYPES: Mapping[str, Any] = MappingProxyType(
    {
        "tensor(float16)": np.float16,
        "tensor(float)": np.float32,
        "tensor(double)": np.float64,
        "tensor(uint8)": np.uint8,
        "tensor(int32)": np.int32,
        "tensor(int64)": np.int64,
    }
)
"""What an input is given as; whole numbers are rounded."""
SILENT = 4
"""The runtime's level of messages that leaves fatal ones alone."""


class OnnxNetwork:
    """One session on one thread of its own; it may be called from many."""

    def __init__(self, path: Path, device: str = "cpu") -> None:
        """Load the file.

        Args:
            path: The .onnx file; weights that it keeps outside lie beside it.
            device: `cpu`, `cuda` or `cuda:1`.

        Raises:
            ModuleNotFoundError: onnxruntime is not installed.
            ValueError: It is no model that the runtime can load, or the device is not there.
        """
        ort = _runtime()
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = SILENT
        options.use_deterministic_compute = True
        providers = _providers(ort, device)
        try:
            self._session = ort.InferenceSession(str(path), options, providers=providers)
        except _errors(ort) as error:
            raise ValueError(
                f"expected an ONNX model that onnxruntime can load, got {first_line(error)} in {path}"
            ) from error
        self._errors = _errors(ort)
        described = self._session.get_inputs()
        self._types = [_type(each, path) for each in described]
        self.inputs = tuple(Slot(each.name, tuple(map(_side, each.shape))) for each in described)
        self._outputs = [each.name for each in self._session.get_outputs()]

    def __call__(self, given: Sequence[Array]) -> Outputs:
        """The outputs for arrays (N, ...), one each input, by name and by place.

        Raises:
            NetworkError: The network cannot take them.
        """
        pairs = zip(self.inputs, given, self._types, strict=True)
        feed = {slot.name: _as_type(array, kind) for slot, array, kind in pairs}
        try:
            answers = self._session.run(self._outputs, feed)
        except self._errors as error:
            raise NetworkError(first_line(error)) from error
        named = dict(zip(self._outputs, answers, strict=True))
        return {**named, **dict(enumerate(answers))}


def _runtime() -> Any:
    try:
        import onnxruntime  # deferred: `import targets` stays light
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "expected the package onnxruntime for ONNX files; pip install 'poseexaminer[onnx]'"
        ) from None
    return onnxruntime


def _errors(ort: Any) -> tuple[type[Exception], ...]:
    """What the runtime raises: its own kinds, which share no parent, and Python's."""
    own = vars(ort.capi.onnxruntime_pybind11_state).values()
    kinds = [each for each in own if isinstance(each, type) and issubclass(each, Exception)]
    return (*kinds, RuntimeError, ValueError)


def _providers(ort: Any, device: str) -> list[Any]:
    if device == "cpu":
        return ["CPUExecutionProvider"]
    kind, _, number = device.partition(":")
    if kind != "cuda" or "CUDAExecutionProvider" not in ort.get_available_providers():
        raise ValueError(
            f"expected device to be cpu, or cuda where onnxruntime-gpu is installed, got {device!r}: "
            "set device: cpu"
        )
    return [("CUDAExecutionProvider", {"device_id": int(number or 0)})]


def _type(described: Any, path: Path) -> Any:
    if described.type not in TYPES:
        known = ", ".join(kind.removeprefix("tensor(").removesuffix(")") for kind in TYPES)
        raise ValueError(
            f"expected inputs of {path} to be of {known}, got {described.type} at {described.name!r}"
        )
    return TYPES[described.type]


def _side(side: Any) -> int | None:
    """A side's length; the format has names for those that may have any."""
    return side if isinstance(side, int) and side > 0 else None


def _as_type(array: Array, kind: Any) -> Array:
    rounded = np.rint(array) if np.issubdtype(kind, np.integer) else array
    return np.ascontiguousarray(rounded, dtype=kind)
