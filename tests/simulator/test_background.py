from __future__ import annotations

import numpy as np
import pytest

from simulator import background


def test_is_a_pure_function_of_seed_and_size() -> None:
    first = [background.draw(seed, 64) for seed in range(12)]
    again = [background.draw(seed, 64) for seed in reversed(range(12))][::-1]
    np.testing.assert_array_equal(first, again)
    assert len({picture.tobytes() for picture in first}) == 12


@pytest.mark.parametrize("size", [32, 256])
def test_gives_pictures_of_the_size(size: int) -> None:
    for seed in (0, 1, 10**12):
        picture = background.draw(seed, size)
        assert picture.shape == (size, size, 3)
        assert picture.dtype == np.uint8


def test_the_default_is_a_soft_grey() -> None:
    picture = background.draw(0, 256).astype(int)
    assert 120 < picture.min() <= picture.max() < 170
    assert np.ptp(picture, axis=-1).max() < 8
    assert np.abs(np.diff(picture, axis=0)).max() <= 1


def test_some_are_plain_and_some_are_not() -> None:
    spread = np.array([background.draw(seed, 64).std(axis=(0, 1)).max() for seed in range(1, 81)])
    plain = spread == 0.0
    assert 0.1 < plain.mean() < 0.4
    assert (spread > 20).mean() > 0.3


def test_brightness_varies_over_the_range() -> None:
    means = np.array([background.draw(seed, 64).mean() for seed in range(80)])
    assert means.min() < 80
    assert means.max() > 180
