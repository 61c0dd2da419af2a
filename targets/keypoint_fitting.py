"""Fitting a body to the 2D joints of one person, by optimisation: slow, and blind to what 2D joints do not tell.

The objective is that of F. Bogo et al., "Keep it SMPL", ECCV 2016: the distance in the picture under a robust
penalty, a pose near rest, elbows and knees that bend the natural way, a shape near the mean, with weights that are
let go stage by stage. In place of its mixture of poses from motion capture stands the squared pose, so depth is
guessed worse than there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
BodyForward = Callable[[Any, Any, Any, Any], Any]
"""Torch: betas (1, 10), body_pose (1, P), global_orient (1, 3), transl (1, 3) to joints (1, K, 3), metres."""

TORSO = ("left_hip", "right_hip", "left_shoulder", "right_shoulder")
YAWS = (0.0, 90.0, 180.0, 270.0)
"""Degrees: ways to face that the fit starts from; 0 looks at the camera."""
KEPT = 2
"""Starts that are fitted to the end: the best, and the best that is another pose."""
ANOTHER = 0.1
"""Metres a joint, on average and about the first joint, from which on a pose is another."""
WIDTH = 0.1
"""Share of the person's extent beyond which a joint's distance counts less and less."""
BENDS = ((52, 1.0), (55, -1.0), (9, -1.0), (12, -1.0))
"""Entries of SMPL's `body_pose` that bend elbows and knees, with the sign of the unnatural way (Bogo et al., eq. 3)."""
STAGES = ((1e-2, 1e-2), (3e-3, 3e-3), (1e-3, 1e-3), (2e-4, 1e-3))
"""Weights of pose and of shape, stage by stage; distances are shares of the person's extent."""
STEPS = 30
"""Iterations of L-BFGS a stage."""


@dataclass(frozen=True)
class Fit:
    """One person, fitted."""

    betas: Float
    """(10,)."""
    body_pose: Float
    """(P,) axis-angle, radians."""
    global_orient: Float
    """(3,) axis-angle, radians."""
    transl: Float
    """(3,) metres, camera axes."""
    joints: Float
    """(K, 3) metres, camera axes."""
    loss: float
    """What is left of the objective."""


def fit_person(
    body: BodyForward, keypoints: Float, names: Sequence[str], intrinsics: Float, pose_width: int = 69
) -> list[Fit]:
    """Fit a body to 2D joints, from several ways to face.

    Args:
        body: The body, differentiable.
        keypoints: (K, 2) pixels; NaN where a joint is not known.
        names: K names in the order of keypoints and of the body's joints; those of `TORSO` among them and known.
        intrinsics: (3, 3) pixels.
        pose_width: P.

    Returns:
        The fits, the best first.
    """
    problem = _Problem(body, keypoints, [list(names).index(name) for name in TORSO], intrinsics)
    starts = sorted((problem.start(yaw, pose_width) for yaw in YAWS), key=lambda start: start[1])
    first, *others = (values for values, _ in starts)
    second = next((other for other in others if problem.between(first, other) > ANOTHER), others[0])
    fits = [problem.refined(values) for values in (first, second)]
    return sorted(fits, key=lambda fit: fit.loss)


