"""Episodes of refinement: what a shared policy sees, what its action does, and what it is rewarded for.

Every agent has several walkers. An episode is a short walk in the normal quantiles of the unit cube; a walker stands on
the best fair point of its episode, so a step that does not pay is taken back. Half of an action is a direction of
its own, the other half says how far to follow directions with a meaning, which a policy learns from few queries.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from agents.base import Float

Float32 = NDArray[np.float32]
Rows = NDArray[np.intp]

FACE = 2.5
"""Normal quantile of the cube's face."""

MAX_JOINTS = 24
"""Joints a policy sees; of targets with fewer the rest is zero, of those with more the first are seen."""

DIRECTIONS = 4
"""Directions with a meaning: the walk so far, uphill, the agent's best, the nearest other agent's best."""

REACH = 2.0
"""Most steps along a direction with a meaning in one action."""

SCALARS = 8
"""Numbers seen beside positions and joints."""

FADING = 0.7
"""What remains of an agent's slope after a round."""

LOSS = 0.3
"""Share of a loss that counts against the gains."""

SEEN = 5.0
"""Largest number that a policy is shown."""

REWARD = 10.0
"""Reward of a gain as large as the scale of errors."""

ARRAYS = ("at", "best", "last", "gain", "age", "walked", "joints", "fresh", "slope")


