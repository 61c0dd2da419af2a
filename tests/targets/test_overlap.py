"""How much boxes have in common."""

import numpy as np
import pytest

from targets.overlap import boxes_of, overlap

RNG = np.random.default_rng(2)


def some(count=50):
    return boxes_of(RNG.uniform(0, 100, (count, 5, 2)))


def test_by_hand():
    one = np.array([[0.0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 10, 10], [5, 5, 5, 5]])
    other = np.array([[5.0, 0, 15, 10], [20, 20, 30, 30], [0, 0, 10, 10], [5, 5, 5, 5]])
    assert overlap(one, other) == pytest.approx([1 / 3, 0, 1, 0])


def test_it_is_symmetric_and_a_share():
    one, other = some(), some()
    shares = overlap(one, other)
    assert np.array_equal(shares, overlap(other, one))
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (overlap(one, one) == 1).all()


def test_many_with_one_are_as_row_by_row():
    boxes = some()
    assert np.array_equal(overlap(boxes, boxes[3]), overlap(boxes, np.tile(boxes[3], (len(boxes), 1))))


def test_the_box_round_points_touches_the_outermost():
    points = np.array([[[3.0, 4], [1, 9], [2, 5]]])
    assert boxes_of(points).tolist() == [[1, 4, 3, 9]]
