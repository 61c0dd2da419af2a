"""Show: one case of a finished run drawn again, at any size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from examiner.config import load_config
from examiner.files import read_json
from examiner.journal import scene_from
from examiner.report_schema import check_results
from examiner.simulators import build_simulator, dressed_body
from examiner.subspace_files import check_finished
from simulator import Scene

VARIANTS = ("failure", "mildest")
"""The case as it was found, and its mildest failing variant."""


def show_mode(run: Path, number: int, size: int, variant: str) -> Image.Image:
    """The picture of a mode as the run's simulator draws it, `size` pixels a side.

    Args:
        run: Folder of a finished run.
        number: The mode's number in the report, from 1.
        size: Pixels.
        variant: One of VARIANTS.

    Raises:
        FileNotFoundError: if the folder holds no run.
        ValueError: for a run that is not finished, a mode or a variant that it does not have.
    """
    check_finished(run)
    config = load_config(run / "config.yaml")
    mode = _mode(run, number)
    scene = _sized(mode_scene(mode, variant, config.image_size), size)
    config = replace(config, image_size=size)
    simulator = build_simulator(config, dressed_body(config))
    try:
        return Image.fromarray(simulator.render(scene).images[0])
    finally:
        simulator.close()


def _mode(run: Path, number: int) -> dict[str, Any]:
    modes = check_results(read_json(run / "results.json"))["modes"]
    for mode in modes:
        if mode["id"] == number:
            return dict(mode)
    there = f"1 to {len(modes)}" if modes else "none"
    raise ValueError(
        f"expected the number of a mode of {run} ({there}), got {number}; the report numbers them"
    )


def mode_scene(mode: dict[str, Any], variant: str, side: int) -> Scene:
    """The person of a mode (one row), as the run drew it."""
    if variant not in VARIANTS:
        raise ValueError(f"unknown variant {variant!r}: expected one of {', '.join(VARIANTS)}")
    columns = mode["scene"] if variant == "failure" else mode.get("mildest", {}).get("scene")
    if columns is None:
        raise ValueError(
            f"expected a run that knows the mildest variant of mode {mode['id']}, got one of an earlier version; "
            "run the audit again"
        )
    return scene_from({name: np.array([value]) for name, value in columns.items()}, (side, side))


def _sized(scene: Scene, size: int) -> Scene:
    """The scene in pictures of another size."""
    old = scene.camera.image_size[0]
    camera = replace(
        scene.camera,
        focal_length=scene.camera.focal_length * (size / old),
        center=scene.camera.center * (size / old),
        image_size=(size, size),
    )
    return replace(scene, camera=camera, box_shift=scene.box_shift * (size / old))
