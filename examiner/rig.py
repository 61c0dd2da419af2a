"""The rig: everything that a configuration stands for, built and checked before a query is spent."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from examiner import seeds
from examiner.adapted import adapted, close_target
from examiner.config import Config
from examiner.distinct import Remembered, distance, pose_distance
from examiner.evaluate import Evaluator
from examiner.fairness import Fairness
from examiner.joints import Float, common_joints
from examiner.progress import Progress
from examiner.reference import Reference, find_reference, make_reference, reference_scene
from examiner.regressor import Regressor, load_regressor
from examiner.scores import MPJPE, N_MPJPE, Score, find_score
from examiner.simulators import build_referee, build_simulator, dressed_body
from examiner.spaces import build_spaces
from examiner.subspace import LEAST_SPREAD
from simulator import (
    Body,
    Factor,
    ParameterSpace,
    PoseFactor,
    PosePrior,
    Simulator,
    load_motion_range,
    load_poses,
    load_prior,
)
from targets import Target, TargetSpec, build_target, stale_look

SPREAD_DRAWS = 2000
"""Draws that tell how much poses usually vary."""

USERS_OWN = "the user's own file, not to be passed on"
"""Licence of a file that says nothing of it."""


@dataclass(frozen=True)
class Rig:
    """The parts of a run."""

    config: Config
    body: Body
    prior: PosePrior
    poses: Float | None
    space: ParameterSpace
    vary: tuple[Factor, ...]
    """What is drawn anew for every search query."""
    simulator: Simulator
    target: Target
    others: tuple[Target, ...]
    """Other targets, which are shown the modes."""
    fairness: Fairness
    score: Score
    marks: Remembered
    """Signatures of units."""
    evaluator: Evaluator
    referee: Evaluator | None
    """The same examination on the reference renderer, where the run draws with a faster one."""
    reference: Reference
    threshold: float
    """Millimetres."""
    regressor: Regressor | None = None
    """The user's own, for the 14 joints of LSP."""

    def margin(self, units: Float) -> Float:
        """(n,) >= 0 where the query of units (n, D) is fair; asks no target."""
        return self.fairness.margin(self.space.decode(units))

    def distance(self, a: Float, b: Float) -> Float:
        """(n, m) between units, >= 1 where distinct by pose alone, as agents spread over poses; by view without."""
        metric = pose_distance if "pose" in self.config.factors else distance
        return metric(self.marks(a), self.marks(b))

    def typical_poses(self, count: int, rng: np.random.Generator) -> Float:
        """Body poses (count, 63) as real people take them."""
        factor = PoseFactor(self.prior, self.poses)
        return factor.apply(factor.typical(count, rng), self.space.default(count)).body_pose

    @cached_property
    def pose_spread(self) -> Float:
        """Standard deviation (63,) of typical poses, at least 0.05 rad."""
        poses = self.typical_poses(SPREAD_DRAWS, seeds.generator(seeds.FIXED, seeds.MASS))
        return np.asarray(np.maximum(poses.std(axis=0), LEAST_SPREAD))

    def close(self) -> None:
        """Free the simulators, and targets that run elsewhere."""
        for target in (self.target, *self.others):
            close_target(target)
        self.simulator.close()
        if self.referee is not None:
            self.referee.simulator.close()


