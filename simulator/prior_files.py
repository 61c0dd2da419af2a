"""Pose priors and poses from files: the embedded prior, VPoser checkpoints, AMASS-style pose files."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulator.camera import Float
from simulator.prior import LatentPrior, Layer, PosePrior, prior_from_arrays

DEFAULT = Path(__file__).parent / "data" / "prior.npz"
MOST_POSES = 20_000
"""Rows that `load_poses` keeps at most."""

_VPOSER_LICENCE = "VPoser weights: the user's own, non-commercial, not to be passed on (MPI-IS licence)"
_SNAPSHOTS = ("*.ckpt", "*.pt", "*.pth")
_BATCH_NORM_EPS = 1e-5
"""The default of torch's BatchNorm1d, which VPoser keeps."""
_POSE_KEYS = ("pose_body", "body_pose", "poses")

_State = Mapping[str, NDArray[np.float64]]


def load_prior(source: str | Path) -> PosePrior:
    """The embedded prior ("default"), or a user's VPoser v1 or v2.

    Args:
        source: "default", or a VPoser checkpoint (.ckpt, .pt, .pth), or a folder that holds one (the latest
            of several is taken).

    Raises:
        FileNotFoundError: there is no such file, or no checkpoint in the folder.
        ValueError: the file cannot be read, wants to run code, or is no VPoser.
    """
    if str(source) == "default":
        with np.load(DEFAULT, allow_pickle=False) as arrays:
            return prior_from_arrays(arrays)
    path = _checkpoint(Path(source))
    state = _state(path)
    encoder, decoder, version = _vposer(state, path)
    name = f"VPoser v{version} ({path.name})"
    try:
        return LatentPrior(encoder, decoder, name=name, licence=_VPOSER_LICENCE)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def load_poses(path: str | Path) -> Float:
    """Body poses (N, 63), axis-angle radians, of an AMASS-style .npz or a folder of such files.

    A file holds `pose_body` (T, 63), or `body_pose` (T, 63 or more, or (T, 21, 3)), or full `poses` (T, 66 or
    more) whose first three values are the root's. More than 20,000 rows are thinned evenly.

    Raises:
        FileNotFoundError: nothing is there, or the folder holds no .npz.
        ValueError: a file is no .npz of poses.
    """
    path = Path(path)
    files = sorted(path.rglob("*.npz")) if path.is_dir() else [path] * path.exists()
    if not files:
        raise FileNotFoundError(f"expected an .npz file of poses or a folder of them, found none at {path}")
    poses = [pose for pose in (_poses_of(file) for file in files) if pose is not None]
    if not poses:
        raise ValueError(f"expected `poses`, `pose_body` or `body_pose` in {path}, found none of them")
    joined = np.concatenate(poses)
    rows = np.unique(np.linspace(0, len(joined) - 1, min(len(joined), MOST_POSES)).round().astype(int))
    return np.ascontiguousarray(joined[rows])


def _checkpoint(path: Path) -> Path:
    """The checkpoint file itself, or the latest in a folder."""
    if path.is_file():
        return path
    found = [file for pattern in _SNAPSHOTS for file in path.rglob(pattern)] if path.is_dir() else []
    if not found:
        raise FileNotFoundError(
            f"expected a VPoser checkpoint (.ckpt, .pt, .pth), its folder, or 'default'; found none at {path}"
        )
    return max(found, key=lambda file: ([int(n) for n in re.findall(r"\d+", file.stem)], file.name))


def _state(path: Path) -> dict[str, NDArray[np.float64]]:
    """The floating-point tensors of a checkpoint; no code of the file is run."""
    import torch

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path} holds more than tensors or is damaged, and files that could run code are not loaded;"
            " if you trust it, re-save its state dict:"
            " torch.save(torch.load(path, weights_only=False)['state_dict'], new_path)"
        ) from error
    except (
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
    ) as error:
        raise ValueError(f"{path} cannot be read as a torch checkpoint; is it complete?") from error
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict):
        raise ValueError(
            f"expected a state dict in {path}, got {type(content).__name__}; re-save the state dict"
        )
    return {
        str(name).removeprefix("module.").removeprefix("vp_model."): value.double().numpy()
        for name, value in content.items()
        if isinstance(value, torch.Tensor)
    }


