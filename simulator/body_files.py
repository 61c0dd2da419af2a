"""Loads bodies: the embedded ones, and the user's SMPL, SMPL-H and SMPL-X files.

The embedded bodies need numpy and scipy only. A user's file is read without running any code of it
(`simulator.safe_pickle`), then built by the `smplx` package, whose tensors become our `Body`. The code of
`smplx` and the model files are licensed by the Max Planck Society for non-commercial scientific research
only; the embedded bodies are not touched by that, and `smplx` is imported for users' files only.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.body import UV, Body
from simulator.joint_names import joint_names
from simulator.safe_pickle import Stub, plain_array, read_pickle
from simulator.uv_layout import with_room_for_eyes

Arrays = dict[str, NDArray[Any]]

EMBEDDED = ("neutral", "male", "female", "child")
"""Names of the bodies in the package."""
BETAS = 10
"""Shape coefficients of every body: further ones of a file are cut, missing ones do nothing."""

_KEYS = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "kintree_table", "f")
_HANDS = ("hands_meanl", "hands_meanr", "hands_componentsl", "hands_componentsr")
_LICENCE = (
    "The user's SMPL-family file, under the licence that came with it"
    " (Max Planck Society: non-commercial scientific research only)."
)
_SITES = (
    "https://smpl.is.tue.mpg.de (SMPL), https://mano.is.tue.mpg.de (SMPL-H)"
    " or https://smpl-x.is.tue.mpg.de (SMPL-X)"
)


def load_body(source: str | Path) -> Body:
    """Load a body.

    Args:
        source: "neutral", "male", "female" or "child" (embedded; "child" goes from infants to elders by
            its first beta), or the path of a SMPL, SMPL-H or SMPL-X file (.npz or .pkl) that the user
            has. Its hands rest in the file's mean pose.

    Returns:
        The body, with 10 shape coefficients: further ones of the file are cut, missing ones do nothing.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged, lacks a key, or asks for code to be run.
    """
    if str(source) in EMBEDDED:
        return _embedded(str(source))
    path = Path(source).expanduser()
    if not path.is_file():
        raise FileNotFoundError(_missing(path))
    try:
        return _users(path)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


_FIRST_BETA = MappingProxyType({"child": (-1.8, 2.1)})
"""The first coefficient is age there: 0.71 m to 2.02 m of stature."""


@lru_cache(maxsize=8)
def _embedded(name: str) -> Body:
    content = (resources.files("simulator") / "data" / f"body_{name}.npz").read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = dict(archive)
    named = zip(arrays["vertex_ids_names"].tolist(), arrays["vertex_ids"].tolist(), strict=True)
    joints = len(arrays["weights"].T)
    body = body_of(
        {key: arrays[key] for key in _KEYS} | {"pose_mean": np.zeros(3 * joints)},
        name=name,
        licence=str(arrays["licence"]),
        sha256=hashlib.sha256(content).hexdigest(),
        joint_names=joint_names(joints),
        vertex_ids=dict(named),
        uv=UV(arrays["vt"], arrays["ft"]),
    )
    return replace(with_room_for_eyes(body), first_beta=_FIRST_BETA.get(name, body.first_beta))


def _users(path: Path) -> Body:
    from simulator.smplx_bodies import through_smplx

    content = path.read_bytes()
    arrays = _checked(_read(content))
    tensors, vertex_ids = through_smplx(arrays)
    return body_of(
        tensors,
        name=path.stem,
        licence=_LICENCE,
        sha256=hashlib.sha256(content).hexdigest(),
        joint_names=joint_names(len(arrays["weights"].T)),
        vertex_ids=vertex_ids,
        uv=_uv(arrays),
    )


def body_of(arrays: Arrays, **about: Any) -> Body:
    """A body of arrays by SMPL's names and `pose_mean` (3 J,); `about` are the remaining fields."""
    v_template, shapedirs = (arrays[key].astype(np.float32) for key in ("v_template", "shapedirs"))
    regressor = arrays["J_regressor"].astype(np.float64)
    parents = arrays["kintree_table"][0].astype(np.int64)
    parents[0] = -1
    directions = regressor @ shapedirs.reshape(len(v_template), -1).astype(np.float64)
    return Body(
        parents=parents,
        faces=arrays["f"].astype(np.int32),
        v_template=v_template,
        shapedirs=shapedirs,
        posedirs=arrays["posedirs"].astype(np.float32),
        joint_template=regressor @ v_template.astype(np.float64),
        joint_dirs=directions.reshape(len(parents), 3, -1),
        weights=arrays["weights"].astype(np.float32),
        pose_mean=arrays["pose_mean"][3:].astype(np.float64),
        **about,
    )


