"""A gymnasium vector environment as stable-baselines3 wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvStepReturn


class BatchedVecEnv(VecEnv):
    """All rows share one environment: attributes and methods are the environment's, the same for every row.

    Args:
        env: must start episodes anew within the step that ends them.

    Raises:
        ValueError: if it does not.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        mode = env.metadata.get("autoreset_mode")
        if mode is not AutoresetMode.SAME_STEP:
            raise ValueError(f"expected an environment with autoreset in the same step, got {mode}")
        self.env = env
        self._actions: NDArray[Any] | None = None
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)

    def reset(self) -> NDArray[Any]:
        """Start everyone, with the seeds of `seed()` and the first of the options of `set_options()`."""
        observations, infos = self.env.reset(seed=self._seeds, options=self._options[0])  # type: ignore[arg-type]
        self.reset_infos = [info_of(infos, row) for row in range(self.num_envs)]
        self._reset_seeds()
        self._reset_options()
        return np.asarray(observations)

    def step_async(self, actions: NDArray[Any]) -> None:
        """Remember the actions."""
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Take the step."""
        observations, rewards, terminated, truncated, infos = self.env.step(self._actions)
        done = terminated | truncated
        rows = [info_of(infos, row) for row in range(self.num_envs)]
        for row in np.flatnonzero(done):
            final = rows[row].pop("final_info")
            last = rows[row].pop("final_obs")
            self.reset_infos[row] = rows[row]
            cut = bool(truncated[row] and not terminated[row])
            rows[row] = {**final, "terminal_observation": last, "TimeLimit.truncated": cut}
        return observations, rewards.astype(np.float32), done, rows

    def close(self) -> None:
        """Close the environment."""
        self.env.close()

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """The environment's attribute, once for each row."""
        return [getattr(self.env, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set the environment's attribute, whatever the rows."""
        setattr(self.env, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call the environment's method once; its answer, once for each row."""
        answer = getattr(self.env, method_name)(*method_args, **method_kwargs)
        return [answer for _ in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type[Any], indices: VecEnvIndices = None) -> list[bool]:
        """No row has a wrapper of its own."""
        return [False for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[NDArray[Any] | None]:
        """The picture of each row, None without a render mode."""
        pictures = self.env.render()
        return [None] * self.num_envs if pictures is None else list(pictures)  # type: ignore[arg-type]


def info_of(infos: dict[str, Any], row: int) -> dict[str, Any]:
    """One row's dict of the `infos` of a gymnasium vector environment."""
    return {
        key: info_of(value, row) if isinstance(value, dict) else value[row]
        for key, value in infos.items()
        if not key.startswith("_") and infos[f"_{key}"][row]
    }
