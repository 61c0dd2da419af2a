"""Axis-angle vectors and matrices, both ways, near zero and half a turn too; six numbers and nearest rotations."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from targets.rotations import (
    Order,
    axis_angle_from_matrix,
    distance_from_rotation,
    matrix_from_axis_angle,
    matrix_from_rot6d,
    nearest_rotation,
)

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


def six(matrices: NDArray[np.float64], order: Order) -> NDArray[np.float64]:
    if order == "interleaved":
        return matrices[..., :2].reshape(-1, 6)
    two = matrices[..., :2, :] if order == "rows" else matrices[..., :2].swapaxes(-1, -2)
    return two.reshape(-1, 6)


@pytest.mark.parametrize("order", get_args(Order))
def test_six_numbers_of_any_length_give_the_matrix_back(order: Order) -> None:
    matrices = Rotation.from_rotvec(VECTORS).as_matrix()
    numbers = six(matrices, order)
    np.testing.assert_allclose(matrix_from_rot6d(numbers, order), matrices, atol=1e-12)
    np.testing.assert_allclose(matrix_from_rot6d(3.5 * numbers, order), matrices, atol=1e-12)


def test_orders_of_six_numbers_are_told_apart() -> None:
    matrix = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    numbers = np.array([0.0, 1, 0, -1, 0, 0])
    np.testing.assert_allclose(matrix_from_rot6d(numbers, "columns"), matrix, atol=1e-12)
    np.testing.assert_allclose(matrix_from_rot6d(numbers, "rows"), matrix.T, atol=1e-12)
    assert abs(matrix_from_rot6d(numbers, "interleaved") - matrix).max() > 0.5


def test_any_six_numbers_give_a_rotation_and_what_is_wrong_is_said() -> None:
    numbers = np.random.default_rng(1).normal(size=(300, 6))
    assert distance_from_rotation(matrix_from_rot6d(numbers, "columns")).max() < 1e-9
    with pytest.raises(ValueError, match=r"^expected rot6d \(\.\.\., 6\), got \(300, 5\)$"):
        matrix_from_rot6d(numbers[:, :5], "columns")
    with pytest.raises(
        ValueError, match=r"^expected an order out of interleaved, columns, rows, got 'zhou'$"
    ):
        matrix_from_rot6d(numbers, "zhou")  # type: ignore[arg-type]


def test_the_nearest_rotation_undoes_noise_scale_and_mirrors() -> None:
    rng = np.random.default_rng(2)
    matrices = Rotation.from_rotvec(VECTORS).as_matrix()
    np.testing.assert_allclose(nearest_rotation(2.0 * matrices), matrices, atol=1e-12)
    noisy = matrices + rng.normal(0, 0.05, matrices.shape)
    near = nearest_rotation(noisy)
    assert distance_from_rotation(near).max() < 1e-12
    assert (
        np.linalg.norm(near - noisy, axis=(1, 2)) <= np.linalg.norm(matrices - noisy, axis=(1, 2)) + 1e-12
    ).all()
    assert distance_from_rotation(nearest_rotation(-matrices)).max() < 1e-12
    np.testing.assert_array_equal(nearest_rotation(noisy)[7:8], nearest_rotation(noisy[7:8]))


def test_nan_stays_with_its_rotation() -> None:
    matrices = Rotation.from_rotvec(VECTORS[:3]).as_matrix()
    matrices[1, 0, 0] = np.nan
    near = nearest_rotation(matrices)
    assert np.isnan(near[1]).all()
    assert np.isfinite(axis_angle_from_matrix(near)[[0, 2]]).all()


def test_what_is_no_rotation_is_far_from_one() -> None:
    matrices = Rotation.from_rotvec(VECTORS).as_matrix()
    assert distance_from_rotation(matrices).max() < 1e-12
    assert distance_from_rotation(np.zeros((3, 3))) == 1.0
    assert (distance_from_rotation(matrices * [1.0, 1.0, -1.0]) >= 2.0).all()
