import numpy as np
import pytest

from examiner.features import Feature, Features
from examiner.rules import Condition, Crowd, Rule, Tally, halves, mine, quality, rule_of, score, tally

NAMES = tuple(Feature(f"angle {i}", "degree") for i in range(6))


def people(count, seed, rate=0.8, base=0.02):
    """Features (count, 6) in 0..100, and who fails: most with the first above 60 and the third below 40."""
    rng = np.random.default_rng(seed)
    values = 100 * rng.random((count, 6))
    planted = (values[:, 0] > 60) & (values[:, 2] < 40)
    return values, rng.random(count) < np.where(planted, rate, base)


CENTRE = np.array([80.0, 50.0, 20.0, 50.0, 50.0, 50.0])


def test_the_planted_rule_is_found():
    rule = mine(*people(3000, 0), CENTRE)
    ranges = {c.feature: (c.low, c.high) for c in rule.conditions}
    assert set(ranges) == {0, 2}
    assert ranges[0][0] == pytest.approx(60, abs=4)
    assert ranges[2][1] == pytest.approx(40, abs=4)
    assert ranges[0][1] == np.inf
    assert ranges[2][0] == -np.inf


def crowd(values, failed):
    return Crowd(Features(NAMES, values), failed)


def test_the_rule_holds_for_its_person_wherever_that_is():
    values, failed = people(2000, 1)
    for centre in (np.full(6, 50.0), CENTRE, np.array([10.0, 90, 90, 10, 10, 90])):
        rule = mine(values, failed, centre)
        assert rule is None or rule.holds(centre[None])[0]


def test_no_rule_comes_of_chance_alone_that_survives_the_other_half():
    lifts = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        values, failed = 100 * rng.random((1000, 6)), rng.random(1000) < 0.1
        found = rule_of(crowd(values, failed), halves(1000, rng)[0], crowd(values, failed), values[0])
        lifts.append(1.0 if found is None else found.lift)
    assert np.mean(lifts) == pytest.approx(1.0, abs=0.25)


def test_intervals_cover_the_true_rate():
    covered = []
    for seed in range(60):
        values, failed = people(600, seed)
        found = rule_of(
            crowd(values, failed), halves(600, np.random.default_rng(seed))[0], crowd(values, failed), CENTRE
        )
        fresh, failing = people(20_000, 1000 + seed)
        true = failing[found.rule.holds(fresh)].mean()
        low, high = found.inside.interval
        covered.append(low <= true <= high)
    assert np.mean(covered) >= 0.9


def test_nobody_fails_no_rule():
    values, _ = people(200, 2)
    assert mine(values, np.zeros(200, bool), CENTRE) is None


def test_few_people_make_no_rule():
    values, failed = people(19, 3, rate=1.0, base=0.0)
    assert mine(values, failed, CENTRE) is None


def test_quality_by_hand():
    failed = np.arange(100) < 30
    held = np.arange(100) < 25
    assert quality(held, failed) == pytest.approx(25**0.3 * 0.7)
    assert quality(np.arange(100) < 19, failed) == 0.0


def test_a_rule_in_words():
    rule = Rule((Condition(0, low=59.6), Condition(2, high=40.2), Condition(1, 10.0, 20.0)))
    assert rule.words(NAMES) == "angle 0 above 60° and angle 2 below 40° and angle 1 10° to 20°"
    told = (Feature("shape beta0", "SD"), Feature("occluder kind person", ""))
    assert Rule((Condition(0, high=-1.25), Condition(1, low=0.5))).words(told) == (
        "shape beta0 below -1.2 SD and occluder kind person"
    )
    assert Rule((Condition(1, high=0.5),)).words(told) == "not occluder kind person"


def test_conditions_on_one_feature_are_one_range():
    rule = Rule((Condition(0, low=10.0),)).narrowed(Condition(0, high=50.0)).narrowed(Condition(0, low=20.0))
    assert rule.conditions == (Condition(0, 20.0, 50.0),)


def test_scores_are_of_the_people_given():
    values = np.array([[70.0], [80.0], [90.0], [10.0]])
    failed = np.array([True, True, False, False])
    typical = Crowd(Features(NAMES[:1], np.array([[65.0], [10.0]])), np.array([False, True]))
    told = score(Rule((Condition(0, low=60.0),)), Crowd(Features(NAMES[:1], values), failed), typical)
    assert (told.inside, told.everybody) == (Tally(3, 2), Tally(4, 2))
    assert told.lift == pytest.approx((2 / 3) / (1 / 2))
    assert told.plain()["support"] == 3
    assert told.typical == Tally(1, 0)
    assert told.plain()["typical"]["rate"] == 0.0


def test_typical_people_that_a_rule_does_not_cover_say_nothing():
    values = np.array([[70.0], [10.0]])
    few = Crowd(Features(NAMES[:1], values), np.array([True, False]))
    nobody = Crowd(Features(NAMES[:1], values[:0]), np.empty(0, bool))
    assert score(Rule((Condition(0, low=60.0),)), few, nobody).plain()["typical"] is None


def test_interval_by_hand():
    low, high = Tally(10, 0).interval
    assert (low, high) == (0.0, pytest.approx(1 - 0.025**0.1))
    assert Tally(10, 10).interval == (pytest.approx(0.025**0.1), 1.0)
    assert tally(np.array([True, False, True])) == Tally(3, 2)


def test_halves_are_complementary_and_exact():
    mined, scored = halves(101, np.random.default_rng(0))
    assert mined.sum() == 50
    np.testing.assert_array_equal(mined, ~scored)
    np.testing.assert_array_equal(mined, halves(101, np.random.default_rng(0))[0])
