"""Failure subspaces: people round a failure, their size, their draws and their proof."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from examiner.joints import Bool, Float
from simulator import (
    SMPL_JOINTS,
    Dimension,
    ParameterSpace,
    Scene,
    physical_values,
    with_physical_values,
)

POSE = 63
RAW_FAIR = 0.90
"""Least share of raw box samples that must be fair (definitions: region)."""

LEAST_RATE = 0.90
"""Least lower bound of the failure rate of a success region."""

LEAST_SIZE = 0.6
"""Least size of a success region, radians."""

DRAWS = 200
"""Fair draws that decide success, looked at once."""

AXES = "xyz"

LEAST_SPREAD = 0.05
"""Least spread of a pose angle that is believed, radians: what real poses vary less is told of no region."""


@dataclass(frozen=True)
class Ranges:
    """What the people of a subspace do: a range of every body-pose angle and of what is searched beside."""

    names: tuple[str, ...]
    """d names, e.g. `left_knee.x`, `view.azimuth`, `shape.beta0`."""
    units: tuple[str, ...]
    """d units: rad, degree, SD, ..."""
    low: Float
    """(d,)"""
    high: Float
    """(d,)"""


@dataclass(frozen=True)
class FailureSubspace(ABC):
    """People round a failure: what is between `centre - phi_low` and `centre + phi_up`, in some coordinates."""

    names: tuple[str, ...]
    """d names of the coordinates; those beside the pose are physical dimensions."""
    units: tuple[str, ...]
    """d units."""
    centre: Float
    """(d,)"""
    phi_low: Float
    """(d,) half width below the centre."""
    phi_up: Float
    """(d,) half width above the centre."""
    scene: Scene
    """One row: the centre's person; what is not in `names` stays as it is there."""

    shape: ClassVar[str]
    """What files call its kind."""

    @property
    @abstractmethod
    def inner(self) -> int:
        """How many of the coordinates, the first ones, make the pose."""

    @property
    @abstractmethod
    def ranges(self) -> Ranges:
        """The ranges in which its people are."""

    @property
    @abstractmethod
    def log10_volume(self) -> float:
        """Decimal logarithm of its volume over all its coordinates, in their units."""

    @abstractmethod
    def poses(self, points: Float) -> Float:
        """Body poses (n, 63) of points (n, d), axis-angle, radians."""

    @abstractmethod
    def contains(self, points: Float) -> Bool:
        """(n,) whether points (n, d) lie in it."""

    @abstractmethod
    def contains_poses(self, body_pose: Float) -> Bool:
        """(n,) whether body poses (n, 63) lie in it, whatever is searched beside them."""

    @abstractmethod
    def sample(self, count: int, rng: np.random.Generator) -> Float:
        """Uniform points (count, d) of it, fair or not."""

    @property
    def size(self) -> float:
        """Norm over the 63 body-pose angles of the range's width, radians (PoseExaminer's region size)."""
        return float(np.linalg.norm((self.ranges.high - self.ranges.low)[:POSE]))

    def people(self, points: Float, frame: Callable[[Scene], Scene]) -> Scene:
        """The scene of points (n, d), framed anew."""
        scene = self.scene.rows(np.zeros(len(points), dtype=np.intp))
        scene = replace(scene, body_pose=np.ascontiguousarray(self.poses(points)))
        return frame(with_physical_values(scene, self.names[self.inner :], points[:, self.inner :]))


@dataclass(frozen=True)
class PoseBox(FailureSubspace):
    """The box [centre - phi_low, centre + phi_up] over the 63 body-pose angles and the other searched factors."""

    shape: ClassVar[str] = "box"

    @property
    def inner(self) -> int:
        """All body-pose angles."""
        return POSE

    @property
    def ranges(self) -> Ranges:
        """From face to face."""
        return Ranges(self.names, self.units, self.centre - self.phi_low, self.centre + self.phi_up)

    @property
    def log10_volume(self) -> float:
        """Decimal logarithm of the product of its widths."""
        return float(np.log10(np.maximum(self.phi_low + self.phi_up, 1e-12)).sum())

    def poses(self, points: Float) -> Float:
        """The angles themselves."""
        return points[:, :POSE]

    def contains(self, points: Float) -> Bool:
        """(n,) whether points (n, d) lie between all faces."""
        low, high = self.ranges.low, self.ranges.high
        return np.asarray(((points >= low) & (points <= high)).all(axis=1))

    def contains_poses(self, body_pose: Float) -> Bool:
        """(n,) whether body poses (n, 63) lie between the faces of the pose."""
        low, high = self.ranges.low[:POSE], self.ranges.high[:POSE]
        return np.asarray(((body_pose >= low) & (body_pose <= high)).all(axis=1))

    def sample(self, count: int, rng: np.random.Generator) -> Float:
        """Uniform points (count, d)."""
        low, high = self.ranges.low, self.ranges.high
        return low + rng.random((count, len(self.centre))) * (high - low)


