"""Fair volume: how much room a subspace's fair people take, in coordinates that subspaces of all kinds share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from examiner.joints import Float
from examiner.subspace import FailureSubspace, fair_points, usual_spread
from simulator import Dimension, PosePrior, Scene, physical_values

PEOPLE = 512
"""Fair people that tell it."""


def log_fair_volume(
    subspace: FailureSubspace,
    judge: Callable[[Float], Float],
    frame: Callable[[Scene], Scene],
    prior: PosePrior,
    beside: Sequence[Dimension],
    rng: np.random.Generator,
) -> float:
    """Half the log determinant of the covariance of a subspace's fair people; -inf where few of its people are fair.

    Measured in the codes that the prior gives their poses and in what is searched beside, in usual spreads: a box of
    angles and an ellipsoid of codes have no volume in common, their people do. Up to a constant it is the logarithm of
    the volume of the ellipsoid of the same covariance.

    Args:
        subspace: Whose people are drawn.
        judge: Points (n, d) -> margin (n,), >= 0 where fair.
        frame: Puts people into the picture.
        prior: Encodes poses.
        beside: What is searched beside the pose.
        rng: Of the draws.
    """
    points, _ = fair_points(subspace, PEOPLE, judge, rng)
    if len(points) < PEOPLE:
        return -np.inf
    scene = subspace.people(points, frame)
    usual = np.array([usual_spread(d) for d in beside])
    values = physical_values(scene, [d.name for d in beside]) / usual if len(usual) else np.empty((PEOPLE, 0))
    _, log_determinant = np.linalg.slogdet(
        np.cov(np.concatenate([prior.encode(scene.body_pose), values], axis=1).T)
    )
    return float(log_determinant / 2)
