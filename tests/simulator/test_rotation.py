import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from simulator import rotation


@pytest.fixture(scope="module")
def rotvecs():
    vectors = np.random.default_rng(0).normal(size=(200, 21, 3)) * 1.3
    vectors[0] = 0.0
    vectors[1] *= 1e-9
    vectors[2] *= np.pi / np.linalg.norm(vectors[2], axis=-1, keepdims=True)
    return vectors


def matrices(rotvecs):
    return Rotation.from_rotvec(rotvecs.reshape(-1, 3)).as_matrix().reshape(*rotvecs.shape[:-1], 3, 3)


def test_matrices_agree_with_scipy(rotvecs):
    np.testing.assert_allclose(rotation.matrix_from_axis_angle(rotvecs), matrices(rotvecs), atol=1e-14)


def test_axis_angle_comes_back_from_matrices(rotvecs):
    back = rotation.axis_angle_from_matrix(matrices(rotvecs))
    np.testing.assert_allclose(rotation.matrix_from_axis_angle(back), matrices(rotvecs), atol=1e-13)
    assert rotation.norm(back).max() <= np.pi + 1e-12


def test_half_turns_keep_their_precision():
    axes = np.random.default_rng(1).normal(size=(50, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    for short in (0.0, 1e-10, 1e-6):
        back = rotation.axis_angle_from_matrix(matrices(axes * (np.pi - short)))
        np.testing.assert_allclose(rotation.norm(back), np.pi - short, atol=1e-9)


def test_angles_far_beyond_a_turn_are_wrapped():
    back = rotation.axis_angle_from_matrix(rotation.matrix_from_axis_angle(np.array([[0.0, 7.0, 0.0]])))
    np.testing.assert_allclose(back, [[0.0, 7.0 - 2.0 * np.pi, 0.0]], atol=1e-12)


def test_rot6d_holds_the_first_two_columns_row_by_row(rotvecs):
    matrix = matrices(rotvecs)
    six = rotation.rot6d_from_matrix(matrix)
    np.testing.assert_array_equal(six[..., 0::2], matrix[..., 0])
    np.testing.assert_array_equal(six[..., 1::2], matrix[..., 1])
    np.testing.assert_allclose(rotation.matrix_from_rot6d(six), matrix, atol=1e-14)


def test_any_six_numbers_become_a_rotation():
    matrix = rotation.matrix_from_rot6d(np.random.default_rng(2).normal(size=(100, 6)) * 5.0)
    np.testing.assert_allclose(
        matrix @ matrix.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (100, 3, 3)), atol=1e-12
    )
    np.testing.assert_allclose(np.linalg.det(matrix), 1.0)


def test_quaternion_product_turns_by_the_second_first(rotvecs):
    first, second = rotvecs[5:50, 0], rotvecs[5:50, 1]
    product = rotation.multiply_quaternions(
        rotation.quaternion_from_axis_angle(first), rotation.quaternion_from_axis_angle(second)
    )
    np.testing.assert_allclose(
        rotation.matrix_from_quaternion(product), matrices(first) @ matrices(second), atol=1e-13
    )


def test_angle_between_is_the_geodesic_distance(rotvecs):
    first, second = rotvecs[:, 0], rotvecs[:, 1]
    wanted = (Rotation.from_rotvec(first).inv() * Rotation.from_rotvec(second)).magnitude()
    np.testing.assert_allclose(rotation.angle_between(first, second), wanted, atol=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        rotation.matrix_from_axis_angle,
        lambda v: rotation.axis_angle_from_matrix(rotation.matrix_from_axis_angle(v)),
        lambda v: rotation.matrix_from_rot6d(np.concatenate([v, v[..., ::-1] * 2.0], axis=-1)),
        lambda v: rotation.angle_between(v, v[..., ::-1]),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 16])
def test_a_row_does_not_depend_on_its_batch(rotvecs, function, size):
    whole = function(rotvecs)
    parts = [function(rotvecs[i : i + size]) for i in range(0, len(rotvecs), size)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