@dataclass(frozen=True)
class Proof:
    """What fresh fair draws said of a region."""

    draws: int
    failures: int
    fair_share: float
    """Share of raw samples that were fair."""
    size: float

    @property
    def rate(self) -> float:
        """Failures a fair draw."""
        return self.failures / self.draws if self.draws else 0.0

    @property
    def lower_bound(self) -> float:
        """One-sided 95 % lower bound of the rate (Clopper and Pearson, Biometrika 26, 1934)."""
        return clopper_pearson_lower(self.failures, self.draws)

    @property
    def success(self) -> bool:
        """Whether it is a success region (definitions: region)."""
        return not self.shortfalls()

    def shortfalls(self) -> list[str]:
        """In words, what it lacks to be a success region."""
        lacking = []
        if self.draws < DRAWS:
            lacking.append(f"only {self.draws} of {DRAWS} fair draws were paid for")
        elif self.lower_bound < LEAST_RATE:
            lacking.append(
                f"the failure rate's lower bound is {self.lower_bound:.2f}, below {LEAST_RATE:.2f}"
            )
        if self.fair_share < RAW_FAIR:
            lacking.append(f"only {self.fair_share:.0%} of its raw samples are fair")
        if self.size < LEAST_SIZE:
            lacking.append(f"its size is {self.size:.2f} rad, below {LEAST_SIZE} rad")
        return lacking


def clopper_pearson_lower(successes: int, draws: int, confidence: float = 0.95) -> float:
    """Exact one-sided lower confidence bound of a proportion."""
    if successes == 0:
        return 0.0
    return float(beta.ppf(1 - confidence, successes, draws - successes + 1))


def beside_pose(space: ParameterSpace) -> tuple[Dimension, ...]:
    """The searched dimensions that a box has beside the 63 pose angles."""
    return tuple(d for factor in space.factors if factor.name != "pose" for d in factor.dimensions)


def usual_spread(dimension: Dimension) -> float:
    """How far a dimension usually varies, in its unit."""
    if dimension.name.startswith("view."):
        return 10.0
    return 0.5 if dimension.unit == "SD" else (dimension.high - dimension.low) / 12


def pose_names() -> tuple[str, ...]:
    """Names of the 63 body-pose angles, e.g. `left_knee.x`."""
    return tuple(f"{joint}.{axis}" for joint in SMPL_JOINTS[1 : 1 + POSE // 3] for axis in AXES)


def point_box(scene: Scene, beside: Sequence[Dimension]) -> PoseBox:
    """The box of no width round a single person (one row): the 63 pose angles, and the dimensions beside them."""
    names = [d.name for d in beside]
    values = physical_values(scene, names)[0] if names else np.empty(0)
    centre = np.concatenate([scene.body_pose[0], values])
    still = np.zeros_like(centre)
    units = ("rad",) * POSE + tuple(d.unit for d in beside)
    return PoseBox((*pose_names(), *names), units, centre, still, still, scene)


def told_angles(scale: Float) -> NDArray[np.intp]:
    """Which of the pose angles vary among real people, by how much each dimension usually varies (d,)."""
    return np.flatnonzero(scale[:POSE] > LEAST_SPREAD)


def fair_points(
    subspace: FailureSubspace,
    count: int,
    judge: Callable[[Float], Float],
    rng: np.random.Generator,
    least_share: float = 0.05,
) -> tuple[Float, float]:
    """Fair points (<= count, d) of a subspace, and the share of raw samples that were fair.

    Fewer than `count` come back if less than `least_share` of the raw samples is fair.
    """
    kept: list[NDArray[np.float64]] = []
    drawn = fair = 0
    while fair < count and drawn < count / least_share:
        points = subspace.sample(max(16, count), rng)
        good = judge(points) >= 0
        kept.append(points[good])
        drawn += len(points)
        fair += int(good.sum())
    return np.concatenate(kept)[:count], fair / drawn
