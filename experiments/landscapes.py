"""Planted landscapes: error surfaces over the unit cube whose failure regions are known.

Each has K hidden regions that depend on k of the D dimensions. The distance of a point to a region is the root mean
square of its k coordinates' distances over a width; of all fair points only those within
FAILING of a region reach THRESHOLD. What agents see is the error with noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

THRESHOLD = 100.0
"""Millimetres, as if."""

BASE, HEIGHT = 60.0, 60.0
"""Error far from every region, and the most that a region adds, mm."""

FAILING = 0.5
"""Distance within which people fail."""

MARGIN = 0.1
"""No centre is nearer to a face of the cube."""

Slope = Callable[[Float], Float]
"""From distances to a region to a share of HEIGHT (same shape), at least 2/3 within FAILING alone."""


def bell(distance: Float) -> Float:
    """A slope that is felt everywhere, though barely beyond distance 2; 0.94 at the centre, 2/3 at FAILING."""
    return np.asarray(2 / 3 * np.exp((FAILING**2 - distance**2) / (2 * 0.6**2)))


def mesa(distance: Float) -> Float:
    """Steps 0.1 high in a slope that ends at distance 1: flat all around, and flat in between."""
    return np.asarray(np.floor(10 * np.clip(1.15 - 0.9 * distance, 0.0, 1.0) * (distance < 1)) / 10)


@dataclass(frozen=True)
class Planted:
    """One landscape; the same for the same numbers.

    Raises:
        ValueError: if a region would need more dimensions than there are.
    """

    name: str
    dim: int = 32
    relevant: int = 12
    regions: int = 12
    seed: int = 0
    width: float = 0.2
    """Distance 1, in units of the cube."""
    noise: float = 3.0
    """Standard deviation of what is added to each error, mm."""
    slope: Slope = bell
    stretch: float = 1.0
    """Times that a region is longer along one direction of its own; the others shrink, so its volume stays."""
    lure: float = 0.0
    """Height of a broad slope towards a place without failures, mm."""
    unfair: int = 0
    """Regions that are higher than the others, and unfair."""

    def __post_init__(self) -> None:
        if not 1 <= self.relevant <= self.dim:
            raise ValueError(f"expected from 1 to {self.dim} relevant dimensions, got {self.relevant}")

    def with_seed(self, seed: int) -> Planted:
        """Other regions of the same kind."""
        return replace(self, seed=seed)

    @cached_property
    def _planes(self) -> tuple[NDArray[np.intp], Float, Float]:
        """Dimensions (R, k), centres (R, k) and axes (R, k, k) of every region, the unfair ones last."""
        rng = np.random.default_rng(
            np.random.SeedSequence(self.seed, spawn_key=(7, crc32(self.name.encode())))
        )
        count = self.regions + self.unfair
        dims = np.array([rng.permutation(self.dim)[: self.relevant] for _ in range(count)])
        centres = rng.uniform(MARGIN, 1 - MARGIN, (count, self.relevant))
        return dims, centres, np.array([self._axes(rng) for _ in range(count)])

    def _axes(self, rng: np.random.Generator) -> Float:
        """A matrix (k, k) that stretches one random direction and keeps the volume."""
        direction = rng.standard_normal(self.relevant)
        direction /= np.linalg.norm(direction)
        narrow = self.stretch ** (1 / max(1, self.relevant - 1))
        return np.asarray(
            narrow * np.eye(self.relevant) + (1 / self.stretch - narrow) * np.outer(direction, direction)
        )

    def distances(self, units: Float) -> Float:
        """Distances (n, R) of units (n, D) to every region, the unfair ones last."""
        dims, centres, axes = self._planes
        offset = np.stack(
            [(units[:, d] - c) @ a for d, c, a in zip(dims, centres, axes, strict=True)], axis=1
        )
        return np.asarray(np.sqrt((offset**2).mean(axis=2)) / self.width)

    def error(self, units: Float) -> Float:
        """Errors (n,) without noise, mm."""
        share = self.slope(self.distances(units))
        fair = BASE + HEIGHT * share[:, : self.regions].max(axis=1)
        lure = BASE + self.lure * (1 - np.abs(units - self._lured).mean(axis=1) / 0.6).clip(0.0)
        high = BASE + 2 * HEIGHT * share[:, self.regions :].max(axis=1, initial=0.0)
        return np.asarray(np.maximum.reduce([fair, lure, high]))

    @cached_property
    def _lured(self) -> Float:
        """Where the lure leads (D,): a corner."""
        rng = np.random.default_rng(
            np.random.SeedSequence(self.seed, spawn_key=(8, crc32(self.name.encode())))
        )
        return np.asarray(rng.choice([0.05, 0.95], self.dim))

    def noisy(self, units: Float, rng: np.random.Generator) -> Float:
        """Errors (n,) as they are measured."""
        return self.error(units) + self.noise * rng.standard_normal(len(units))

    def margin(self, units: Float) -> Float:
        """(n,) >= 0 where fair: outside every unfair region and its surroundings."""
        if not self.unfair:
            return np.zeros(len(units))
        return np.asarray((self.distances(units)[:, self.regions :].min(axis=1) - 0.9).clip(-1.0, 1.0))

    def found(self, units: Float) -> NDArray[np.bool_]:
        """(n, K) whether each point is a fair failure of each region."""
        inside = self.distances(units)[:, : self.regions] <= FAILING
        return np.asarray(inside & (self.margin(units) >= 0)[:, None])


LANDSCAPES = (
    Planted("few-dimensions", dim=16, relevant=6),
    Planted("smooth-32-6", width=0.12, dim=32, relevant=6),
    Planted("smooth-32-12", dim=32, relevant=12),
    Planted("smooth-60-6", width=0.12, dim=60, relevant=6),
    Planted("smooth-60-12", dim=60, relevant=12),
    Planted("plateau-32-6", width=0.12, dim=32, relevant=6, slope=mesa),
    Planted("noisy-32-12", dim=32, relevant=12, noise=10.0),
    Planted("ridge-32-6", width=0.12, dim=32, relevant=6, stretch=5.0),
    Planted("lure-32-12", dim=32, relevant=12, lure=36.0),
    Planted("unfair-32-12", dim=32, relevant=12, unfair=12),
)
"""What searches are judged on. In `few-dimensions` independent draws find most regions by themselves."""
