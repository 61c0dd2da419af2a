"""Proximal policy optimisation (Schulman et al., arXiv 1707.06347, 2017) of stable-baselines3, driven step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger

from agents.base import Float
from agents.sb3_common import (
    LAYERS,
    Float32,
    load_moments,
    load_weights,
    moments,
    one_torch_thread,
    quiet,
    spaces,
    weights,
)

MINIBATCH = 128
"""Samples of a gradient step, about."""

LEAST = 512
"""Samples of an update, unless an episode of all walkers has fewer."""

ROLLOUT = ("observations", "actions", "rewards", "episode_starts", "values", "log_probs")
"""Arrays of stable-baselines3's rollout buffer that hold steps."""


class PpoBrain:
    """One policy for all walkers, trained on rollouts of at most an episode.

    Args:
        sees: length of an observation.
        acts: length of an action.
        walkers: steps in each call of `learn`.
        rng: what the weights are drawn from.
        episode: queries of an episode.
        learning_rate: of Adam.
        epochs: passes over a rollout.
    """

    def __init__(
        self,
        sees: int,
        acts: int,
        walkers: int,
        rng: np.random.Generator,
        *,
        episode: int,
        learning_rate: float,
        epochs: int,
    ) -> None:
        steps = int(np.clip(-(-LEAST // walkers), 2, episode))
        with quiet(rng):
            self._ppo = PPO(
                "MlpPolicy",
                spaces(sees, acts, walkers),
                n_steps=steps,
                batch_size=steps * walkers,
                n_epochs=epochs,
                learning_rate=learning_rate,
                gamma=0.95,
                gae_lambda=0.8,
                policy_kwargs={"net_arch": LAYERS, "log_std_init": -0.5},
                device="cpu",
            )
        self._ppo.batch_size = -(-steps * walkers // max(1, round(steps * walkers / MINIBATCH)))
        self._ppo.set_logger(Logger(folder=None, output_formats=[]))
        self._starts = np.ones(walkers, dtype=np.bool_)

    def act(self, seen: Float32) -> tuple[Float, Float]:
        """Mean and standard deviation (n, A) of the action, before tanh, of what is seen (n, O)."""
        with one_torch_thread():
            policy = self._ppo.policy
            mean = policy.get_distribution(torch.as_tensor(seen)).mode().numpy().astype(np.float64)
            return mean, np.tile(policy.log_std.exp().numpy().astype(np.float64), (len(mean), 1))

    def value(self, seen: Float32) -> Float:
        """What the critic expects (n,) of what is seen (n, O)."""
        with one_torch_thread():
            return self._values(seen).numpy().ravel().astype(np.float64)

    def learn(
        self,
        seen: Float32,
        action: Float,
        reward: Float32,
        done: NDArray[np.bool_],
        then: Float32,
        rng: np.random.Generator,
    ) -> None:
        """Add a step of every walker to the rollout, and train once it is full."""
        buffer, taken = self._ppo.rollout_buffer, action.astype(np.float32)
        with one_torch_thread():
            values, log_prob, _ = self._ppo.policy.evaluate_actions(
                torch.as_tensor(seen), torch.as_tensor(taken)
            )
        buffer.add(seen, taken, reward, self._starts, values, log_prob)
        self._starts = done.copy()
        if not buffer.full:
            return
        with one_torch_thread():
            last = self._values(then)
        buffer.compute_returns_and_advantage(last, done)
        with quiet(rng):
            self._ppo.train()
        buffer.reset()

    def state(self) -> dict[str, Any]:
        """Networks, optimiser and the rollout so far."""
        buffer, policy = self._ppo.rollout_buffer, self._ppo.policy
        rollout = {name: getattr(buffer, name)[: buffer.pos].copy() for name in ROLLOUT}
        return {
            "policy": weights(policy),
            "optimiser": moments(policy.optimizer),
            "rollout": rollout,
            "starts": self._starts.copy(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        buffer = self._ppo.rollout_buffer
        self.take_policy(state)
        load_moments(self._ppo.policy.optimizer, state["optimiser"])
        buffer.reset()
        for name in ROLLOUT:
            getattr(buffer, name)[: len(state["rollout"][name])] = state["rollout"][name]
        buffer.pos = len(state["rollout"]["rewards"])
        self._starts = np.array(state["starts"])

    def take_policy(self, state: dict[str, Any]) -> None:
        """Take the networks of a `state()` and nothing else."""
        load_weights(self._ppo.policy, state["policy"])

    def _values(self, seen: Float32) -> torch.Tensor:
        return self._ppo.policy.predict_values(torch.as_tensor(seen))
