"""Runs a .tflite file: pictures in, tensors by name out."""

from __future__ import annotations

import os
import struct
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

_OUTPUTS = 8
"""Offset of a graph's outputs in the schema of the format."""
_NOTHING: Mapping[str, int] = MappingProxyType({})


class TfliteModel:
    """A model with one input of batch size 1; the runtime releases Python's lock while it works.

    Larger batches are no faster and one at a time keeps a row independent of its batch. Every Python thread
    that calls gets an interpreter of its own, so that calls may run side by side.
    """

    def __init__(self, path: Path, threads: int = 1, instead: Mapping[str, int] = _NOTHING) -> None:
        """Load the file.

        Args:
            path: The .tflite file.
            threads: Threads of the runtime within one call; the result does not depend on them.
            instead: Numbers of tensors between its operations, by the name of the output in whose place they are
                given. What only that output needs is not computed.

        Raises:
            ValueError: There is no such output or tensor.
        """
        self._content = _redirected(path.read_bytes(), instead) if instead else None
        self._path, self._threads = path, threads
        self._names = {tensor: name for name, tensor in instead.items()}
        self._own = threading.local()
        self._loading = threading.Lock()
        self._interpreter()

    def __call__(self, picture: Float32) -> dict[str, Float32]:
        """Tensors by name, without the batch axis, for a picture (h, w, 3) in the model's own range."""
        interpreter = self._interpreter()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[None])
        interpreter.invoke()
        outputs = interpreter.get_output_details()
        named = {self._names.get(each["index"], each["name"]): each["index"] for each in outputs}
        return {name: interpreter.get_tensor(index)[0] for name, index in named.items()}

    def _interpreter(self) -> Any:
        """This thread's interpreter."""
        if not hasattr(self._own, "interpreter"):
            # deferred: `import targets` stays light
            from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-untyped]

            with self._loading, _quiet_stderr():
                file = None if self._content else str(self._path)
                own = Interpreter(file, model_content=self._content, num_threads=self._threads)
                own.allocate_tensors()
            self._own.interpreter = own
        return self._own.interpreter


def _redirected(data: bytes, instead: Mapping[str, int]) -> bytes:
    """The file with other tensors in its list of outputs, which is a table of 32-bit numbers."""
    import tflite  # deferred: the schema of the format is needed here alone

    changed = bytearray(data)
    graph = tflite.Model.GetRootAsModel(changed, 0).Subgraphs(0)
    names = [graph.Tensors(i).Name().decode() for i in graph.OutputsAsNumpy()]
    table = graph._tab.Vector(graph._tab.Offset(_OUTPUTS))
    for name, tensor in instead.items():
        if name not in names or not 0 <= tensor < graph.TensorsLength():
            raise ValueError(
                f"expected one of the outputs {', '.join(names)} and a tensor below {graph.TensorsLength()}, "
                f"got {name!r} and {tensor}"
            )
        struct.pack_into("<i", changed, table + 4 * names.index(name), tensor)
    return bytes(changed)


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
