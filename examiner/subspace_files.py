"""Subspaces on disk: enough to sample a run's regions again without the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from examiner.files import read_json, write_json
from examiner.growth import start_box
from examiner.journal import scene_columns, scene_from
from examiner.method import Mode
from examiner.protocols import VERIFIED
from examiner.rig import Rig
from examiner.subspace import POSE, FailureSubspace, beside_pose, point_box

SCHEMA = "poseexaminer-subspaces/1"


@dataclass(frozen=True)
class StoredSubspace:
    """A failure subspace of a finished run with what is known of it."""

    mode: int
    box: FailureSubspace
    success: bool
    """Whether it is a success region."""
    rate: float | None
    """Failures a fair draw; None where no growth reached it."""
    error_mm: float


def write_subspaces(path: Path, rig: Rig, modes: tuple[Mode, ...]) -> None:
    """Write the box of every mode; one that was not grown keeps a narrow box and says so."""
    rows = [_row(rig, i + 1, mode) for i, mode in enumerate(modes)]
    write_json(path, {"schema": SCHEMA, "threshold_mm": rig.threshold, "subspaces": rows})


def read_subspaces(folder: Path) -> list[StoredSubspace]:
    """The subspaces of a finished run.

    Raises:
        FileNotFoundError: if the folder holds no run.
        ValueError: if the run is not finished, or of another schema.
    """
    check_finished(folder)
    stored = read_json(folder / "subspaces.json")
    if stored.get("schema") != SCHEMA:
        raise ValueError(
            f"expected schema {SCHEMA} in {folder / 'subspaces.json'}, got {stored.get('schema')!r}"
        )
    return [_from_row(row) for row in stored["subspaces"]]


def check_finished(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run.

    Raises:
        FileNotFoundError: if the folder holds no run.
        ValueError: if the run is not finished.
    """
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise FileNotFoundError(f"expected the folder of a run in {folder}, found no manifest.json there")
    content: dict[str, Any] = read_json(manifest)
    if not isinstance(content, dict) or "status" not in content:
        raise ValueError(f"expected the manifest of a run in {folder}, got something else; start a new run")
    if content["status"] != "done":
        raise ValueError(
            f"expected a finished run in {folder}, got one that is {content['status']}; finish it with "
            f"examiner audit --resume {folder}"
        )
    protocol = dict(content.get("config") or {}).get("protocol", VERIFIED)
    if protocol != VERIFIED:
        raise ValueError(
            f"expected a run by our own protocol in {folder}, got one by {protocol}; its figures are in protocol.md"
        )
    return content


def _row(rig: Rig, number: int, mode: Mode) -> dict[str, Any]:
    region = mode.region
    if region is None:
        point = point_box(mode.scene, beside_pose(rig.space), rig.body.joint_names)
        scale = np.concatenate([np.ones(POSE), np.zeros(len(point.centre) - POSE)])
        box = start_box(point, scale)
    else:
        box = region.box
    return {
        "mode": number,
        "names": box.names,
        "units": box.units,
        "centre": box.centre,
        "phi_low": box.phi_low,
        "phi_up": box.phi_up,
        "scene": scene_columns(box.scene),
        "image_size": box.scene.camera.image_size,
        "grown": region is not None,
        "success": region is not None and region.proof.success,
        "rate": None if region is None else region.proof.rate,
        "error_mm": float(mode.outcomes.severity[0]),
    }


def _from_row(row: dict[str, Any]) -> StoredSubspace:
    columns = {key: np.array(value) for key, value in row["scene"].items()}
    box = FailureSubspace(
        names=tuple(row["names"]),
        units=tuple(row["units"]),
        centre=np.array(row["centre"]),
        phi_low=np.array(row["phi_low"]),
        phi_up=np.array(row["phi_up"]),
        scene=scene_from(columns, tuple(row["image_size"])),
    )
    return StoredSubspace(row["mode"], box, row["success"], row["rate"], row["error_mm"])
