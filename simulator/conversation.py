"""A conversation with a program of the user's: a line of JSON asks, a line of JSON answers."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import IO, Any

_PATIENCE_S = 2.0
"""Seconds that a program may take to end by itself."""
_TOLD = 300
"""Characters of what a dying program said that are repeated."""


class Conversation:
    """A running program; what it prints beside its answers is passed over.

    Args:
        command: Program and arguments. It is started at once, in a session of its own, and ends when its standard
            input does.

    Raises:
        FileNotFoundError: There is no such program.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._name = " ".join(command)
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115, closed by end()
        try:
            self._program = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                start_new_session=True,
            )
        except OSError as error:
            self._said.close()
            raise FileNotFoundError(
                f"expected a program to start by {self._name!r}, got {error.strerror}; give its full path"
            ) from None
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ask(self, question: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """The program's answer.

        Raises:
            ChildProcessError: The program ended.
            TimeoutError: It did not answer in time.
            ValueError: It answered an `error`, or something that is not JSON.
        """
        assert self._program.stdin is not None
        try:
            self._program.stdin.write(json.dumps(question).encode() + b"\n")
            self._program.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        until = time.monotonic() + timeout_s
        while True:
            answer = _parsed(self._next(until, timeout_s), self._name)
            if answer is not None:
                return answer

    def end(self) -> None:
        """Close the program's standard input and wait a little; then end it and all that it started."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._program.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._program.wait(_PATIENCE_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._program.pid, signal.SIGKILL)
        self._program.wait()
        self._reader.join(_PATIENCE_S)
        self._program.stdout.close()
        self._said.close()

    def _read(self) -> None:
        assert self._program.stdout is not None
        for line in self._program.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _next(self, until: float, timeout_s: float) -> bytes:
        try:
            line = self._lines.get(timeout=max(until - time.monotonic(), 0.0))
        except queue.Empty:
            raise TimeoutError(
                f"expected an answer of {self._name!r} within {timeout_s:g} s, got none; does it print one line of "
                "JSON and flush it?"
            ) from None
        if line is None:
            raise self._ended()
        return line

    def _ended(self) -> ChildProcessError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._program.wait(_PATIENCE_S)
        self._said.seek(0)
        last = self._said.read().decode(errors="replace").strip().rpartition("\n")[2][-_TOLD:]
        tail = f", and said: {last}" if last else ""
        return ChildProcessError(
            f"expected {self._name!r} to go on answering until its standard input ends, but it ended with status "
            f"{self._program.returncode}{tail}"
        )


def _parsed(line: bytes, name: str) -> dict[str, Any] | None:
    """The answer in a line; None for what is none."""
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        answer = json.loads(line)
    except ValueError:
        raise ValueError(f"expected a line of JSON from {name!r}, got {line[:80]!r}") from None
    if "error" in answer:
        raise ValueError(f"expected {name!r} to draw, got its error: {answer['error']}")
    return dict(answer)
