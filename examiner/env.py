"""Gymnasium environments over the examiner's own loop, for people who want `model.learn()`.

Importing this module registers `Examiner-v0`:

    import gymnasium, examiner.env
    env = gymnasium.make("Examiner-v0", target="blazepose-lite")
    envs = gymnasium.make_vec("Examiner-v0", num_envs=8, target="blazepose-lite")

A step proposes a small move of every person; what is a fair test is drawn, predicted and scored in one batch.
What is not fair is never asked: nobody moves, the reward is negative, and `info["queries"]`, the count of the
episode, stays. `env.queries` counts all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import gymnasium
from gymnasium.vector import VectorEnv

from examiner.config import Config, with_values
from examiner.env_single import ExaminerEnv
from examiner.env_task import LENGTH, STEP
from examiner.env_vector import ExaminerVectorEnv
from examiner.env_walks import Failure
from examiner.progress import Silence
from examiner.rig import Rig, build_rig

if TYPE_CHECKING:
    from stable_baselines3.common.vec_env import VecEnv

__all__ = [
    "ID",
    "ExaminerEnv",
    "ExaminerVectorEnv",
    "Failure",
    "as_sb3",
    "make_env",
    "make_vector_env",
    "rig_of",
]

ID = "Examiner-v0"


def make_env(
    source: Rig | Config | None = None,
    *,
    step: float = STEP,
    length: int = LENGTH,
    render_mode: str | None = None,
    **settings: Any,
) -> ExaminerEnv:
    """An environment of one person; `settings` are those of `Config`, e.g. `target="blazepose-lite"`.

    A rig that is given stays open; one that is built here is closed with the environment.

    Raises:
        ValueError: for a setting that there is not, or settings beside a rig.
    """
    rig, on_close = rig_of(source, settings)
    return ExaminerEnv(rig, step=step, length=length, render_mode=render_mode, on_close=on_close)


def make_vector_env(
    source: Rig | Config | None = None,
    *,
    num_envs: int = 8,
    step: float = STEP,
    length: int = LENGTH,
    render_mode: str | None = None,
    **settings: Any,
) -> ExaminerVectorEnv:
    """An environment of `num_envs` people; otherwise as `make_env`."""
    rig, on_close = rig_of(source, settings)
    return ExaminerVectorEnv(
        rig, num_envs, step=step, length=length, render_mode=render_mode, on_close=on_close
    )


def as_sb3(env: VectorEnv[Any, Any, Any]) -> VecEnv:
    """The vector environment as stable-baselines3 wants it: one step is still one batch.

    Raises:
        ValueError: if episodes do not start anew within the step that ends them.
    """
    from examiner.env_sb3 import BatchedVecEnv  # torch takes a second that nobody else need wait

    return BatchedVecEnv(env)


def rig_of(source: Rig | Config | None, settings: Mapping[str, Any]) -> tuple[Rig, Callable[[], None] | None]:
    """The rig, and what closes it: one that is given stays its owner's to close.

    Raises:
        ValueError: for a setting that there is not, or settings beside a rig.
    """
    if isinstance(source, Rig):
        if settings:
            raise ValueError(
                f"expected no setting beside a rig, got {next(iter(settings))}; set it in its Config"
            )
        return source, None
    config = with_values(source or Config(), dict(settings), "the environment's settings")
    rig = build_rig(config, Silence())
    return rig, rig.close


if ID not in gymnasium.registry:
    gymnasium.register(
        ID, entry_point="examiner.env:make_env", vector_entry_point="examiner.env:make_vector_env"
    )
