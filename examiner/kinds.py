"""Kinds of failure: what went wrong, told from the joints alone (definitions: failure types)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from examiner.joints import Float, Pair
from examiner.scores import N_MPJPE, PA_MPJPE, Score

EXPLAINS = 0.6
"""A kind explains a failure when undoing it leaves at most this share of the error."""

DEPTH_SHARE = 0.6
"""Share of the squared error along the viewing axis that makes it a depth failure."""


def failure_kind(gt: Float, prediction: Float, names: Sequence[str], score: Score, threshold: float) -> str:
    """The kind of one person's failure, from root-relative joints (J, 3), metres.

    `left-right`: naming left as right undoes it. `orientation`: turning the whole body does. `scale`: resizing does
    (metric scores only). `depth`: most of the squared error lies along the viewing axis. Else `articulation`.
    """
    pair = Pair(gt[None], prediction[None], tuple(names))
    error = float(score(pair)[0])
    if _left(score, _swapped(pair), error, threshold):
        return "left-right"
    if score.name == "mpjpe" and _left(N_MPJPE, pair, error, threshold):
        return "scale"
    if _left(PA_MPJPE, pair, error, threshold):
        return "orientation"
    squared = (gt - score.align(pair)[0]) ** 2
    along = squared[:, 2].sum() / max(squared.sum(), 1e-12)
    return "depth" if along >= DEPTH_SHARE else "articulation"


def _left(score: Score, pair: Pair, error: float, threshold: float) -> bool:
    rest = float(score(pair)[0])
    return rest <= EXPLAINS * error and rest < threshold


def _swapped(pair: Pair) -> Pair:
    order = [pair.names.index(_other(name)) for name in pair.names]
    return replace(pair, prediction=np.ascontiguousarray(pair.prediction[:, order]))


def _other(name: str) -> str:
    side, _, part = name.partition("_")
    return f"{'right' if side == 'left' else 'left'}_{part}"
