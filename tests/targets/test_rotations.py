"""Axis-angle vectors and matrices, both ways, near zero and half a turn too."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from targets.rotations import axis_angle_from_matrix, matrix_from_axis_angle

VECTORS = np.random.default_rng(0).normal(0, 1.2, (200, 3))
UNIT = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)


def test_matrices_are_scipys():
    np.testing.assert_allclose(
        matrix_from_axis_angle(VECTORS), Rotation.from_rotvec(VECTORS).as_matrix(), atol=1e-12
    )


def test_tiny_turns_keep_their_angle():
    tiny = UNIT * 1e-10
    np.testing.assert_allclose(axis_angle_from_matrix(matrix_from_axis_angle(tiny)), tiny, atol=1e-15)
    np.testing.assert_array_equal(matrix_from_axis_angle(np.zeros((1, 3))), np.eye(3)[None])


def test_there_and_back_up_to_half_a_turn():
    for angle in (0.3, 2.0, np.pi - 1e-9):
        vectors = UNIT * angle
        np.testing.assert_allclose(
            axis_angle_from_matrix(matrix_from_axis_angle(vectors)), vectors, atol=1e-8
        )


def test_any_leading_axes_and_the_same_bits_alone():
    whole = axis_angle_from_matrix(matrix_from_axis_angle(VECTORS.reshape(10, 20, 3)))
    alone = axis_angle_from_matrix(matrix_from_axis_angle(VECTORS[21:22]))
    np.testing.assert_array_equal(whole.reshape(200, 3)[21:22], alone)
