from __future__ import annotations

import numpy as np

from simulator.silhouette import boxes_round, depth_to_the_edge


def test_a_pixel_has_a_box_of_one_pixel() -> None:
    mask = np.zeros((2, 8, 10), np.bool_)
    mask[0, 3, 7] = mask[1, 0, 0] = mask[1, 7, 9] = True
    np.testing.assert_array_equal(boxes_round(mask, np.zeros((2, 2))), [[7, 3, 8, 4], [0, 0, 10, 8]])


def test_an_empty_mask_has_the_whole_picture() -> None:
    np.testing.assert_array_equal(
        boxes_round(np.zeros((1, 8, 10), np.bool_), np.array([[1.0, 2.0]])), [[1, 2, 11, 10]]
    )


def test_depth_reaches_the_edge_of_the_mask_and_no_further() -> None:
    depth = np.zeros((1, 5, 7), np.float32)
    depth[0, 2, 3], depth[0, 2, 4] = 2.0, 3.0
    mask = np.zeros((1, 5, 7), np.bool_)
    mask[0, 2, 1:6] = True
    filled = depth_to_the_edge(depth, mask, np.array([9.0]))
    np.testing.assert_array_equal(filled[0, 2], [0, 2, 2, 2, 3, 3, 0])
    assert not filled[0, [0, 1, 3, 4]].any()


def test_a_speck_without_any_depth_gets_the_fallback_of_its_row() -> None:
    mask = np.zeros((2, 4, 4), np.bool_)
    mask[1, 0, 3] = True
    filled = depth_to_the_edge(np.zeros((2, 4, 4), np.float32), mask, np.array([5.0, 6.0]))
    assert filled.dtype == np.float32
    assert filled[1, 0, 3] == 6.0
    assert filled.sum() == 6.0
