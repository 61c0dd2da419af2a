"""Builds a user's body by the `smplx` package: the only place that imports it.

`smplx` is licensed for non-commercial scientific research only; the embedded bodies do not come here.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import smplx
import torch
from numpy.typing import NDArray
from smplx.vertex_ids import vertex_ids as known_vertex_ids

Arrays = dict[str, NDArray[Any]]

_BY_VERTICES = {6890: "smplh", 10475: "smplx"}
"""The topologies whose named vertices smplx knows; SMPL and SMPL-H share one."""


def through_smplx(arrays: Arrays) -> tuple[Arrays, dict[str, int]]:
    """Build the model of checked arrays (by SMPL's names, ten shape directions) and take its tensors.

    Returns:
        Arrays by SMPL's names and `pose_mean` (3 J,), the resting hands; the named vertices, where known.
    """
    vertices = len(arrays["v_template"])
    named = dict(known_vertex_ids[_BY_VERTICES[vertices]]) if vertices in _BY_VERTICES else {}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        model = _model(arrays, named or dict.fromkeys(known_vertex_ids["smplh"], 0))
    joints = len(arrays["weights"].T)
    posedirs = model.posedirs.numpy().T.reshape(vertices, 3, -1)
    tensors = {
        "v_template": model.v_template.numpy(),
        "shapedirs": model.shapedirs.numpy(),
        "posedirs": posedirs,
        "J_regressor": model.J_regressor.numpy(),
        "weights": model.lbs_weights.numpy(),
        "kintree_table": model.parents.numpy()[None],
        "f": model.faces_tensor.numpy(),
        "pose_mean": model.pose_mean.numpy() if hasattr(model, "pose_mean") else np.zeros(3 * joints),
    }
    return tensors, named


def _model(arrays: Arrays, vertex_ids: dict[str, int]) -> Any:
    """SMPL, SMPL-H or SMPL-X by the number of joints; hands at their mean (`flat_hand_mean=False`)."""
    joints = len(arrays["weights"].T)
    if joints == 55:
        return _smplx_model(arrays)
    options: dict[str, Any] = {
        "model_path": "",
        "vertex_ids": vertex_ids,
        "num_betas": 10,
        "dtype": torch.float32,
    }
    options["data_struct"] = smplx.utils.Struct(**arrays)
    return smplx.SMPL(**options) if joints == 24 else smplx.SMPLH(**options)


def _smplx_model(arrays: Arrays) -> Any:
    """SMPL-X takes a file only: it gets one of the checked arrays, its expression directions zero."""
    shapedirs = np.pad(arrays["shapedirs"], ((0, 0), (0, 0), (0, 10)))
    landmarks = {"lmk_faces_idx": np.zeros(1, np.int64), "lmk_bary_coords": np.full((1, 3), 1.0 / 3.0)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.npz"
        content: dict[str, Any] = arrays | landmarks | {"shapedirs": shapedirs}
        np.savez(path, **content)
        return smplx.SMPLX(str(path), num_betas=10, num_expression_coeffs=10, dtype=torch.float32, ext="npz")
