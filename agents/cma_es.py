"""CMA-ES, one independent strategy per agent, with restarts: the strongest of the usual optimisers.

The strategies are those of the package cma (Hansen, The CMA Evolution Strategy: A Tutorial, 2016). An agent first
explores with screened draws, half of them typical, climbs from the best one that is distinct from what was taken
before, and explores again when its climb is over. Unfair candidates are rejected inside `ask`; those that are
returned all the same are told as worse than every fair one. Agents share nothing but the list of what was taken.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from agents.base import Float, Setting
from agents.checks import check_population, check_told, load_rng, save_rng
from agents.error_model import one_thread
from agents.places import cube_distance
from agents.scouting import half_typical
from agents.screening import Screen

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where there is no matplotlib
        import cma
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        "expected the package cma for agents cma-es; pip install 'poseexaminer[search]'"
    ) from None

LEAST_BATCH = 3
"""A strategy ranks its batch and follows the better half."""

FACE = 2.5
"""Normal quantile of the cube's face."""

NEVER = -np.inf


@dataclass(frozen=True)
class Space:
    """Where strategies work."""

    points: Callable[[Float], Float]
    """From units to points of the space."""
    units: Callable[[Float], Float]
    """Back; points beyond the faces are moved to them."""
    deviation: float
    """Standard deviation of uniform units there."""


SPACES: Mapping[str, Space] = MappingProxyType(
    {
        "quantiles": Space(
            lambda units: np.asarray(ndtri(units)).clip(-FACE, FACE),
            lambda points: np.asarray(ndtr(points.clip(-FACE, FACE))),
            1.0,
        ),
        "cube": Space(lambda units: units, lambda points: points.clip(0.0, 1.0), 0.3),
    }
)


