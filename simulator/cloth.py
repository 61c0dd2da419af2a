"""Clothes that are meshes of their own (skirt, hair), worn by any body in SMPL's format.

A garment comes with control points on the skin of the neutral body. They are found again on another body, at
rest, by stretching its region to the size of the other's and taking the nearest point of the surface. Each vertex
of the garment is an affine combination of the control points about it, the one that moving least squares gives
(S. Schaefer et al., "Image Deformation Using Moving Least Squares", 2006): what moves rigidly carries it along
rigidly, and between two thighs it is carried by both. A skirt is pushed out of the thighs afterwards.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import KDTree

from simulator.body import Body, Float32, Int32
from simulator.camera import Float
from simulator.compiled import compiled
from simulator.drawing import Part
from simulator.linear import RowLinear
from simulator.skinning import vertex_normals
from simulator.triangles import nearest_shares

_NEIGHBOURS = 64
"""Control points that carry a vertex."""
_REACH = 0.10
"""Metres beyond the nearest control point at which a control point still counts."""
_RIDGE = 1e-9
"""Square metres that keep control points in one plane from dividing by zero."""
_FAR = np.float32(0.08)
"""Metres from which on a point is not of the skin that the nearest control point stands for."""
_ROUNDING = 1e-5
"""Metres by which a garment at rest may be lower than it was: what single precision costs."""
_NEGLIGIBLE = 1e-6
"""Shares of a weight below this are dropped."""
_CLEARANCE = np.float32(0.007)
"""Metres between skin and cloth, where poses and shapes would press them together."""


@dataclass(frozen=True)
class Region:
    """The part of a body that a garment hangs on."""

    joints: tuple[str, ...]
    """SMPL's names."""
    bound: float
    """Vertices that have this share of their weights at the joints belong to it."""
    bottom: str
    """Joint at whose height it ends below."""
    top: str
    """Joint at whose height it ends above; empty for its highest vertex."""


@dataclass(frozen=True, eq=False)
class Garment:
    """A mesh in the T-pose of the neutral body."""

    name: str
    faces: Int32
    """(F, 3) counter-clockwise seen from outside."""
    vertices: Float32
    """(Vc, 3) metres."""
    controls: Float32
    """(K, 3) metres, points on the neutral body's skin."""
    region: Region
    box: Float
    """(2, 3) metres, lower and upper corner of the region of the neutral body."""
    closed: bool = False
    """Whether it encloses a solid."""


class Fitted:
    """A garment on one body.

    Args:
        garment: What is worn.
        body: Any body whose joints bear SMPL's names; texture coordinates are not needed.

    Raises:
        ValueError: The body has no skin where the garment hangs.
    """

    def __init__(self, garment: Garment, body: Body) -> None:
        self.garment = garment
        skin = _surface_map(_placed(garment, body), body, garment.region)
        self._used = np.unique(skin.indices)
        self._skin = RowLinear(skin[:, self._used].astype(np.float32))
        rest = np.asarray(body.v_template, np.float64)
        hung = _affine(garment.vertices, garment.controls) @ (skin @ rest)
        upright = body.normals(rest[None])[0]
        hung = lifted(hung, rest, upright)
        self._near = _nearest(hung, skin @ rest)[1].astype(np.int32)
        self._margins = _heights(hung, skin @ rest, skin @ upright, self._near[:, :1])
        self._shares = RowLinear(_affine(hung, skin @ rest).astype(np.float32))

    def vertices(self, body_vertices: Float32, body_normals: Float32) -> Float32:
        """Vertices (N, Vc, 3) of the garment on posed bodies, given their vertices and normals (N, V, 3)."""
        controls = _applied(self._skin, body_vertices[:, self._used])
        carried = _applied(self._shares, controls)
        if len(self.garment.region.joints) > 1:
            normals = _applied(self._skin, body_normals[:, self._used])
            _push_all(carried, controls, normals, self._near, self._margins)
        return carried

    def normals(self, vertices: Float32) -> Float32:
        """Area-weighted unit normals (N, Vc, 3) of its vertices (N, Vc, 3)."""
        return vertex_normals(vertices, self.garment.faces)


