"""Failure subspaces: a box round a failure, its size, its draws and its proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from examiner.joints import Bool, Float
from simulator import Dimension, ParameterSpace, Scene, physical_values, with_physical_values

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


@dataclass(frozen=True)
class FailureSubspace:
    """The box [centre - phi_low, centre + phi_up] over body pose and the other searched factors."""

    names: tuple[str, ...]
    """d names, e.g. `left_knee.x`, `view.azimuth`, `shape.beta0`."""
    units: tuple[str, ...]
    """d units: rad, degree, SD, ..."""
    centre: Float
    """(d,)"""
    phi_low: Float
    """(d,) half width below the centre."""
    phi_up: Float
    """(d,) half width above the centre."""
    scene: Scene
    """One row: the centre's person; what is not in `names` stays as it is there."""

    @property
    def size(self) -> float:
        """Norm of `phi_low + phi_up` over the 63 body-pose angles, radians (PoseExaminer's region size)."""
        return float(np.linalg.norm((self.phi_low + self.phi_up)[:POSE]))

    @property
    def log10_volume(self) -> float:
        """Decimal logarithm of the box's volume over all its dimensions, in their units."""
        return float(np.log10(np.maximum(self.phi_low + self.phi_up, 1e-12)).sum())

    def contains(self, points: Float) -> Bool:
        """(n,) whether points (n, d) lie in the box."""
        low, high = self.centre - self.phi_low, self.centre + self.phi_up
        return np.asarray(((points >= low) & (points <= high)).all(axis=1))

    def sample(self, count: int, rng: np.random.Generator) -> Float:
        """Uniform points (count, d) of the box, fair or not."""
        low, high = self.centre - self.phi_low, self.centre + self.phi_up
        return low + rng.random((count, len(self.centre))) * (high - low)

    def people(self, points: Float, frame: Callable[[Scene], Scene]) -> Scene:
        """The scene of points (n, d), framed anew."""
        scene = self.scene.rows(np.zeros(len(points), dtype=np.intp))
        scene = replace(scene, body_pose=np.ascontiguousarray(points[:, :POSE]))
        return frame(with_physical_values(scene, self.names[POSE:], points[:, POSE:]))


@dataclass(frozen=True)
class Proof:
    """What fresh fair draws said of a region."""

    draws: int
    failures: int
    fair_share: float
    """Share of raw box samples that were fair."""
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


def point_box(scene: Scene, beside: Sequence[Dimension], joint_names: tuple[str, ...]) -> FailureSubspace:
    """The box of no width round a single person (one row): the 63 pose angles, and the dimensions beside them."""
    pose = [f"{joint}.{axis}" for joint in joint_names[1:22] for axis in AXES]
    names = [d.name for d in beside]
    values = physical_values(scene, names)[0] if names else np.empty(0)
    centre = np.concatenate([scene.body_pose[0], values])
    still = np.zeros_like(centre)
    units = ("rad",) * POSE + tuple(d.unit for d in beside)
    return FailureSubspace((*pose, *names), units, centre, still, still, scene)


def fair_points(
    box: FailureSubspace,
    count: int,
    judge: Callable[[Float], Float],
    rng: np.random.Generator,
    least_share: float = 0.05,
) -> tuple[Float, float]:
    """Fair points (<= count, d) of a box, and the share of raw samples that were fair.

    Fewer than `count` come back if less than `least_share` of the raw samples is fair.
    """
    kept: list[NDArray[np.float64]] = []
    drawn = fair = 0
    while fair < count and drawn < count / least_share:
        points = box.sample(max(16, count), rng)
        good = judge(points) >= 0
        kept.append(points[good])
        drawn += len(points)
        fair += int(good.sum())
    return np.concatenate(kept)[:count], fair / drawn