class CmaEs:
    """A population of independent CMA-ES strategies; see the module's text.

    Args:
        setting: the task.
        batch: queries of each agent in a round, the population size of its strategy.
        spread: initial standard deviation of a strategy, 1 is that of uniform draws.
        explore: rounds of draws before each climb.
        patience: rounds without a better query after which an agent restarts.
        space: where the strategies work, the `cube` itself or normal `quantiles`, as latents of poses are. The cube
            found more on noisy planted landscapes and as much on a real target, where quantiles climbed faster.

    Raises:
        ValueError: for an option out of its range.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        batch: int = 8,
        spread: float = 0.4,
        explore: int = 1,
        patience: int = 6,
        space: str = "cube",
    ) -> None:
        check_population(setting.dim, setting.agents, batch)
        for name, value, least in (("batch", batch, LEAST_BATCH), ("explore", explore, 1)):
            if value < least:
                raise ValueError(f"expected {name} of at least {least} for cma-es, got {value}")
        if space not in SPACES:
            raise ValueError(f"expected space of cma-es to be one of {', '.join(SPACES)}, got {space!r}")
        self._space = SPACES[space]
        dim, agents = setting.dim, setting.agents
        self._dim, self._agents, self._batch = dim, agents, batch
        self._spread, self._explore, self._patience = spread, explore, patience
        self._typical = setting.typical
        self._distance = setting.distance or cube_distance
        self._rng = np.random.default_rng(np.random.SeedSequence(setting.seed, spawn_key=(4,)))
        self._screen = Screen(setting.margin)
        self._strategies: list[Any] = [None] * agents
        self._best = np.full((agents, dim), 0.5)
        self._best_error = np.full(agents, NEVER)
        self._stale = np.zeros(agents, dtype=np.int64)
        self._taken = np.empty((0, dim))
        self._asked: Float | None = None
        self._margins = np.empty(0)

    @property
    def screened(self) -> int:
        """Candidates judged so far."""
        return self._screen.screened

    def ask(self) -> Float:
        """A batch (agents * batch, D): row i belongs to agent i // batch."""
        with one_thread():
            self._asked, self._margins = self._screen.fill(self._agents * self._batch, self._draw)
        return self._asked.copy()

    def tell(self, units: Float, error: Float) -> None:
        """Let every agent climb, start or restart."""
        check_told(self._asked, units, error)
        with one_thread():
            for agent in range(self._agents):
                rows = slice(agent * self._batch, (agent + 1) * self._batch)
                learn = self._start if self._strategies[agent] is None else self._climb
                learn(agent, units[rows], error[rows], self._margins[rows])
        self._asked = None

    def state(self) -> dict[str, Any]:
        """Arrays, counters, the random generator, and of each strategy what it has learned, agent by agent."""
        arrays = {name: getattr(self, "_" + name).copy() for name in ARRAYS}
        climbing = np.array([strategy is not None for strategy in self._strategies])
        learned = [_learned(strategy) for strategy in self._strategies if strategy is not None]
        parts = {f"cma.{part}": np.array([one[part] for one in learned]) for part in PARTS}
        return {
            **arrays,
            **parts,
            "climbing": climbing,
            "rng": save_rng(self._rng),
            "screened": self.screened,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        for name in ARRAYS:
            setattr(self, "_" + name, np.array(state[name]))
        self._rng = load_rng(state["rng"])
        self._screen.screened = int(state["screened"])
        self._strategies = [None] * self._agents
        for place, agent in enumerate(np.flatnonzero(state["climbing"]).tolist()):
            learned = {part: state[f"cma.{part}"][place] for part in PARTS}
            self._strategies[agent] = _relearned(self._strategy(self._best[agent]), learned)

    def _draw(self, rows: NDArray[np.intp]) -> Float:
        drawn = half_typical(rows, self._dim, self._typical, self._rng)
        owner = rows // self._batch
        for agent in np.unique(owner).tolist():
            if self._strategies[agent] is not None:
                mine = owner == agent
                drawn[mine] = self._space.units(np.array(self._strategies[agent].ask(int(mine.sum()))))
        return drawn

    def _start(self, agent: int, units: Float, error: Float, margins: Float) -> None:
        """Remember the best draw that is fair and not taken, and climb from it once enough were seen."""
        free = (margins >= 0) & ~self._crowded(units)
        self._remember(agent, units, np.where(free, error, NEVER))
        self._stale[agent] += 1
        if self._stale[agent] >= self._explore and self._best_error[agent] > NEVER:
            self._strategies[agent] = self._strategy(self._best[agent])
            self._stale[agent] = 0

    def _climb(self, agent: int, units: Float, error: Float, margins: Float) -> None:
        """One generation of the agent's strategy."""
        strategy = self._strategies[agent]
        strategy.tell(list(self._space.points(units)), costs(error, margins).tolist())
        better = self._remember(agent, units, np.where(margins >= 0, error, NEVER))
        self._stale[agent] = 0 if better else self._stale[agent] + 1
        if self._stale[agent] >= self._patience or strategy.stop():
            self._restart(agent)

    def _remember(self, agent: int, units: Float, value: Float) -> bool:
        top = int(value.argmax())
        better = bool(value[top] > self._best_error[agent])
        if better:
            self._best[agent], self._best_error[agent] = units[top], value[top]
        return better

    def _restart(self, agent: int) -> None:
        self._taken = np.concatenate([self._taken, self._best[agent : agent + 1]])
        self._strategies[agent] = None
        self._best_error[agent] = NEVER
        self._stale[agent] = 0

    def _crowded(self, units: Float) -> NDArray[np.bool_]:
        if not len(self._taken):
            return np.zeros(len(units), dtype=np.bool_)
        return np.asarray((self._distance(units, self._taken) < 1).any(axis=1))

    def _strategy(self, start: Float) -> Any:
        options = {**OPTIONS, "popsize": self._batch, "randn": self._randn}
        return cma.CMAEvolutionStrategy(
            self._space.points(start), self._spread * self._space.deviation, options
        )

    def _randn(self, *shape: int) -> Float:
        return self._rng.standard_normal(shape)


ARRAYS = ("best", "best_error", "stale", "taken")
"""What a state holds beside the strategies and counters."""

OPTIONS = {
    "verbose": -10,  # below -9 it looks for no file of options in the working directory
    "seed": float("nan"),  # leaves numpy's global generator alone
    "AdaptSigma": cma.sigma_adaptation.CMAAdaptSigmaCSA,
    "CMA_mirrors": 0,
    "conditioncov_alleviate": None,
    "tolstagnation": 0,  # patience does this and the next three
    "tolxstagnation": False,
    "tolfun": 0,
    "tolfunhist": 0,
}
"""Whatever of cma would keep a history of its own is off, so that PARTS are all that it remembers."""

PARTS = (
    "mean",
    "sigma",
    "pc",
    "countiter",
    "countevals",
    "adapt_sigma.ps",
    "adapt_sigma.delta",
    "fit.flatfit_iterations",
    "sm.C",
    "sm.B",
    "sm.D",
    "sm.last_update",
    "sm.count_tell",
    "sm.count_eigen",
)
"""What a strategy of cma has learned, by attribute."""


def costs(error: Float, margins: Float) -> Float:
    """Costs (n,) to be minimised: the negative error where fair, above all of those and by margin where not."""
    fair = margins >= 0
    worst = -error[fair].min() if fair.any() else 0.0
    return np.where(fair, -error, worst - margins)


def _learned(strategy: Any) -> dict[str, Any]:
    return {part: np.array(getattr(*_place(strategy, part))) for part in PARTS}


def _relearned(strategy: Any, learned: dict[str, Any]) -> Any:
    """A fresh strategy with what another one has learned."""
    for part, value in learned.items():
        if np.ndim(value):
            getattr(*_place(strategy, part))[...] = value  # last bits depend on the layout, which this keeps
        else:
            setattr(*_place(strategy, part), value.item())
    strategy.mean_old = strategy.mean
    strategy.timer = cma.utilities.utils.ElapsedWCTime()
    strategy._updateBDfromSM(strategy.sm)
    return strategy


def _place(strategy: Any, part: str) -> tuple[Any, str]:
    """The object and the name of its attribute."""
    *path, name = part.split(".")
    for step in path:
        strategy = getattr(strategy, step)
    return strategy, name
