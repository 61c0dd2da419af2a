"""The gymnasium environment of several people: one step is one batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from examiner.env_single import check_render_mode, render_metadata, start_info
from examiner.env_task import LENGTH, STEP, Task
from examiner.env_walks import Failure, Float32, Rows
from examiner.joints import Bool, Float
from examiner.journal import Part
from examiner.rig import Rig

Seeds = int | Sequence[int | None] | None


class ExaminerVectorEnv(VectorEnv[Float32, Float32, NDArray[Any]]):
    """Several people at once, row i belongs to agent i; row for row the same as `num_envs` single environments.

    One `step()` is one batch for the renderer and the target. A person whose episode ends starts anew within the
    same step (`AutoresetMode.SAME_STEP`), at no query; the last observation is in `info["final_obs"]`.

    Args:
        rig: whose space is walked and whose target is asked; it is not closed with the environment.
        num_envs: how many people.
        step: share of the unit cube that an action of 1 moves a unit.
        length: steps of an episode.
        render_mode: `rgb_array` lets `render()` draw the people, which asks no target.
        on_close: called once by `close()`.

    Raises:
        ValueError: for fewer than one person, and as `ExaminerEnv`.
    """

    def __init__(
        self,
        rig: Rig,
        num_envs: int = 8,
        *,
        step: float = STEP,
        length: int = LENGTH,
        render_mode: str | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        if num_envs < 1:
            raise ValueError(f"expected at least 1 person, got num_envs={num_envs}")
        check_render_mode(render_mode)
        self._task = Task(rig, step=step, length=length)
        self._walks = self._task.unstarted(num_envs)
        self._seeded = [np_random() for _ in range(num_envs)]
        self._on_close = on_close
        self.num_envs, self.render_mode = num_envs, render_mode
        self.metadata = {**render_metadata(), "autoreset_mode": AutoresetMode.SAME_STEP}
        self.single_observation_space = self._task.observation_space()
        self.single_action_space = self._task.action_space()
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

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

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """The generator of each person."""
        return tuple(rng for rng, _ in self._seeded)

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seed of each person's generator."""
        return tuple(seed for _, seed in self._seeded)

    def reset(
        self, *, seed: Seeds = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32, dict[str, Any]]:
        """Start everyone, or the rows of `options["reset_mask"]` (num_envs,), at screened draws; costs no query.

        Args:
            seed: person i gets `seed + i`, or the i-th of a list; None goes on with the generators there are.
            options: `units` (num_envs, D) are starts of one's own; other keys are ignored.

        Raises:
            ValueError: for a list of seeds, a mask or units of another size.
        """
        rows = self._rows_to_reset(options)
        for row, value in enumerate(self._seeds(seed)):
            if value is not None and row in rows:
                self._seeded[row] = np_random(value)
        self._restart(rows, self._given(rows, options))
        infos: dict[str, Any] = {}
        for row in rows:
            infos = self._add_info(infos, start_info(), int(row))
        return self._task.observe(self._walks), infos

    def step(self, actions: Float32) -> tuple[Float32, Float, Bool, Bool, dict[str, Any]]:
        """Move everyone by actions (num_envs, D) in [-1, 1]; all fair moves are asked in one batch."""
        step = self._task.step(self._walks, actions, self.np_random)
        self._walks = step.walks
        final = self._task.observe(step.walks)
        ended = np.flatnonzero(step.done)
        if len(ended):
            self._restart(ended, None)
        infos: dict[str, Any] = {}
        for row in range(self.num_envs):
            info = step.info(row)
            if step.done[row]:
                infos = self._add_info(infos, {"final_obs": final[row], "final_info": info}, row)
                info = start_info()
            infos = self._add_info(infos, info, row)
        return self._task.observe(self._walks), step.reward, np.zeros_like(step.done), step.done, infos

    def render(self) -> tuple[NDArray[np.uint8], ...] | None:
        """The picture (H, W, 3) of each person; None without a render mode."""
        return None if self.render_mode is None else tuple(self._task.pictures(self._walks))

    def close_extras(self, **kwargs: Any) -> None:
        """Free the rig, if it was built for this environment."""
        if self._on_close is not None:
            self._on_close()

    def _restart(self, rows: Rows, units: NDArray[Any] | None) -> None:
        rngs = [self._seeded[int(row)][0] for row in rows]
        people = self._task.start(rngs, units)
        self._walks = self._walks.put(rows, people)

    def _given(self, rows: Rows, options: Mapping[str, Any] | None) -> NDArray[Any] | None:
        """The user's own starts of these rows."""
        units = (options or {}).get("units")
        if units is None:
            return None
        if np.shape(units) != self.action_space.shape:
            raise ValueError(f"expected units of shape {self.action_space.shape}, got {np.shape(units)}")
        return np.asarray(units)[rows]

    def _rows_to_reset(self, options: Mapping[str, Any] | None) -> Rows:
        mask = np.asarray((options or {}).get("reset_mask", np.ones(self.num_envs, dtype=np.bool_)))
        if mask.shape != (self.num_envs,) or mask.dtype != np.bool_ or not mask.any():
            raise ValueError(
                f"expected a reset_mask of {self.num_envs} bools, at least one True, got {mask.tolist()}"
            )
        return np.flatnonzero(mask)

    def _seeds(self, seed: Seeds) -> Sequence[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int | np.integer):
            return [int(seed) + row for row in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"expected {self.num_envs} seeds, one a person, got {len(seed)}")
        return seed
