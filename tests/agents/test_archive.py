import numpy as np

from agents.archive import MOST_POOL, MOST_REFUSED, Archive
from agents.places import cube_distance, places_of

DIM = 3


def archive_of(units, error):
    archive = Archive(DIM, cube_distance, apart=1.0)
    drawn = np.ones(len(units), dtype=bool)
    archive.add(units, places_of(units), error, np.zeros(len(units), dtype=np.intp), drawn)
    return archive


def test_unfair_candidates_lower_what_the_model_says_of_their_surroundings():
    rng = np.random.default_rng(0)
    units = rng.random((200, DIM)) * [0.5, 1, 1]
    archive = archive_of(units, 100 * units[:, 0])
    beyond = places_of(np.array([[0.7, 0.5, 0.5]]))
    before = archive.model(beyond[0], 256, np.arange(200))(beyond)[0]
    archive.refuse(rng.random((60, DIM)) * [0.5, 1, 1] + [0.5, 0, 0])
    after = archive.model(beyond[0], 256, np.arange(200))(beyond)[0]
    assert before > 45
    assert after < before - 10


def test_only_the_latest_unfair_candidates_are_remembered():
    archive = archive_of(np.empty((0, DIM)), np.empty(0))
    for step in range(4):
        archive.refuse(np.full((MOST_REFUSED // 2, DIM), step / 4))
    assert len(archive.refused) == MOST_REFUSED
    assert archive.refused.min() == 0.5


def test_overview_knows_the_worst_and_the_latest():
    rng = np.random.default_rng(1)
    units = rng.random((3 * MOST_POOL, DIM)) * 0.4
    error = np.zeros(len(units))
    units[0], error[0] = 0.9, 300.0
    units[-50:], error[-50:] = rng.random((50, DIM)) * 0.1 + [0.9, 0, 0], -80.0
    said = archive_of(units, error).overview()(places_of(np.array([[0.9, 0.9, 0.9], [0.95, 0.05, 0.05]])))
    assert said[0] > 150
    assert said[1] < -40


def test_worst_free_passes_over_what_is_taken_or_held():
    units = np.array([[0.1, 0.1, 0.1], [0.5, 0.5, 0.5], [0.9, 0.9, 0.9]])
    archive = archive_of(units, np.array([30.0, 20.0, 10.0]))
    archive.take(units[0])
    assert archive.worst_free(np.arange(3), np.empty((0, DIM))) == 1
    assert archive.worst_free(np.arange(3), units[1:2]) == 2
    assert archive.worst_free(np.arange(3), units[1:]) is None
