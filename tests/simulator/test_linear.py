import numpy as np
import pytest

from simulator.linear import RowLinear


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 2, 7, 16])
def test_a_row_has_the_same_bits_in_any_batch_and_place(kind, count):
    rng = np.random.default_rng(0)
    linear = RowLinear(rng.standard_normal((189, 256)).astype(kind))
    rows = rng.standard_normal((33, 256)).astype(kind)
    whole = linear(rows)
    for start in range(0, 33 - count + 1, 5):
        np.testing.assert_array_equal(linear(rows[start : start + count]), whole[start : start + count])
    np.testing.assert_array_equal(linear(rows[::-1]), whole[::-1])


def test_it_is_the_matrix_product():
    rng = np.random.default_rng(1)
    weight, rows = rng.standard_normal((5, 8)), rng.standard_normal((3, 8))
    weight[rng.random((5, 8)) < 0.5] = 0.0
    np.testing.assert_allclose(RowLinear(weight)(rows), rows @ weight.T, atol=1e-14)
    np.testing.assert_array_equal(RowLinear(weight).columns(rows.T), RowLinear(weight)(rows).T)


def test_the_precision_is_that_of_the_weight():
    assert RowLinear(np.eye(3, dtype=np.float32))(np.ones((2, 3))).dtype == np.float32


def test_no_rows_give_no_rows():
    assert RowLinear(np.eye(3))(np.empty((0, 3))).shape == (0, 3)


def test_entries_are_summed():
    linear = RowLinear.from_entries(np.array([0, 0, 1]), np.array([0, 2, 1]), (2, 3))
    np.testing.assert_array_equal(linear(np.array([[1.0, 10.0, 100.0]])), [[101.0, 10.0]])


def test_a_wrong_width_is_refused():
    with pytest.raises(ValueError, match=r"^expected x of shape \(N, 3\), got \(2, 4\)$"):
        RowLinear(np.eye(3))(np.ones((2, 4)))
