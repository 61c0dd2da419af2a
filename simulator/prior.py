"""Pose priors: a latent space in which search happens, decoded to plausible poses.

A prior is a variational autoencoder of the 21 body joints. Its networks run here as numpy products whose
result for a row is bit-identical at any batch size; training needs torch, using does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.camera import Float
from simulator.linear import RowLinear
from simulator.rotation import axis_angle_from_matrix, matrix_from_axis_angle, matrix_from_rot6d

JOINTS = 21
_MATRICES = JOINTS * 9
_ANGLES = JOINTS * 3


@dataclass(frozen=True)
class Mixture:
    """Gaussians in a prior's latent space: poses as people really take them."""

    weights: Float
    """(K,) positive, sum 1."""
    means: Float
    """(K, dim)."""
    factors: Float
    """(K, dim, dim) lower triangular; a component's covariance is factor @ factor.T."""

    def sample(self, n: int, rng: np.random.Generator) -> Float:
        """Draw n latent codes (n, dim)."""
        component = rng.choice(len(self.weights), n, p=self.weights)
        normal = rng.standard_normal((n, self.means.shape[1]))
        turned = np.einsum("nij,nj->ni", self.factors[component], normal)
        return np.asarray(self.means[component] + turned)


class PosePrior(Protocol):
    """Latent codes to poses and back. Standard normal codes decode to plausible poses."""

    @property
    def name(self) -> str:
        """What it is."""

    @property
    def licence(self) -> str:
        """Terms of the weights; reports and exports repeat it."""

    @property
    def sha256(self) -> str:
        """Hash of everything that can change a pose."""

    @property
    def dim(self) -> int:
        """Length of a latent code."""

    @property
    def everyday(self) -> Mixture | None:
        """Latent distribution of everyday poses, if known."""

    @property
    def active(self) -> Mixture | None:
        """Latent distribution of all other poses, if known."""

    def decode(self, z: Float) -> Float:
        """body_pose (N, 63), axis-angle radians, of codes (N, dim)."""

    def encode(self, body_pose: Float) -> Float:
        """Posterior means (N, dim) of poses (N, 63), axis-angle radians."""


@dataclass(frozen=True)
class Layer:
    """Affine map followed by a leaky rectifier; slope 1 leaves the result as it is."""

    weight: NDArray[np.float32]
    """(out, in)."""
    bias: NDArray[np.float32]
    """(out,)."""
    slope: float


class LatentPrior:
    """A pose prior whose encoder and decoder are plain layers."""

    def __init__(
        self,
        encoder: tuple[Layer, ...],
        decoder: tuple[Layer, ...],
        *,
        name: str,
        licence: str,
        everyday: Mixture | None = None,
        active: Mixture | None = None,
    ) -> None:
        """Build from layers.

        Args:
            encoder: from 63 axis-angle values or 189 matrix entries (row by row) to `dim` posterior means.
            decoder: from `dim` to 126 values, 21 row-major (3, 2) matrices as in `matrix_from_rot6d`.
            name: what it is.
            licence: terms of the weights.
            everyday: latent distribution of everyday poses, if known.
            active: latent distribution of all other poses, if known.

        Raises:
            ValueError: the layers do not fit each other or the 21 joints.
        """
        _check_chain("encoder", encoder, (_ANGLES, _MATRICES), decoder[0].weight.shape[1])
        _check_chain("decoder", decoder, (decoder[0].weight.shape[1],), JOINTS * 6)
        self.name, self.licence = name, licence
        self.everyday, self.active = everyday, active
        self.sha256 = _digest(encoder + decoder, {"everyday": everyday, "active": active})
        self._encoder, self._decoder = _Network(encoder), _Network(decoder)

    @property
    def dim(self) -> int:
        """Length of a latent code."""
        return self._decoder.inputs

    def decode(self, z: Float) -> Float:
        """body_pose (N, 63), axis-angle radians, of codes (N, dim).

        Raises:
            ValueError: for another shape or values that are not finite.
        """
        six = self._decoder(_rows("latent codes", z, self.dim))
        matrices = matrix_from_rot6d(six.reshape(-1, JOINTS, 6).astype(np.float64))
        return axis_angle_from_matrix(matrices).reshape(-1, _ANGLES)

    def encode(self, body_pose: Float) -> Float:
        """Posterior means (N, dim) of poses (N, 63), axis-angle radians.

        Raises:
            ValueError: for another shape or values that are not finite.
        """
        pose = _rows("body_pose", body_pose, _ANGLES)
        if self._encoder.inputs == _MATRICES:
            pose = matrix_from_axis_angle(pose.reshape(-1, JOINTS, 3)).reshape(-1, _MATRICES)
        return self._encoder(pose).astype(np.float64)


