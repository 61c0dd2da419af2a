"""Targets for tests: no weights, no pictures needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from targets.base import Prediction, TargetSpec


@dataclass(frozen=True)
class FakeTarget:
    """A target that answers with a function of the fields in `spec.needs`."""

    handler: Callable[..., Prediction]
    """Called with the fields as keywords."""
    spec: TargetSpec = field(default_factory=lambda: TargetSpec("fake", ("root",), ("images",)))
    """What it says of itself."""

    def predict(self, **fields: Any) -> Prediction:
        """Answer with the handler's prediction."""
        return self.handler(**fields)


@dataclass(frozen=True)
class FakePlantedTarget:
    """Predicts the ground truth, but for a failure planted where a predicate holds.

    The planted error moves every other joint forward and the rest backward by `depth`, which no
    alignment of root, scale or rotation takes away. A search that works finds the predicate.
    """

    joint_names: tuple[str, ...]
    """Names of the simulator's joints."""
    fails: Callable[..., NDArray[np.bool_]]
    """Called with the fields of `needs` as keywords -> (N,) whether the failure is planted there."""
    depth: float = 0.3
    """Metres."""
    needs: tuple[str, ...] = ("joints",)
    """Fields that the predicate wants; `joints` among them."""

    @property
    def spec(self) -> TargetSpec:
        """What it needs (ground truth, unlike any real target) and gives."""
        return TargetSpec("fake-planted", self.joint_names, self.needs, metric=True)

    def predict(self, **fields: Any) -> Prediction:
        """The true joints, planted failures included."""
        joints = np.array(fields["joints"], dtype=np.float64)
        failed = np.asarray(self.fails(**fields), dtype=np.bool_)
        sign = np.where(np.arange(joints.shape[1]) % 2 == 0, 1.0, -1.0)
        joints[..., 2] += self.depth * failed[:, None] * sign
        return Prediction(found=np.ones(len(joints), dtype=np.bool_), joints=joints)
