"""People drawn from Anny's phenotypes, in the T-pose."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from experiments._anny_rig import Array, Rig, canonical

_AXES = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""Anny's axes (z up, facing -y) to SMPL's (y up, facing z)."""
_BATCH = 50


@dataclass(frozen=True)
class Mesh:
    """What all samples share: the skin and the eyes; Anny's tongue is left out."""

    rig: Rig
    faces: NDArray[np.int64]
    vt: NDArray[np.float32]
    ft: NDArray[np.int64]
    kept: NDArray[np.intp]
    """Rows of Anny's vertices that are kept."""


@dataclass(frozen=True)
class Population:
    """Whom to draw."""

    count: int
    """Number of samples."""
    gender: tuple[float, float] = (0.0, 1.0)
    """Range of Anny's gender phenotype: 0 is male, 1 female."""
    ages: tuple[tuple[float, float], ...] = ((0.0, 18.0), (1.0, 75.0))
    """Shares of the population and the years below which they are: straight lines between, shares from 0 to 1."""
    weight: tuple[float, float] | None = (0.78, 0.42)
    """Mean and spread of Anny's weight phenotype, or None for what Anny's calibration gives at that age.

    The stock distribution spans only BMI 17-28 in adults."""
    cupsize: float | None = None
    """One value of Anny's cupsize phenotype for everybody, or None for any."""


@dataclass(frozen=True)
class Samples:
    """N people in the T-pose, metres."""

    vertices: NDArray[np.float32]
    """(N, V, 3)."""
    joints: Array
    """(N, 24, 3)."""
    phenotypes: dict[str, Array]
    """(N,) per phenotype."""
    years: Array
    """(N,) age."""
    bmi: Array
    """(N,) kg / m^2, by Anny's own measure."""


def anny_model(topology: Literal["anny", "anny-full"] = "anny") -> Any:
    """Anny's default rig, and its skin or, "full", all meshes. `smpl` and `smplx` are not free: never ask for them."""
    anny = importlib.import_module("anny")
    torch = importlib.import_module("torch")
    model = anny.Anny(rig="anny", topology=topology, phenotypes="all", extrapolate_phenotypes=True)
    return model.to(torch.float32)


def mesh_of(model: Any) -> Mesh:
    """Faces, texture coordinates and skinning of a model, without the tongue."""
    count = model.template_vertices.shape[0]
    weights = np.zeros((count, len(model.bone_labels)))
    rows = np.arange(count)[:, None]
    np.add.at(weights, (rows, model.vertex_bone_indices.numpy()), model.vertex_bone_weights.numpy())
    weights /= weights.sum(axis=1, keepdims=True)
    labels = list(model.bone_labels)
    faces = np.asarray(model.faces).astype(np.int64)
    kept = _skin_and_eyes(faces, weights[:, [labels.index("eye.L"), labels.index("eye.R")]].sum(axis=1) > 0.5)
    number = np.full(count, -1)
    number[kept] = np.arange(len(kept))
    used = np.isin(faces[:, 0], kept)
    ft = np.asarray(model.face_texture_coordinate_indices).astype(np.int64)[used]
    corners, ft = np.unique(ft, return_inverse=True)
    rig = Rig(labels, [int(parent) for parent in model.bone_parents], weights[kept])
    vt = model.texture_coordinates.numpy().astype(np.float32)[corners]
    return Mesh(rig, number[faces[used]], vt, ft.reshape(-1, 3), kept)


def draw(model: Any, mesh: Mesh, population: Population, seed: int) -> Samples:
    """Draw the people of a population."""
    torch = importlib.import_module("torch")
    anthropometry = importlib.import_module("anny.anthropometry").Anthropometry(model)
    torch.manual_seed(seed)
    years, phenotypes = _phenotypes(torch, model, population)
    count = population.count
    vertices = np.empty((count, len(mesh.kept), 3), np.float32)
    joints, bmi = np.empty((count, 24, 3)), np.empty(count)
    rest = torch.eye(4)[None, None].repeat(_BATCH, len(mesh.rig.labels), 1, 1)
    for start in range(0, count, _BATCH):
        rows = slice(start, min(start + _BATCH, count))
        some = {name: value[rows].float() for name, value in phenotypes.items()}
        with torch.no_grad():
            out = model(pose_parameters=rest[: rows.stop - start], phenotype_kwargs=some)
            bmi[rows] = anthropometry(out["rest_vertices"])["bmi"].numpy()
        skin = out["rest_vertices"].numpy().astype(np.float64)[:, mesh.kept] @ _AXES.T
        heads = out["rest_bone_heads"].numpy().astype(np.float64) @ _AXES.T
        vertices[rows], joints[rows] = canonical(mesh.rig, skin, heads)
    return Samples(vertices, joints, {name: value.numpy() for name, value in phenotypes.items()}, years, bmi)


def _phenotypes(torch: Any, model: Any, population: Population) -> tuple[Array, dict[str, Any]]:
    """Years (N,) and phenotypes (N,): Anny's height at that age, widened muscle and proportions."""
    spread = importlib.import_module("anny.shape_distribution").SimpleShapeDistribution
    count, (low, high) = population.count, population.gender
    distribution = spread(
        model,
        morphological_age_distribution=_Ages(torch, population.ages),
        gender_distribution=torch.distributions.Uniform(torch.tensor(low), torch.tensor(high)),
    )
    years, phenotypes = distribution.sample(count)
    if population.weight:
        mean, deviation = population.weight
        phenotypes["weight"] = (mean + deviation * torch.randn(count)).clamp(0.0, 1.7)
    if population.cupsize is not None:
        phenotypes["cupsize"] = torch.full((count,), population.cupsize)
    for name, shape in (("muscle", 1.6), ("proportions", 2.0)):
        phenotypes[name] = torch.distributions.Beta(torch.tensor(shape), torch.tensor(shape)).sample((count,))
    for name in ("african", "asian", "caucasian"):
        if name not in phenotypes:
            phenotypes[name] = torch.rand(count)
    return years.numpy(), dict(phenotypes)


@dataclass(frozen=True)
class _Ages:
    """A distribution of years by its quantiles, for Anny's `SimpleShapeDistribution`."""

    torch: Any
    quantiles: tuple[tuple[float, float], ...]

    def sample(self, shape: tuple[int, ...]) -> Any:
        """Years of that shape."""
        shares, years = self.torch.tensor(self.quantiles).T.contiguous()
        drawn = self.torch.rand(shape)
        piece = self.torch.searchsorted(shares[1:-1].contiguous(), drawn)
        inside = (drawn - shares[piece]) / (shares[piece + 1] - shares[piece])
        return inside * (years[piece + 1] - years[piece]) + years[piece]


def _skin_and_eyes(faces: NDArray[np.int64], eyes: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Vertices of the largest connected part and of the parts that hold eye vertices."""
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
    edges = sparse.coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(eyes), len(eyes)))
    _, part = sparse.csgraph.connected_components(edges, directed=False)
    wanted = np.append(np.unique(part[eyes]), np.bincount(part).argmax())
    return np.flatnonzero(np.isin(part, wanted))