def _vposer(state: _State, path: Path) -> tuple[tuple[Layer, ...], tuple[Layer, ...], int]:
    """Encoder, decoder and version of a VPoser's tensors."""
    version = 2 if "decoder_net.0.weight" in state else 1
    try:
        if version == 2:
            return (*_layers_v2(state), 2)
        return (*_layers_v1(state), 1)
    except KeyError as error:
        known = ", ".join(sorted(state)[:3]) or "no tensors"
        raise ValueError(
            f"expected a VPoser v1 or v2 in {path}, but it has no tensor {error}; it holds {known}, ..."
        ) from None


def _layers_v2(state: _State) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    """VPoser v2: leaky rectifiers of slope 0.01, two linear maps in a row before the mean."""
    encoder = (
        _after_norm(state, "encoder_net.1", "encoder_net.2", 0.01),
        _after_norm(state, "encoder_net.4", "encoder_net.6", 1.0),
        _layer(state, "encoder_net.7", 1.0),
        _layer(state, "encoder_net.8.mu", 1.0),
    )
    decoder = (
        _layer(state, "decoder_net.0", 0.01),
        _layer(state, "decoder_net.3", 0.01),
        _layer(state, "decoder_net.5", 1.0),
    )
    return encoder, decoder


def _layers_v1(state: _State) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    """VPoser v1: leaky rectifiers of slope 0.2."""
    encoder = (
        _after_norm(state, "bodyprior_enc_bn1", "bodyprior_enc_fc1", 0.2),
        _after_norm(state, "bodyprior_enc_bn2", "bodyprior_enc_fc2", 0.2),
        _layer(state, "bodyprior_enc_mu", 1.0),
    )
    decoder = (
        _layer(state, "bodyprior_dec_fc1", 0.2),
        _layer(state, "bodyprior_dec_fc2", 0.2),
        _layer(state, "bodyprior_dec_out", 1.0),
    )
    return encoder, decoder


def _layer(state: _State, name: str, slope: float) -> Layer:
    weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
    return Layer(weight.astype(np.float32), bias.astype(np.float32), slope)


def _after_norm(state: _State, norm: str, name: str, slope: float) -> Layer:
    """A linear map with the batch normalisation before it folded in (running statistics)."""
    scale = state[f"{norm}.weight"] / np.sqrt(state[f"{norm}.running_var"] + _BATCH_NORM_EPS)
    shift = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
    weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
    return Layer((weight * scale).astype(np.float32), (bias + weight @ shift).astype(np.float32), slope)


def _poses_of(path: Path) -> Float | None:
    """Body poses (T, 63) of one file, None where it holds none."""
    try:
        with path.open("rb") as file:
            data = np.load(file, allow_pickle=False)
            key = next((key for key in _POSE_KEYS if key in data.files), None)
            values = None if key is None else np.asarray(data[key], np.float64)
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read as an .npz of numbers; is it complete?") from error
    if key is None or values is None:
        return None
    if not len(values):
        raise ValueError(f"expected poses in {path}, got none: its {key} is empty")
    values = values.reshape(len(values), -1) if values.ndim in (2, 3) else values
    first = 3 if key == "poses" else 0
    if values.ndim != 2 or values.shape[1] < first + 63:
        raise ValueError(f"expected {key} of shape (T, {first + 63} or more) in {path}, got {values.shape}")
    return _finite(values[:, first : first + 63], path)


def _finite(pose: Float, path: Path) -> Float:
    bad = np.flatnonzero(~np.isfinite(pose).all(axis=1))
    if len(bad):
        raise ValueError(
            f"expected finite poses in {path}, got a NaN or infinity in row {bad[0]}; drop that row"
        )
    return pose
