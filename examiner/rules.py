"""Rules: where failures gather, in words that hold on people the rule was not made of.

A rule is a conjunction of ranges of features (subgroup discovery: Kloesgen, Explora, 1996; beam search as in
Atzmueller, WIREs Data Mining 5, 2015). It is mined on one half of the people and scored on the other, so its failure
rate is not the best of many tries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from examiner.features import Feature, Features
from examiner.joints import Bool, Float
from examiner.subspace import clopper_pearson_lower

CONDITIONS = 3
"""Most features in a rule: more are not read."""

BEAM = 12
"""Rules that are kept at each length."""

CUTS = 12
"""Places at which a feature is cut, at most: quantiles of the failures."""

LEAST_SUPPORT = 20
"""Fewest people of a half that a rule covers."""

SUPPORT = 0.3
"""Power of the support in a rule's quality: Kloesgen's family, in which 0 is the gain in rate alone and 1/2 the
binomial test. With 1/2 rules of one in ten people and lift 3.4 came out (BlazePose full, seed 0), with 0.3 narrower
ones of 5."""

GAIN = 1.05
"""Times by which a further condition must better a rule: shorter ones are believed sooner."""

BOTH_SIDES = 0.975
"""Confidence of each end of a two-sided 95 % interval."""


@dataclass(frozen=True)
class Condition:
    """A range of one feature."""

    feature: int
    low: float = -np.inf
    high: float = np.inf

    def holds(self, values: Float) -> Bool:
        """(n,) for values (n, F)."""
        column = values[:, self.feature]
        return np.asarray((column >= self.low) & (column <= self.high))


@dataclass(frozen=True)
class Rule:
    """All of some conditions."""

    conditions: tuple[Condition, ...] = ()

    def holds(self, values: Float) -> Bool:
        """(n,) for values (n, F); the empty rule holds for everybody."""
        held = np.ones(len(values), dtype=np.bool_)
        for condition in self.conditions:
            held &= condition.holds(values)
        return held

    def words(self, names: tuple[Feature, ...]) -> str:
        """The rule as people read it."""
        return " and ".join(names[c.feature].words(c.low, c.high) for c in self.conditions)

    def narrowed(self, condition: Condition) -> Rule:
        """The rule with a condition more; one of the same feature is narrowed."""
        kept, same = [], condition
        for old in self.conditions:
            if old.feature == condition.feature:
                same = replace(same, low=max(same.low, old.low), high=min(same.high, old.high))
            else:
                kept.append(old)
        return Rule((*kept, same))


@dataclass(frozen=True)
class Tally:
    """People and how many of them fail."""

    people: int
    failures: int

    @property
    def rate(self) -> float:
        """Failures a person; NaN of nobody."""
        return self.failures / self.people if self.people else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Two-sided 95 % interval of the rate (Clopper and Pearson, Biometrika 26, 1934)."""
        low, high = (
            clopper_pearson_lower(count, self.people, BOTH_SIDES)
            for count in (self.failures, self.people - self.failures)
        )
        return low, 1 - high

    def plain(self) -> dict[str, Any]:
        """As it stands in `results.json`."""
        low, high = self.interval
        return {
            "rate": self.rate,
            "low": low,
            "high": high,
            "support": self.people,
            "failures": self.failures,
        }


def tally(failed: Bool) -> Tally:
    """Of people (n,) that fail or do not."""
    return Tally(len(failed), int(failed.sum()))


@dataclass(frozen=True)
class ScoredRule:
    """A rule and what people say of it that it was not made of."""

    rule: Rule
    words: str
    inside: Tally
    """People of the other half that the rule covers."""
    everybody: Tally
    """All people of the other half: the base rate."""
    typical: Tally
    """Typical people in typical views that the rule covers."""

    @property
    def lift(self) -> float:
        """Times by which the rule's failure rate exceeds everybody's; NaN where nobody fails."""
        base = self.everybody.rate
        return self.inside.rate / base if base > 0 else float("nan")

    def plain(self) -> dict[str, Any]:
        """As it stands in `results.json`."""
        return {
            "words": self.words,
            **self.inside.plain(),
            "base_rate": self.everybody.rate,
            "lift": self.lift,
            "typical": self.typical.plain() if self.typical.people else None,
        }


def halves(count: int, rng: np.random.Generator) -> tuple[Bool, Bool]:
    """Two complementary masks (n,): whom rules are mined on, whom they are scored on."""
    mined = np.zeros(count, dtype=np.bool_)
    mined[rng.permutation(count)[: count // 2]] = True
    return mined, ~mined


def mine(values: Float, failed: Bool, centre: Float) -> Rule | None:
    """The rule that holds for a person and covers failures best; None where no rule betters everybody's rate.

    Args:
        values: Features (n, F) of people.
        failed: (n,) which of them fail.
        centre: (F,) features of the person that it must cover.
    """
    best, beam = Rule(), [Rule()]
    worth = 0.0
    for _ in range(CONDITIONS):
        found = {rule.conditions: rule for old in beam for rule in _longer(old, values, failed, centre)}
        scored = [(quality(rule.holds(values), failed), rule) for rule in found.values()]
        scored.sort(key=lambda pair: -pair[0])
        beam = [rule for value, rule in scored[:BEAM] if value > 0]
        if not beam or scored[0][0] <= GAIN * worth:
            break
        worth, best = scored[0]
    return best if best.conditions else None


def quality(held: Bool, failed: Bool) -> float:
    """A power of the support times the gain in failure rate (Kloesgen, Explora, 1996); 0 below the least support."""
    people = int(held.sum())
    if people < LEAST_SUPPORT:
        return 0.0
    return float(people**SUPPORT * (failed[held].mean() - failed.mean()))


@dataclass(frozen=True)
class Crowd:
    """People and which of them fail."""

    people: Features
    failed: Bool
    """(n,)"""

    def rows(self, kept: Bool) -> Crowd:
        """Those of a mask (n,)."""
        return Crowd(replace(self.people, values=self.people.values[kept]), self.failed[kept])


def score(rule: Rule, others: Crowd, typical: Crowd) -> ScoredRule:
    """A rule scored on people that it was not mined on, and on typical ones in typical views."""
    inside, usual = (tally(one.failed[rule.holds(one.people.values)]) for one in (others, typical))
    return ScoredRule(rule, rule.words(others.people.names), inside, tally(others.failed), usual)


def rule_of(crowd: Crowd, mined: Bool, typical: Crowd, centre: Float) -> ScoredRule | None:
    """The rule of a person: mined on those of a crowd that are in a mask (n,), scored on the others."""
    half = crowd.rows(mined)
    rule = mine(half.people.values, half.failed, centre)
    return None if rule is None else score(rule, crowd.rows(~mined), typical)


def _longer(old: Rule, values: Float, failed: Bool, centre: Float) -> Iterator[Rule]:
    """Rules with one condition more that still hold for the centre."""
    inside = values[old.holds(values) & failed]
    if not len(inside):
        return
    cuts = np.quantile(inside, np.linspace(0.0, 1.0, CUTS + 2)[1:-1], axis=0)
    for feature in range(values.shape[1]):
        for cut in np.unique(cuts[:, feature]).tolist():
            if cut <= centre[feature]:
                yield old.narrowed(Condition(feature, low=cut))
            if cut >= centre[feature]:
                yield old.narrowed(Condition(feature, high=cut))
