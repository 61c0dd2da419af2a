"""The process that draws: it owns the OpenGL context, and pictures come back through shared memory.

A process of its own keeps OpenGL, its threads and its crashes away from the search. It is a fresh interpreter
(no fork, and no second import of the user's script), it hears of its parent's end by the closed connection,
and the memory between the two has no name, so that nothing stays behind whoever is killed.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from simulator import gl
from simulator.light import Lights

CHUNK = 16
"""Pictures that are drawn at one request."""

TIMEOUT_S = 120.0
"""Seconds after which a chunk is given up; it takes less than one."""

_COMMAND = "import sys; from simulator.render_process import serve; serve(int(sys.argv[1]), int(sys.argv[2]))"


@dataclass(frozen=True)
class Drawing:
    """What to draw: N people, at most `CHUNK`."""

    vertices: NDArray[np.float32]
    """(N, V, 3) metres, OpenCV camera axes."""
    normals: NDArray[np.float32]
    """(N, V, 3) unit vectors, outward."""
    colours: Sequence[NDArray[np.float32]]
    """N of (V, 3) linear RGB in 0..1."""
    cameras: NDArray[np.float64]
    """(N, 3) focal length and principal point, pixels."""
    lights: Sequence[Lights]
    """N."""


class RenderProcess:
    """A drawing process, started at the first request and again after a failure.

    Args:
        vertices: (V, 3) metres, any pose.
        faces: (F, 3) vertex indices.
        image_size: Height and width in pixels.
    """

    def __init__(self, vertices: NDArray[np.float32], faces: NDArray[np.integer], image_size: int) -> None:
        self._mesh = np.asarray(vertices, np.float32), np.asarray(faces, np.int32), image_size
        self._rows = _Rows.create(len(vertices), image_size)
        weakref.finalize(self, os.close, self._rows.fd)
        self._child: _Child | None = None
        self._waiting = False
        self.name = ""
        """What OpenGL calls itself; empty before the first picture."""

    def submit(self, drawing: Drawing) -> None:
        """Begin to draw; `collect` must follow.

        Raises:
            GraphicsError: The process cannot be started, or OpenGL cannot.
        """
        if self._waiting:  # something, Ctrl-C perhaps, came between the last request and its answer
            self.close()
        rows, n = self._rows.array, len(drawing.vertices)
        rows["vertices"][:n], rows["normals"][:n] = drawing.vertices, drawing.normals
        rows["camera"][:n] = drawing.cameras
        for row, colours, lights in zip(rows, drawing.colours, drawing.lights, strict=False):
            row["colours"], row["ambient"] = colours, lights.ambient
            row["light_directions"], row["light_colours"] = lights.directions, lights.colours
        self._start()
        self._waiting = True
        self._ask(n)

    def collect(self) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Wait for the pictures.

        Returns:
            (N, H, W, 4) RGBA, colour multiplied by alpha, and (N, H, W) depth in metres, 0 for nothing. Both
            are valid until the next `submit`.

        Raises:
            GraphicsError: The process died, failed, or took longer than `TIMEOUT_S`.
        """
        n = self._answer()
        self._waiting = False
        return self._rows.array["rgba"][:n], self._rows.array["depth"][:n]

    def close(self) -> None:
        """End the process; the next request starts a new one."""
        child, self._child, self._waiting = self._child, None, False
        if child is not None:
            child.end()

    def _start(self) -> None:
        if self._child is None:
            self._child = _Child.start(self._rows.fd)
            self._ask(self._mesh)
            self.name = str(self._answer())

    def _ask(self, message: Any) -> None:
        assert self._child is not None
        try:
            self._child.send(message)
        except BaseException:
            self.close()
            raise

    def _answer(self) -> Any:
        assert self._child is not None, "collect() follows submit()"
        try:
            return self._child.receive()
        except BaseException:
            self.close()
            raise


@dataclass(frozen=True)
class _Rows:
    """Shared memory of `CHUNK` records, one a picture."""

    fd: int
    array: NDArray[np.void]

    @staticmethod
    def create(vertex_count: int, image_size: int) -> _Rows:
        fd = os.memfd_create("poseexaminer")
        os.ftruncate(fd, CHUNK * _record(vertex_count, image_size).itemsize)
        return _Rows.attach(fd, vertex_count, image_size)

    @staticmethod
    def attach(fd: int, vertex_count: int, image_size: int) -> _Rows:
        record = _record(vertex_count, image_size)
        return _Rows(fd, np.frombuffer(mmap.mmap(fd, CHUNK * record.itemsize), record))


def _record(vertex_count: int, image_size: int) -> np.dtype[np.void]:
    per_vertex, square = (vertex_count, 3), (image_size, image_size)
    return np.dtype(
        [
            ("vertices", np.float32, per_vertex),
            ("normals", np.float32, per_vertex),
            ("colours", np.float32, per_vertex),
            ("camera", np.float64, (3,)),
            ("light_directions", np.float64, (2, 3)),
            ("light_colours", np.float64, (2, 3)),
            ("ambient", np.float64, (3,)),
            ("depth", np.float32, square),
            ("rgba", np.uint8, (*square, 4)),
        ],
        align=True,
    )


@dataclass(frozen=True)
class _Child:
    """The parent's view of the process."""

    process: subprocess.Popen[bytes]
    connection: Connection
    errors: IO[bytes]

    @staticmethod
    def start(memory: int) -> _Child:
        ours, theirs = socket.socketpair()
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by end()
        fds = theirs.fileno(), memory
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", _COMMAND, *map(str, fds)],
                pass_fds=fds,
                env=gl.environment(),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )
        return _Child(process, Connection(ours.detach()), errors)

    def send(self, message: Any) -> None:
        try:
            self.connection.send(message)
        except OSError:
            raise gl.GraphicsError(self._last_words()) from None

    def receive(self) -> Any:
        if not self.connection.poll(TIMEOUT_S):
            raise gl.GraphicsError(gl.explain(f"no picture came in {TIMEOUT_S:g} s"))
        try:
            answer = self.connection.recv()
        except (EOFError, OSError):
            raise gl.GraphicsError(self._last_words()) from None
        if isinstance(answer, Exception):
            raise gl.GraphicsError(gl.explain(f"{type(answer).__name__}: {answer}"))
        return answer

    def end(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.wait()
        self.errors.close()

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5.0)
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return gl.explain(
            f"the drawing process ended with code {self.process.returncode} ({lines[-1] if lines else 'no message'})"
        )


def serve(connection_fd: int, memory_fd: int) -> None:
    """The drawing process itself: draw what is asked until the connection closes.

    Args:
        connection_fd: A socket: in comes the mesh, then numbers of rows; out go OpenGL's name, then the same
        numbers,
            or the exception that ended it.
        memory_fd: The rows.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    connection = Connection(connection_fd)
    try:
        _serve(connection, memory_fd)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except Exception as error:
        connection.send(RuntimeError(f"{type(error).__name__}: {error}"))


def _serve(connection: Connection, memory_fd: int) -> None:
    vertices, faces, image_size = connection.recv()
    rows = _Rows.attach(memory_fd, len(vertices), image_size).array
    from simulator.renderer import Renderer

    renderer = Renderer(vertices, faces, image_size)
    connection.send(renderer.name)
    while True:
        n = connection.recv()
        for row in rows[:n]:
            lights = Lights(row["light_directions"], row["light_colours"], row["ambient"])
            row["rgba"], row["depth"] = renderer.draw(
                row["vertices"], row["normals"], row["colours"], row["camera"], lights
            )
        connection.send(n)
