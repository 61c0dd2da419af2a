"""CMA-MAE: quality-diversity search, many different and severe failures in one archive.

Covariance matrix adaptation MAP-annealing (Fontaine and Nikolaidis, Covariance Matrix Adaptation MAP-Annealing,
GECCO 2023) from the package ribs. The archive has a cell for every kind of person that the measures tell apart, and a
threshold in each that rises slowly towards the errors found there; several evolution strategies climb what exceeds the
thresholds, so they leave a cell once it has no more to give. The first rounds are screened draws that fill the archive;
a strategy starts, and starts again when it adds nothing, from a random elite. Unfair candidates are rejected inside
`ask`; those that are returned all the same never enter the archive and rank last.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from agents.base import Float, Setting
from agents.checks import check_population, check_told, load_rng, save_rng
from agents.error_model import one_thread
from agents.scouting import half_typical
from agents.screening import Screen

try:
    from ribs.archives import CVTArchive, GridArchive
    from ribs.emitters import EvolutionStrategyEmitter
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        "expected the package ribs for agents cma-mae; pip install 'poseexaminer[search]'"
    ) from None

LEAST_ROWS = 4
"""Fewest rows of an emitter: it ranks them and follows the better half."""

GRID_MEASURES = 3
"""Most measures that a grid divides; with more the cells are those of a centroidal Voronoi tessellation."""


class CmaMae:
    """A population of emitters round one archive; see the module's text.

    Args:
        setting: the task.
        batch: queries for each agent in a round.
        rows: queries of each emitter in a round, about; the emitters share what the agents have.
        spread: initial standard deviation of an emitter, in units of the cube.
        explore: rounds of draws at the start.
        cells: cells of the archive, about.
        learning_rate: how fast thresholds rise, in 0 to 1; 0 only optimises, 1 leaves a cell after one success.
        threshold_min: error that nothing in the archive falls below, mm.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        batch: int = 8,
        rows: int = 8,
        spread: float = 0.1,
        explore: int = 1,
        cells: int = 400,
        learning_rate: float = 0.02,
        threshold_min: float = 0.0,
    ) -> None:
        check_population(setting.dim, setting.agents, batch)
        count = setting.agents * batch
        for name, value, least in (("agents * batch", count, LEAST_ROWS), ("rows", rows, LEAST_ROWS)):
            if value < least:
                raise ValueError(f"expected {name} of at least {least} for cma-mae, got {value}")
        if not 0 <= learning_rate <= 1:
            raise ValueError(f"expected learning_rate from 0 to 1 for cma-mae, got {learning_rate}")
        self._dim, self._count, self._explore = setting.dim, count, explore
        self._least = threshold_min
        self._typical = setting.typical
        self._measures = setting.measures or _first
        self._rng = np.random.default_rng(np.random.SeedSequence(setting.seed, spawn_key=(5,)))
        self._screen = Screen(setting.margin)
        self._archive = self._new_archive(setting.seed, cells, learning_rate)
        self._slices = _shares(count, rows)
        self._owner = np.repeat(np.arange(len(self._slices)), [s.stop - s.start for s in self._slices])
        self._emitters = [self._emitter(s.stop - s.start, spread) for s in self._slices]
        self._share_rng()
        self._round, self._scouting = 0, True
        self._asked: Float | None = None
        self._margins = np.empty(0)

    @property
    def screened(self) -> int:
        """Candidates judged so far."""
        return self._screen.screened

    def ask(self) -> Float:
        """A batch (agents * batch, D), emitter after emitter."""
        self._scouting = self._round < self._explore or self._archive.empty
        with one_thread():
            self._asked, self._margins = self._screen.fill(self._count, self._draw)
        return self._asked.copy()

    def tell(self, units: Float, error: Float) -> None:
        """Add what is fair to the archive, then train or restart every emitter."""
        check_told(self._asked, units, error)
        self._round += 1
        measures = np.asarray(self._measures(units)).clip(0.0, 1.0)
        told = np.maximum(error, self._least + TINY)
        added = self._added(units, told, measures)
        if not self._archive.empty:
            with one_thread():
                self._train(units, told, measures, added)
        self._asked = None

    def state(self) -> dict[str, Any]:
        """The archive, what each emitter has learned, counters and the random generator."""
        elites = self._archive.data(["index", *FIELDS], return_type="dict")
        learned = [_learned(emitter) for emitter in self._emitters]
        return {
            **{f"archive.{name}": np.array(value) for name, value in elites.items()},
            **{f"emitters.{part}": np.array([one[part] for one in learned]) for part in PARTS},
            "rng": save_rng(self._rng),
            "round": self._round,
            "screened": self.screened,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        self._archive.clear()
        for row, index in enumerate(state["archive.index"].tolist()):  # one by one, to keep their order
            elite = {name: state[f"archive.{name}"][row : row + 1] for name in FIELDS}
            self._archive._store.add([index], elite)
        for place, emitter in enumerate(self._emitters):
            _relearn(emitter, {part: state[f"emitters.{part}"][place] for part in PARTS})
        self._rng = load_rng(state["rng"])
        self._round = int(state["round"])
        self._screen.screened = int(state["screened"])
        self._share_rng()

    def _draw(self, rows: NDArray[np.intp]) -> Float:
        if self._scouting:
            return half_typical(rows, self._dim, self._typical, self._rng)
        owner = self._owner[rows]
        drawn = [self._emitters[k]._opt.ask(int((owner == k).sum())) for k in np.unique(owner).tolist()]
        return np.concatenate(drawn).clip(0.0, 1.0)

    def _added(self, units: Float, error: Float, measures: Float) -> dict[str, NDArray[Any]]:
        """What the archive says of each row; unfair ones improve nothing, by their margin."""
        fair = self._margins >= 0
        status = np.zeros(len(units), dtype=np.int32)
        value = np.array(self._margins)
        if fair.any():
            info = self._archive.add(units[fair], error[fair], measures[fair])
            status[fair], value[fair] = info["status"], info["value"]
            value[~fair] += value[fair].min()
        return {"status": status, "value": value}

    def _train(self, units: Float, error: Float, measures: Float, added: dict[str, NDArray[Any]]) -> None:
        for emitter, rows in zip(self._emitters, self._slices, strict=True):
            if self._scouting:
                emitter._opt.reset(self._archive.sample_elites(1)["solution"][0])
                continue
            emitter._opt._solutions = units[rows]
            some = {name: value[rows] for name, value in added.items()}
            emitter.tell(units[rows], error[rows], measures[rows], some)

    def _new_archive(self, seed: int, cells: int, learning_rate: float) -> Any:
        count = self._measures(np.full((1, self._dim), 0.5)).shape[1]
        common: dict[str, Any] = {
            "solution_dim": self._dim,
            "ranges": [(0.0, 1.0)] * count,
            "learning_rate": learning_rate,
            "threshold_min": self._least,
            "seed": seed,
        }
        if count <= GRID_MEASURES:
            return GridArchive(dims=[max(1, round(cells ** (1 / count)))] * count, **common)
        return CVTArchive(centroids=sites(cells, count), **common)

    def _emitter(self, rows: int, spread: float) -> Any:
        return EvolutionStrategyEmitter(
            self._archive,
            x0=np.full(self._dim, 0.5),
            sigma0=spread,
            ranker="imp",
            selection_rule="mu",
            restart_rule="no_improvement",
            batch_size=rows,
            seed=0,
        )

    def _share_rng(self) -> None:
        """One generator for all, which the state holds."""
        self._archive._rng = self._rng
        for emitter in self._emitters:
            emitter._opt._rng = self._rng


TINY = 1e-9
"""An error in the archive exceeds its smallest threshold."""

FIELDS = ("solution", "objective", "measures", "threshold")

PARTS = (
    "_itrs",
    "_restarts",
    "_opt.current_eval",
    "_opt.mean",
    "_opt.sigma",
    "_opt.pc",
    "_opt.ps",
    "_opt.cov.cov",
    "_opt.cov.eigenbasis",
    "_opt.cov.eigenvalues",
    "_opt.cov.condition_number",
    "_opt.cov.invsqrt",
    "_opt.cov.updated_eval",
)
"""What an emitter of ribs has learned, by attribute."""


def sites(count: int, dim: int) -> Float:
    """Centres (count, dim) of a centroidal Voronoi tessellation of the unit cube by Lloyd's algorithm."""
    points = np.random.default_rng(0).random((50 * count, dim))
    centres = points[:count]
    for _ in range(10):
        nearest = KDTree(centres).query(points)[1]
        sums = [np.bincount(nearest, column, minlength=count) for column in points.T]
        filled = np.bincount(nearest, minlength=count)[:, None]
        centres = np.where(filled > 0, np.stack(sums, axis=1) / np.maximum(filled, 1), centres)
    return centres


def _first(units: Float) -> Float:
    return units[:, :2]


def _shares(count: int, rows: int) -> list[slice]:
    """Rows of each emitter, shared out evenly."""
    ends = np.linspace(0, count, max(1, count // rows) + 1).round().astype(int).tolist()
    return [slice(first, last) for first, last in pairwise(ends)]


def _learned(emitter: Any) -> dict[str, Any]:
    return {part: np.array(getattr(*_place(emitter, part))) for part in PARTS}


def _relearn(emitter: Any, learned: dict[str, Any]) -> None:
    emitter._opt.reset(learned["_opt.mean"])
    for part, value in learned.items():
        if np.ndim(value):
            getattr(*_place(emitter, part))[...] = value  # last bits depend on the layout, which this keeps
        else:
            setattr(*_place(emitter, part), value.item())


def _place(emitter: Any, part: str) -> tuple[Any, str]:
    """The object and the name of its attribute."""
    *path, name = part.split(".")
    for step in path:
        emitter = getattr(emitter, step)
    return emitter, name
