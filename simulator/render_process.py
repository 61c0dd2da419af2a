"""The process that draws: it owns the OpenGL context, and pictures come back through shared memory.

A process of its own keeps OpenGL, its threads and its crashes away from the search. It is a fresh interpreter
(no fork, and no second import of the user's script), it hears of its parent's end by the closed connection,
and the memory between the two has no name, so that nothing stays behind whoever is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing.connection import Connection
from typing import IO, Any

from simulator import gl
from simulator.drawing import Drawn, Part, Picture, Texture, check_pictures
from simulator.render_memory import CHUNK, PictureMemory, TextureSlots
from simulator.shaders import Shaders, specialised_shaders

TIMEOUT_S = 120.0
"""Seconds after which a chunk is given up; it takes less than one."""

TEXTURES_KEPT = 64
"""Textures that the drawing process remembers, the last ones used."""

_COMMAND = "import sys; from simulator.render_process import serve; serve(int(sys.argv[1]), int(sys.argv[2]))"

_DRAWING_VERSION = 2
"""Raised whenever the same picture would give other pixels."""


class PyrenderRenderer:
    """Draws with pyrender in a process of its own, which starts at the first request and again after a failure.

    Keeps the protocol `simulator.drawing.Renderer`. Textures are filtered trilinearly and clamped to their edges.

    Args:
        parts: What there is to draw.
        image_size: Height and width in pixels.
        shaders: Where pyrender finds its shaders; a function of an importable module.
    """

    def __init__(
        self, parts: Sequence[Part], image_size: int, shaders: Shaders = specialised_shaders
    ) -> None:
        self._parts = tuple(parts)
        self._setting = self._parts, image_size, shaders
        self._memory = PictureMemory(self._parts, image_size)
        weakref.finalize(self, os.close, self._memory.fd)
        painted = sum(part.uv is not None for part in self._parts)
        self._slots = TextureSlots(max(TEXTURES_KEPT, CHUNK * painted))
        self._child: _Child | None = None
        self._waiting: int | None = None
        self._turn = threading.Lock()
        self.opengl = ""
        """What OpenGL calls itself, e.g. `llvmpipe (LLVM 15.0.6, 256 bits)`; empty before the first picture."""

    @property
    def version(self) -> str:
        """Versions of pyrender and of our use of it."""
        return f"pyrender-maintained {version('pyrender-maintained')}, drawing {_DRAWING_VERSION}"

    def draw(self, pictures: Sequence[Picture]) -> list[Drawn]:
        """Draw any number of pictures; each depends on itself alone. Threads take turns.

        Raises:
            ValueError: A picture does not fit the parts.
            GraphicsError: OpenGL does not start, or the drawing process died; the message says what to type.
        """
        check_pictures(pictures, self._parts)
        drawn: list[Drawn] = []
        for start in range(0, len(pictures), CHUNK):
            with self._turn:
                self._submit(pictures[start : start + CHUNK])
                drawn += self.collect()
        return drawn

    def submit(self, pictures: Sequence[Picture]) -> None:
        """Begin to draw at most `CHUNK` pictures; `collect` must follow, and no other thread may come between.

        Raises:
            ValueError: Too many pictures, or one does not fit the parts.
            GraphicsError: The process cannot be started, or OpenGL cannot.
        """
        if len(pictures) > CHUNK:
            raise ValueError(
                f"expected at most {CHUNK} pictures at a time, got {len(pictures)}; draw() takes any number"
            )
        check_pictures(pictures, self._parts)
        self._submit(pictures)

    def collect(self) -> list[Drawn]:
        """Wait for the pictures.

        Raises:
            GraphicsError: The process died, failed, or took longer than `TIMEOUT_S`.
        """
        count = self._answer()
        self._waiting = None
        return [self._memory.take(index) for index in range(count)]

    def close(self) -> None:
        """End the process; the next request starts a new one."""
        child, self._child, self._waiting = self._child, None, None
        self._slots.clear()
        if child is not None:
            child.end()

    def _submit(self, pictures: Sequence[Picture]) -> None:
        if self._waiting is not None:  # something, Ctrl-C perhaps, came between a request and its answer
            self.close()
        self._start()
        self._waiting = len(pictures)
        slots, new = self._slots.fill(_textures(pictures))
        for index, picture in enumerate(pictures):
            self._memory.write(index, picture, slots)
        self._ask((len(pictures), new))

    def _start(self) -> None:
        if self._child is None:
            self._child = _Child.start(self._memory.fd)
            self._ask(self._setting)
            self.opengl = str(self._answer())

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


def _textures(pictures: Sequence[Picture]) -> list[Texture]:
    paints = [surface.paint for picture in pictures for surface in picture.surfaces if surface is not None]
    return [paint for paint in paints if isinstance(paint, Texture)]


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
        connection_fd: A socket: in come the arguments of the renderer, then numbers of pictures with the pixels of
            new textures by slot; out go OpenGL's name, then the same numbers, or the exception that ended it.
        memory_fd: The file of the pictures.
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
    parts, image_size, shaders = connection.recv()
    memory = PictureMemory(parts, image_size, memory_fd)
    from simulator.renderer import SceneRenderer

    renderer = SceneRenderer(parts, image_size, shaders)
    connection.send(renderer.name)
    textures: dict[int, Texture] = {}
    while True:
        count, new = connection.recv()
        textures |= {slot: Texture(pixels) for slot, pixels in new.items()}
        for index in range(count):
            memory.put(index, renderer.draw(memory.read(index, textures)))
        connection.send(count)
