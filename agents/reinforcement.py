"""Reinforcement learning inside ask and tell: a policy of stable-baselines3 that all agents share.

The walkers of all agents are the parallel environments of one policy (parameter sharing). `agents.refinement` says
what an episode is, `agents.sb3_shared` how a round goes. `start_from` takes the networks and the places where the
policy learned to begin, so that the search of another target starts with both.
"""

from __future__ import annotations

from functools import partial

from agents.base import Setting
from agents.sb3_ppo import PpoBrain
from agents.sb3_sac import SacBrain
from agents.sb3_shared import Episodes, SharedPolicy


class Ppo(SharedPolicy):
    """Proximal policy optimisation, one policy for all agents.

    Args:
        setting: the task.
        batch: walkers of each agent, each of which takes one step in a round.
        episode: queries of an episode, 4 to 16.
        step: length of a step, in normal quantiles.
        seeded: share of the episodes that start at the best distinct points seen.
        patience: rounds without progress after which such a point is left alone.
        imitate: share of the other episodes that start where a policy taken from elsewhere learned to begin.
        learning_rate: of Adam.
        epochs: passes over a rollout.

    Raises:
        ValueError: naming an option that is out of its range.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        batch: int = 8,
        episode: int = 8,
        step: float = 0.15,
        seeded: float = 0.75,
        patience: int = 6,
        imitate: float = 0.5,
        learning_rate: float = 3e-3,
        epochs: int = 10,
    ) -> None:
        episodes = Episodes(batch, episode, step, seeded, patience, imitate)
        brain = partial(PpoBrain, episode=episode, learning_rate=learning_rate, epochs=epochs)
        super().__init__(setting, "ppo", episodes, brain)


class Sac(SharedPolicy):
    """Soft actor-critic, one policy for all agents.

    Args:
        setting: the task.
        batch: walkers of each agent, each of which takes one step in a round.
        episode: queries of an episode, 4 to 16.
        step: length of a step, in normal quantiles.
        seeded: share of the episodes that start at the best distinct points seen.
        patience: rounds without progress after which such a point is left alone.
        imitate: share of the other episodes that start where a policy taken from elsewhere learned to begin.
        learning_rate: of Adam.
        gradient_steps: gradient steps in a round.
        memory: steps that are remembered.

    Raises:
        ValueError: naming an option that is out of its range.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        batch: int = 8,
        episode: int = 8,
        step: float = 0.15,
        seeded: float = 0.75,
        patience: int = 6,
        imitate: float = 0.5,
        learning_rate: float = 3e-4,
        gradient_steps: int = 16,
        memory: int = 10_000,
    ) -> None:
        episodes = Episodes(batch, episode, step, seeded, patience, imitate)
        brain = partial(SacBrain, learning_rate=learning_rate, gradient_steps=gradient_steps, memory=memory)
        super().__init__(setting, "sac", episodes, brain)
