"""The released search of PoseExaminer (its first phase), for comparison.

Facts from the public code of Liu et al., PoseExaminer: Automated Testing of Out-of-Distribution Robustness in
Human Pose and Shape Estimation, CVPR 2023 (arXiv 2303.07337), release of 2023: each agent is a Gaussian of fixed
spread whose mean is a linear layer fed the constant 1, trained by REINFORCE (Williams, Machine Learning 8, 1992)
on one image a step with Adam (Kingma and Ba, ICLR 2015), and knows of no other agent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from agents.base import Float, Setting
from agents.checks import check_population, check_told, load_rng, save_rng
from agents.screening import TRIES, Screen

SPREAD = 0.05
"""Standard deviation of every policy; the release never trains it."""

BOUND = 2.0
"""Clamp of the weight and of the mean, standard deviations of the latent."""

RATE, DECAY, SQUARED_DECAY, TINY = 0.2, 0.9, 0.999, 1e-8
"""Adam's learning rate and its usual constants."""

LARGEST_NORM = 5.0
"""The gradient of weight and bias together is scaled down to this norm."""

COST, PER_MM = 50.0, 0.1
"""The cost of an action is COST - PER_MM * error."""

FIRST_BASELINE, BASELINE_ALPHA = 0.4, 0.5
LEAST_STEPS, LAST, ABOVE = 20, 10, 10.0
"""An agent switches after more than LEAST_STEPS steps once its LAST errors are all more than ABOVE mm too large."""

CAP = 300
GIVES_UP_ABOVE = 100
"""Agents whose steps are capped lower than this do not give up."""

THRESHOLD = 90.0
"""Failure threshold of the release, mm; where the setting has none."""


