"""Loads bodies: the embedded ones, and the user's SMPL, SMPL-H and SMPL-X files.

The embedded bodies need numpy and scipy only. A user's file is read without running any code of it,
then built by the `smplx` package, whose tensors become our `Body`. The code of `smplx` and the model
files are licensed by the Max Planck Society for non-commercial scientific research only; the embedded
bodies are not touched by that.
"""

from __future__ import annotations

import hashlib
import io
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from simulator.body import UV, Body

EMBEDDED = ("neutral", "male", "female")
"""Names of the bodies in the package."""


def load_body(source: str | Path) -> Body:
    """Load a body.

    Args:
        source: "neutral", "male" or "female" (embedded), or the path of a SMPL, SMPL-H or SMPL-X
            file (.npz or .pkl) that the user has.

    Returns:
        The body, with 10 shape coefficients: further ones of the file are cut, missing ones do nothing.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged, lacks a key, or holds something else than plain data.
    """
    return _embedded(str(source))


def _embedded(name: str) -> Body:
    content = (resources.files("simulator") / "data" / f"body_{name}.npz").read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = dict(archive)
    return body_of(
        arrays,
        name=name,
        licence=str(arrays["licence"]),
        sha256=hashlib.sha256(content).hexdigest(),
        joint_names=tuple(arrays["joint_names"].tolist()),
        vertex_ids=dict(zip(arrays["vertex_ids_names"].tolist(), arrays["vertex_ids"].tolist(), strict=True)),
        uv=UV(arrays["vt"], arrays["ft"]),
    )


def body_of(arrays: dict[str, Any], **about: Any) -> Body:
    """A body of SMPL's arrays (`v_template`, `shapedirs`, `posedirs`, `J_regressor`, `weights`, ...)."""
    v_template, shapedirs = (np.asarray(arrays[key], np.float32) for key in ("v_template", "shapedirs"))
    regressor = np.asarray(arrays["J_regressor"], np.float64)
    parents = arrays["kintree_table"][0].astype(np.int64)
    parents[0] = -1
    joints = regressor @ v_template.astype(np.float64)
    joint_dirs = (regressor @ shapedirs.reshape(len(v_template), -1).astype(np.float64)).reshape(
        len(joints), 3, -1
    )
    return Body(
        parents=parents,
        faces=np.asarray(arrays["f"], np.int32),
        v_template=v_template,
        shapedirs=shapedirs,
        posedirs=np.asarray(arrays["posedirs"], np.float32),
        joint_template=joints,
        joint_dirs=joint_dirs,
        weights=np.asarray(arrays["weights"], np.float32),
        pose_mean=arrays.get("pose_mean", np.zeros(3 * len(parents) - 3)),
        **about,
    )
