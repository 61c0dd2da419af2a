"""The gymnasium environment of one person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from examiner.env_task import LENGTH, STEP, Task
from examiner.env_walks import Failure, Float32
from examiner.journal import Part
from examiner.rig import Rig

RENDER_MODES = ("rgb_array",)
FRAMES = 4
"""Steps a second in a film of an episode."""


class ExaminerEnv(gymnasium.Env[Float32, Float32]):
    """One person.

    An episode is `length` steps of at most one query each; then it is truncated. Its return is the largest fair
    error found over the threshold, plus 1 if it found a fair failure, less the penalties of unfair moves.

    Args:
        rig: whose space is walked and whose target is asked; it is not closed with the environment.
        step: share of the unit cube that an action of 1 moves a unit.
        length: steps of an episode.
        render_mode: `rgb_array` lets `render()` draw the person, which asks no target.
        on_close: called once by `close()`.

    Raises:
        ValueError: for a step outside (0, 1], a length below 1 or an unknown render mode.
    """

    def __init__(
        self,
        rig: Rig,
        *,
        step: float = STEP,
        length: int = LENGTH,
        render_mode: str | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        check_render_mode(render_mode)
        self._task = Task(rig, step=step, length=length)
        self._walks = self._task.unstarted(1)
        self._on_close = on_close
        self.metadata, self.render_mode = render_metadata(), render_mode
        self.observation_space = self._task.observation_space()
        self.action_space = self._task.action_space()

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

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32, dict[str, Any]]:
        """Start at a screened draw, or at `options["units"]` (D,); costs no query."""
        super().reset(seed=seed)
        units = (options or {}).get("units")
        self._walks = self._task.start([self.np_random], None if units is None else np.asarray(units)[None])
        return self._task.observe(self._walks)[0], start_info()

    def step(self, action: Float32) -> tuple[Float32, float, bool, bool, dict[str, Any]]:
        """Move by action (D,) in [-1, 1] and ask the target, if the move is fair."""
        done = self._task.step(self._walks, np.asarray(action)[None], [self.np_random])
        self._walks = done.walks
        observation = self._task.observe(self._walks)[0]
        return observation, float(done.reward[0]), False, bool(done.done[0]), done.info(0)

    def render(self) -> NDArray[np.uint8] | None:
        """The picture (H, W, 3) of the person; None without a render mode."""
        return None if self.render_mode is None else self._task.pictures(self._walks)[0]

    def close(self) -> None:
        """Free the rig, if it was built for this environment."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()


def start_info() -> dict[str, Any]:
    """What `info` says at the start of an episode."""
    return {"queries": 0}


def render_metadata() -> dict[str, Any]:
    """What `metadata` says of pictures."""
    return {"render_modes": list(RENDER_MODES), "render_fps": FRAMES}


def check_render_mode(render_mode: str | None) -> None:
    """Refuse a mode that there is not.

    Raises:
        ValueError: naming it.
    """
    if render_mode not in (None, *RENDER_MODES):
        raise ValueError(f"unknown render_mode {render_mode!r}: expected None or {', '.join(RENDER_MODES)}")
