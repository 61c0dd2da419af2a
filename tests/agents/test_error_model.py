import numpy as np

from agents.error_model import ErrorModel


def smooth(points):
    return 100 + 30 * np.sin(points[:, 0]) + 20 * points[:, 1]


def test_predicts_what_it_has_not_seen():
    rng = np.random.default_rng(0)
    points, fresh = rng.normal(size=(300, 8)), rng.normal(size=(200, 8))
    model = ErrorModel(points, smooth(points))
    assert np.corrcoef(model(fresh), smooth(fresh))[0, 1] > 0.9


def test_far_away_it_predicts_the_mean():
    points = np.random.default_rng(2).normal(size=(50, 3))
    model = ErrorModel(points, smooth(points))
    assert np.isclose(model(np.full((1, 3), 100.0))[0], smooth(points).mean())


def test_noise_is_smoothed_away():
    rng = np.random.default_rng(3)
    points = rng.normal(size=(400, 2))
    noisy = smooth(points) + 10 * rng.standard_normal(400)
    wrong = ErrorModel(points, noisy)(points) - smooth(points)
    assert np.abs(wrong).mean() < 0.5 * np.abs(noisy - smooth(points)).mean()
