"""Skinning and normals, compiled."""

import numpy as np
import pytest

from simulator.skinning import Skinning, SparseRows, vertex_normals


@pytest.mark.parametrize("weights_a_vertex", [0, 1, 2, 3, 4, 9])
def test_skinning_is_the_textbook_s_for_any_number_of_weights(weights_a_vertex):
    rng = np.random.default_rng(weights_a_vertex)
    template, directions = rng.standard_normal((40, 3)), rng.standard_normal((40, 3, 21))
    directions *= rng.random((40, 1, 21)) < 0.4
    weights = np.zeros((40, 9))
    for row in weights:
        row[rng.permutation(9)[:weights_a_vertex]] = rng.dirichlet(np.ones(weights_a_vertex))
    coefficients, moves = rng.standard_normal((5, 21)), rng.standard_normal((5, 9, 3, 4))
    points = template + np.einsum("vck,nk->nvc", directions, coefficients)
    blended = np.einsum("vj,njab->nvab", weights, moves)
    expected = np.einsum("nvab,nvb->nva", blended[..., :3], points) + blended[..., 3]
    skinning = Skinning(*(x.astype(np.float32) for x in (template, directions, weights)))
    np.testing.assert_allclose(skinning(coefficients, moves), expected, atol=1e-4)


def test_rows_are_filled_up_with_zeros_and_never_empty():
    rows = SparseRows.of(
        np.array([[0.0, 5.0, 6.0, 7.0], [0.0] * 4, [8.0, 0.0, 0.0, 9.0]], np.float32), step=2
    )
    np.testing.assert_array_equal(rows.start, [0, 4, 6, 8])
    np.testing.assert_array_equal(rows.value, [5, 6, 7, 0, 0, 0, 8, 9])
    np.testing.assert_array_equal(rows.column, [1, 2, 3, 0, 0, 0, 0, 3])


def test_normals_of_a_cube_point_out_of_its_corners():
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = np.array([f for a, b, c, d in quads for f in ((a, b, c), (a, c, d))], np.int32)
    normals = vertex_normals(corners[None], faces)[0]
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-6)
    assert ((normals * corners).sum(axis=1) > 1.2).all()


def test_a_vertex_without_a_face_has_no_normal():
    points, faces = np.eye(4, 3)[None], np.array([[0, 1, 2]], np.int32)
    np.testing.assert_array_equal(vertex_normals(points, faces)[0, 3], 0.0)
