"""The same environment as a PettingZoo `ParallelEnv`: agents `agent_0`, `agent_1`, ... each walk one person.

Wants the extra: pip install 'poseexaminer[pettingzoo]'.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from gymnasium.spaces import Space
from gymnasium.utils.seeding import np_random

from examiner.config import Config
from examiner.env import rig_of
from examiner.env_single import start_info
from examiner.env_task import LENGTH, STEP, Task
from examiner.env_walks import Failure, Float32
from examiner.journal import Part
from examiner.rig import Rig

try:
    from pettingzoo import ParallelEnv
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "expected the package pettingzoo, found none; pip install 'poseexaminer[pettingzoo]'"
    ) from error


class ExaminerParallelEnv(ParallelEnv):  # type: ignore[misc]
    """Rules, observations, rewards and costs of `ExaminerEnv`; one step of all agents is one batch.

    All episodes are equally long, so the agents leave together.

    Args:
        rig: whose space is walked and whose target is asked; it is not closed with the environment.
        agents: how many there are.
        step: share of the unit cube that an action of 1 moves a unit.
        length: steps of an episode.
        on_close: called once by `close()`.

    Raises:
        ValueError: for fewer than one agent, a step outside (0, 1] or a length below 1.
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "examiner_v0", "render_modes": []}
    render_mode = None

    def __init__(
        self,
        rig: Rig,
        agents: int = 8,
        *,
        step: float = STEP,
        length: int = LENGTH,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        if agents < 1:
            raise ValueError(f"expected at least 1 agent, got {agents}")
        self._task = Task(rig, step=step, length=length)
        self._walks = self._task.unstarted(agents)
        self._rngs = [np_random()[0] for _ in range(agents)]
        self._on_close = on_close
        self.possible_agents = [f"agent_{number}" for number in range(agents)]
        self.agents: list[str] = []
        self.observation_spaces = {agent: self._task.observation_space() for agent in self.possible_agents}
        self.action_spaces = {agent: self._task.action_space() for agent in self.possible_agents}

    @property
    def history(self) -> list[Part]:
        """Every query made: units, scenes and outcomes, one part a step that asked; `write_trials` takes it."""
        return self._task.history

    @property
    def queries(self) -> int:
        """Queries made so far, over all episodes; `info["queries"]` counts those of an episode."""
        return self._task.queries

    def failures(self) -> list[Failure]:
        """Every fair query above the threshold, the worst first."""
        return self._task.failures()

    def observation_space(self, agent: str) -> Space[Float32]:
        """What the agent sees."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Space[Float32]:
        """What the agent may do."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Float32], dict[str, dict[str, Any]]]:
        """Start all agents at screened draws, or at `options["units"]` (agents, D); agent i gets `seed + i`."""
        if seed is not None:
            self._rngs = [np_random(seed + number)[0] for number in range(len(self.possible_agents))]
        self._walks = self._task.start(self._rngs, (options or {}).get("units"))
        self.agents = list(self.possible_agents)
        return self._observations(), {agent: start_info() for agent in self.agents}

    def step(
        self, actions: dict[str, Float32]
    ) -> tuple[
        dict[str, Float32], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]
    ]:
        """Move all agents; all fair moves are asked in one batch.

        Raises:
            ResetNeeded: if the episode has not begun or is over.
            ValueError: if an agent has no action.
        """
        missing = [agent for agent in self.agents if agent not in actions]
        if missing:
            raise ValueError(f"expected an action of every agent, got none of {missing[0]}")
        moves = [actions[agent] for agent in self.agents]
        step = self._task.step(self._walks, np.array(moves), self._rngs)
        self._walks = step.walks
        agents, observations = self.agents, self._observations()
        if step.done.all():
            self.agents = []
        return (
            observations,
            dict(zip(agents, step.reward.tolist(), strict=True)),
            dict.fromkeys(agents, False),
            dict(zip(agents, step.done.tolist(), strict=True)),
            {agent: step.info(row) for row, agent in enumerate(agents)},
        )

    def close(self) -> None:
        """Free the rig, if it was built for this environment."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()

    def _observations(self) -> dict[str, Float32]:
        rows = self._task.observe(self._walks)
        return dict(zip(self.possible_agents, rows, strict=True))


def make_parallel_env(
    source: Rig | Config | None = None,
    *,
    agents: int = 8,
    step: float = STEP,
    length: int = LENGTH,
    **settings: Any,
) -> ExaminerParallelEnv:
    """An environment of `agents` agents; `settings` are those of `Config`, e.g. `target="blazepose-lite"`.

    A rig that is given stays open; one that is built here is closed with the environment.

    Raises:
        ValueError: for a setting that there is not, or settings beside a rig.
    """
    rig, on_close = rig_of(source, settings)
    return ExaminerParallelEnv(rig, agents, step=step, length=length, on_close=on_close)
