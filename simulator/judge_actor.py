"""Who plays the people of a scene before the judge: a body, its clothes, and what judges its visibility."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.body import Body, Float32
from simulator.camera import Float
from simulator.cloth import Fitted, load_garments
from simulator.judge_look import Dresser
from simulator.judge_place import Thing
from simulator.visibility import JointVisibility
from simulator.visible_share import VisibleShare

_LINING = np.float32(5e-4)
"""Metres between the two sides of a cloth."""
_FOLDS = 15


class Actor:
    """A body, and all that is made of it once.

    Args:
        body: An embedded body.
    """

    def __init__(self, body: Body) -> None:
        assert body.uv is not None
        self.body = body
        corners = np.stack([body.faces.ravel(), body.uv.ft.ravel()], axis=1)
        unique, place = np.unique(corners, axis=0, return_inverse=True)
        self._index, self._uv = unique[:, 0], body.uv.vt[unique[:, 1]]
        self._faces = place.reshape(-1, 3).astype(np.int32)

    def dressed(self, vertices: Float32, normals: Float32, rng: np.random.Generator) -> list[Thing]:
        """The meshes of a posed person, dressed at random; the first is the body and what it wears tightly.

        Args:
            vertices: (V, 3) metres, camera axes.
            normals: (V, 3) unit vectors, outward.
            rng: Draws the clothes.
        """
        dress = self._dresser.draw(rng)
        lifted = vertices + normals * dress.lift[:, None]
        smooth = self.body.normals(lifted[None])[0]
        skin = Thing(lifted[self._index], self._faces, self._uv, dress.pixels, normals=smooth[self._index])
        return [skin, *(self._hung(name, colour, lifted, smooth) for name, colour in dress.worn.items())]

    def _hung(self, name: str, colour: Float, vertices: Float32, normals: Float32) -> Thing:
        """A cloth mesh, with an inside where it is open."""
        fitted = self._garments[name]
        points = fitted.vertices(vertices[None], normals[None])
        out, faces = fitted.normals(points)[0], fitted.garment.faces
        around = np.arctan2(*fitted.garment.vertices[:, [0, 2]].T) / (2 * np.pi) * _FOLDS
        uv = np.column_stack([around, fitted.garment.vertices[:, 1]]).astype(np.float32)
        outside = Thing(points[0], faces, uv, _folds(colour), normals=out)
        return outside if fitted.garment.closed else _lined(outside, out)

    @cached_property
    def visibility(self) -> JointVisibility:
        """Tells which joints are visible."""
        return JointVisibility(self.body)

    @cached_property
    def share(self) -> VisibleShare:
        """Tells which share of each part is visible."""
        return VisibleShare(self.body)

    @cached_property
    def _dresser(self) -> Dresser:
        return Dresser(self.body)

    @cached_property
    def _garments(self) -> dict[str, Fitted]:
        return {name: Fitted(garment, self.body) for name, garment in load_garments().items()}


def _lined(thing: Thing, normals: Float32) -> Thing:
    """The mesh and its inside."""
    inner = thing.vertices - _LINING * normals
    return Thing(
        vertices=np.concatenate([thing.vertices, inner]),
        faces=np.concatenate([thing.faces, thing.faces[:, ::-1] + np.int32(len(inner))]),
        uv=np.tile(thing.uv, (2, 1)),
        pixels=thing.pixels,
        normals=np.concatenate([normals, -normals]),
    )


def _folds(colour: Float) -> NDArray[np.uint8]:
    """A texture (1, 64, 3) that is darker at one side of each period."""
    shade = 0.85 + 0.15 * np.cos(2 * np.pi * np.arange(64) / 64)
    return (shade[None, :, None] * colour).clip(4, 250).astype(np.uint8)