class _Network:
    """Layers with their products made ready."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self.inputs = int(layers[0].weight.shape[1])
        self._steps = [
            (RowLinear(np.asarray(layer.weight, np.float32)), layer.bias[:, None], np.float32(layer.slope))
            for layer in layers
        ]

    def __call__(self, rows: Float) -> NDArray[np.float32]:
        columns = rows.T.astype(np.float32)
        for linear, bias, slope in self._steps:
            columns = linear.columns(columns) + bias
            if slope != 1.0:
                columns = np.maximum(columns, slope * columns)
        return np.ascontiguousarray(columns.T)


def arrays_from_prior(
    encoder: tuple[Layer, ...], decoder: tuple[Layer, ...], mixtures: Mapping[str, Mixture]
) -> dict[str, NDArray[Any]]:
    """The named arrays of a prior file, but for its `name` and `licence`; weights in half precision."""
    arrays: dict[str, NDArray[Any]] = {}
    for part, layers in (("encoder", encoder), ("decoder", decoder)):
        for i, layer in enumerate(layers):
            arrays[f"{part}_{i}_weight"], arrays[f"{part}_{i}_bias"] = (
                layer.weight.astype(np.float16),
                layer.bias,
            )
        arrays[f"{part}_slopes"] = np.array([layer.slope for layer in layers])
    for name, mixture in mixtures.items():
        arrays[f"{name}_weights"], arrays[f"{name}_means"] = mixture.weights, mixture.means
        arrays[f"{name}_factors"] = mixture.factors.astype(np.float32)
    return arrays


def prior_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> LatentPrior:
    """The prior of the named arrays that `arrays_from_prior` gives, with `name` and `licence` beside them.

    Raises:
        KeyError: an array is missing.
        ValueError: the layers do not fit each other or the 21 joints.
    """
    everyday, active = (_mixture(arrays, name) for name in ("everyday", "active"))
    return LatentPrior(
        _layers(arrays, "encoder"),
        _layers(arrays, "decoder"),
        name=str(arrays["name"]),
        licence=str(arrays["licence"]),
        everyday=everyday,
        active=active,
    )


def _layers(arrays: Mapping[str, NDArray[Any]], part: str) -> tuple[Layer, ...]:
    return tuple(
        Layer(
            arrays[f"{part}_{i}_weight"].astype(np.float32),
            arrays[f"{part}_{i}_bias"].astype(np.float32),
            slope,
        )
        for i, slope in enumerate(arrays[f"{part}_slopes"].astype(float).tolist())
    )


def _mixture(arrays: Mapping[str, NDArray[Any]], name: str) -> Mixture | None:
    if f"{name}_weights" not in arrays:
        return None
    parts = (arrays[f"{name}_{part}"].astype(np.float64) for part in ("weights", "means", "factors"))
    return Mixture(*parts)


def _rows(what: str, values: Float, width: int) -> Float:
    rows = np.asarray(values, np.float64)
    if rows.ndim != 2 or rows.shape[1] != width:
        raise ValueError(f"expected {what} of shape (N, {width}), got {rows.shape}; pass one row a pose")
    if not np.isfinite(rows).all():
        row = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
        raise ValueError(f"expected finite {what}, got a NaN or infinity in row {row}; drop that row")
    return rows


def _check_chain(part: str, layers: tuple[Layer, ...], inputs: tuple[int, ...], outputs: int) -> None:
    widths = [layer.weight.shape[1] for layer in layers] + [layer.weight.shape[0] for layer in layers[-1:]]
    joined = all(layer.weight.shape[0] == after for layer, after in zip(layers, widths[1:], strict=True))
    if widths[0] not in inputs or widths[-1] != outputs or not joined:
        raise ValueError(
            f"expected {part} layers from {' or '.join(map(str, inputs))} to {outputs} values,"
            f" got widths {widths}; give a prior of 21 joints with 6D rotations"
        )


def _digest(layers: tuple[Layer, ...], mixtures: Mapping[str, Mixture | None]) -> str:
    digest = hashlib.sha256()
    for layer in layers:
        digest.update(np.asarray(layer.weight, np.float32).tobytes())
        digest.update(np.asarray(layer.bias, np.float32).tobytes() + str(layer.slope).encode())
    for name, mixture in mixtures.items():
        if mixture is not None:
            digest.update(name.encode() + mixture.weights.tobytes())
            digest.update(mixture.means.tobytes() + mixture.factors.tobytes())
    return digest.hexdigest()
