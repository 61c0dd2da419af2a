"""Soft actor-critic (Haarnoja et al., arXiv 1812.05905, 2018) of stable-baselines3, driven step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import SAC
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
"""Samples of a gradient step."""

MEMORY = ("observations", "actions", "rewards", "dones")
"""Arrays of stable-baselines3's replay buffer that hold steps."""


class SacBrain:
    """One policy for all walkers, trained on everything that was remembered.

    Args:
        sees: length of an observation.
        acts: length of an action.
        walkers: steps in each call of `learn`.
        rng: what the weights are drawn from.
        learning_rate: of Adam.
        gradient_steps: gradient steps in each call of `learn`.
        memory: steps that are remembered.
    """

    def __init__(
        self,
        sees: int,
        acts: int,
        walkers: int,
        rng: np.random.Generator,
        *,
        learning_rate: float,
        gradient_steps: int,
        memory: int,
    ) -> None:
        self._gradient_steps = gradient_steps
        with quiet(rng):
            self._sac = SAC(
                "MlpPolicy",
                spaces(sees, acts, walkers),
                buffer_size=max(memory, 2 * walkers),
                learning_rate=learning_rate,
                gamma=0.9,
                tau=0.02,
                ent_coef="auto_0.05",
                optimize_memory_usage=True,
                replay_buffer_kwargs={"handle_timeout_termination": False},
                policy_kwargs={"net_arch": LAYERS},
                device="cpu",
            )
        self._sac.set_logger(Logger(folder=None, output_formats=[]))

    def act(self, seen: Float32) -> tuple[Float, Float]:
        """Mean and standard deviation (n, A) of the action, before tanh, of what is seen (n, O)."""
        with one_torch_thread():
            mean, log_std, _ = self._sac.actor.get_action_dist_params(torch.as_tensor(seen))
            return mean.numpy().astype(np.float64), log_std.exp().numpy().astype(np.float64)

    def value(self, seen: Float32) -> Float:
        """What the critics expect (n,) of what is seen (n, O) and the policy's mean."""
        points = torch.as_tensor(seen)
        with one_torch_thread():
            mean, _, _ = self._sac.actor.get_action_dist_params(points)
            both = torch.cat(self._sac.critic(points, torch.tanh(mean)), dim=1)
            return both.min(dim=1).values.numpy().astype(np.float64)

    def learn(
        self,
        seen: Float32,
        action: Float,
        reward: Float32,
        done: NDArray[np.bool_],
        then: Float32,
        rng: np.random.Generator,
    ) -> None:
        """Remember a step of every walker and train."""
        buffer = self._sac.replay_buffer
        assert buffer is not None
        buffer.add(seen, then, np.tanh(action).astype(np.float32), reward, done, [{}] * len(seen))
        if buffer.full or buffer.pos > 1:
            with quiet(rng):
                self._sac.train(self._gradient_steps, MINIBATCH)

    def state(self) -> dict[str, Any]:
        """Networks, optimisers and memory."""
        buffer = self._sac.replay_buffer
        assert buffer is not None
        filled = buffer.size()
        assert self._sac.log_ent_coef is not None
        return {
            "policy": weights(self._sac.policy),
            "temperature": self._sac.log_ent_coef.detach().numpy().copy(),
            "optimisers": {name: moments(optimiser) for name, optimiser in self._optimisers().items()},
            "memory": {name: getattr(buffer, name)[: filled + 1].copy() for name in MEMORY},
            "pos": buffer.pos,
            "full": int(buffer.full),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""
        self.take_policy(state)
        for name, optimiser in self._optimisers().items():
            load_moments(optimiser, state["optimisers"][name])
        buffer = self._sac.replay_buffer
        assert buffer is not None
        for name in MEMORY:
            getattr(buffer, name)[: len(state["memory"][name])] = state["memory"][name]
        buffer.pos, buffer.full = int(state["pos"]), bool(state["full"])

    def take_policy(self, state: dict[str, Any]) -> None:
        """Take the networks and the temperature of a `state()` and nothing else."""
        load_weights(self._sac.policy, state["policy"])
        assert self._sac.log_ent_coef is not None
        with torch.no_grad():
            self._sac.log_ent_coef.copy_(torch.tensor(np.asarray(state["temperature"])))

    def _optimisers(self) -> dict[str, torch.optim.Optimizer]:
        temperature = self._sac.ent_coef_optimizer
        assert temperature is not None
        return {
            "actor": self._sac.actor.optimizer,
            "critic": self._sac.critic.optimizer,
            "temperature": temperature,
        }
