"""Trains the pose prior that ships: a 32-d variational autoencoder and two mixtures in its latent space.

usage: python -m experiments.train_prior POSES.npz SPLITS.json OUT.npz [--body BODY.npz] [--results OUT.json]

Fitted on the `train` split only, mirrored. Options were chosen on `validation`. The figures of the other
splits are printed and written, never used.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from experiments.fit_motion_range import TOLERANCE, Split, load_splits, mirror
from experiments.latent_mixture import activity_weights, best_mixture
from simulator.camera import Float
from simulator.motion_range import load_motion_range
from simulator.prior import LatentPrior, Layer, Mixture, arrays_from_prior, prior_from_arrays
from simulator.rotation import angle_between, matrix_from_axis_angle

NAME = "cmu-vae-32"
LICENCE = (
    "free for all uses; Motion data from mocap.cs.cmu.edu, created with funding of NSF grant EIA-0196217"
)
BODY = Path("simulator/data/body_neutral.npz")
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
"""Parent of SMPL joints 0..21."""
LEGS = [joint - 1 for joint in (1, 2, 4, 5, 7, 8, 10, 11)]
ARMS = ([12, 15, 17, 19], [13, 16, 18, 20])
"""Rows of `body_pose` that recombination exchanges: both legs, and each arm."""


EDGE = 2.3
"""Standard deviations beyond which posterior means are pulled back: the search's cube ends at 2.5."""


@dataclass(frozen=True)
class Options:
    """What was chosen on the validation split."""

    hidden: int = 384
    dim: int = 32
    steps: int = 5000
    batch: int = 512
    rate: float = 2e-3
    beta: float = 0.0013
    recombine: float = 0.5
    arm_swap: float = 0.2
    noise: float = 0.15
    seed: int = 0


class Kinematics:
    """Forward kinematics of joints 0..21 with the pelvis at rest."""

    def __init__(self, rest: Float) -> None:
        bones = [rest[j] - rest[p] if p >= 0 else rest[j] * 0.0 for j, p in enumerate(PARENTS)]
        self.bones = torch.tensor(np.array(bones), dtype=torch.float32)
        depth = [0] * len(PARENTS)
        for joint in range(1, len(PARENTS)):
            depth[joint] = depth[PARENTS[joint]] + 1
        self.levels = [[j for j in range(len(PARENTS)) if depth[j] == d] for d in range(1, max(depth) + 1)]

    def __call__(self, rotations: Tensor) -> Tensor:
        """Joints (N, 22, 3), metres, of local rotations (N, 21, 3, 3)."""
        batch = len(rotations)
        turns: list[Tensor] = [torch.eye(3).expand(batch, 3, 3)] + [torch.empty(0)] * 21
        places: list[Tensor] = [torch.zeros(batch, 3)] + [torch.empty(0)] * 21
        for level in self.levels:
            above = torch.stack([turns[PARENTS[j]] for j in level], 1)
            start = torch.stack([places[PARENTS[j]] for j in level], 1)
            place = start + (above * self.bones[level][:, None, :]).sum(-1)
            turn = above @ rotations[:, [j - 1 for j in level]]
            for i, joint in enumerate(level):
                turns[joint], places[joint] = turn[:, i], place[:, i]
        return torch.stack(places, 1)


class Autoencoder(nn.Module):
    """Pose matrices to latent mean and log variance, and back."""

    def __init__(self, hidden: int, dim: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(189, hidden), nn.LeakyReLU(), nn.Linear(hidden, hidden), nn.LeakyReLU()
        )
        self.mean, self.logvar = nn.Linear(hidden, dim), nn.Linear(hidden, dim)
        self.decoder = nn.Sequential(
            nn.Linear(dim, hidden),
            nn.LeakyReLU(),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(),
            nn.Linear(hidden, 126),
        )

    def encode(self, rotations: Tensor) -> tuple[Tensor, Tensor]:
        """Posterior means and log variances (N, dim) of rotations (N, 21, 3, 3)."""
        features = self.encoder(rotations.flatten(1))
        return self.mean(features), self.logvar(features).clamp(-10.0, 4.0)

    def decode(self, latent: Tensor) -> Tensor:
        """Rotations (N, 21, 3, 3) of codes (N, dim)."""
        pairs = self.decoder(latent).view(-1, 21, 3, 2)
        first = nn.functional.normalize(pairs[..., 0], dim=-1)
        second = pairs[..., 1] - (first * pairs[..., 1]).sum(-1, keepdim=True) * first
        second = nn.functional.normalize(second, dim=-1)
        return torch.stack([first, second, torch.cross(first, second, dim=-1)], -1)


