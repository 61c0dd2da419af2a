"""Wearing cloth meshes: which garments an outfit has, where they hang on posed bodies, and their paint."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.body import Body, Float32
from simulator.camera import Float
from simulator.cloth import Fitted, Garment, load_garments
from simulator.drawing import Surface

_FOLDS, _FOLD_DEPTH = 15, 0.10
"""Folds round a skirt, and how much darker their bottoms are."""

_STRANDS, _STRAND_DEPTH = 61, 0.25
"""Strands of hair round a head, and how much darker it is between them."""


class Wearing:
    """The garments of one body.

    A body without the joints that a garment hangs on wears no cloth mesh.

    Args:
        body: Who wears them.
    """

    def __init__(self, body: Body) -> None:
        garments = load_garments()
        self._fitted = {name: Fitted(g, body) for name, g in garments.items() if _can_wear(body, g)}
        self._shades = {name: _shade(garment) for name, garment in garments.items()}

    def surfaces(
        self, worn: Mapping[str, Float], vertices: Float32, normals: Float32
    ) -> tuple[Surface | None, ...]:
        """One surface or None for each of `cloth_parts()`, on one posed body.

        Args:
            worn: Linear RGB (3,) of each garment that is worn.
            vertices: (V, 3) metres, camera axes.
            normals: (V, 3) unit vectors, outward.
        """
        return tuple(self._surface(name, worn, vertices, normals) for name in load_garments())

    def _surface(
        self, name: str, worn: Mapping[str, Float], vertices: Float32, normals: Float32
    ) -> Surface | None:
        if name not in worn or name not in self._fitted:
            return None
        fitted = self._fitted[name]
        points = fitted.vertices(vertices[None], normals[None])
        paint = self._shades[name][:, None] * np.asarray(worn[name], np.float32)
        return Surface(points[0], fitted.normals(points)[0], paint)


def _can_wear(body: Body, garment: Garment) -> bool:
    region = garment.region
    named = {*region.joints, region.bottom, *([region.top] if region.top else [])}
    if not named <= set(body.joint_names):
        return False
    wanted = [body.joint_names.index(joint) for joint in region.joints]
    return int((body.weights[:, wanted].sum(axis=1) >= region.bound).sum()) > len(wanted) * 50


def _shade(garment: Garment) -> Float32:
    """(Vc,) how bright each vertex is: folds of a skirt that open downwards, strands of hair."""
    x, y, z = np.asarray(garment.vertices, np.float64).T
    angle = np.arctan2(x - x.mean(), z - z.mean())
    if garment.name == "skirt":
        down = (y.max() - y) / (y.max() - y.min())
        return np.asarray(1.0 - _FOLD_DEPTH * down * (0.5 - 0.5 * np.cos(_FOLDS * angle)), np.float32)
    strands = 0.5 + 0.25 * np.cos(_STRANDS * angle) + 0.25 * np.cos(23.0 * angle + 40.0 * y)
    return np.asarray(1.0 - _STRAND_DEPTH * strands, np.float32)
