"""Directories of shaders for pyrender, found without loading pyrender or OpenGL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

Shaders = Callable[[int], AbstractContextManager[str]]
"""From the number of directional lights to a directory, which is needed while the programs are compiled."""


@contextmanager
def stock_shaders(directional_lights: int) -> Iterator[str]:
    """The installed pyrender's own shaders, for any number of lights."""
    yield str(_installed())


@contextmanager
def specialised_shaders(directional_lights: int) -> Iterator[str]:
    """A directory with the installed pyrender's shaders, their loops over lights of a fixed length.

    llvmpipe can then unroll them: the same pictures, bit by bit, in half the time. Where the text of the
    shader is another one, it stays as it is.
    """
    lengths = {"directional": directional_lights, "point": 0, "spot": 0}
    with TemporaryDirectory() as directory:
        shutil.copytree(_installed(), directory, dirs_exist_ok=True)
        shader = Path(directory, "mesh.frag")
        text = shader.read_text()
        for kind, length in lengths.items():
            text = text.replace(f"i < n_{kind}_lights", f"i < {length}")
        shader.write_text(text)
        yield directory


def _installed() -> Path:
    spec = find_spec("pyrender")
    assert spec is not None, "pyrender is a dependency"
    return Path(str(spec.origin)).parent / "shaders"