class Published:
    """Independent agents that search as the release does, one query each a round until each is done.

    An agent draws z ~ N(clamp(W + b, -2, 2), 0.05^2) from W = b = 0, is told the error E of that one person, and
    descends on log pi(z) (d - baseline) with d = 50 - E / 10 and a running baseline: 0.4 at first, then half the
    old one and half the new cost. It is done (it switches to growing a region) after more than 20 steps with the
    last 10 errors all 10 mm above the threshold, or at the cap, where it gives up if its last error is below the
    threshold. Agents that are done ask no more. Known defects are kept, for they are what was published: the clamp
    has no gradient outside and W and b move together, so that means get stuck at the corners of the latent cube;
    the first baseline is far off, so that the first step moves every mean 0.4 away from the first draw.

    What differs from the release:

    * The reward is the run's error. The release rewards a pseudo-2D error (the xy distance of its root-aligned 3D
      joints, taken for speed) and switches by the 3D one; agents here are told one number.
    * The latent is the normal quantile of the unit cube, z = Phi^-1(u), and so that of the run's own pose prior in
      the place of VPoser. A prior whose cube ends at 2.5 standard deviations reads 1.90 where z is 2.
    * Dimensions beside the pose (view, shape, ...) are searched as further latent ones. The release searches the 32
      of the pose alone.
    * The threshold is the run's where the setting has one; the release's is 90 mm.
    * All agents live in one process with one seed, in double precision. The release runs 40 unseeded processes.
    * The release's final point of an agent is its last draw, at random, and it keeps no other. Here every query
      counts: who uses the population takes the worst ones. `centres` has the means where the agents stand.

    Fairness is not looked at while searching, as in the release: `setting.margin` is ignored unless `tries` is 20.
    What the release has no notion of (`typical`, `distance`, `measures`) is ignored too.

    Args:
        setting: the task.
        cap: most steps of an agent.
        tries: candidates for each query: 1 as released, or 20, screened as all other populations are.

    Raises:
        ValueError: for an empty cube or population, a cap below 1, or other tries.
    """

    def __init__(self, setting: Setting, *, cap: int = CAP, tries: int = 1) -> None:
        check_population(setting.dim, setting.agents, 1)
        if cap < 1:
            raise ValueError(f"expected cap of at least 1 step, got {cap}")
        if tries not in (1, TRIES):
            raise ValueError(
                f"expected tries of 1, as released, or {TRIES}, as other agents have, got {tries}"
            )
        shape = (setting.agents, setting.dim)
        self._cap = cap
        self._threshold = THRESHOLD if setting.threshold is None else setting.threshold
        self._rng = np.random.default_rng(np.random.SeedSequence(setting.seed, spawn_key=(7,)))
        self._screen = Screen(setting.margin if tries == TRIES else None)
        self._weight, self._bias = np.zeros(shape), np.zeros(shape)
        self._first, self._second = np.zeros(shape), np.zeros(shape)
        self._baseline = np.full(setting.agents, FIRST_BASELINE)
        self._steps = np.zeros(setting.agents, dtype=np.int64)
        self._last = np.full((setting.agents, LAST), -np.inf)
        self._searching = np.ones(setting.agents, dtype=np.bool_)
        self._owners = np.arange(setting.agents)
        self._asked: Float | None = None

    @property
    def screened(self) -> int:
        """Candidates drawn so far."""
        return self._screen.screened

    @property
    def owners(self) -> NDArray[np.intp]:
        """(n,) which agent each row of the last `ask` belongs to."""
        return self._owners.copy()

    @property
    def centres(self) -> Float:
        """Units (agents, D) of the means."""
        return units_of(self._mean())

    @property
    def gave_up(self) -> NDArray[np.bool_]:
        """(agents,) whether an agent was done without a failure; the release grows no region for it."""
        capped = (self._steps >= self._cap) & (self._cap > GIVES_UP_ABOVE)
        return np.asarray(capped & (self._last[:, -1] < self._threshold))

    def ask(self) -> Float:
        """One action of each agent that is still searching; no rows once all are done."""
        self._owners = np.flatnonzero(self._searching)
        self._asked, _ = self._screen.fill(len(self._owners), self._draw)
        return self._asked.copy()

    def tell(self, units: Float, error: Float) -> None:
        """One step of each agent that asked."""
        check_told(self._asked, units, error)
        agents = self._owners
        cost = COST - PER_MM * error
        self._steps[agents] += 1
        self._descend(agents, latent_of(units), cost - self._baseline[agents])
        self._baseline[agents] = (1 - BASELINE_ALPHA) * self._baseline[agents] + BASELINE_ALPHA * cost
        self._last[agents] = np.column_stack([self._last[agents, 1:], error])
        switched = (self._steps > LEAST_STEPS) & (self._last.min(axis=1) > self._threshold + ABOVE)
        self._searching &= ~switched & (self._steps < self._cap)
        self._asked = None

    def state(self) -> dict[str, Any]:
        """Arrays and the random generator."""
        arrays = {name: getattr(self, "_" + name).copy() for name in ARRAYS}
        return {**arrays, "rng": save_rng(self._rng), "screened": self.screened}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        for name in ARRAYS:
            setattr(self, "_" + name, np.array(state[name]))
        self._rng = load_rng(state["rng"])
        self._screen.screened = int(state["screened"])

    def _mean(self) -> Float:
        return (self._weight + self._bias).clip(-BOUND, BOUND)

    def _draw(self, rows: NDArray[np.intp]) -> Float:
        """Actions of some rows; noise is drawn for all agents, so that none depends on who is done."""
        noise = self._rng.standard_normal(self._weight.shape)
        agents = self._owners[rows]
        return units_of(self._mean()[agents] + SPREAD * noise[agents])

    def _descend(self, agents: NDArray[np.intp], latent: Float, advantage: Float) -> None:
        """Adam's step on log pi(z) * advantage; weight and bias share one gradient, and so its moments."""
        total = (self._weight + self._bias)[agents]
        inside = (total >= -BOUND) & (total <= BOUND)
        score = (latent - total.clip(-BOUND, BOUND)) / SPREAD**2
        gradient = np.where(inside, score * advantage[:, None], 0.0)
        norm = np.sqrt(2 * (gradient**2).sum(axis=1, keepdims=True))
        gradient *= np.minimum(1.0, LARGEST_NORM / (norm + 1e-6))
        self._first[agents] += (1 - DECAY) * (gradient - self._first[agents])
        self._second[agents] += (1 - SQUARED_DECAY) * (gradient**2 - self._second[agents])
        steps = self._steps[agents, None]
        scale = np.sqrt(self._second[agents] / (1 - SQUARED_DECAY**steps)) + TINY
        move = RATE * self._first[agents] / (1 - DECAY**steps) / scale
        self._weight[agents] = (self._weight[agents] - move).clip(-BOUND, BOUND)
        self._bias[agents] -= move


ARRAYS = ("weight", "bias", "first", "second", "baseline", "steps", "last", "searching")
"""What a state holds beside the generator."""


def units_of(latent: Float) -> Float:
    """Units of normal quantiles."""
    return np.asarray(ndtr(latent))


def latent_of(units: Float) -> Float:
    """Normal quantiles of units; beyond 2.5 as well, which policies at the clamp may reach."""
    return np.asarray(ndtri(units))
