from dataclasses import replace

import numpy as np
import pytest

from examiner.confidence import auroc, confidence_of


@pytest.fixture(scope="module")
def outcomes(planted):
    rig = planted()
    scene = rig.space.decode(np.random.default_rng(3).random((200, rig.space.dim)))
    return rig.evaluator(scene)


def test_auroc_by_hand():
    assert auroc(np.array([3.0, 2.0, 1.0, 0.0]), np.array([True, True, False, False])) == 1
    assert auroc(np.array([0.0, 1.0, 2.0, 3.0]), np.array([True, False, True, False])) == pytest.approx(0.25)
    assert auroc(np.zeros(6), np.arange(6) < 2) == 0.5


def test_a_target_that_doubts_its_failures_is_told_apart_from_one_that_does_not(outcomes):
    failed = outcomes.failures(100.0)
    rng = np.random.default_rng(0)
    doubting = replace(outcomes, confidence=np.where(failed, 0.2, 0.9) + 0.01 * rng.random(200))
    told = confidence_of([doubting], 100.0)
    assert told.auroc == 1
    assert told.usual == pytest.approx(0.9, abs=0.01)
    usable = outcomes.fair & outcomes.found & outcomes.valid
    assert (told.failures, told.people) == (failed.sum(), usable.sum())
    blind = confidence_of([replace(outcomes, confidence=rng.random(200))], 100.0)
    assert blind.auroc == pytest.approx(0.5, abs=0.2)


def test_searches_count_together(outcomes):
    told = confidence_of([replace(outcomes, confidence=np.linspace(0, 1, 200))] * 2, 100.0)
    assert (
        told.people == 2 * confidence_of([replace(outcomes, confidence=np.linspace(0, 1, 200))], 100.0).people
    )


def test_nothing_is_said_without_confidence_or_without_failures(outcomes):
    assert confidence_of([replace(outcomes, confidence=np.full(200, np.nan))], 100.0) is None
    assert confidence_of([replace(outcomes, confidence=np.ones(200))], 1e6) is None