def rest_joints(body: Path) -> Float:
    """Joints 0..21 (22, 3) of a body file at rest, metres."""
    with np.load(body, allow_pickle=False) as data:
        return np.asarray(data["J_regressor"][:22].astype(np.float64) @ data["v_template"].astype(np.float64))


def augment(pose: Float, scale: Float, options: Options, rng: np.random.Generator) -> Float:
    """A batch of training poses: recombined limbs and noise in proportion to each angle's own spread."""
    batch = pose.copy()
    swap = rng.random(len(pose)) < options.recombine
    other = pose[rng.permutation(len(pose))]
    batch[:, LEGS] = np.where(swap[:, None, None], other[:, LEGS], batch[:, LEGS])
    for arm in ARMS:
        swap = rng.random(len(pose)) < options.arm_swap
        other = pose[rng.permutation(len(pose))]
        batch[:, arm] = np.where(swap[:, None, None], other[:, arm], batch[:, arm])
    noise = options.noise * rng.random((len(pose), 1, 1))
    return batch + noise * scale * rng.standard_normal(pose.shape)


def fit_autoencoder(train: Float, kinematics: Kinematics, options: Options) -> Autoencoder:
    """Train on poses (N, 21, 3) and their mirror images."""
    pose = np.concatenate([train, mirror(train)])
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    model = Autoencoder(options.hidden, options.dim)
    optimiser = torch.optim.Adam(model.parameters(), options.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.rate, options.steps, pct_start=0.05)
    scale = pose.std(0)
    for _ in range(options.steps):
        batch = augment(pose[rng.integers(len(pose), size=options.batch)], scale, options, rng)
        wanted = torch.tensor(matrix_from_axis_angle(batch), dtype=torch.float32)
        loss = step_loss(model, wanted, kinematics, options.beta)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return model.eval()


def step_loss(model: Autoencoder, wanted: Tensor, kinematics: Kinematics, beta: float) -> Tensor:
    """Chordal angle in radians, four times the joint distance in metres, divergence, means past the edge."""
    mean, logvar = model.encode(wanted)
    found = model.decode(mean + torch.randn_like(mean) * (0.5 * logvar).exp())
    turn = ((found - wanted) ** 2).sum((-1, -2)).add(1e-6).sqrt().mean() / 2**0.5
    place = ((kinematics(found) - kinematics(wanted)) ** 2).sum(-1).add(1e-8).sqrt().mean()
    divergence = -0.5 * (1.0 + logvar - mean**2 - logvar.exp()).sum(1).mean()
    outside = (mean.abs() - EDGE).clamp(min=0.0).square().sum(1).mean()
    return turn + 4.0 * place + beta * divergence + 0.1 * outside


def layers(*parts: nn.Module) -> tuple[Layer, ...]:
    """Linear modules as layers with weights rounded to half precision, and their rectifiers' slopes."""
    found: list[Layer] = []
    for module in parts:
        if isinstance(module, nn.Linear):
            weight = module.weight.detach().half().float().numpy()
            found.append(Layer(weight, module.bias.detach().numpy(), 1.0))
        elif isinstance(module, nn.LeakyReLU):
            found[-1] = Layer(found[-1].weight, found[-1].bias, module.negative_slope)
    return tuple(found)


def reconstruction(decoded: Float, pose: Float, kinematics: Kinematics) -> dict[str, float]:
    """Mean joint angle error in degrees and mean joint position error in mm of poses (N, 21, 3)."""
    places = [
        kinematics(torch.tensor(matrix_from_axis_angle(p), dtype=torch.float32)) for p in (decoded, pose)
    ]
    return {
        "angle_deg": float(np.degrees(angle_between(decoded, pose)).mean()),
        "mpjpe_mm": float((places[0] - places[1]).norm(dim=2).mean()) * 1e3,
    }


def nearest(train: Float, kinematics: Kinematics) -> Callable[[Float], Float]:
    """Replaces each pose by the training pose whose joints are nearest."""

    def place(pose: Float) -> Tensor:
        return kinematics(torch.tensor(matrix_from_axis_angle(pose), dtype=torch.float32)).flatten(1)

    places = place(train)
    return lambda pose: train[torch.cdist(place(pose), places).argmin(1).numpy()]


