"""Options that several commands share."""

from __future__ import annotations

import argparse

SIMULATORS = "raster, pyrender, or your own as module:factory, file.py:factory or 'process:COMMAND'"


def names(text: str) -> tuple[str, ...]:
    """The names of a comma list."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def add_fix(parser: argparse.ArgumentParser) -> None:
    """Add --fix, which may be given several times."""
    parser.add_argument(
        "--fix",
        type=names,
        action="extend",
        metavar="NAME=VALUE",
        help="dimensions held at a value, e.g. view.elevation=20,light.temperature=3200; see examiner factors",
    )


def add_drawn(parser: argparse.ArgumentParser, size: str) -> None:
    """Add what decides how people are drawn; `size` is the option of the picture's side."""
    add = parser.add_argument
    add(
        "--body",
        help="neutral (default), male, female, child, or a SMPL, SMPL-H or SMPL-X file (.npz or .pkl)",
    )
    add("--simulator", help=f"{SIMULATORS} (default raster)")
    add(size, type=int, dest="image_size", help="pixels of a picture's side (default 256)")
    add("--backgrounds", metavar="FOLDER", help="your own photographs without people")
    add("--uv", metavar="FILE", help="texture coordinates of the body, .obj or .npz")
    add("--texture", metavar="FOLDER", help="your own texture maps for the body's texture coordinates")
