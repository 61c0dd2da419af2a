"""The user's side of a target in another environment: builds the model there and answers over a socket.

`PYTHON worker.py my_model.py:build FOLDER` runs in the user's environment and asks for Python 3.7 and numpy alone:
this file imports nothing else of ours. In FOLDER the examiner listens on `socket`; whatever the model prints goes to
`said`, so that it never mixes with answers. The worker ends when the connection does.

Both sides speak in frames: MAGIC, the header's length (uint32, little endian), the header (a JSON object) and the
bytes of the arrays that the header's `arrays` lists as [name, dtype, shape], C order. The examiner begins with the
names of a Prediction's fields (`fields`) and hears the model's `spec`; then it sends arrays and plain `values` to
predict from, and gets arrays. What went wrong comes back as `error`, one sentence.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import io
import json
import os
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np

MAGIC = b"PXW1"
HEADER_LIMIT = 1 << 20
"""Bytes; a spec of some hundred joints has a few thousand."""
ARRAYS_LIMIT = 1 << 30
"""Bytes of all arrays of a frame; eight pictures of 4000 x 3000 pixels are a quarter of it."""
TOLD = 300
"""Characters of an exception that are repeated."""
KINDS = "fiub"
"""Kinds of dtypes that travel: floats, integers, booleans."""


class FrameError(ValueError):
    """What came is not a frame; the message says what it is instead."""


class RefusedError(ValueError):
    """A sentence for the user that needs no traceback."""


def write_frame(send: Callable[[Any], None], header: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Send a header and arrays by name; `send` is given all bytes in a few buffers."""
    whole = {name: np.ascontiguousarray(array).reshape(np.shape(array)) for name, array in arrays.items()}
    listed = [[name, array.dtype.str, list(array.shape)] for name, array in whole.items()]
    text = json.dumps(dict(header, arrays=listed)).encode()
    send(MAGIC + struct.pack("<I", len(text)) + text)
    for array in whole.values():
        send(array.reshape(-1).view(np.uint8).data)