def principal(train: Float, dim: int) -> Callable[[Float], Float]:
    """Replaces each pose by its projection on the first principal components of the axis-angle values."""
    flat = train.reshape(len(train), -1)
    axes = np.linalg.svd(flat - flat.mean(0), full_matrices=False)[2][:dim]
    return lambda pose: (((pose.reshape(-1, 63) - flat.mean(0)) @ axes.T) @ axes + flat.mean(0)).reshape(
        -1, 21, 3
    )


def inside(pose: Float) -> float:
    """Share of poses (N, 63) inside the range of motion."""
    return float((load_motion_range().violation(pose).max(1) <= TOLERANCE).mean())


def sample_figures(prior: LatentPrior, edge: float = 2.5) -> dict[str, dict[str, float]]:
    """Of N(0, I) and of each mixture: shares inside the range of motion and of codes cut off at the cube."""
    rng = np.random.default_rng(1)
    draws = {"standard normal": rng.standard_normal((4000, prior.dim))}
    draws |= {
        name: m.sample(4000, rng) for name, m in (("everyday", prior.everyday), ("active", prior.active)) if m
    }
    return {
        name: {
            "inside_range_of_motion": inside(prior.decode(np.clip(z, -edge, edge))),
            "values_clipped": float((np.abs(z) > edge).mean()),
            "rows_clipped": float((np.abs(z) > edge).any(1).mean()),
        }
        for name, z in draws.items()
    }


def fit_mixtures(prior: LatentPrior, model: Autoencoder, splits: dict[str, Split]) -> dict[str, Mixture]:
    """The mixtures of everyday and of other poses; the mean posterior variance widens every component."""
    found = {}
    for name, wanted in (("everyday", True), ("active", False)):
        pairs = []
        for split in ("train", "validation"):
            pose, clips, everyday = splits[split]
            rows = np.flatnonzero(np.array(everyday) == wanted)
            both = np.concatenate([pose[rows], mirror(pose[rows])])
            weight = activity_weights([clips[i] for i in rows] * 2)
            pairs.append((prior.encode(both.reshape(-1, 63)), weight))
        found[name] = best_mixture(pairs[0], pairs[1], posterior_variance(model, splits["train"].pose))
    return found


def posterior_variance(model: Autoencoder, pose: Float) -> Float:
    """Mean variance (dim,) of the posteriors of poses (N, 21, 3)."""
    with torch.no_grad():
        _, logvar = model.encode(torch.tensor(matrix_from_axis_angle(pose), dtype=torch.float32))
    return logvar.exp().mean(0).double().numpy()


def split_figures(prior: LatentPrior, splits: dict[str, Split], kinematics: Kinematics) -> dict[str, object]:
    """Reconstruction of each split by the prior and by the two baselines."""
    train = np.concatenate([splits["train"].pose, mirror(splits["train"].pose)])
    rebuild: dict[str, Callable[[Float], Float]] = {
        "prior": lambda pose: prior.decode(prior.encode(pose.reshape(-1, 63))).reshape(-1, 21, 3),
        "nearest training pose": nearest(train, kinematics),
        "PCA-32": principal(train, 32),
    }
    result: dict[str, object] = {}
    for name, split in splits.items():
        outside = np.abs(prior.encode(split.pose.reshape(-1, 63))) > 2.5
        row: dict[str, object] = {
            m: reconstruction(f(split.pose), split.pose, kinematics) for m, f in rebuild.items()
        }
        result[name] = row | {"poses": len(split.pose), "rows_outside_cube": float(outside.any(1).mean())}
    return result


def main() -> None:
    """Train, fit the mixtures, write, measure what was written."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for name in ("poses", "splits", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--body", type=Path, default=BODY, help="its joints at rest are used")
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    options, splits = Options(), load_splits(arguments.poses, arguments.splits)
    kinematics = Kinematics(rest_joints(arguments.body))
    model = fit_autoencoder(splits["train"].pose, kinematics, options)
    encoder, decoder = layers(*model.encoder, model.mean), layers(*model.decoder)
    bare = LatentPrior(encoder, decoder, name=NAME, licence=LICENCE)
    arrays = arrays_from_prior(encoder, decoder, fit_mixtures(bare, model, splits))
    np.savez_compressed(arguments.out, allow_pickle=False, name=NAME, licence=LICENCE, **arrays)
    prior = prior_from_arrays(np.load(arguments.out, allow_pickle=False))
    figures = {
        "options": asdict(options),
        "reconstruction": split_figures(prior, splits, kinematics),
        "samples": sample_figures(prior),
    }
    print(json.dumps(figures, indent=1))
    if arguments.results:
        arguments.results.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
