"""Runs a .tflite file: pictures in, tensors by name out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


class TfliteModel:
    """A model with one input of batch size 1; the runtime releases Python's lock while it works.

    Larger batches are no faster and one at a time keeps a row independent of its batch.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Load the file.

        Args:
            path: The .tflite file.
            threads: Threads of the runtime; the result does not depend on them.
        """
        # deferred: `import targets` stays light
        from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-untyped]

        with _quiet_stderr():
            self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = {each["name"]: each["index"] for each in self._interpreter.get_output_details()}

    def __call__(self, picture: Float32) -> dict[str, Float32]:
        """Tensors by name, without the batch axis, for a picture (h, w, 3) in the model's own range."""
        self._interpreter.set_tensor(self._input, picture[None])
        self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(index)[0] for name, index in self._outputs.items()}


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """The runtime announces its delegate on the process's stderr, past Python: not our users' concern."""
    sys.stderr.flush()
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