def _read(content: bytes) -> Arrays:
    """The needed members of a .npz or .pkl file that are arrays of numbers, whatever its name says."""
    wanted = (*_KEYS, *_HANDS, "vt", "ft")
    if content[:2] == b"PK":
        return _read_npz(content, wanted)
    data = read_pickle(content)
    if not isinstance(data, dict):
        raise ValueError(
            f"expected a dictionary of arrays, got {type(data).__name__}; is this a SMPL model file?"
        )
    return {key: _named(key, data[key]) for key in wanted if key in data}


def _read_npz(content: bytes, wanted: tuple[str, ...]) -> Arrays:
    arrays: Arrays = {}
    key = "the archive"
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            for key in wanted:
                if key in archive:
                    arrays[key] = plain_array(archive[key])
    except Exception as error:
        raise ValueError(
            f"cannot read {key} ({error}); if the download is complete, save it again with plain arrays:"
            f" numpy.savez(new, **{{key: numpy.asarray(value, float), ...}})"
        ) from error
    return arrays


def _named(key: str, value: Stub | Any) -> NDArray[Any]:
    try:
        return plain_array(value)
    except ValueError as error:
        raise ValueError(f"cannot read {key}: {error}; save it as a plain array") from error


def _checked(arrays: Arrays) -> Arrays:
    """The arrays, complete, consistent and finite, with exactly ten shape directions."""
    _require(arrays, _KEYS)
    joints = arrays["kintree_table"].shape[-1]
    joint_names(joints)
    if joints > 24:
        _require(arrays, _HANDS)
    vertices = len(arrays["v_template"])
    expected = {
        "v_template": (vertices, 3),
        "shapedirs": (vertices, 3, -1),
        "posedirs": (vertices, 3, 9 * (joints - 1)),
        "J_regressor": (joints, vertices),
        "weights": (vertices, joints),
        "kintree_table": (2, joints),
        "f": (-1, 3),
    }
    for key, shape in expected.items():
        got = arrays[key].shape
        if len(got) != len(shape) or any(n not in (m, -1) for n, m in zip(shape, got, strict=True)):
            raise ValueError(f"expected {key} of shape {shape} (-1: any), got {got}; download the file again")
        if not np.isfinite(arrays[key]).all():
            raise ValueError(f"expected finite {key}, got NaN or infinity; download the file again")
    _check_indices(arrays, vertices)
    shapedirs = arrays["shapedirs"][:, :, :BETAS]
    missing = BETAS - shapedirs.shape[2]
    return arrays | {"shapedirs": np.pad(shapedirs, ((0, 0), (0, 0), (0, missing)))}


def _check_indices(arrays: Arrays, vertices: int) -> None:
    parents, faces = arrays["kintree_table"][0].astype(np.int64), arrays["f"].astype(np.int64)
    if (parents[1:] < 0).any() or (parents[1:] >= np.arange(1, len(parents))).any():
        raise ValueError("expected every joint after its parent in kintree_table; download the file again")
    if faces.size == 0 or faces.min() < 0 or faces.max() >= vertices:
        raise ValueError(f"expected f to hold vertices 0..{vertices - 1}; download the file again")


def _require(arrays: Arrays, keys: tuple[str, ...]) -> None:
    missing = [key for key in keys if key not in arrays]
    if missing:
        raise ValueError(
            f"expected a SMPL, SMPL-H or SMPL-X model file, got one without {', '.join(missing)};"
            f" it has {', '.join(sorted(arrays)) or 'none of its keys'}; download the file again"
        )


def _uv(arrays: Arrays) -> UV | None:
    if "vt" not in arrays or "ft" not in arrays:
        return None
    return UV(arrays["vt"].astype(np.float32), arrays["ft"].astype(np.int32))


def _missing(path: Path) -> str:
    here = sorted(p.name for p in path.glob("*") if p.suffix in (".npz", ".pkl")) if path.is_dir() else []
    kind = (
        f"is a folder (it holds {', '.join(here) or 'no .npz or .pkl file'})"
        if path.is_dir()
        else "does not exist"
    )
    return (
        f"no body {str(path)!r}: looked among the embedded names ({', '.join(EMBEDDED)}) and at"
        f" {path.absolute()}, which {kind}. Ways out: (1) use an embedded body, such as 'neutral';"
        f" (2) give the path of a SMPL, SMPL-H or SMPL-X .npz or .pkl file; (3) to get one, register at"
        f" {_SITES}."
    )