class Walks:
    """The walkers of all agents, `batch` for each; walker i belongs to agent i // batch.

    Args:
        agents: number of agents.
        batch: walkers of each.
        dim: dimensions of the cube.
        episode: queries in an episode.
        step: length of a step, in normal quantiles.
    """

    def __init__(self, agents: int, batch: int, dim: int, episode: int, step: float) -> None:
        count = agents * batch
        self._agents, self._batch, self._dim, self._episode, self._step = agents, batch, dim, episode, step
        self.at = np.zeros((count, dim))
        """Normal quantiles (n, D) where each walker stands."""
        self.best = np.zeros(count)
        """Error there; zero where nothing was measured yet."""
        self.last, self.gain = np.zeros(count), np.zeros(count)
        """Error of the last query and its gain over the best one before it."""
        self.age = np.arange(count) % episode
        """Queries of the episode so far; spread at the start, so that some episodes end in every round."""
        self.walked = np.zeros((count, dim))
        """Sum of the steps of the episode that paid."""
        self.joints = np.zeros((count, MAX_JOINTS))
        """Errors of the last query's joints."""
        self.fresh = np.ones(count, dtype=np.bool_)
        """Whether a walker waits for a draw to start from."""
        self.slope = np.zeros((agents, dim))
        """Mean of an agent's steps weighed by their gains: uphill."""

    @property
    def sees(self) -> int:
        """Length O of an observation."""
        return 3 * self._dim + MAX_JOINTS + SCALARS

    @property
    def acts(self) -> int:
        """Length A of an action."""
        return self._dim + DIRECTIONS

    def state(self) -> dict[str, Any]:
        """Copies of all arrays."""
        return {name: getattr(self, name).copy() for name in ARRAYS}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        for name in ARRAYS:
            setattr(self, name, np.array(state[name]))

    def seen(self, rows: Rows, at: Float, scale: float) -> Float32:
        """What the policy sees of walkers (n,) that stand at normal quantiles (n, D): (n, O), finite.

        Errors are in units of `scale`.
        """
        other, gap = self._nearest(rows, at)
        fresh = self.fresh[rows]
        errors = np.stack([self.best[rows], self.last[rows], self.gain[rows] * REWARD]) / scale
        scalars = [*errors, gap, fresh, self.age[rows] / self._episode]
        scalars += [rms(self.walked[rows]) / self._step, rms(self.slope[rows // self._batch]) / self._step]
        joints = self.joints[rows] / scale
        parts = [at / FACE, other / FACE, self.walked[rows] / self._step, joints, np.stack(scalars, axis=1)]
        return np.concatenate(parts, axis=1).clip(-SEEN, SEEN).astype(np.float32)

    def stepped(self, rows: Rows, at: Float, action: Float) -> Float:
        """Normal quantiles (n, D) where actions (n, A) in -1 to 1 lead from (n, D)."""
        agent = rows // self._batch
        best = self._bests()[agent] - at
        ways = (self.walked[rows], self.slope[agent], best, self._nearest(rows, at)[0])
        moved = action[:, : self._dim].copy()
        for way, share in zip(ways, action[:, self._dim :].T, strict=True):
            moved += REACH * share[:, None] * way / np.maximum(rms(way), 1e-9)[:, None]
        return np.asarray((at + self._step * moved).clip(-FACE, FACE))

    def settle(self, start: Float, reached: Float, error: Float, fair: NDArray[np.bool_]) -> Float:
        """Move walkers that stepped from `start` to what they `reached`, both (n, D); their gains (n,), signed."""
        measured = fair & ~self.fresh
        gain = np.where(measured, error - self.best, 0.0)
        self._climb(reached - start, gain)
        taken = fair & (self.fresh | (gain > 0))
        self.walked[taken & measured] += (reached - start)[taken & measured]
        self.at[taken], self.best[taken] = reached[taken], error[taken]
        self.last, self.gain = error.copy(), gain
        self.fresh &= ~fair
        self.age += 1
        return gain

    def ended(self) -> Rows:
        """Walkers whose episode is over."""
        return np.flatnonzero(self.age >= self._episode)

    def restart(self, rows: Rows, at: Float, error: Float) -> None:
        """Begin episodes of walkers (n,) at normal quantiles (n, D) of known error (n,), NaN where a draw is wanted."""
        self.fresh[rows] = np.isnan(error)
        self.at[rows], self.best[rows] = at, np.nan_to_num(error)
        self.age[rows] = 0
        for array in (self.last, self.gain, self.walked, self.joints):
            array[rows] = 0.0

    def watch(self, per_joint: Float) -> None:
        """Take the errors (n, J) of the joints of the last query; what is not finite counts as zero."""
        known = np.nan_to_num(per_joint[:, :MAX_JOINTS], nan=0.0, posinf=0.0, neginf=0.0)
        self.joints[:] = 0.0
        self.joints[:, : known.shape[1]] = known

    def unwatch(self) -> None:
        """Forget the joints of all walkers, once the policy has seen them."""
        self.joints[:] = 0.0

    def _climb(self, step: Float, gain: Float) -> None:
        """Add the steps (n, D), weighed by their gains, to the slopes of their agents."""
        size = np.sqrt((gain**2).mean())
        weighed = (gain / size if size > 0 else gain)[:, None] * step
        shared = weighed.reshape(self._agents, self._batch, self._dim).mean(axis=1)
        self.slope = FADING * self.slope + (1 - FADING) * shared

    def _bests(self) -> Float:
        """Where the best walker of every agent stands (K, D)."""
        first = np.where(self.fresh, -np.inf, self.best).reshape(self._agents, self._batch).argmax(axis=1)
        return np.asarray(self.at[np.arange(self._agents) * self._batch + first])

    def _nearest(self, rows: Rows, at: Float) -> tuple[Float, Float]:
        """The way (n, D) from `at` to the nearest best walker of another agent, and its length (n,)."""
        if self._agents < 2:
            return np.zeros_like(at), np.zeros(len(at))
        away = rms(at[:, None] - self._bests()[None])
        away[np.arange(len(rows)), rows // self._batch] = np.inf
        nearest = away.argmin(axis=1)
        return self._bests()[nearest] - at, away[np.arange(len(rows)), nearest]


def rms(vectors: Float) -> Float:
    """Root mean square over the last axis."""
    return np.asarray(np.sqrt((vectors**2).mean(axis=-1)))


def normal(units: Float) -> Float:
    """Normal quantiles of units, finite at the faces of the cube."""
    return np.asarray(ndtri(units)).clip(-FACE, FACE)
