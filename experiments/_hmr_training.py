"""The training of `hmr-lite`: losses on parameters, joints, vertices and the picture, on frozen features."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from experiments._hmr_body import TorchBody
from experiments._hmr_pictures import People
from simulator import Body
from simulator.rotation import matrix_from_axis_angle
from targets.hmr_head import Estimate, Head

NEAREST = 0.3
"""Metres: nothing is projected from nearer."""
SLICE = 2000
"""People whose truth is computed at a time."""


@dataclass(frozen=True)
class Options:
    """How the head is trained; chosen on `validation`."""

    steps: int = 3000
    batch: int = 256
    rate: float = 1e-3
    decay: float = 0.02
    hidden: int = 640
    blocks: int = 2
    dropout: float = 0.2
    seed: int = 0
    checks: int = 16
    """Points of the learning curve."""


@dataclass(frozen=True)
class Truth:
    """What N people are in truth, on the training device."""

    rotations: Tensor
    betas: Tensor
    camera: Tensor
    joints: Tensor
    """(N, 24, 3) metres from the pelvis."""
    vertices: Tensor
    joints2d: Tensor
    rays: Tensor

    def rows(self, rows: Tensor) -> Truth:
        """Some of them."""
        return Truth(*(getattr(self, name)[rows] for name in Truth.__dataclass_fields__))


@dataclass(frozen=True)
class Point:
    """A point of the learning curve."""

    step: int
    loss: float
    """Mean since the point before."""
    pa_mpjpe: float
    """Of the validation people, mm."""


def truth_of(people: People, body: TorchBody, device: str) -> Truth:
    """The truth of people whose parameters are those of the body."""
    rotations = matrix_from_axis_angle(people.pose.astype(np.float64)).astype(np.float32)
    given = [torch.from_numpy(values).to(device) for values in (rotations, people.betas)]
    with torch.no_grad():
        pairs = zip(*(torch.split(values, SLICE) for values in given), strict=True)
        joints, vertices = (torch.cat(parts) for parts in zip(*(body(*pair) for pair in pairs), strict=True))
    rest = (torch.from_numpy(v).to(device) for v in (people.joints2d, people.rays))
    camera = torch.from_numpy(people.camera).to(device)
    return Truth(given[0], given[1], camera, joints, vertices, *rest)


def losses(found: Estimate, truth: Truth, body: TorchBody) -> Tensor:
    """One number: rotations, betas, camera; joints and vertices in metres; joints in the picture."""
    joints, vertices = body(found.rotations, found.betas)
    turn = (found.rotations - truth.rotations).square().sum(dim=(2, 3)).mean()
    shape = (found.betas - truth.betas).square().mean()
    camera = (found.camera - truth.camera).abs().mean()
    place = (joints - truth.joints).norm(dim=2).mean() + (vertices - truth.vertices).norm(dim=2).mean()
    flat = (projected(joints, found.camera, truth.rays) - truth.joints2d).abs().mean()
    total: Tensor = 0.25 * turn + 0.02 * shape + camera + 4.0 * place + 2.0 * flat
    return total


def projected(joints: Tensor, camera: Tensor, rays: Tensor) -> Tensor:
    """Joints (N, J, 3) from the pelvis, in the crop (N, J, 2), whose sides are at -1 and 1."""
    half = rays[:, 2:]
    depth = torch.exp(-camera[:, :1]) / half
    pelvis = torch.cat([(rays[:, :2] + half * camera[:, 1:]) * depth, depth], dim=1)
    seen = joints + pelvis[:, None]
    slopes = seen[..., :2] / seen[..., 2:].clamp(min=NEAREST)
    return (slopes - rays[:, None, :2]) / half[:, None]


def fresh_head(people: People, truth: Truth, body: Body, options: Options) -> Head:
    """A head that answers with the mean of the people, whatever it sees."""
    torch.manual_seed(options.seed)
    head = Head(options.hidden, options.blocks, options.dropout)
    features = people.features
    mean = features.mean(axis=0, dtype=np.float64)
    chosen = np.random.default_rng(options.seed).integers(len(people), size=min(len(people), SLICE))
    std = features[chosen].astype(np.float64).std(axis=0)
    pairs = truth.rotations.mean(dim=0)[..., :2].transpose(1, 2).reshape(-1)
    with torch.no_grad():
        head.mean.copy_(torch.from_numpy(mean))
        head.std.copy_(torch.from_numpy(std + 1e-3))
        head.pelvis.copy_(torch.from_numpy(body.joint_template[0]))
        head.pelvis_dirs.copy_(torch.from_numpy(body.joint_dirs[0]))
        head.last.weight.zero_()
        head.last.bias.copy_(torch.cat([pairs, truth.betas.new_zeros(10), truth.camera.mean(dim=0)]))
    return head


def train(
    people: People,
    body: Body,
    options: Options,
    *,
    seconds: float = float("inf"),
    device: str = "cpu",
    check: Callable[[Head], float],
    said: Callable[[str], None],
) -> tuple[Head, list[Point]]:
    """Train a head on people of the body.

    Args:
        people: The training pictures.
        body: Whose parameters are regressed.
        options: How.
        seconds: The schedule ends after so long, if that comes before the last step; then runs differ.
        device: `cpu` or `cuda`.
        check: The validation error of a head, mm.
        said: Called with every point of the learning curve, in words.
    """
    posed = TorchBody(body).to(device)
    truth = truth_of(people, posed, device)
    head = fresh_head(people, truth, body, options).to(device)
    optimiser = torch.optim.AdamW(head.parameters(), options.rate, weight_decay=options.decay)
    features, rng = torch.from_numpy(people.features), np.random.default_rng(options.seed)
    curve: list[Point] = []
    recent: list[float] = []
    start, step, done = time.monotonic(), 0, 0.0
    while done < 1.0:
        done = max(step / options.steps, (time.monotonic() - start) / seconds)
        for group in optimiser.param_groups:
            group["lr"] = options.rate * schedule(done)
        rows = torch.from_numpy(rng.integers(len(people), size=options.batch))
        recent.append(_step(head, optimiser, features[rows].float().to(device), truth.rows(rows), posed))
        step += 1
        if done >= (len(curve) + 1) / options.checks:
            point = Point(step, round(float(np.mean(recent)), 3), round(check(head.eval()), 1))
            curve.append(point)
            said(f"step {step}: loss {point.loss:.3f}, validation pa_mpjpe {point.pa_mpjpe:.1f} mm")
            head.train()
            recent.clear()
    return head.eval(), curve


def schedule(done: float) -> float:
    """Share of the learning rate: up over the first twentieth, then down half a cosine."""
    return min(done / 0.05, 0.5 + 0.5 * float(np.cos(np.pi * min(done, 1.0)))) + 1e-3


def _step(
    head: Head, optimiser: torch.optim.Optimizer, features: Tensor, truth: Truth, body: TorchBody
) -> float:
    loss = losses(head(features), truth, body)
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    clip_grad_norm_(head.parameters(), 1.0)
    optimiser.step()
    return loss.item()