def _applied(linear: RowLinear, points: Float32) -> Float32:
    """A map (out, in) of the points (N, in, 3) of each person: (N, out, 3)."""
    n = len(points)
    flat = np.ascontiguousarray(points.transpose(1, 0, 2)).reshape(-1, 3 * n)
    return np.ascontiguousarray(linear.columns(flat).reshape(-1, n, 3).transpose(1, 0, 2))


def lifted(points: Float, skin: Float, normals: NDArray[Any]) -> Float:
    """Points (Vc, 3) pushed out of a skin with normals (both (S, 3)) to `_CLEARANCE`; the others stay."""
    near = np.asarray(KDTree(skin).query(points, k=[1])[1], np.int32)
    before, flat, upright = (np.ascontiguousarray(x[None], np.float32) for x in (points, skin, normals))
    pushed = before.copy()
    _push_all(pushed, flat, upright, near, np.full(len(points), _CLEARANCE))
    return np.where(pushed[0] == before[0], points, pushed[0])


def _heights(points: Float, controls: Float, normals: Float, nearest: Int32) -> Float32:
    """(P,) metres, at most `_CLEARANCE`, of points at rest above the planes of their controls."""
    arm = points - controls[nearest[:, 0]]
    height = (arm * normals[nearest[:, 0]]).sum(axis=1) - _ROUNDING
    return np.asarray(np.minimum(height, _CLEARANCE), np.float32)


@compiled
def _push_all(points: Float32, controls: Float32, normals: Float32, near: Int32, margins: Float32) -> None:
    """Push points (N, P, 3) out of the surface that control points and normals (N, K, 3) give, in place.

    `near` (P, C) are the control points among which a point looks for the nearest one, `margins` (P,) the
    heights above the plane of that one.
    """
    for row in range(points.shape[0]):
        for p in range(points.shape[1]):
            _push(points[row, p], controls[row], normals[row], near[p], margins[p])


@compiled
def _push(point: Float32, controls: Float32, normals: Float32, near: Int32, margin: np.float32) -> None:
    """Push one point (3,) to its margin above the plane of the nearest control point."""
    nearest, least = 0, np.float32(np.inf)
    x, y, z = point[0], point[1], point[2]
    for k in near:
        dx, dy, dz = x - controls[k, 0], y - controls[k, 1], z - controls[k, 2]
        square = dx * dx + dy * dy + dz * dz
        if square < least:
            nearest, least = k, square
    height = np.float32(0.0)
    for axis in range(3):
        height += normals[nearest, axis] * (point[axis] - controls[nearest, axis])
    if height < margin and least < _FAR * _FAR:
        for axis in range(3):
            point[axis] += (margin - height) * normals[nearest, axis]


@lru_cache(maxsize=1)
def load_garments() -> Mapping[str, Garment]:
    """The garments of the package by name.

    "skirt" from waist to knee; "bob" and "hair", to the jaw and over the shoulders, cover the scalp and leave
    the face free.
    """
    content = (resources.files("simulator") / "data" / "cloth.npz").read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = dict(archive)
    return MappingProxyType({str(name): _garment(str(name), arrays) for name in arrays["names"]})


def cloth_parts(owner: Literal["person", "other"] = "person") -> tuple[Part, ...]:
    """A part for every garment, in the order of `load_garments`: the same on every body."""
    return tuple(
        Part(name, garment.faces, len(garment.vertices), owner, closed=garment.closed)
        for name, garment in load_garments().items()
    )


def box_of(body: Body, region: Region) -> Float:
    """Lower and upper corner (2, 3) of a region at rest, metres.

    Raises:
        ValueError: The body has no vertex there.
    """
    joints = dict(zip(body.joint_names, body.joint_template, strict=True))
    points = np.asarray(body.v_template, np.float64)[region_rows(body, region)]
    points = points[points[:, 1] >= joints[region.bottom][1]]
    if region.top:
        points = points[points[:, 1] <= joints[region.top][1]]
    if len(points) == 0:
        raise ValueError(
            f"expected a body with vertices bound to {', '.join(region.joints)}, got none; wear no cloth mesh"
        )
    low, high = points.min(axis=0), points.max(axis=0)
    low[1] = joints[region.bottom][1]
    high[1] = joints[region.top][1] if region.top else high[1]
    return np.stack([low, high])