def read_frame(read: Callable[[int], bytearray]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the arrays by name of the next frame, with `read(n)` for its next n bytes.

    Raises:
        FrameError: It is not a frame, or larger than the limits.
    """
    head = read(len(MAGIC) + 4)
    if head[: len(MAGIC)] != MAGIC:
        raise FrameError(f"{bytes(head)!r} where a frame begins")
    (length,) = struct.unpack("<I", head[len(MAGIC) :])
    if length > HEADER_LIMIT:
        raise FrameError(f"a header of {length} bytes, over {HEADER_LIMIT}")
    header = _header(read(length))
    layouts = list(_layouts(header.pop("arrays", None)))
    size = sum(dtype.itemsize * _count(shape) for _, dtype, shape in layouts)
    if size > ARRAYS_LIMIT:
        raise FrameError(f"arrays of {size} bytes, over {ARRAYS_LIMIT}")
    arrays = {}
    for name, dtype, shape in layouts:
        raw = read(dtype.itemsize * _count(shape))
        arrays[name] = np.frombuffer(raw, dtype).reshape(shape)
    return header, arrays


def _header(text: bytearray) -> dict[str, Any]:
    try:
        header = json.loads(text.decode())
    except (ValueError, RecursionError):
        raise FrameError("a header that is not JSON") from None
    if not isinstance(header, dict):
        raise FrameError("a header that is no JSON object")
    return header


def _layouts(listed: Any) -> Iterator[tuple[str, Any, tuple[int, ...]]]:
    """Name, dtype and shape of each array; nothing in the list is trusted."""
    for entry in listed if isinstance(listed, list) else [listed]:
        try:
            name, code, shape = entry
            dtype = np.dtype(str(code))
            fits = isinstance(name, str) and all(type(side) is int and side >= 0 for side in shape)
        except (TypeError, ValueError):
            raise FrameError(f"{str(entry)[:80]!r} for the name, dtype and shape of an array") from None
        if not fits or dtype.kind not in KINDS or len(shape) > 32:
            raise FrameError(f"{str(entry)[:80]!r} for the name, dtype and shape of an array")
        yield name, dtype, tuple(shape)


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for side in shape:
        count *= side
    return count


def main(arguments: Sequence[str]) -> int:
    """Serve the factory and the folder that the command line names; returns the exit status."""
    if len(arguments) != 2:
        sys.stderr.write("expected worker.py my_model.py:build FOLDER; the examiner starts it\n")
        return 2
    name, folder = arguments
    _leave_own_folder()
    _redirect(os.path.join(folder, "said"))
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.connect(os.path.join(folder, "socket"))
    try:
        _serve(line, name)
    except (EOFError, ConnectionError):
        return 0
    finally:
        line.close()
    return 0


def _leave_own_folder() -> None:
    """Python puts the script's folder first on its path: there `import base` would find ours, not the user's."""
    own = os.path.dirname(os.path.realpath(__file__))
    if sys.path and os.path.realpath(sys.path[0]) == own:
        del sys.path[0]


def _redirect(path: str) -> None:
    """Let everything that this process prints, C code included, go to a file, line by line."""
    said = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        os.dup2(said, number)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    os.close(said)


def _serve(line: socket.socket, name: str) -> None:
    """Build the model and answer until the connection ends (EOFError or ConnectionError)."""

    def read(count: int) -> bytearray:
        return _read_exactly(line, count)

    fields = read_frame(read)[0]["fields"]
    try:
        model = _built(name)
        spec = _plain(model.spec, "spec")
    except (Exception, SystemExit) as error:
        write_frame(
            line.sendall, {"error": _sentence(error, f"expected the model {name} to be built", name)}, {}
        )
        return
    write_frame(line.sendall, {"spec": spec}, {})
    while True:
        asked, given = read_frame(read)
        try:
            answer = _answer(model.predict(**given, **_tuples(asked["values"])), fields)
        except (Exception, SystemExit) as error:
            said = {"error": _sentence(error, f"expected predict() of {name} to answer", name)}
            write_frame(line.sendall, said, {})
        else:
            write_frame(line.sendall, {}, answer)


def _read_exactly(line: socket.socket, count: int) -> bytearray:
    raw = bytearray(count)
    rest = memoryview(raw)
    while len(rest):
        got = line.recv_into(rest)
        if not got:
            raise EOFError
        rest = rest[got:]
    return raw


def _built(name: str) -> Any:
    """The model of `file.py:factory` or `module:factory`."""
    where, _, factory = name.rpartition(":")
    module = _imported(where)
    make = getattr(module, factory, None)
    if not callable(make):
        public = [each for each in vars(module) if not each.startswith("_") and callable(vars(module)[each])]
        close = difflib.get_close_matches(factory, public, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise RefusedError(f"expected a callable {factory!r} in {where}, got none there{hint}")
    model = make()
    for wanted in ("spec", "predict"):
        if not hasattr(model, wanted):
            raise RefusedError(
                f"expected {factory}() of {where} to return an object with `spec` and `predict`, got "
                f"{type(model).__name__} without `{wanted}`"
            )
    return model


def _imported(where: str) -> ModuleType:
    if not where.endswith(".py"):
        sys.path.insert(0, os.getcwd())
        return importlib.import_module(where)
    path = os.path.abspath(where)
    if not os.path.isfile(path):
        raise RefusedError(f"expected a Python file for the model, got no file {where} in {os.getcwd()}")
    sys.path.insert(0, os.path.dirname(path))
    spec = importlib.util.spec_from_file_location(os.path.basename(where)[:-3], path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickles look their module up there
    spec.loader.exec_module(module)
    return module


def _plain(value: Any, where: str) -> Any:
    """A spec as JSON: dicts, or the public attributes of an object, of text, numbers and lists."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (np.generic, np.ndarray)):
        return _plain(value.tolist(), where)
    if isinstance(value, dict):
        return {str(key): _plain(each, f"{where}.{key}") for key, each in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return [_plain(each, where) for each in value]
    if where not in ("spec", "spec.crop"):
        raise RefusedError(
            f"expected {where} to be text, a number or a list of these, got {type(value).__name__}"
        )
    public = {name: getattr(value, name) for name in dir(value) if not name.startswith("_")}
    return {name: _plain(each, f"{where}.{name}") for name, each in public.items() if not callable(each)}


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    """JSON knows lists only; ours are tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _answer(answer: Any, fields: Sequence[str]) -> dict[str, Any]:
    """Arrays by name out of what `predict` returned."""
    given = answer if isinstance(answer, dict) else {name: getattr(answer, name, None) for name in fields}
    told = {str(name): value for name, value in given.items() if value is not None}
    if not told:
        raise RefusedError(
            "expected predict() to return a dict, or an object, with fields such as 'joints', got "
            f"{type(answer).__name__} without any: return {{'joints': joints}}"
        )
    return {name: _array(name, value) for name, value in told.items()}


def _array(name: str, value: Any) -> Any:
    if hasattr(value, "detach"):  # a torch tensor, which may want gradients or lie on a GPU
        value = value.detach().cpu()
    array = np.asarray(value)
    if array.dtype.kind not in KINDS:
        raise RefusedError(
            f"expected {name!r} to be an array of numbers, got dtype {array.dtype}: rows of one shape?"
        )
    return array


def _sentence(error: BaseException, expected: str, name: str) -> str:
    """One sentence on an exception, with the user's own line that it came from; its traceback is printed."""
    text = " ".join(str(error).split())[:TOLD]
    if isinstance(error, RefusedError):
        return text
    traceback.print_exception(type(error), error, error.__traceback__)
    steps = [step for step in traceback.extract_tb(error.__traceback__) if step.filename[:1] != "<"]
    file = os.path.abspath(name.rpartition(":")[0])
    steps = [step for step in steps if step.filename == file] or steps[1:]  # the first is ours
    place = f" ({os.path.basename(steps[-1].filename)}, line {steps[-1].lineno})" if steps else ""
    return f"{expected}, got {type(error).__name__}: {text}{place}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
