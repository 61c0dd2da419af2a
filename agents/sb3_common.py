"""What driving stable-baselines3 by hand takes: spaces, quiet generators, one thread, states as plain arrays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import DummyVecEnv

from agents.base import Float

Float32 = NDArray[np.float32]

LAYERS = [64, 64]
"""Hidden units of every network."""


class Brain(Protocol):
    """A policy with a critic that learns from steps of parallel walkers."""

    def act(self, seen: Float32) -> tuple[Float, Float]:
        """Mean and standard deviation (n, A) of the action, before tanh, of what is seen (n, O)."""

    def value(self, seen: Float32) -> Float:
        """What the critic expects (n,) of what is seen (n, O)."""

    def learn(
        self,
        seen: Float32,
        action: Float,
        reward: Float32,
        done: NDArray[np.bool_],
        then: Float32,
        rng: np.random.Generator,
    ) -> None:
        """Take one step of every walker: what was seen, the action before tanh, and what is seen afterwards."""

    def state(self) -> dict[str, Any]:
        """Networks, optimisers and memory as arrays and numbers."""

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()` exactly."""

    def take_policy(self, state: dict[str, Any]) -> None:
        """Take the networks of a `state()` and nothing else."""


class _Spaces(gymnasium.Env[Float32, Float32]):
    """Tells the sizes of observations and actions; it is never stepped."""

    def __init__(self, sees: int, acts: int) -> None:
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (sees,), np.float32)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (acts,), np.float32)


def spaces(sees: int, acts: int, walkers: int) -> DummyVecEnv:
    """Environments of the right sizes, one for each walker, which only tell their spaces."""
    return DummyVecEnv([lambda: _Spaces(sees, acts)] * walkers)


@contextmanager
def quiet(rng: np.random.Generator) -> Iterator[None]:
    """Torch on one thread, and the global generators seeded from `rng`; all is put back afterwards."""
    legacy, generator, threads = np.random.get_state(), torch.default_generator, torch.get_num_threads()  # noqa: NPY002
    kept = generator.get_state()
    np.random.seed(int(rng.integers(2**32)))  # noqa: NPY002
    generator.manual_seed(int(rng.integers(2**63)))
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        generator.set_state(kept)
        np.random.set_state(legacy)  # noqa: NPY002


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Torch on one thread and without gradients: on several threads the last bits depend on their number."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            yield
    finally:
        torch.set_num_threads(threads)


def weights(module: torch.nn.Module) -> dict[str, Any]:
    """Copies of a module's parameters by their names."""
    return {name: tensor.detach().numpy().copy() for name, tensor in module.state_dict().items()}


def load_weights(module: torch.nn.Module, state: dict[str, Any]) -> None:
    """Put `weights()` back."""
    module.load_state_dict({name: torch.tensor(np.asarray(array)) for name, array in state.items()})


def moments(optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    """Copies of an optimiser's numbers, named `parameter.number`."""
    kept = optimiser.state_dict()["state"]
    return {
        f"{i}.{name}": tensor.numpy().copy() for i, slots in kept.items() for name, tensor in slots.items()
    }


def load_moments(optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Put `moments()` back."""
    slots: dict[int, dict[str, torch.Tensor]] = {}
    for key, array in state.items():
        index, name = key.split(".", 1)
        slots.setdefault(int(index), {})[name] = torch.tensor(np.asarray(array))
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": slots, "param_groups": groups})