def _garment(name: str, arrays: dict[str, NDArray[Any]]) -> Garment:
    vertices, faces, controls, joints, bound, levels, box = (
        arrays[f"{name}.{key}"]
        for key in ("vertices", "faces", "controls", "joints", "bound", "levels", "box")
    )
    region = Region(tuple(joints.tolist()), float(bound), *levels.tolist())
    return Garment(name, faces, vertices, controls, region, box)


def region_rows(body: Body, region: Region) -> NDArray[np.bool_]:
    """(V,) vertices that belong to a region."""
    wanted = [body.joint_names.index(joint) for joint in region.joints]
    return np.asarray(body.weights[:, wanted].sum(axis=1) >= region.bound)


def _placed(garment: Garment, body: Body) -> Float:
    """The control points (K, 3), stretched with their region to the size of the body's."""
    box = box_of(body, garment.region)
    share = (garment.controls - garment.box[0]) / (garment.box[1] - garment.box[0])
    placed: Float = box[0] + share * (box[1] - box[0])
    return placed


def _surface_map(points: Float, body: Body, region: Region) -> sparse.csr_array[Any]:
    """(K, V) barycentric coordinates of the points (K, 3) of the region's surface next to `points`."""
    rows = region_rows(body, region)
    faces = body.faces[rows[body.faces].all(axis=1)]
    faces = faces if len(faces) else body.faces
    corners = np.asarray(body.v_template, np.float64)[faces]
    near = np.asarray(
        KDTree(corners.mean(axis=1)).query(points, k=list(range(1, min(12, len(faces)) + 1)))[1]
    )
    shares = nearest_shares(points[:, None], corners[near])
    gap = np.linalg.norm((shares[..., None] * corners[near]).sum(axis=2) - points[:, None], axis=2)
    best = gap.argmin(axis=1)
    one = np.arange(len(points))
    return _sparse(shares[one, best], faces[near[one, best]], len(body.v_template))


def _affine(vertices: NDArray[Any], controls: NDArray[Any]) -> sparse.csr_array[Any]:
    """(Vc, K) weights that sum to 1 and give each vertex from the control points about it, the smallest such.

    With kernel weights G and P = (1, x, y, z) of the control points, a vertex p has the weights
    G P' (P G P')^-1 (1, p).
    """
    vertices, controls = np.asarray(vertices, np.float64), np.asarray(controls, np.float64)
    distance, near = _nearest(vertices, controls)
    kernel = np.exp(-(((distance - distance[:, :1]) / _REACH) ** 2))
    local = np.concatenate([np.ones((*near.shape, 1)), controls[near] - vertices[:, None]], axis=2)
    gram = np.einsum("vk,vki,vkj->vij", kernel, local, local)
    gram += np.diag([0.0, _RIDGE, _RIDGE, _RIDGE])
    wanted = np.tile(np.eye(4)[:, :1], (len(vertices), 1, 1))
    weights = kernel * np.einsum("vki,vi->vk", local, np.linalg.solve(gram, wanted)[..., 0])
    return _sparse(weights, near, len(controls))


def _nearest(points: NDArray[Any], controls: NDArray[Any]) -> tuple[Float, NDArray[np.intp]]:
    """Distances and numbers (P, C) of the control points about each point, near ones first."""
    count = min(_NEIGHBOURS, len(controls))
    distance, near = KDTree(controls).query(points, k=list(range(1, count + 1)))
    return np.asarray(distance), np.asarray(near)


def _sparse(shares: Float, columns: NDArray[Any], width: int) -> sparse.csr_array[Any]:
    """Row i holds shares (R, C) in the columns (R, C); negligible ones are left out."""
    kept = np.abs(shares) > _NEGLIGIBLE
    rows = np.broadcast_to(np.arange(len(shares))[:, None], shares.shape)
    entries = (shares[kept], (rows[kept], columns[kept]))
    return sparse.csr_array(sparse.coo_array(entries, shape=(len(shares), width)))