class _Problem:
    """The objective of one person."""

    def __init__(self, body: BodyForward, keypoints: Float, torso: list[int], intrinsics: Float) -> None:
        import torch  # deferred: `import targets` stays light

        self._torch, self._body, self._torso = torch, body, torso
        known: NDArray[np.bool_] = np.asarray(np.isfinite(keypoints).all(axis=1))
        self._known = torch.from_numpy(known.astype(np.float64))
        self._points = torch.from_numpy(np.where(known[:, None], keypoints, 0.0))
        self._camera = torch.from_numpy(np.array(intrinsics, np.float64))
        self._extent = float(np.ptp(keypoints[known], axis=0).max())

    def start(self, yaw: float, pose_width: int) -> tuple[list[Any], float]:
        """Parameters of a body that faces somewhere, its torso fitted, then all of it once; and what is left."""
        orient = self._torch.tensor([_facing(yaw)], dtype=self._torch.float64)
        betas, pose = (self._torch.zeros((1, n), dtype=self._torch.float64) for n in (10, pose_width))
        transl = self._placed(betas, pose, orient)
        values = [betas, pose, orient, transl]
        self._minimise(values, moving=(2, 3), weights=STAGES[0], only=self._torso)
        return values, self._minimise(values, moving=(0, 1, 2, 3), weights=STAGES[0])

    def between(self, one: list[Any], other: list[Any]) -> float:
        """Metres between the joints of two poses, on average and about the first joint."""
        with self._torch.no_grad():
            joints = [self._body(*values)[0] for values in (one, other)]
        rooted = [each - each[:1] for each in joints]
        return float((rooted[0] - rooted[1]).norm(dim=1).mean())

    def refined(self, values: list[Any]) -> Fit:
        """The fit that a start leads to."""
        loss = 0.0
        for weights in STAGES[1:]:
            loss = self._minimise(values, moving=(0, 1, 2, 3), weights=weights)
        with self._torch.no_grad():
            joints = self._body(*values)
        betas, pose, orient, transl = (value.detach().numpy()[0].copy() for value in values)
        return Fit(betas, pose, orient, transl, joints.numpy()[0].copy(), loss)

    def _placed(self, betas: Any, pose: Any, orient: Any) -> Any:
        """The translation at which the torso is as long, and where, as in the picture."""
        origin = self._torch.zeros((1, 3), dtype=self._torch.float64)
        with self._torch.no_grad():
            torso = self._body(betas, pose, orient, origin)[0, self._torso]
        seen = self._points[self._torso]
        lengths = [(points[:2].mean(0) - points[2:].mean(0)).norm() for points in (torso, seen)]
        depth = self._camera[0, 0] * lengths[0] / self._torch.clamp(lengths[1], min=1.0)
        ray = (seen.mean(0) - self._camera[:2, 2]) / self._camera[[0, 1], [0, 1]]
        middle = torso.mean(0)
        return self._torch.cat([ray * depth - middle[:2], (depth - middle[2])[None]])[None]

    def _minimise(
        self,
        values: list[Any],
        moving: tuple[int, ...],
        weights: tuple[float, float],
        only: list[int] | None = None,
    ) -> float:
        """Change the moving values in place; what is left of the objective."""
        for number in moving:
            values[number] = values[number].detach().clone().requires_grad_(True)
        optimiser: Any = self._torch.optim.LBFGS(
            [values[number] for number in moving], max_iter=STEPS, line_search_fn="strong_wolfe"
        )

        def closure() -> Any:
            optimiser.zero_grad()
            loss = self._objective(values, weights, only)
            loss.backward()
            return loss

        optimiser.step(closure)
        with self._torch.no_grad():
            return float(self._objective(values, weights, only))

    def _objective(self, values: list[Any], weights: tuple[float, float], only: list[int] | None) -> Any:
        joints = self._body(*values)[0]
        depth = self._torch.clamp(joints[:, 2:], min=0.1)
        seen = joints[:, :2] / depth * self._camera[[0, 1], [0, 1]] + self._camera[:2, 2]
        squared = (((seen - self._points) / self._extent) ** 2).sum(1)
        robust = self._known * squared / (1 + squared / WIDTH**2)
        data = robust.sum() / self._known.sum() if only is None else robust[only].mean()
        betas, pose = values[0], values[1]
        bends = sum(self._torch.exp(2 * sign * pose[0, entry]) for entry, sign in BENDS) / len(BENDS)
        return data + weights[0] * ((pose**2).mean() + 0.1 * bends) + weights[1] * (betas**2).mean()


def _facing(yaw: float) -> list[float]:
    """Axis-angle of an upright body (y up) in camera axes (y down), turned about its own vertical by degrees.

    Half a turn about x, after a turn about y, is half a turn about an axis between x and z.
    """
    half = np.radians(yaw) / 2
    return [float(np.pi * np.cos(half)), 0.0, float(np.pi * np.sin(half))]
