"""Scores: how far a prediction is from the truth, one value per person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np

from examiner.joints import Float, Pair

MILLIMETRES = 1000.0


@dataclass(frozen=True)
class Score:
    """A named score with its protocol."""

    name: str
    unit: str
    alignment: str
    """What is removed before the distance is taken, in words."""
    align: Callable[[Pair], Float]
    """Pair -> the prediction (N, J, 3) aligned to the truth, metres."""
    higher_is_worse: bool = True

    def per_joint(self, pair: Pair) -> Float:
        """(N, J) millimetres."""
        return np.asarray(MILLIMETRES * np.sqrt(((self.align(pair) - pair.gt) ** 2).sum(axis=2)))

    def __call__(self, pair: Pair) -> Float:
        """(N,) millimetres, the mean over the joints."""
        return cast(Float, self.per_joint(pair).mean(axis=1))


def _as_predicted(pair: Pair) -> Float:
    return pair.prediction


def fitted_scale(pair: Pair) -> Float:
    """(N,) least-squares scale of the prediction, never negative: a scale must not turn a person round."""
    cross = (pair.gt * pair.prediction).sum(axis=(1, 2))
    norm = (pair.prediction**2).sum(axis=(1, 2))
    return np.asarray(np.maximum(cross, 0.0) / np.maximum(norm, 1e-12))


def _scaled(pair: Pair) -> Float:
    return np.asarray(pair.prediction * fitted_scale(pair)[:, None, None])


def _procrustes(pair: Pair) -> Float:
    gt_mean, mean = pair.gt.mean(axis=1, keepdims=True), pair.prediction.mean(axis=1, keepdims=True)
    gt, moved = pair.gt - gt_mean, pair.prediction - mean
    covariance = (moved[:, :, :, None] * gt[:, :, None, :]).sum(axis=1)
    u, singular, vt = np.linalg.svd(covariance)
    sign = np.ones_like(singular)
    sign[:, 2] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = ((u * sign[:, None, :])[:, :, :, None] * vt[:, None, :, :]).sum(axis=2)
    scale = (singular * sign).sum(axis=1) / np.maximum((moved**2).sum(axis=(1, 2)), 1e-12)
    turned = (moved[:, :, :, None] * rotation[:, None]).sum(axis=2)
    return cast(Float, scale[:, None, None] * turned + gt_mean)


MPJPE = Score("mpjpe", "mm", "root (mid-hip) at the origin", _as_predicted)
"""Mean per-joint position error, Ionescu et al., Human3.6M, PAMI 2014."""

N_MPJPE = Score("n_mpjpe", "mm", "root (mid-hip) at the origin, least-squares scale", _scaled)
"""Scale-normalised mpjpe, Rhodin et al., CVPR 2018; the rotation is not aligned."""

PA_MPJPE = Score("pa_mpjpe", "mm", "similarity (Procrustes): rotation, scale, translation", _procrustes)
"""Procrustes-aligned mpjpe; it cannot see a person predicted facing the wrong way."""

SCORES = (MPJPE, N_MPJPE, PA_MPJPE)


def find_score(name: str) -> Score:
    """The score of a name.

    Raises:
        ValueError: naming the scores there are.
    """
    for score in SCORES:
        if score.name == name:
            return score
    raise ValueError(f"unknown score {name!r}: expected one of {', '.join(s.name for s in SCORES)}")
