"""A user's own texture maps, such as SURREAL's and BEDLAM's: a layout of texture coordinates, a folder of pictures."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from simulator.body import UV, Body
from simulator.camera import Float
from simulator.drawing import Texture

_SUFFIXES = (".png", ".jpg", ".jpeg")
_KEPT = 256
"""Maps that are remembered."""
_SLACK = 1e-3
"""By which texture coordinates may miss 0..1: rounding of text files."""


def load_uv(path: str | Path, body: Body) -> UV:
    """Texture coordinates of a body from a template.

    Args:
        path: An .obj with `vt` and `f v/vt` lines whose vertices and triangles are the body's, in any order of
            triangles; or an .npz with `vt` (T, 2) and `ft` (F, 3), triangles in the body's order.
        body: Whose faces the template must have.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file cannot be read, or does not fit the body.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"expected a UV template (.obj or .npz), found no file at {path}")
    try:
        return _read_npz(path, body) if path.suffix == ".npz" else _read_obj(path, body)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


class TextureMaps:
    """Paints people with the pictures of a folder: each row of clothing picks one, always the same.

    Args:
        folder: Holds .png or .jpg files, also in folders below, laid out as the body's texture coordinates.
        size: Texels along a side to which pictures are brought, a power of two.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: It holds no picture, or the size is no power of two.
    """

    def __init__(self, folder: str | Path, size: int = 512) -> None:
        folder = Path(folder).expanduser()
        if size < 1 or size & (size - 1):
            raise ValueError(f"expected a texture size that is a power of two, got {size}; take 256 or 512")
        if not folder.is_dir():
            raise FileNotFoundError(f"expected a folder of texture maps, found none at {folder}")
        self._files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES)
        if not self._files:
            raise ValueError(
                f"expected .png or .jpg texture maps in {folder}, found none; put the maps there"
            )
        self._size = size
        self._hash = _checked_hash(self._files)
        self._load = lru_cache(_KEPT)(self._loaded)

    @property
    def version(self) -> str:
        """The maps by their content, and the size."""
        return f"{len(self._files)} texture maps {self._hash[:12]}, {self._size} texels"

    def paint(self, row: Float) -> Texture:
        """The map that a row of clothing picks, by a hash of its values in single precision.

        Raises:
            ValueError: The picture is damaged.
        """
        digest = hashlib.blake2b(np.asarray(row, np.float32).tobytes(), digest_size=8).digest()
        return self._load(int.from_bytes(digest, "little") % len(self._files))

    def worn(self, row: Float) -> Mapping[str, Float]:
        """Nothing: clothes are in the map."""
        return {}

    def _loaded(self, number: int) -> Texture:
        path = self._files[number]
        try:
            with Image.open(path) as picture:
                square = picture.convert("RGB").resize((self._size, self._size), Image.Resampling.BOX)
        except (OSError, SyntaxError, ValueError) as error:
            raise ValueError(_unreadable(path, error)) from error
        return Texture(np.array(square, np.uint8))


def _checked_hash(files: list[Path]) -> str:
    """SHA-256 of the files' names and contents, each of which must be a picture."""
    total = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        try:
            with Image.open(io.BytesIO(content)) as picture:
                picture.verify()
        except (OSError, SyntaxError, ValueError) as error:
            raise ValueError(_unreadable(path, error)) from error
        total.update(path.name.encode() + hashlib.sha256(content).digest())
    return total.hexdigest()


def _unreadable(path: Path, error: Exception) -> str:
    return f"expected a picture in {path}, got something that cannot be read ({error}); replace or remove it"


def _read_npz(path: Path, body: Body) -> UV:
    try:
        with np.load(path, allow_pickle=False) as archive:
            vt, ft = (np.asarray(archive[key]) for key in ("vt", "ft"))
    except Exception as error:
        raise ValueError(f"expected arrays vt and ft, cannot read them ({error})") from error
    if vt.ndim != 2 or vt.shape[1] < 2 or ft.ndim != 2 or ft.shape[1] != 3:
        raise ValueError(f"expected vt of shape (T, 2) and ft of shape (F, 3), got {vt.shape} and {ft.shape}")
    return _checked(vt[:, :2].astype(np.float64), ft.astype(np.int64), body)


def _read_obj(path: Path, body: Body) -> UV:
    words = [line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    rows = [_numbers(w[1:3]) for w in words if w[:1] == ["vt"]]
    corners = [[corner.split("/")[:2] for corner in w[1:]] for w in words if w[:1] == ["f"]]
    if not rows or not corners:
        raise ValueError("expected an .obj with vt and f lines, found none; export the mesh with its UVs")
    if any(len(row) != 2 for row in rows):
        raise ValueError("expected two coordinates in every vt line, got fewer; export the mesh with its UVs")
    bad = next((row for row, f in enumerate(corners) if [len(c) for c in f] != [2, 2, 2]), None)
    if bad is not None:
        raise ValueError(f"expected triangles f v/vt v/vt v/vt, got something else in face {bad + 1}")
    numbers = np.array([[_numbers(corner) for corner in f] for f in corners]).astype(np.int64) - 1
    _check_count(len(numbers), body)
    vt = np.array(rows)
    return _checked(vt, _in_order_of(body, numbers[..., 0], numbers[..., 1]), body)


def _numbers(words: list[str]) -> list[float]:
    try:
        return [float(word) for word in words]
    except ValueError as error:
        raise ValueError(f"expected numbers, got {' '.join(words)!r}; export the file again") from error


def _in_order_of(body: Body, faces: NDArray[np.int64], ft: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of ft in the order of the body's faces and their corners, matched by their vertices."""
    wanted = np.asarray(body.faces, np.int64)
    mine, theirs = np.argsort(wanted, axis=1), np.argsort(faces, axis=1)
    sorted_mine, sorted_theirs = np.take_along_axis(wanted, mine, 1), np.take_along_axis(faces, theirs, 1)
    order_mine, order_theirs = (np.lexsort(f.T) for f in (sorted_mine, sorted_theirs))
    differ = (sorted_mine[order_mine] != sorted_theirs[order_theirs]).any(axis=1)
    if differ.any():
        raise ValueError(
            f"expected the faces of body {body.name}, got {differ.sum()} of {len(faces)} with other vertices;"
            " take the template of this body"
        )
    result = np.empty_like(ft)
    corners = np.take_along_axis(ft, theirs, 1)[order_theirs]
    np.put_along_axis(result, mine, _scattered(corners, order_mine), axis=1)
    return result


def _scattered(rows: NDArray[np.int64], order: NDArray[np.intp]) -> NDArray[np.int64]:
    result = np.empty_like(rows)
    result[order] = rows
    return result


def _check_count(count: int, body: Body) -> None:
    if count != len(body.faces):
        raise ValueError(
            f"expected the {len(body.faces)} faces of body {body.name}, got {count};"
            " take the template of this body"
        )


def _checked(vt: Float, ft: NDArray[np.int64], body: Body) -> UV:
    _check_count(len(ft), body)
    if ft.min() < 0 or ft.max() >= len(vt):
        raise ValueError(f"expected rows of vt between 0 and {len(vt) - 1}, got {ft.min()} to {ft.max()}")
    outside = ~((vt >= -_SLACK) & (vt <= 1 + _SLACK)).all(axis=1)
    if outside.any():
        row = int(outside.argmax())
        raise ValueError(f"expected texture coordinates in 0..1, got {vt[row].tolist()} in row {row}")
    return UV(vt.clip(0.0, 1.0).astype(np.float32), ft.astype(np.int32))
