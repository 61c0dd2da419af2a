"""Runs a .tflite file: pictures in, tensors by name out."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


class TfliteModel:
    """A model with one input of batch size 1; the runtime releases Python's lock while it works.

    Larger batches are no faster and one at a time keeps a row independent of its batch. Every Python thread
    that calls gets an interpreter of its own, so that calls may run side by side.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Load the file.

        Args:
            path: The .tflite file.
            threads: Threads of the runtime within one call; the result does not depend on them.
        """
        self._path, self._threads = path, threads
        self._own = threading.local()
        self._loading = threading.Lock()
        self._interpreter()

    def __call__(self, picture: Float32) -> dict[str, Float32]:
        """Tensors by name, without the batch axis, for a picture (h, w, 3) in the model's own range."""
        interpreter = self._interpreter()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[None])
        interpreter.invoke()
        outputs = interpreter.get_output_details()
        return {each["name"]: interpreter.get_tensor(each["index"])[0] for each in outputs}

    def _interpreter(self) -> Any:
        """This thread's interpreter."""
        if not hasattr(self._own, "interpreter"):
            # deferred: `import targets` stays light
            from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-untyped]

            with self._loading, _quiet_stderr():
                own = Interpreter(model_path=str(self._path), num_threads=self._threads)
                own.allocate_tensors()
            self._own.interpreter = own
        return self._own.interpreter


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
