from dataclasses import replace

import numpy as np
import pytest

from examiner.distinct import signature
from examiner.diversity import chao1, count_at, diversity, found_again, vendi
from simulator import ParameterSpace, ViewFactor, orientation


@pytest.fixture(scope="module")
def people(body):
    """Four people in one pose, seen from 0, 5, 60 and 120 degrees."""
    scene = ParameterSpace([ViewFactor()], body, 64).default(4)
    view = np.array([[0.0, 0, 0], [5, 0, 0], [60, 0, 0], [120, 0, 0]])
    pose = np.tile(0.3 * np.random.default_rng(0).standard_normal(63), (4, 1))
    return signature(body, replace(scene, body_pose=pose, global_orient=orientation(view)))


def test_counts_at_three_distances_and_an_effective_number(people):
    told = diversity(people)
    assert told.counts == (3, 3, 2)
    assert 2 < told.effective < 3.5


def test_vendi_of_copies_is_one_and_of_strangers_their_number():
    assert vendi(np.zeros((5, 5))) == pytest.approx(1)
    assert vendi(100 * (1 - np.eye(5))) == pytest.approx(5)
    assert vendi(np.empty((0, 0))) == 0


def test_vendi_of_two_by_hand():
    similar = np.exp(-0.25)
    shares = np.array([(1 + similar) / 2, (1 - similar) / 2])
    assert vendi(np.array([[0, 0.5], [0.5, 0]])) == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))


def test_clusters_are_counted_from_nobody_on():
    assert [count_at(np.zeros((n, n)), 1.0) for n in range(3)] == [0, 1, 1]
    assert count_at(3 * (1 - np.eye(4)), 1.0) == 4


def test_what_is_found_again_is_near(people):
    assert found_again(people, people.rows(slice(0, 1))).tolist() == [True, True, False, False]
    assert found_again(people, people.rows(slice(0, 0))).tolist() == [False] * 4


def test_chao1_by_hand():
    assert chao1(np.array([1, 1, 1, 2, 5])) == pytest.approx(5 + 3 * 2 / (2 * 2))
    assert chao1(np.array([4, 4, 4])) == 3
    assert chao1(np.array([], dtype=np.intp)) == 0


def test_chao1_tells_how_many_are_unseen():
    rng = np.random.default_rng(0)
    told = []
    for _ in range(200):
        met = np.bincount(rng.integers(0, 40, 60), minlength=40)
        told.append(chao1(met[met > 0]))
    assert np.mean(told) == pytest.approx(40, abs=3)
