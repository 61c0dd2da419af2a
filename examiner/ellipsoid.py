"""Ellipsoids: failure subspaces in the latent of the pose prior, where poses that go together vary together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from scipy.special import gammaln

from examiner.joints import Bool, Float
from examiner.subspace import FailureSubspace, Ranges, pose_names
from simulator import PosePrior

SHOWN = 512
"""People whose poses tell its ranges."""

MOST = 0.95
"""Share of them that are within a range."""


@dataclass(frozen=True)
class LatentEllipsoid(FailureSubspace):
    """An ellipsoid over the latent codes of poses and the other searched factors; its two halves may differ.

    A point x is inside where the sum over its coordinates of ((x - centre) / phi)^2 is at most 1, with `phi_low` or
    `phi_up` by the side of the centre that it lies on.
    """

    prior: PosePrior
    """Decodes the codes."""

    shape: ClassVar[str] = "ellipsoid"

    @property
    def inner(self) -> int:
        """The latent coordinates."""
        return self.prior.dim

    @cached_property
    def ranges(self) -> Ranges:
        """What the middle 95 % of its people do, of each angle by itself."""
        points = self.sample(SHOWN, np.random.default_rng(0))
        values = np.concatenate([self.poses(points), points[:, self.inner :]], axis=1)
        low, high = np.quantile(values, [(1 - MOST) / 2, (1 + MOST) / 2], axis=0)
        names, units = self.names[self.inner :], self.units[self.inner :]
        pose = pose_names()
        return Ranges((*pose, *names), (*("rad",) * len(pose), *units), low, high)

    @property
    def log10_volume(self) -> float:
        """Decimal logarithm of the volume of the ball, stretched."""
        d = len(self.centre)
        ball = d / 2 * np.log(np.pi) - gammaln(d / 2 + 1)
        axes = np.log(np.maximum((self.phi_low + self.phi_up) / 2, 1e-12)).sum()
        return float((ball + axes) / np.log(10))

    def poses(self, points: Float) -> Float:
        """The decoded codes."""
        return self.prior.decode(points[:, : self.inner])

    def contains(self, points: Float) -> Bool:
        """(n,) whether points (n, d) lie inside."""
        return self._near(points - self.centre, len(self.centre))

    def contains_poses(self, body_pose: Float) -> Bool:
        """(n,) whether the codes of body poses (n, 63) lie inside."""
        return self._near(self.prior.encode(body_pose) - self.centre[: self.inner], self.inner)

    def sample(self, count: int, rng: np.random.Generator) -> Float:
        """Points (count, d): a uniform ball, its halves stretched."""
        way = rng.standard_normal((count, len(self.centre)))
        far = rng.random((count, 1)) ** (1 / len(self.centre))
        ball = way * far / np.linalg.norm(way, axis=1, keepdims=True)
        return np.asarray(self.centre + ball * np.where(ball > 0, self.phi_up, self.phi_low))

    def _near(self, place: Float, dims: int) -> Bool:
        reach = np.where(place > 0, self.phi_up[:dims], self.phi_low[:dims])
        return np.asarray(((place / np.maximum(reach, 1e-12)) ** 2).sum(axis=1) <= 1)
