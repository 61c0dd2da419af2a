"""What `hmr-lite` is trained and measured on: rendered people, kept as features and labels.

A set of people is drawn once, in parts that are kept on disk: what was drawn is not drawn again, not for a longer set
either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from experiments.fit_motion_range import Split, mirror
from simulator import Batch, Body, ParameterSpace, PosePrior, Scene, Simulator, ViewFactor, shape_of
from simulator.camera import Float
from targets.blazepose_geometry import box_region, warp
from targets.hmr_features import CROP, Features

VERSION = 1
"""Raised whenever the same set would be drawn or described otherwise."""
PART = 2000
"""People a file."""
CHUNK = 16
SHIFT = 6.0
"""Pixels by which boxes are moved, at most."""

Float32 = NDArray[np.float32]
Poses = Callable[[int, np.random.Generator], Float]
"""Count -> body poses (count, 63), radians."""


@dataclass(frozen=True)
class People:
    """Features and labels of N people."""

    features: NDArray[np.float16]
    """(N, WIDTH)."""
    pose: Float32
    """(N, 22, 3) axis-angle, radians: root, then joints 1 to 21."""
    betas: Float32
    """(N, 10) of the simulator's body."""
    joints: Float32
    """(N, 24, 3) metres, camera axes: of who was drawn."""
    joints2d: Float32
    """(N, 24, 2) in the crop, whose sides are at -1 and 1."""
    camera: Float32
    """(N, 3) weak perspective, as `targets.hmr_head.Estimate`."""
    rays: Float32
    """(N, 3): the crop's middle as slopes right and down of its ray, and half its side over the focal length."""

    def __len__(self) -> int:
        return len(self.pose)


@dataclass(frozen=True)
class Draw:
    """A set of people, drawn from poses."""

    name: str
    poses: Poses = field(repr=False)
    source: str
    """Tells the poses from others."""
    count: int = field(repr=False)
    seed: int
    view: ViewFactor

    def scene(self, body: Body, part: int, size: int) -> Scene:
        """People in typical shapes, clothes, light and places, and in views of the box."""
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(part,)))
        space = ParameterSpace([self.view], body)
        scene = shape_of(body).apply(rng.random((size, 10)), space.default(size))
        scene = self.view.apply(rng.random((size, 3)), scene)
        scene = replace(scene, body_pose=self.poses(size, rng))
        return space.frame(space.redress(scene, rng, shift=SHIFT))


def recorded(split: Split) -> Poses:
    """Draws recorded poses, each as likely, half of them mirrored."""

    def draw(count: int, rng: np.random.Generator) -> Float:
        pose = split.pose[rng.integers(len(split.pose), size=count)]
        turned = rng.random(count) < 0.5
        return np.where(turned[:, None, None], mirror(pose), pose).reshape(count, 63)

    return draw


def sampled(prior: PosePrior) -> Poses:
    """Draws poses of a prior's standard normal codes: what a search may propose."""
    return lambda count, rng: prior.decode(rng.standard_normal((count, prior.dim)).clip(-2.5, 2.5))


def people_of(
    draw: Draw,
    body: Body,
    simulator: Simulator,
    features: Features,
    folder: Path,
    said: Callable[[str], None],
) -> People:
    """The people of a set with parameters of the body, from `folder` where they were drawn before."""
    about = f"{VERSION}, {draw}, {simulator.version}, {PART}"
    base = folder / f"{draw.name}-{hashlib.sha256(about.encode()).hexdigest()[:12]}"
    base.mkdir(parents=True, exist_ok=True)
    parts = []
    for part, start in enumerate(range(0, draw.count, PART)):
        size = min(PART, draw.count - start)
        path = base / f"{part:03d}-{size}.npz"
        if not path.is_file():
            scene = draw.scene(body, part, size)
            _keep(path, joined(list(_seen(scene, simulator, features))))
            said(f"{draw.name}: {start + size} of {draw.count} people drawn")
        with np.load(path, allow_pickle=False) as stored:
            parts.append(People(**stored))
    return joined(parts)


def joined(parts: list[People]) -> People:
    """The people of all parts."""
    names = People.__dataclass_fields__
    return People(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _keep(path: Path, people: People) -> None:
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **{name: getattr(people, name) for name in People.__dataclass_fields__})
    partial.replace(path)


def _seen(scene: Scene, simulator: Simulator, features: Features) -> Iterator[People]:
    for start in range(0, len(scene), CHUNK):
        wanted = scene.rows(slice(start, start + CHUNK))
        batch = simulator.render(wanted)
        yield described(batch, features, wanted.betas)


def described(batch: Batch, features: Features, betas: Float) -> People:
    """Features and labels of drawn people; `betas` (N, 10) of the body whose scene it was."""
    seen = np.stack([features(crop)[0] for crop in crops_of(batch)])
    scene, boxes, focal = batch.scene, batch.boxes, batch.camera.focal_length
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = np.array([box_region(box).side for box in boxes])[:, None] / 2
    pelvis = batch.joints[:, :1]
    depth = pelvis[:, 0, 2:]
    in_crop = (batch.camera.project(pelvis)[:, 0] - middle) / half
    pose = np.concatenate([scene.global_orient, scene.body_pose], axis=1).reshape(-1, 22, 3)
    slopes = (middle - batch.camera.center) / focal[:, None]
    return People(
        features=seen.astype(np.float16),
        pose=pose.astype(np.float32),
        betas=betas.astype(np.float32),
        joints=batch.joints.astype(np.float32),
        joints2d=((batch.joints2d - middle[:, None]) / half[:, None]).astype(np.float32),
        camera=np.concatenate([np.log(focal[:, None] / (half * depth)), in_crop], axis=1).astype(np.float32),
        rays=np.concatenate([slopes, half / focal[:, None]], axis=1).astype(np.float32),
    )


def crops_of(batch: Batch) -> NDArray[np.uint8]:
    """(N, 256, 256, 3): what the target `hmr-lite` looks at."""
    pairs = zip(batch.images, batch.boxes, strict=True)
    return np.stack([warp(i, box_region(box).matrix(CROP), CROP, cv2.BORDER_REPLICATE) for i, box in pairs])
