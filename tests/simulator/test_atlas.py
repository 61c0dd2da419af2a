from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.atlas import Atlas, texel_coordinates
from simulator.body import UV, Body
from simulator.body_files import load_body
from simulator.camera import Float
from simulator.clothing import wardrobe
from simulator.drawing import Texture
from simulator.wardrobe import Wardrobe

SIZE = 256


@pytest.fixture(scope="module")
def body() -> Body:
    return load_body("neutral")


@pytest.fixture(scope="module")
def atlas(body: Body) -> Atlas:
    return Atlas(body, SIZE)


def sample(pixels: NDArray[np.uint8], uv: UV, places: NDArray[np.float32]) -> Float:
    """Bilinear colours of texture coordinates (K, 2)."""
    size = len(pixels)
    x, y = np.stack([places[:, 0], 1 - places[:, 1]]).astype(np.float64) * size - 0.5
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    total = np.zeros((len(places), 3))
    for right in (0, 1):
        for down in (0, 1):
            share = np.abs(1 - right - (x - column)) * np.abs(1 - down - (y - row))
            taken = pixels[(row + down).clip(0, size - 1), (column + right).clip(0, size - 1)]
            total += share[:, None] * taken
    return total


def seam(body: Body) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Texture coordinates (K, 2) of the middles of all edges on a seam, on its two sides."""
    assert body.uv is not None
    corners = np.array([[0, 1], [1, 2], [2, 0]])
    edges = body.faces[:, corners].reshape(-1, 2)
    places = body.uv.vt[body.uv.ft[:, corners].reshape(-1, 2)].mean(axis=1)
    order = np.lexsort(np.sort(edges, axis=1).T)
    edges, places = np.sort(edges, axis=1)[order], places[order]
    twins = np.flatnonzero((edges[1:] == edges[:-1]).all(axis=1))
    apart = np.linalg.norm(places[twins] - places[twins + 1], axis=1) > 1e-4
    return places[twins[apart]], places[twins[apart] + 1]


def test_every_texel_of_a_face_lies_on_that_face(body: Body, atlas: Atlas) -> None:
    """At texture coordinates, the T-pose position read from the atlas is the one on the body."""
    assert body.uv is not None
    rng = np.random.default_rng(0)
    face = rng.integers(len(body.faces), size=500)
    shares = rng.dirichlet((1, 1, 1), 500)
    texels = np.rint((shares[:, :, None] * texel_coordinates(body.uv, SIZE)[face]).sum(axis=1)).astype(int)
    points = atlas.canvas.points[atlas.point[texels[:, 1], texels[:, 0]]]
    wanted = (shares[:, :, None] * body.v_template[body.faces[face]]).sum(axis=1)
    distance = np.linalg.norm(points - wanted, axis=1)
    assert np.median(distance) < 0.004
    assert np.quantile(distance, 0.95) < 0.015


def test_points_never_leave_the_body_by_more_than_a_texel(body: Body, atlas: Atlas) -> None:
    assert (atlas.canvas.points > body.v_template.min(axis=0) - 0.02).all()
    assert (atlas.canvas.points < body.v_template.max(axis=0) + 0.02).all()
    assert np.isfinite(atlas.canvas.points).all()
    assert atlas.canvas.spacing.min() > 0.001
    assert atlas.canvas.spacing.max() < 0.04
    assert 0.006 < np.median(atlas.canvas.spacing) < 0.012


@pytest.mark.parametrize(("level", "typical", "worst"), [(0, 2.0, 24.0), (1, 4.0, 40.0)])
def test_both_sides_of_a_seam_have_the_same_colour(
    body: Body, level: int, typical: float, worst: float
) -> None:
    assert body.uv is not None
    one, other = seam(body)
    assert len(one) > 300
    dresser = Wardrobe(body, SIZE)
    for row in wardrobe()[:6]:
        paint = dresser.paint(row)
        assert isinstance(paint, Texture)
        difference = np.abs(
            sample(paint.mips[level], body.uv, one) - sample(paint.mips[level], body.uv, other)
        ).max(axis=1)
        assert np.median(difference) < typical
        assert np.quantile(difference, 0.95) < worst


def test_no_texel_is_left_unpainted(atlas: Atlas) -> None:
    numbered = np.arange(len(atlas.canvas), dtype=np.int64)
    assert set(np.unique(atlas.point)) == set(numbered)
    red = np.tile(np.array([[200, 10, 10]], np.uint8), (len(atlas.canvas), 1))
    texture = atlas.texture(red)
    assert texture.pixels.shape == (SIZE, SIZE, 3)
    assert (texture.pixels == [200, 10, 10]).all()


@pytest.mark.parametrize("size", [0, 100, -4])
def test_sizes_that_cannot_be_halved_are_refused(body: Body, size: int) -> None:
    with pytest.raises(
        ValueError, match=rf"expected a texture size that is a power of two, got {size}; take 256"
    ):
        Atlas(body, size)
