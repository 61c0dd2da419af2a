"""Subspaces on disk: enough to sample a run's regions again without the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from examiner.box_growth import start_box
from examiner.config import load_config
from examiner.ellipsoid import LatentEllipsoid
from examiner.files import read_json, write_json
from examiner.journal import scene_columns, scene_from
from examiner.method import Mode
from examiner.protocols import VERIFIED
from examiner.rig import Rig
from examiner.subspace import POSE, FailureSubspace, PoseBox, beside_pose, point_box
from simulator import PosePrior, load_prior

SCHEMA = "poseexaminer-subspaces/2"


@dataclass(frozen=True)
class StoredSubspace:
    """A failure subspace of a finished run with what is known of it."""

    mode: int
    subspace: FailureSubspace
    success: bool
    """Whether it is a success region."""
    rate: float | None
    """Failures a fair draw; None where no growth reached it."""
    error_mm: float
    flags: tuple[str, ...]
    """Of its mode, `ambiguous` among them: no single picture could tell."""


def write_subspaces(path: Path, rig: Rig, modes: Sequence[Mode], flags: Sequence[Sequence[str]]) -> None:
    """Write the subspace of every mode and its flags; one that was not grown keeps a narrow box and says so."""
    rows = [
        {**_row(rig, i + 1, mode), "flags": of_mode}
        for i, (mode, of_mode) in enumerate(zip(modes, flags, strict=True))
    ]
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
    prior = load_config(folder / "config.yaml").prior
    return [_from_row(row, prior) for row in stored["subspaces"]]


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
        point = point_box(mode.scene, beside_pose(rig.space))
        scale = np.concatenate([np.ones(POSE), np.zeros(len(point.centre) - POSE)])
        box: FailureSubspace = start_box(point, scale)
    else:
        box = region.subspace
    return {
        "mode": number,
        "shape": box.shape,
        "prior_sha256": box.prior.sha256 if isinstance(box, LatentEllipsoid) else None,
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


def _from_row(row: dict[str, Any], prior: str) -> StoredSubspace:
    """The subspace of its row; `prior` is the run's, which an ellipsoid needs."""
    columns = {key: np.array(value) for key, value in row["scene"].items()}
    parts: dict[str, Any] = {
        "names": tuple(row["names"]),
        "units": tuple(row["units"]),
        **{name: np.array(row[name]) for name in ("centre", "phi_low", "phi_up")},
        "scene": scene_from(columns, tuple(row["image_size"])),
    }
    subspace: FailureSubspace
    if row["shape"] == LatentEllipsoid.shape:
        subspace = LatentEllipsoid(**parts, prior=_same_prior(prior, row["prior_sha256"]))
    else:
        subspace = PoseBox(**parts)
    return StoredSubspace(
        row["mode"], subspace, row["success"], row["rate"], row["error_mm"], tuple(row["flags"])
    )


def _same_prior(name: str, sha256: str) -> PosePrior:
    """The run's pose prior.

    Raises:
        ValueError: if it has changed since.
    """
    prior = load_prior(name)
    if prior.sha256 != sha256:
        raise ValueError(
            f"expected the pose prior that the run was made with (sha256 {sha256[:12]}...), got another "
            f"({prior.sha256[:12]}...); put the old file back, or run the audit again"
        )
    return prior
