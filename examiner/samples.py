"""Samples: fresh fair people of a run's failure subspaces, drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from examiner import seeds
from examiner.config import Config, load_config
from examiner.fairness import Fairness
from examiner.joints import LIMB_JOINTS, Float
from examiner.subspace import FailureSubspace, fair_points
from examiner.subspace_files import StoredSubspace, read_subspaces
from simulator import (
    Body,
    ParameterSpace,
    Scene,
    ViewFactor,
    join_scenes,
    load_body,
    load_motion_range,
    redress,
)


@dataclass(frozen=True)
class Samples:
    """People to draw, and the mode that each comes from."""

    scene: Scene
    mode: NDArray[np.int64]
    """(N,) mode number, as in the report."""
    body: Body
    config: Config


def sample_run(run: Path, count: int, seed: int) -> Samples:
    """`count` fair people of a finished run, evenly over its subspaces, in fresh clothing, background and light.

    Raises:
        FileNotFoundError: if the folder holds no run.
        ValueError: if the run is not finished or found no failure.
    """
    if count < 1:
        raise ValueError(f"expected at least 1 sample, got {count}")
    stored = read_subspaces(run)
    if not stored:
        raise ValueError(
            f"expected failure subspaces in {run}, got a run that found none; give it more --budget"
        )
    config = load_config(run / "config.yaml")
    body = load_body(config.body)
    space = ParameterSpace([ViewFactor()], body, config.image_size)
    fairness = Fairness(body, load_motion_range(), LIMB_JOINTS)
    shares = [len(part) for part in np.array_split(np.arange(count), len(stored))]
    scenes = [
        _people(subspace.box, share, space, fairness, seeds.generator(seed, seeds.EXPORT, subspace.mode))
        for subspace, share in zip(stored, shares, strict=True)
        if share
    ]
    return Samples(join_scenes(scenes), _modes(stored, scenes), body, config)


def _people(
    box: FailureSubspace, count: int, space: ParameterSpace, fairness: Fairness, rng: np.random.Generator
) -> Scene:
    def judge(points: Float) -> Float:
        return fairness.margin(box.people(points, space.frame))

    points, _ = fair_points(box, count, judge, rng)
    if not len(points):
        points = box.centre[None]
    return redress(box.people(points, space.frame), rng)


def _modes(stored: Sequence[StoredSubspace], scenes: Sequence[Scene]) -> NDArray[np.int64]:
    return np.concatenate(
        [np.full(len(scene), subspace.mode) for subspace, scene in zip(stored, scenes, strict=False)]
    ).astype(np.int64)
