"""A target in an environment of its own: the user's model stays with its old packages, in a process of theirs."""

from __future__ import annotations

import os
import shlex
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import Any, Self

import numpy as np

from targets.base import Prediction, TargetSpec
from targets.plain_spec import spec_of
from targets.process_answer import join, prediction_of
from targets.user_code import names_user_code
from targets.weights import Report, silent
from targets.worker_process import Deadline, WorkerProcess

PROCESS = "process:"
"""How the name of a target in a process of its own begins; its command follows."""
TIMEOUT_S = 120.0
"""Seconds that an answer may take; the first one on a GPU may take a minute."""
START_TIMEOUT_S = 300.0
"""Seconds that importing the user's packages and loading the weights may take."""
BATCH = 8
"""People in one question; as many as an audit draws at a time."""

_EXAMPLE = "e.g. 'process:/path/to/env/bin/python my_model.py:build'"
_FIELDS = [field.name for field in dataclass_fields(Prediction)]


class ProcessTarget:
    """A target built and asked in another Python, 3.7 or later, which needs numpy and nothing of ours.

    The process starts with the object. It is ended, with all that it started, by `close()`, with the object or with
    us, and whenever an answer is late; the next question starts it again. One that ends by itself in the middle of an
    answer is started again once and asked the same. Threads take turns. The model's object has `spec`, an object or a
    dict of the fields of `TargetSpec`, and `predict`, which returns an object or a dict of those of `Prediction`;
    without `found`, all are found.

    Args:
        command: How to start Python, then `file.py:factory` or `module:factory`; a line as for a shell, or words.
        timeout_s: Seconds that one answer may take.
        batch: People in one question, at most.
        start_timeout_s: Seconds from the start until the model is built.
        hear: Called with each line that the process prints, in the thread that asks.
        report: Called with one sentence when the process ended and is started again.

    Raises:
        ValueError: The command does not end in a factory, a limit is not above 0, the model cannot be built, or its
            spec is none.
        FileNotFoundError: There is no such program.
        ChildProcessError: The process ended before the model was built.
        TimeoutError: The model was not built in time.
    """

    def __init__(
        self,
        command: str | Sequence[str],
        timeout_s: float = TIMEOUT_S,
        batch: int = BATCH,
        start_timeout_s: float = START_TIMEOUT_S,
        hear: Report = silent,
        report: Report = silent,
    ) -> None:
        self._command = tuple(_words(command) if isinstance(command, str) else command)
        _check(self._command, {"timeout_s": timeout_s, "batch": batch, "start_timeout_s": start_timeout_s})
        self._timeout_s, self._batch, self._start_timeout_s = timeout_s, batch, start_timeout_s
        self._hear, self._report = hear, report
        self._turn = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._spec: TargetSpec | None = None
        self._running()

    @property
    def spec(self) -> TargetSpec:
        """What it needs and gives, in the model's own words; it bears one call at once."""
        assert self._spec is not None
        return self._spec

    def predict(self, **fields: Any) -> Prediction:
        """Predict N people, `batch` at a time.

        Args:
            fields: Those of `spec.needs`: arrays with a row for each person, or numbers and text.

        Returns:
            What the model gave, floats in double precision.

        Raises:
            ValueError: A field cannot be sent, the model failed, or what it returned is no prediction.
            ChildProcessError: The process ended twice on the same people.
            TimeoutError: It did not answer in time.
        """
        arrays = {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}
        values = {name: _sendable(name, value) for name, value in fields.items() if name not in arrays}
        parts = [self._part(_rows(arrays, rows), values) for rows in _slices(_count(arrays), self._batch)]
        return join(parts, self._batch, self.spec)

    def close(self) -> None:
        """End the process, an answer that is waited for too; the next question starts a new one."""
        worker = self._worker
        if worker is not None:
            worker.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _part(self, arrays: Mapping[str, Any], values: Mapping[str, Any]) -> Prediction:
        """The answer for at most `batch` people, from a second process where the first one ends."""
        with self._turn:
            try:
                given = self._ask(arrays, values)
            except ChildProcessError as error:
                self._report(f"{error}; it is started again")
                given = self._ask_again(arrays, values)
        return prediction_of(given, self.spec, _count(arrays))

    def _ask(self, arrays: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        header, given = self._said_by(
            self._running(), {"values": values}, arrays, Deadline.after(self._timeout_s)
        )
        if "error" in header:
            raise ValueError(str(header["error"]))
        return given

    def _ask_again(self, arrays: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._ask(arrays, values)
        except ChildProcessError as error:
            raise ChildProcessError(f"{error} (the second time for the same people)") from None

    def _running(self) -> WorkerProcess:
        """The process, started where there is none."""
        if self._worker is None or self._worker.ended:
            deadline = Deadline.after(self._start_timeout_s)
            started = WorkerProcess(self._command, deadline, self._hear)
            weakref.finalize(self, started.end)
            header, _ = self._said_by(started, {"fields": _FIELDS}, {}, deadline)
            try:
                self._take(header)
            except ValueError:
                started.end()
                raise
            self._worker = started
        return self._worker

    def _take(self, header: Mapping[str, Any]) -> None:
        """Take the spec that a process begins with."""
        if "error" in header:
            raise ValueError(str(header["error"]))
        spec = replace(spec_of(header.get("spec"), f"the spec of {self._command[-1]}"), calls_at_once=1)
        if self._spec is not None and spec != self._spec:
            raise ValueError(
                f"expected the spec of {self._command[-1]} to stay as it was when the model is built again, got "
                "another; build it from nothing that changes"
            )
        self._spec = spec

    @staticmethod
    def _said_by(
        worker: WorkerProcess, header: dict[str, Any], arrays: Mapping[str, Any], deadline: Deadline
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            return worker.ask(header, arrays, deadline)
        except BaseException:  # Ctrl-C too: the answer would be taken for the next one's
            worker.end(0.0)
            raise


def _words(command: str) -> list[str]:
    try:
        return [os.path.expanduser(word) for word in shlex.split(command)]
    except ValueError as error:
        raise ValueError(
            f"expected a command as in a shell after {PROCESS!r}, got {command!r} ({error})"
        ) from None


def _check(command: Sequence[str], limits: Mapping[str, float]) -> None:
    if not command or not names_user_code(command[-1]):
        got = repr(" ".join(command)) if command else "none"
        raise ValueError(
            f"expected a command that ends in file.py:factory after {PROCESS!r}, got {got}; {_EXAMPLE}"
        )
    if len(command) == 1:
        raise ValueError(f"expected a Python before {command[0]} after {PROCESS!r}, got none; {_EXAMPLE}")
    for name, limit in limits.items():
        if not limit > 0:
            raise ValueError(f"expected {name} above 0, got {limit}")


def _sendable(name: str, value: Any) -> Any:
    """A field that is no array, as JSON."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return [_sendable(name, each) for each in value]
    raise ValueError(
        f"expected arrays, numbers or text to send to another process, got {type(value).__name__} for {name!r}; name "
        "others in the spec's `needs`, e.g. 'intrinsics'"
    )


def _count(arrays: Mapping[str, Any]) -> int:
    """Of people."""
    rows = {name: array.shape[0] if array.ndim else 1 for name, array in arrays.items()}
    if len(set(rows.values())) != 1:
        told = ", ".join(f"{name} of {count}" for name, count in rows.items()) or "no arrays"
        raise ValueError(f"expected arrays with a row for each person, got {told}")
    return int(next(iter(rows.values())))


def _slices(count: int, batch: int) -> list[slice]:
    return [slice(start, start + batch) for start in range(0, max(count, 1), batch)]


def _rows(arrays: Mapping[str, Any], rows: slice) -> dict[str, Any]:
    return {name: array[rows] for name, array in arrays.items()}
