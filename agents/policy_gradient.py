"""The default search: a population of Gaussian policies trained by natural policy gradient.

Each agent is a Gaussian policy with a learned mean, step size and covariance; one round is a batch of actions for
each agent, and the gradient is natural and rank-based (`policies`; the policy-gradient view: Williams, Machine
Learning 8, 1992). The agents work together: they share an archive of what was seen, take the advice of a cheap model
fitted on what anybody saw near them as far as it proves good (`advice`), keep away from one another and from what was
taken, and restart elsewhere when their climb is over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.advice import Advice
from agents.archive import Archive
from agents.base import Float, Setting
from agents.checks import check_choice, check_population, check_told, load_rng, save_rng
from agents.error_model import ErrorModel, one_thread
from agents.places import cube_distance, places_of, units_of
from agents.policies import COVARIANCES, Policies
from agents.scouting import mostly_typical
from agents.screening import TRIES, Screen

LEAST_POOL = 32
"""Points seen before a model is fitted."""

SHORT_LIST = 4
"""Most promising draws of an action among which one that is not crowded is looked for."""

RETREAT = 4
"""What the candidates of an advised action are divided by at each further try: the model knows no fairness."""

ELITE = 3
"""Best actions of a batch whose mean tells whether a climb goes on."""

NEVER = -np.inf

SHARES = ("all", "none")


class PolicyGradient:
    """A population of Gaussian policies; see the module's text.

    Args:
        setting: the task.
        batch: actions of each agent in a round.
        explore: rounds of pure exploration at the start.
        scouts: actions of each batch that go on exploring afterwards.
        spread: initial standard deviation of a policy, 1 is that of uniform draws.
        reach: times by which steps among which the model advises may be longer than the policy's.
        patience: rounds without a better elite after which an agent restarts.
        candidates: draws of an advised action, of which the model's worst prediction is acted on; 1 asks no model.
        neighbours: points near an agent that its model is fitted on.
        tournament: most points of exploration among which a climb begins at the worst; 0 takes the worst of all.
        share: `all`, or `none`: every agent keeps to what it saw itself.
        dispersion: distance that agents keep from one another and from what was taken; 0 keeps none.
        covariance: `full`, or `diagonal`.
        haste: patience with an agent most of whose batch is above the threshold: it has something to show.
        tries: candidates of a row until one is fair; 1 screens nothing.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        batch: int = 8,
        explore: int = 1,
        scouts: int = 1,
        spread: float = 0.35,
        reach: float = 3.0,
        patience: int = 6,
        candidates: int = 128,
        neighbours: int = 256,
        tournament: int = 8,
        share: str = "all",
        dispersion: float = 1.0,
        covariance: str = "full",
        haste: int = 2,
        tries: int = TRIES,
    ) -> None:
        check_population(setting.dim, setting.agents, batch)
        check_choice("share", share, SHARES)
        check_choice("covariance", covariance, COVARIANCES)
        self._dim, self._agents, self._batch = setting.dim, setting.agents, batch
        self._scouts = min(scouts, batch // 4)
        self._explore, self._patience, self._tournament = explore, patience, tournament
        self._reach = reach
        self._candidates, self._neighbours, self._share = candidates, neighbours, share
        self._haste, self._threshold = haste, np.inf if setting.threshold is None else setting.threshold
        self._typical = setting.typical
        self._rng = np.random.default_rng(np.random.SeedSequence(setting.seed, spawn_key=(1,)))
        self._screen = Screen(setting.margin, tries)
        self._policies = Policies(setting.agents, setting.dim, batch - self._scouts, spread, covariance)
        self._archive = Archive(setting.dim, setting.distance or cube_distance, dispersion)
        guided = self._scouts if candidates > 1 and share == "all" else 0
        self._advice = Advice(setting.agents, batch - self._scouts if candidates > 1 else 0, guided)
        self._round = 0
        self._best = np.full((setting.agents, setting.dim), 0.5)
        self._best_error = np.full(setting.agents, NEVER)
        self._elite = np.full(setting.agents, NEVER)
        self._median = np.full(setting.agents, NEVER)
        self._stale = np.zeros(setting.agents, dtype=np.int64)
        self._asked: Float | None = None
        self._margins = np.empty(0)

    @property
    def screened(self) -> int:
        """Candidates judged so far."""
        return self._screen.screened

    def ask(self) -> Float:
        """A batch (agents * batch, D): row i belongs to agent i // batch, its scouts last."""
        with one_thread():
            self._asked, self._margins = self._screen.fill(self._agents * self._batch, self._proposals())
        self._archive.refuse(self._screen.refused(self._dim))
        return self._asked.copy()

    def tell(self, units: Float, error: Float) -> None:
        """Share what was seen, then train or restart every agent."""
        check_told(self._asked, units, error)
        rows = np.arange(len(units))
        fair, places = self._margins >= 0, places_of(units)
        known = rows[fair]
        drawn = self._exploring(known)
        self._archive.add(units[fair], places[fair], error[fair], known // self._batch, drawn)
        value = np.where(fair, error, NEVER)
        if self._round >= self._explore:
            for agent in range(self._agents):
                mine = rows[agent * self._batch : (agent + 1) * self._batch - self._scouts]
                self._train(agent, units[mine], places[mine], value[mine])
            self._weigh(value.reshape(self._agents, self._batch)[:, : self._batch - self._scouts])
        self._round += 1
        if self._round >= self._explore:
            patience = np.where(self._median > self._threshold, self._haste, self._patience)
            idle = (self._stale >= patience) | (self._best_error == NEVER)
            for agent in np.flatnonzero(idle).tolist():
                self._restart(agent)
        self._asked = None

    def state(self) -> dict[str, Any]:
        """Arrays, counters and the random generator."""
        own = {name: getattr(self, "_" + name).copy() for name in ARRAYS}
        policies = {name: getattr(self._policies, name).copy() for name in POLICY_ARRAYS}
        counters = {"round": self._round, "screened": self.screened, **self._advice.state()}
        return {**own, **policies, **self._archive.state(), **counters, "rng": save_rng(self._rng)}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        for name in ARRAYS:
            setattr(self, "_" + name, np.array(state[name]))
        for name in POLICY_ARRAYS:
            setattr(self._policies, name, np.array(state[name]))
        self._archive.load_state(state)
        self._rng = load_rng(state["rng"])
        self._advice.load_state(state)
        self._round = int(state["round"])
        self._screen.screened = int(state["screened"])

    def _exploring(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether rows of a batch are drawn at random."""
        return (rows % self._batch >= self._batch - self._scouts) | (self._round < self._explore)

    def _proposals(self) -> Callable[[NDArray[np.intp]], Float]:
        """What screening draws from: of fewer candidates at each further try."""
        choice = self._candidates if len(self._archive) >= LEAST_POOL else 1
        overview = self._archive.overview() if choice > 1 and self._advice.leading else None

        def draw(rows: NDArray[np.intp]) -> Float:
            nonlocal choice
            drawn = np.empty((len(rows), self._dim))
            agents, slots, scouts = rows // self._batch, rows % self._batch, self._exploring(rows)
            led = scouts & (agents < self._advice.leading) & (overview is not None and choice > 1)
            drawn[scouts & ~led] = self._scout(int((scouts & ~led).sum()))
            if overview is not None and led.any():
                drawn[led] = self._lead(int(led.sum()), choice, overview)
            advised = ~scouts & (slots < self._advice.actions[agents])
            for agent in np.unique(agents[~scouts]).tolist():
                mine = (agents == agent) & ~scouts
                for some, draws in ((mine & ~advised, 1), (mine & advised, max(choice, 1))):
                    drawn[some] = self._act(agent, int(some.sum()), draws)
            choice //= RETREAT
            return drawn

        return draw

    def _scout(self, count: int) -> Float:
        """Free draws (count, D)."""
        return mostly_typical(count, self._dim, self._typical, self._rng)

    def _lead(self, count: int, choice: int, overview: ErrorModel) -> Float:
        """Advised draws (count, D): of `choice` each, one of the most promising that is not crowded."""
        drawn = self._scout(count * choice)
        return self._promising(drawn, overview(places_of(drawn)), count, None)

    def _act(self, agent: int, count: int, choice: int) -> Float:
        """Actions (count, D) of an agent: of `choice` draws each, one of the most promising that is not crowded."""
        places = self._policies.draw(agent, count * choice, self._rng, self._reach if choice > 1 else 1.0)
        if choice == 1 or not count:
            return units_of(places)
        model = self._archive.model(self._policies.mean[agent], self._neighbours, self._seen(agent))
        return self._promising(units_of(places), model(places), count, agent)

    def _promising(self, drawn: Float, predicted: Float, count: int, agent: int | None) -> Float:
        """Of draws (count * choice, D), for each of `count` the worst by prediction that is not crowded."""
        order = np.argsort(-predicted.reshape(count, -1), axis=1, kind="stable")[:, :SHORT_LIST]
        each = np.arange(count)
        listed = drawn.reshape(count, -1, self._dim)[each[:, None], order]
        crowded = self._crowded(agent, listed.reshape(-1, self._dim)).reshape(order.shape)
        return np.asarray(listed[each, crowded.argmin(axis=1)])

    def _seen(self, agent: int) -> NDArray[np.intp]:
        """Rows of the archive that an agent knows of."""
        if self._share == "all":
            return np.arange(len(self._archive))
        return np.flatnonzero(self._archive.agent == agent)

    def _train(self, agent: int, units: Float, places: Float, value: Float) -> None:
        """One natural-gradient step on ranks; what is crowded comes last."""
        value = np.where(self._crowded(agent, units), NEVER, value)
        self._policies.train(agent, places, value)
        self._remember(agent, units, value)

    def _weigh(self, value: Float) -> None:
        """Learn from the values (K, actions) of a round what advice was worth."""
        if self._candidates > 1:
            self._advice.learn(np.where(np.isfinite(value), value, np.nan))

    def _remember(self, agent: int, units: Float, value: Float) -> None:
        """Keep the best action, and whether the batch's elite got better: single errors are noisy."""
        top = int(value.argmax())
        if value[top] > self._best_error[agent]:
            self._best[agent], self._best_error[agent] = units[top], value[top]
        elite = float(np.sort(value)[-ELITE:].mean())
        self._stale[agent] = 0 if elite > self._elite[agent] else self._stale[agent] + 1
        self._elite[agent] = max(elite, self._elite[agent])
        self._median[agent] = max(float(np.median(value)), self._median[agent])

    def _crowded(self, agent: int | None, units: Float) -> NDArray[np.bool_]:
        """Whether units are not distinct from what was taken or is held by another agent; a scout is nobody."""
        return self._archive.crowded(units, self._held(agent))

    def _held(self, agent: int | None) -> Float:
        """Best points (m, D) of all agents but this one."""
        held = self._best_error > NEVER
        if agent is not None:
            held[agent] = False
        return self._best[held]

    def _restart(self, agent: int) -> None:
        """Take what the agent found and begin a climb elsewhere."""
        if self._best_error[agent] > NEVER:
            self._archive.take(self._best[agent])
        self._best_error[agent] = self._elite[agent] = self._median[agent] = NEVER
        start = self._start(agent)
        if start is None:
            return
        self._archive.open[start] = False
        self._best[agent], self._best_error[agent] = self._archive.points[start], self._archive.error[start]
        self._policies.restart(agent, self._archive.places[start])
        self._stale[agent] = 0

    def _start(self, agent: int) -> int | None:
        """Where a climb begins: at the worst of all; once advice to scouts is in doubt, of a few points of exploration.

        Without it the worst points say little of what lies elsewhere, and climbs had better begin all over.
        """
        held = self._held(agent)
        seen = self._seen(agent)
        fresh = seen[self._archive.open[seen]]
        if self._tournament and len(fresh) and not self._advice.proven:
            size = int(np.ceil(self._tournament ** self._rng.random()))
            some = np.sort(self._rng.permutation(fresh)[:size])
            start = self._archive.worst_free(some, held)
            if start is not None:
                return start
        return self._archive.worst_free(seen, held)


ARRAYS = ("best", "best_error", "elite", "median", "stale")
POLICY_ARRAYS = ("mean", "sigma", "covariance", "path", "trend")
"""What a state holds beside the archive and the counters."""
