"""Explanations: of every mode its mildest variant, and of those with a region what matters and where it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from examiner import seeds
from examiner.ambiguity import is_ambiguous
from examiner.asking import ask_journal
from examiner.features import Features, features_of
from examiner.joints import Bool
from examiner.journal import Journal
from examiner.method import Mode
from examiner.mildest import HALVINGS, LOOKS, Mildest, mildest_of
from examiner.outcomes import Outcomes
from examiner.progress import Progress
from examiner.reference import reference_scene
from examiner.rig import Rig
from examiner.rules import Crowd, ScoredRule, halves, rule_of
from examiner.subspace import beside_pose
from examiner.why import Cause, cause_count, causes_of
from simulator import Scene, join_scenes

BLIND = ("random", "typical", "sobol")
"""Methods whose draws do not depend on what they found."""

EXPLAIN = "explain"
"""What its stages in the journal begin with."""


@dataclass(frozen=True)
class Explanation:
    """What is known of one mode beside its figures."""

    mildest: Mildest
    causes: tuple[Cause, ...]
    """What matters most, first; empty where the mode has no region."""
    rule: ScoredRule | None
    """None where the mode has no region, or no rule holds for it."""
    ambiguous: bool


class Explainer:
    """Explains the modes of a run's search; its queries are charged apart."""

    def __init__(self, rig: Rig, journal: Journal, progress: Progress) -> None:
        self._rig, self._journal, self._progress = rig, journal, progress
        self.queries = 0
        """Asked so far."""
        self._expected = 0

    def run(self, modes: Sequence[Mode], pool: Pool) -> list[Explanation]:
        """Explain every mode; the pool of all searches tells where failures gather."""
        if not modes:
            return []
        grown = sum(mode.region is not None for mode in modes)
        self._expected = LOOKS * ((HALVINGS + 2) * len(modes) + (cause_count(self._rig) + 1) * grown)
        mildest = mildest_of(self._rig, join_scenes([mode.scene for mode in modes]), self._ask)
        return [
            Explanation(
                mild,
                () if mode.region is None else tuple(causes_of(self._rig, mode.scene, self._ask)),
                None if mode.region is None else pool.rule(mode.scene),
                is_ambiguous(self._rig, mode.scene, mode.outcomes),
            )
            for mode, mild in zip(modes, mildest, strict=True)
        ]

    def _ask(self, stage: str, scene: Scene) -> Outcomes:
        outcomes = ask_journal(self._journal, f"{EXPLAIN}/{stage}", scene, self._rig.evaluator)
        self.queries += len(scene)
        self._progress.update(f"{EXPLAIN}: {stage}", self.queries, self._expected)
        return outcomes


class Searched(Protocol):
    """The search of a method: what it asked and what came of it."""

    @property
    def name(self) -> str:
        """Of the method."""

    @property
    def search(self) -> Outcomes:
        """(n,) its outcomes."""

    @property
    def search_scene(self) -> Scene:
        """(n,) the people it asked for."""


class Pool:
    """All usable people of the searches: some of whom rules are made, others on whom they are scored.

    Both are halves of what methods drew that learn nothing (BLIND): their draws do not depend on what they found, so a
    rule's failure rate there is that of fresh draws. (Mining on the search's draws too was tried: they crowd where the
    search went, and one loose rule of lift 3.5 came out for all regions, where the blind half alone gave several of 4
    to 7.) Without such a method both halves are of all draws.
    """

    def __init__(self, rig: Rig, methods: Sequence[Searched]) -> None:
        self._rig = rig
        kept = [_usable(method) for method in methods]
        scenes = [m.search_scene.rows(np.flatnonzero(k)) for m, k in zip(methods, kept, strict=True)]
        failed = [m.search.failures(rig.threshold)[k] for m, k in zip(methods, kept, strict=True)]
        self.crowd = Crowd(self.features(join_scenes(scenes)), np.concatenate(failed))
        """Everybody of the searches who counts."""
        self._typical = self._typical_crowd()
        self.error = np.concatenate([m.search.severity[k] for m, k in zip(methods, kept, strict=True)])
        """(n,) mm."""
        self.methods = np.concatenate(
            [np.full(len(s), m.name, dtype=object) for m, s in zip(methods, scenes, strict=True)]
        )
        """(n,) names of the methods that drew them."""
        self.blind = np.isin(self.methods, BLIND)
        """(n,) its outcomes."""
        counted = self.blind if self.blind.any() else ~self.blind
        self._mined, _ = halves(int(counted.sum()), seeds.generator(rig.config.seed, seeds.RULES))
        self._halves = self.crowd.rows(counted)

    def rule(self, person: Scene) -> ScoredRule | None:
        """The rule of a person (one row)."""
        return rule_of(self._halves, self._mined, self._typical, self.features(person).values[0])

    def _typical_crowd(self) -> Crowd:
        """The people of the reference that were found."""
        rig, errors = self._rig, self._rig.reference.errors
        found = np.flatnonzero(np.isfinite(errors))
        scene = reference_scene(rig.space, rig.prior, rig.poses).rows(found)
        return Crowd(self.features(scene), errors[found] > rig.threshold)

    def features(self, scene: Scene) -> Features:
        """Features of people as rules see them."""
        beside = [d for d in beside_pose(self._rig.space) if not d.name.startswith("view.")]
        return features_of(self._rig.body, scene, beside)


def _usable(method: Searched) -> Bool:
    search = method.search
    return search.fair & search.found & search.valid
