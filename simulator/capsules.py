"""A body as capsules: segments with a radius at either end, fitted to the skin at rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulator.body import Body
from simulator.camera import Float

Points = Float
"""(V, 3) metres, the skin at rest."""
Group = NDArray[np.intp]
"""Vertices of a slice."""
Fit = Callable[[Points], Float]
"""Capsules (K, 8) of the skin: two ends and their radii; the slices stay the same vertices."""

BODY_JOINTS = 22
"""Joints that a pose moves; hands, jaw and eyes go with the last of these above them."""

_LIMBS = {
    "hip": ("knee", (0.2, 0.45, 0.7, 0.95)),
    "knee": ("ankle", (0.08, 0.3, 0.65, 0.95)),
    "shoulder": ("elbow", (0.3, 0.65, 0.95)),
    "elbow": ("wrist", (0.1, 0.4, 0.95)),
}
"""Joint at the upper end, joint at the lower end, where the ends of the capsules are: shares of the way."""
_HALF_SLICE = 0.1
"""Shares of the way to either side of an end that are measured there."""

_X, _Y, _Z = 0, 1, 2
_BLOCKS = {
    "neck": (_Y, _X, 3, 0.85),
    "head": (_Y, _Z, 5, 0.8),
    "ankle": (_Z, _X, 6, 0.9),
    "wrist": (_Z, _X, 4, 0.75),
}
"""Joint of a part, the axis across which it is cut in slices, the axis of its capsules, how many, and their
radius over half the height of the slice: bent fingers are thinner than they are high together."""
_FEET_JOINTS = {"ankle": "foot"}
"""Parts that count as one: an ankle's with its foot's."""
_TRUNK = ("pelvis", "spine1", "spine2", "spine3")
_TRUNK_SLICES, _TRUNK_FULL = 14, 0.95
"""How many, and their radius over half the depth of the slice."""


@dataclass(frozen=True)
class Capsules:
    """M capsules, each fixed to a joint, linear in the shape."""

    joint: NDArray[np.int64]
    """(M,) the joint that carries it."""
    values: Float
    """(M, 8) two ends and their radii at rest, metres."""
    directions: Float
    """(M, 8, B) metres per standard deviation."""


def fit_capsules(body: Body) -> Capsules:
    """Fit capsules to a body at rest; parts without skin have none."""
    rest = _skin(body, np.zeros(body.shapedirs.shape[2]))
    joints: list[int] = []
    fits: list[Fit] = []
    for joint, fit in [*_limbs(body, rest), *_blocks(body, rest), *_trunk(body, rest)]:
        joints += [joint] * len(fit(rest))
        fits.append(fit)
    values = _measured(fits, rest)
    steps = np.eye(body.shapedirs.shape[2])
    directions = [(_measured(fits, _skin(body, s)) - _measured(fits, _skin(body, -s))) / 2 for s in steps]
    return Capsules(np.array(joints, np.int64), values, np.stack(directions, axis=-1))


def owners(body: Body) -> NDArray[np.intp]:
    """(V,) the moving joint with the largest skinning weight of each vertex."""
    top = np.arange(len(body.parents))
    while (top >= BODY_JOINTS).any():
        top = np.where(top >= BODY_JOINTS, body.parents[top], top)
    return np.asarray(top[body.weights.argmax(axis=1)], np.intp)


def _skin(body: Body, betas: Float) -> Points:
    pose, zero = np.zeros((1, 3 * (BODY_JOINTS - 1))), np.zeros((1, 3))
    return np.asarray(body.forward(betas[None], pose, zero, zero).vertices[0], np.float64)


def _measured(fits: list[Fit], skin: Points) -> Float:
    return np.concatenate([np.zeros((0, 8)), *(fit(skin) for fit in fits)])


def _limbs(body: Body, rest: Points) -> list[tuple[int, Fit]]:
    owner, names = owners(body), body.joint_names
    found = []
    for upper, (lower, shares) in _LIMBS.items():
        for side in ("left", "right"):
            a, b = names.index(f"{side}_{upper}"), names.index(f"{side}_{lower}")
            along = body.joint_template[b] - body.joint_template[a]
            way = (rest - body.joint_template[a]) @ along / (along @ along)
            slices = [np.flatnonzero((owner == a) & (np.abs(way - s) < _HALF_SLICE)) for s in shares]
            found.append((a, _chain([g for g in slices if len(g)], along / np.sqrt(along @ along))))
    return found


def _blocks(body: Body, rest: Points) -> list[tuple[int, Fit]]:
    owner, names = owners(body), body.joint_names
    found = []
    for part, (cut, along, count, full) in _BLOCKS.items():
        for name in [n for n in names[:BODY_JOINTS] if n.endswith(part)]:
            joint = names.index(name)
            other = names.index(name.replace(part, _FEET_JOINTS.get(part, part)))
            own = np.flatnonzero((owner == joint) | (owner == other))
            found.append((joint, _stack(_sliced(own, rest[own, cut], count), cut, along, full)))
    return found


def _trunk(body: Body, rest: Points) -> list[tuple[int, Fit]]:
    """The slices of the trunk, each fixed to the joint below it."""
    owner, names = owners(body), body.joint_names
    joints = [names.index(name) for name in _TRUNK]
    own = np.flatnonzero(np.isin(owner, joints))
    top = body.joint_template[names.index("neck"), _Y]
    own = own[rest[own, _Y] < top]
    if not len(own):
        return []
    found = []
    for group in _sliced(own, rest[own, _Y], _TRUNK_SLICES):
        below = [j for j in joints if body.joint_template[j, _Y] <= rest[group, _Y].mean()]
        found.append((below[-1] if below else joints[0], _stack([group], _Y, _X, _TRUNK_FULL)))
    return found


def _sliced(own: Group, heights: Float, count: int) -> list[Group]:
    """The vertices of a part in slices of the same height, empty ones left out."""
    if not len(own):
        return []
    edges = np.linspace(heights.min(), heights.max() + 1e-9, count + 1)
    slices = [own[(heights >= low) & (heights < high)] for low, high in pairwise(edges)]
    return [group for group in slices if len(group)]


def _chain(slices: list[Group], along: Float) -> Fit:
    """Capsules from slice to slice of something round."""

    def fit(skin: Points) -> Float:
        middles = np.reshape([skin[group].mean(axis=0) for group in slices], (-1, 3))
        radii = [_radius(skin[group] - middle, along) for group, middle in zip(slices, middles, strict=True)]
        return (
            np.column_stack([middles[:-1], middles[1:], radii[:-1], radii[1:]])
            if len(slices)
            else np.zeros((0, 8))
        )

    return fit


def _radius(offsets: Float, along: Float) -> float:
    """Mean distance of points from an axis through the origin."""
    return float(np.sqrt((offsets**2).sum(axis=1) - (offsets @ along) ** 2).mean())


def _stack(slices: list[Group], cut: int, along: int, full: float) -> Fit:
    """A capsule along an axis in every slice of something flat; its radius is about half the thickness."""
    thin = ({0, 1, 2} - {cut, along}).pop()

    def fit(skin: Points) -> Float:
        found = np.zeros((len(slices), 8))
        for row, group in zip(found, slices, strict=True):
            low, high = skin[group].min(axis=0), skin[group].max(axis=0)
            middle, half = (low + high) / 2, (high - low) / 2
            radius = min(full * half[thin], half[along])
            reach = np.eye(3)[along] * (half[along] - radius)
            row[:] = *(middle - reach), *(middle + reach), radius, radius
        return found

    return fit
