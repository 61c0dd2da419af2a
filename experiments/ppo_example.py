"""PPO of stable-baselines3 looks for failures: one policy walks several people at once, one step is one batch.

python -m experiments.ppo_example [--target blazepose-lite] [--people 8] [--steps 1024] [--seed 0]
"""

from __future__ import annotations

import argparse

from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecMonitor

from examiner.env import as_sb3, make_vector_env


def main(target: str, people: int, steps: int, seed: int) -> None:
    """Learn, then say what was asked and found; what was asked stays in `env.history`."""
    env = make_vector_env(num_envs=people, target=target)
    model = PPO(
        "MlpPolicy", VecMonitor(as_sb3(env)), n_steps=32, batch_size=64, seed=seed, device="cpu", verbose=1
    )
    model.learn(steps)
    failures = env.failures()
    print(f"{env.queries} queries in {steps} steps, {len(failures)} fair failures")
    for failure in failures[:5]:
        print(f"  query {failure.query}, agent {failure.agent}: {failure.outcomes.severity[0]:.0f} mm")
    env.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="blazepose-lite")
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--steps", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
