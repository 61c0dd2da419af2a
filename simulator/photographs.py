"""Photographs as backgrounds: those that scikit-image ships, or a folder of the user's own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")

_LONGEST = 2
"""Sides of the square that the longer side of a photograph may measure; what is beyond is cut off."""


@dataclass(frozen=True)
class Shipped:
    """A photograph in the data folder of scikit-image, without people in it."""

    file: str
    shows: str
    licence: str
    """As stated in `skimage/data/_fetchers.py` of scikit-image 0.26."""
    sha256: str


SHIPPED = (
    Shipped(
        "brick.png",
        "brick wall, grey",
        "CC0 (CC0Textures, Bricks25)",
        "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf",
    ),
    Shipped(
        "grass.png",
        "lawn, grey",
        "CC0 (linolafett, DeviantArt)",
        "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89",
    ),
    Shipped(
        "gravel.png",
        "gravel, grey",
        "CC0 (CC0Textures, Gravel04)",
        "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12",
    ),
    Shipped(
        "coffee.png",
        "coffee cup on a wooden table",
        "CC0 (Rachel Michetti)",
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    ),
    Shipped(
        "rocket.jpg",
        "rocket on its launch pad at dusk",
        "public domain (SpaceX)",
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    ),
    Shipped(
        "hubble_deep_field.jpg",
        "night sky full of galaxies",
        "public domain (NASA)",
        "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
    ),
    Shipped(
        "clock_motion.png",
        "wall clock, blurred, grey",
        "public domain (Stefan van der Walt)",
        "f029226b28b642e80113d86622e9b215ee067a0966feaf5e60604a1e05733955",
    ),
)
"""All that scikit-image ships of everyday things under a stated free licence; left out are people, a cat's face,
microscopy, scans, and photographs whose licence it does not state (the motorcycle, the moon, the coins)."""


def shipped_photographs() -> tuple[Path, ...]:
    """The files of `SHIPPED`; scikit-image itself is not imported.

    Raises:
        ModuleNotFoundError: scikit-image is not installed.
        FileNotFoundError: It is, without one of the photographs.
    """
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            "the background kind `photograph` takes its pictures from scikit-image, which is not installed; "
            "pip install poseexaminer[photos], or give a folder of your own photographs"
        )
    folder = Path(spec.submodule_search_locations[0]) / "data"
    return tuple(_checked(folder / photograph.file, photograph.sha256) for photograph in SHIPPED)


def _checked(path: Path, sha256: str) -> Path:
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise FileNotFoundError(
            f"expected the photograph {path} of scikit-image 0.22 to 0.26, got no such file or another picture; "
            "pip install 'scikit-image==0.26.*', or give a folder of your own photographs"
        )
    return path


def load_photographs(folder: Path) -> tuple[Path, ...]:
    """The photographs of a folder and its sub-folders, sorted by path.

    Raises:
        FileNotFoundError: There is no such folder, or no picture in it.
        ValueError: A picture cannot be read.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"expected a folder of photographs, got {folder}, which is no folder")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not files:
        raise FileNotFoundError(
            f"expected photographs in {folder}, got no file that ends in {', '.join(_SUFFIXES)}"
        )
    for path in files:
        _verify(path)
    return tuple(files)


def _verify(path: Path) -> None:
    try:
        with Image.open(path) as image:
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ValueError:
    return ValueError(f"expected a picture in {path}, got a file that cannot be read ({error}); remove it")


def read_photograph(path: Path, side: int) -> NDArray[np.uint8]:
    """A photograph scaled to cover a square.

    Args:
        path: The file.
        side: Pixels of the shorter side; of the longer one the middle, at most twice as long, is kept.

    Returns:
        (H, W, 3) sRGB.

    Raises:
        ValueError: The file cannot be read.
    """
    try:
        with Image.open(path) as image:
            image.draft("RGB", (side, side))  # JPEG files are decoded no larger than needed
            upright = ImageOps.exif_transpose(image)
            scale = side / min(upright.size)
            width, height = (max(round(scale * length), side) for length in upright.size)
            pixels = np.asarray(upright.convert("RGB").resize((width, height), Image.Resampling.LANCZOS))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _unreadable(path, error) from error
    top, left = (max(length - _LONGEST * side, 0) // 2 for length in pixels.shape[:2])
    return np.ascontiguousarray(pixels[top : top + _LONGEST * side, left : left + _LONGEST * side])


def content_hash(paths: Sequence[Path]) -> str:
    """SHA-256 of the contents of some files, in order; names do not matter."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
