"""The examiner's side of a worker: a process of the user's Python, asked in frames, never waited for without end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from targets import worker
from targets.weights import Report

T = TypeVar("T")

PATIENCE_S = 2.0
"""Seconds that a process may take to end by itself."""
_SLICE_S = 0.2
"""Seconds between two looks at whether the process is alive and what it prints."""
_SAID_LIMIT = 1 << 20
"""Bytes after which the file of what the process prints begins anew."""
_LINES_TOLD = 3
_LINE_LENGTH = 200
_PATH_LIMIT = 100
"""Bytes of a socket's path, which the system limits to some more."""


@dataclass(frozen=True)
class Deadline:
    """Until when something must have happened."""

    until: float
    """On the clock of `time.monotonic`."""
    seconds: float
    """That it had from the beginning."""

    @staticmethod
    def after(seconds: float) -> Deadline:
        """A deadline so many seconds from now."""
        return Deadline(time.monotonic() + seconds, seconds)

    @property
    def left(self) -> float:
        """Seconds, at least 0."""
        return max(self.until - time.monotonic(), 0.0)


class WorkerProcess:
    """A running `targets/worker.py`, started with a command of the user's.

    Args:
        command: How to start Python, and the factory as its last word: our file is put before it.
        deadline: Until when the worker must have reported.
        hear: Called with each line that it prints.

    Raises:
        FileNotFoundError: There is no such program.
        ChildProcessError: It ended before it reported.
        TimeoutError: It did not report in time.
        OSError: A folder for the connection cannot be made.
    """

    def __init__(self, command: Sequence[str], deadline: Deadline, hear: Report) -> None:
        self._name = " ".join(command)
        self._folder = Path(tempfile.mkdtemp(prefix="examiner-"))
        self._busy, self._ending = threading.Lock(), threading.Lock()
        self._line: socket.socket | None = None
        self._program: subprocess.Popen[bytes] | None = None
        self._said = _Said(self._folder / "said", hear)
        self.ended = False
        """Whether it was told to end."""
        try:
            with _listener(self._folder / "socket") as listener:
                self._program = self._started(command)
                self._line = self._patiently(lambda: _accepted(listener), listener, deadline)
        except BaseException:
            self.end(0.0)
            raise

    def ask(
        self, header: dict[str, Any], arrays: Mapping[str, Any], deadline: Deadline
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The worker's answer: a header and arrays by name.

        Raises:
            ChildProcessError: The worker ended.
            ConnectionAbortedError: It was told to end meanwhile.
            TimeoutError: It did not answer in time.
            ValueError: What came is no answer of our worker.
        """
        assert self._line is not None
        line = self._line
        with self._busy:
            worker.write_frame(lambda part: self._send(line, part, deadline), header, dict(arrays))
            try:
                answer = worker.read_frame(lambda count: self._read(line, count, deadline))
            except worker.FrameError as error:
                raise ValueError(
                    f"expected an answer of our worker from {self._name!r}, got {error}; let the command start Python "
                    "on the file that is put before its last word"
                ) from None
            self._said.pass_on()
        return answer

    def end(self, patience_s: float = PATIENCE_S) -> None:
        """Close the connection, wait a little, then end the process and all that it started, in an answer too."""
        with self._ending:
            if self.ended:
                return
            self.ended = True
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)
        try:
            if self._program is not None:
                _end(self._program, patience_s)
        finally:
            with self._busy:  # an answer that was waited for has failed by now
                if self._line is not None:
                    self._line.close()
                self._said.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _started(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        words = [*command[:-1], str(Path(worker.__file__).resolve()), command[-1], str(self._folder)]
        with (self._folder / "said").open("ab") as said:
            try:
                return subprocess.Popen(
                    words, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
                )
            except OSError as error:
                raise FileNotFoundError(
                    f"expected a program to start by {self._name!r}, got {error.strerror}; give its full path"
                ) from None

    def _send(self, line: socket.socket, part: Any, deadline: Deadline) -> None:
        rest = memoryview(part)
        while len(rest):
            rest = rest[self._patiently(partial(line.send, rest), line, deadline) :]

    def _read(self, line: socket.socket, count: int, deadline: Deadline) -> bytearray:
        raw = bytearray(count)
        rest = memoryview(raw)
        while len(rest):
            got = self._patiently(partial(line.recv_into, rest), line, deadline)
            if not got:
                raise self._died()
            rest = rest[got:]
        return raw

    def _patiently(self, step: Callable[[], T], line: socket.socket, deadline: Deadline) -> T:
        """What a step of the socket gives, tried again and again while the process lives and there is time."""
        assert self._program is not None
        while True:
            gone = self._program.poll() is not None
            try:
                line.settimeout(min(max(deadline.left, 0.001), _SLICE_S))
                return step()
            except TimeoutError:
                self._said.pass_on()
            except OSError:
                raise self._died() from None
            if gone:
                raise self._died()
            if not deadline.left:
                raise self._late(deadline)

    def _late(self, deadline: Deadline) -> TimeoutError:
        return TimeoutError(
            f"expected {self._name!r} to answer within {deadline.seconds:g} s, got nothing{self._said.told()}"
        )

    def _died(self) -> OSError:
        if self.ended:
            return ConnectionAbortedError(f"expected {self._name!r} to answer, but it was closed meanwhile")
        assert self._program is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._program.wait(PATIENCE_S)
        how = _how_it_ended(self._program.returncode)
        return ChildProcessError(f"expected {self._name!r} to answer, but it {how}{self._said.told()}")


class _Said:
    """What a process prints: a file that it appends to, read line by line."""

    def __init__(self, path: Path, hear: Report) -> None:
        path.touch(mode=0o600)
        self._path, self._hear = path, hear
        self._file = path.open("rb", buffering=0)
        self._rest = b""
        self._last: deque[str] = deque(maxlen=_LINES_TOLD)

    def pass_on(self) -> None:
        """Read what is new."""
        *lines, rest = (self._rest + self._file.read()).split(b"\n")
        self._rest = rest[-_SAID_LIMIT:]
        for line in lines:
            self._keep(line)
        if self._file.tell() > _SAID_LIMIT:
            os.truncate(self._path, 0)
            self._file.seek(0)

    def told(self) -> str:
        """The end of a sentence: the last lines."""
        self.pass_on()
        self._keep(self._rest)
        self._rest = b""
        return f"; it last said: {' / '.join(self._last)}" if self._last else ""

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _keep(self, line: bytes) -> None:
        """Take one line; of a progress bar, which writes over itself, what stands there last."""
        text = line.rstrip().rpartition(b"\r")[2].decode(errors="replace").strip()
        if text:
            self._last.append(text[:_LINE_LENGTH])
            self._hear(text)


def _listener(path: Path) -> socket.socket:
    if len(os.fsencode(path)) > _PATH_LIMIT:
        raise OSError(
            f"expected a folder for temporary files with a path short enough for a socket, got {path.parent}; set "
            "TMPDIR=/tmp"
        )
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(1)
    return listener


def _accepted(listener: socket.socket) -> socket.socket:
    return listener.accept()[0]


def _end(program: subprocess.Popen[bytes], patience_s: float) -> None:
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(patience_s)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def _how_it_ended(status: int | None) -> str:
    if status is None:
        return "closed its connection"
    if status >= 0:
        return f"ended with status {status}"
    hint = " (was memory short?)" if -status == signal.SIGKILL else ""
    return f"was ended by {signal.Signals(-status).name}{hint}"
