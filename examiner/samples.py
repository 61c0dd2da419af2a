"""Samples: fresh fair people of a run's failure subspaces, drawn anew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from examiner import seeds
from examiner.config import Config, load_config
from examiner.fairness import Fairness
from examiner.files import read_json
from examiner.joints import Float
from examiner.simulators import dressed_body
from examiner.spaces import build_spaces
from examiner.subspace import FailureSubspace, fair_points
from examiner.subspace_files import read_subspaces
from simulator import (
    Body,
    ParameterSpace,
    Scene,
    join_scenes,
    load_motion_range,
    load_prior,
)

AMBIGUOUS = "ambiguous"
"""The flag of a failure for which no single picture could tell the truth."""


@dataclass(frozen=True)
class Samples:
    """People to draw, and the mode that each comes from."""

    scene: Scene
    mode: NDArray[np.int64]
    """(N,) mode number, as in the report."""
    proven: NDArray[np.bool_]
    """(N,) whether the mode's region is a success region."""
    rate: Float
    """(N,) failures a fair draw of the region, NaN where no growth reached it."""
    flags: tuple[tuple[str, ...], ...]
    """N times the flags of the mode."""
    body: Body
    config: Config


def sample_run(run: Path, count: int, seed: int) -> Samples:
    """`count` fair people of a finished run, evenly over its subspaces, in fresh clothing, background and light.

    What the run searched comes from the subspaces, and what it fixed stays fixed.

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
    body = _same_body(run, dressed_body(config))
    spaces = build_spaces(config, body, load_prior(config.prior), None)
    fairness = Fairness(body, load_motion_range(), _scored_joints(run), spaces.rule)
    shares = [len(part) for part in np.array_split(np.arange(count), len(stored))]
    scenes = [
        _people(
            stored_one.subspace,
            share,
            spaces.space,
            fairness,
            seeds.generator(seed, seeds.EXPORT, stored_one.mode),
        )
        for stored_one, share in zip(stored, shares, strict=True)
        if share
    ]
    source = np.concatenate([np.full(len(scene), i) for i, scene in enumerate(scenes)])
    mode, proven, rate = ([getattr(s, name) for s in stored] for name in ("mode", "success", "rate"))
    rates = np.array([np.nan if r is None else r for r in rate])
    return Samples(
        scene=join_scenes(scenes),
        mode=np.array(mode)[source],
        proven=np.array(proven)[source],
        rate=rates[source],
        flags=tuple(stored[i].flags for i in source),
        body=body,
        config=config,
    )


def _people(
    subspace: FailureSubspace, count: int, space: ParameterSpace, fairness: Fairness, rng: np.random.Generator
) -> Scene:
    def judge(points: Float) -> Float:
        return fairness.margin(subspace.people(points, space.frame))

    points, _ = fair_points(subspace, count, judge, rng)
    if not len(points):
        points = subspace.centre[None]
    return space.redress(subspace.people(points, space.frame), rng)


def _scored_joints(run: Path) -> list[str]:
    return list(read_json(run / "results.json")["protocol"]["score"]["joints"])


def _same_body(run: Path, body: Body) -> Body:
    """The body, if it is the one of the run.

    Raises:
        ValueError: if the file has changed since.
    """
    before = next(asset for asset in read_json(run / "manifest.json")["assets"] if asset["role"] == "body")
    if before["sha256"] != body.sha256:
        raise ValueError(
            f"expected the body that {run} was made with (sha256 {before['sha256'][:12]}...), got another "
            f"({body.sha256[:12]}...); put the old file back, or run the audit again"
        )
    return body
