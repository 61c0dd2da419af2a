import numpy as np

from agents.error_model import CAP, ErrorModel, choose


def smooth(points):
    return 100 + 30 * np.sin(points[:, 0]) + 20 * points[:, 1]


def test_predicts_what_it_has_not_seen():
    rng = np.random.default_rng(0)
    points, fresh = rng.normal(size=(300, 8)), rng.normal(size=(200, 8))
    model = ErrorModel(points, smooth(points), *choose(points, smooth(points)))
    assert np.corrcoef(model(fresh), smooth(fresh))[0, 1] > 0.9


def test_choice_is_the_smallest_leave_one_out_error():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(60, 4))
    error = smooth(points) + rng.normal(size=60)

    def left_out(length, ridge):
        wrong = 0.0
        for i in range(60):
            keep = np.arange(60) != i
            shifted = error - error.mean()
            kernel = ErrorModel(points[keep], shifted[keep] - shifted[keep].mean(), length, ridge)
            wrong += (kernel(points[i : i + 1])[0] - shifted[i]) ** 2
        return wrong

    best = min(
        ((length, ridge) for length in (0.7, 1.0, 1.5) for ridge in (0.03, 0.1, 0.3)),
        key=lambda c: left_out(*c),
    )
    assert left_out(*choose(points, error)) <= 1.05 * left_out(*best)


def test_far_away_it_predicts_the_mean():
    points = np.random.default_rng(2).normal(size=(50, 3))
    model = ErrorModel(points, smooth(points), 1.0, 0.1)
    assert np.isclose(model(np.full((1, 3), 100.0))[0], smooth(points).mean())


def test_large_pools_are_cut_to_the_worst_and_the_latest():
    points = np.random.default_rng(3).normal(size=(3 * CAP, 2))
    error = smooth(points)
    model = ErrorModel(points, error, 1.0, 0.1)
    worst = points[np.argsort(-error)[:20]]
    assert np.abs(model(worst) - smooth(worst)).max() < 10
    assert np.abs(model(points[-20:]) - error[-20:]).max() < 10