def build_rig(
    config: Config,
    progress: Progress,
    *,
    simulator: Simulator | None = None,
    target: Target | None = None,
    reference: Reference | None = None,
    find: Callable[[dict[str, Any]], Reference | None] = find_reference,
) -> Rig:
    """Build what the configuration names; parts that are given are used instead.

    A reference that is not given and that `find` does not find is computed, which takes 4,000 queries.

    Raises:
        FileNotFoundError: for a body, prior, pose or regressor file that is not there.
        ValueError: for one that cannot be read, or a target without the scored joints.
        GraphicsError: if pictures cannot be drawn on this machine.
    """
    body, prior = dressed_body(config), load_prior(config.prior)
    poses = load_poses(config.poses) if config.poses else None
    regressor = load_regressor(Path(config.regressor)) if config.regressor else None
    target = _examined(config, body, target or _built(config.target, config))
    others = tuple(adapted(_built(name, config), body) for name in config.others)
    spaces = build_spaces(config, body, prior, poses)
    space = spaces.space
    fairness = Fairness(body, load_motion_range(), common_joints(target.spec.joint_names), spaces.rule)
    referee = build_referee(config, body) if simulator is None else None
    simulator = simulator or build_simulator(config, body)
    if stale := stale_look(target.spec, simulator.version):
        warnings.warn(stale, stacklevel=2)
    score = score_of(config, target)
    evaluator = Evaluator(simulator, target, fairness, score)
    about = reference_about(body, prior, poses, config, target, score, simulator)
    if reference is None:
        reference = find(about)
    if reference is None:
        scene = reference_scene(space, prior, poses)
        reference = make_reference(evaluator, scene, about, progress)
    calibration = np.array(reference.calibration) if reference.calibration else None
    return Rig(
        config=config,
        body=body,
        prior=prior,
        poses=poses,
        space=space,
        vary=spaces.vary,
        simulator=simulator,
        target=target,
        others=others,
        fairness=fairness,
        score=score,
        marks=Remembered(body, space.decode),
        evaluator=Evaluator(simulator, target, fairness, score, calibration),
        referee=None if referee is None else Evaluator(referee, target, fairness, score, calibration),
        reference=reference,
        threshold=reference.threshold(config.threshold),
        regressor=regressor,
    )


def _examined(config: Config, body: Body, target: Target) -> Target:
    """A target as the run's evaluator asks it.

    Raises:
        ValueError: for a spec that is none, or 2D joints that the target cannot have.
    """
    _check_spec(target)
    source = build_target(config.keypoints) if config.keypoints else None
    return adapted(target, body, source)


def _built(name: str, config: Config) -> Target:
    return build_target(name, region_of_interest=config.region_of_interest)


def reference_about(
    body: Body,
    prior: PosePrior,
    poses: Float | None,
    config: Config,
    target: Target,
    score: Score,
    simulator: Simulator,
) -> dict[str, Any]:
    """All that decides the figures of a reference; its digest is the reference's key."""
    return {
        "target": target.spec.name,
        "weights_sha256": target.spec.weights_sha256,
        "region_of_interest": target.spec.region_of_interest,
        **({"keypoints": config.keypoints} if config.keypoints else {}),
        "body_sha256": body.sha256,
        "prior_sha256": prior.sha256,
        "poses_sha256": "" if poses is None else hashlib.sha256(poses.tobytes()).hexdigest(),
        "score": score.name,
        "simulator": simulator.version,
        "image_size": config.image_size,
    }


def assets(rig: Rig) -> list[dict[str, str]]:
    """Every asset with its licence and digest, for reports and exports."""
    spec = rig.target.spec
    rows = [
        ("body", rig.body.name, rig.body.licence, rig.body.sha256),
        ("pose prior", rig.prior.name, rig.prior.licence, rig.prior.sha256),
        ("target", spec.name, spec.licence, spec.weights_sha256),
    ]
    if rig.regressor is not None:
        rows.append(("regressor", rig.regressor.name, USERS_OWN, rig.regressor.sha256))
    return [dict(zip(("role", "name", "licence", "sha256"), row, strict=True)) for row in rows]


def _check_spec(target: Target) -> None:
    if not isinstance(target.spec, TargetSpec):
        raise ValueError(
            f"expected the spec of the target to be a TargetSpec, got {type(target.spec).__name__}; "
            "from targets import TargetSpec"
        )


def score_of(config: Config, target: Target) -> Score:
    """The score of a target: the one named, else by whether it knows metres."""
    if config.score == "default":
        return MPJPE if target.spec.metric else N_MPJPE
    return find_score(config.score)
