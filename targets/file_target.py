"""A target out of a file: a network in ONNX or TorchScript and a YAML that says what goes in and comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from targets.base import Float, Prediction, TargetSpec
from targets.crop import check_people
from targets.file_inputs import INPUTS, Asked
from targets.file_outputs import Meaning, People
from targets.file_spec import FileSpec, read_file_spec
from targets.network import Array, Network, NetworkError, Outputs, Slot
from targets.weak_perspective import regions
from targets.yaml_section import meant

Fields = dict[str, Any]


def load_file_target(path: Path) -> FileTarget:
    """Build the target that a specification describes, and try it once on a grey picture.

    Args:
        path: The YAML; docs/targets-files.md has its keys.

    Raises:
        FileNotFoundError: The specification or the network file is not there.
        ModuleNotFoundError: The network's runtime is not installed.
        ValueError: The specification is wrong, or the network does not fit it; the message has the key and its line.
    """
    spec = read_file_spec(path)
    return FileTarget(spec, _load(spec))


class FileTarget:
    """A network file as a target.

    The network is run on one person at a time, or on `batch` at once: the last ones are then filled up with the last
    person, so that it always sees as many.
    """

    def __init__(self, spec: FileSpec, network: Network) -> None:
        """Check that the network fits its specification, by a run on a grey picture.

        Raises:
            ValueError: It does not; the message has the key to change and its line.
        """
        self._file, self._network = spec, network
        self._words = _words(spec, network)
        self._batch = _batch(spec, network)
        self._nobody = {name: value[:0] for name, value in self._ask(_grey(spec), 0).items()}

    @property
    def spec(self) -> TargetSpec:
        """What it needs and gives."""
        return self._file.target

    def predict(
        self, *, images: NDArray[np.uint8], boxes: Float, intrinsics: Float | None = None
    ) -> Prediction:
        """Predict N people, one a picture.

        Args:
            images: (N, H, W, 3) RGB, 0..255.
            boxes: (N, 4) x0, y0, x1, y1, pixels.
            intrinsics: (N, 3, 3) pixels, where the network takes them.

        Returns:
            What the specification's outputs give, in its units and axes.

        Raises:
            ValueError: Wrong shape or dtype, a box without an area, or an output of another shape.
        """
        check_people(images, boxes)
        asked = Asked(images, boxes, intrinsics, self._file.crop, self._file.layout)
        parts = [self._nobody, *(self._ask(asked, i) for i in range(0, len(images), self._batch))]
        fields = {name: np.concatenate([part[name] for part in parts]) for name in self._nobody}
        fields.setdefault("found", np.ones(len(images), np.bool_))
        return Prediction(**fields)

    def _ask(self, asked: Asked, start: int) -> Fields:
        """Fields of the people from `start` on, at most `batch`."""
        part = asked.rows(start, self._batch)
        people = People(part.crop, part.boxes, regions(part.crop, part.images, part.boxes))
        fields: Fields = {}
        outputs = self._run([INPUTS[word](part) for word in self._words])
        for meaning in self._file.meanings:
            fields |= meaning.read(self._output(meaning, outputs), people)
        return {name: value[: len(asked.images) - start] for name, value in fields.items()}

    def _run(self, given: list[Array]) -> Outputs:
        for slot, word, array in zip(self._network.inputs, self._words, given, strict=True):
            _check_shape(self._file, slot, word, array)
        try:
            return self._network(given)
        except NetworkError as error:
            shapes = ", ".join(
                f"{word} {array.shape}" for word, array in zip(self._words, given, strict=True)
            )
            raise ValueError(
                f"expected {self._file.file} to take {shapes}, got {error}, {self._file.top.where('crop')}: "
                "set crop.size, layout, batch or inputs"
            ) from error

    def _output(self, meaning: Meaning, outputs: Outputs) -> Array:
        source = meaning.source
        if source.output not in outputs:
            names = [key for key in outputs if isinstance(key, str)]
            there = ", ".join(names) or f"0 to {len(outputs) - 1}"
            raise ValueError(
                f"expected {source.key} to name an output of {self._file.file} ({there}), got {source.output!r}, "
                f"{source.where}{meant(str(source.output), names)}"
            )
        output = outputs[source.output]
        if output.ndim < 1 or len(output) != self._batch:
            raise source.misfit(
                f"({self._batch}, ...), a row each person", output, "set batch or name another"
            )
        return output


def _load(spec: FileSpec) -> Network:
    try:
        if spec.format == "onnx":
            from targets.onnx_target import OnnxNetwork  # deferred: its runtime is an extra

            return OnnxNetwork(spec.file, spec.device)
        from targets.torchscript_target import TorchscriptNetwork  # deferred: torch is heavy

        return TorchscriptNetwork(spec.file, spec.device)
    except ValueError as error:
        key = "device" if "expected device" in str(error) else spec.format
        raise ValueError(f"{error}, {spec.top.where(key)}") from error


def _words(spec: FileSpec, network: Network) -> list[str]:
    """What each of the network's inputs is given, in the network's order."""
    names = [slot.name for slot in network.inputs]
    if spec.inputs is None:
        if len(names) != 1:
            spec.top.refuse("inputs", f"what each of the inputs {', '.join(names)} of {spec.file} is given")
        return ["crop"]
    given = dict(spec.inputs)
    for key in given:
        if key not in names and not (isinstance(key, int) and 0 <= key < len(names)):
            raise ValueError(
                f"expected inputs out of {', '.join(names)} of {spec.file}, got {key!r}, "
                f"{spec.top.section('inputs').where(key)}{meant(str(key), names)}"
            )
    words = [given.get(name, given.get(place)) for place, name in enumerate(names)]
    if None in words:
        missing = names[words.index(None)]
        spec.top.refuse("inputs", f"what each of the inputs of {spec.file} is given, {missing!r} too")
    return [word for word in words if word is not None]


def _batch(spec: FileSpec, network: Network) -> int:
    """Rows of one call: as the file has it, else as the specification has it, else 1."""
    fixed = {slot.shape[0] for slot in network.inputs if slot.shape and slot.shape[0] is not None}
    if not fixed:
        return spec.batch or 1
    rows = max(fixed)
    if spec.batch not in (None, rows):
        spec.top.refuse("batch", f"{rows}, as {spec.file} has it", "remove it")
    return rows


def _check_shape(spec: FileSpec, slot: Slot, word: str, array: Array) -> None:
    """Refuse an array that the file says does not fit."""
    if slot.shape is None or _fits(array.shape, slot.shape):
        return
    sides = ", ".join("any" if side is None else str(side) for side in slot.shape)
    raise ValueError(
        f"expected {slot.name!r}, an input of {spec.file}, to be given ({sides}), got the {word} {array.shape}, "
        f"{spec.top.where('crop' if word == 'crop' else 'inputs')}: {_fix(slot.shape, word, array)}"
    )


def _fix(wanted: tuple[int | None, ...], word: str, array: Array) -> str:
    if word != "crop" or len(wanted) != 4:
        return "give it something else in inputs"
    other = "nhwc" if array.shape[1] == 3 else "nchw"
    if wanted[3 if other == "nhwc" else 1] == 3:
        return f"set layout: {other}"
    height, width = wanted[2:] if array.shape[1] == 3 else wanted[1:3]
    return f"set crop.size: [{height}, {width}]"


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        side in (None, got) for side, got in zip(wanted, shape, strict=True)
    )


def _grey(spec: FileSpec) -> Asked:
    """One person whom nobody sees."""
    intrinsics = np.array([[[64.0, 0, 32], [0, 64, 32], [0, 0, 1]]])
    images = np.full((1, 64, 64, 3), 128, np.uint8)
    return Asked(images, np.array([[16.0, 8, 48, 56]]), intrinsics, spec.crop, spec.layout)
