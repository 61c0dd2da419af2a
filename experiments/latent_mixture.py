"""Gaussian mixtures fitted in a prior's latent space, every activity with the same weight."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_triangular

from simulator.camera import Float
from simulator.prior import Mixture

COMPONENTS = (2, 4, 8, 16, 32)
"""Numbers of components that are tried."""


def activity_weights(clips: list[str]) -> Float:
    """Weights (N,) that sum to 1 and give every activity (clip name without its number) the same share."""
    activity = [clip.rsplit("_", 1)[0] for clip in clips]
    names, row, count = np.unique(activity, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / (len(names) * count[row]))


def log_densities(mixture: Mixture, z: Float) -> Float:
    """Weighted log density (N, K) of codes (N, dim) in each component."""
    columns = []
    for weight, mean, factor in zip(mixture.weights, mixture.means, mixture.factors, strict=True):
        white = solve_triangular(factor, (z - mean).T, lower=True)
        scale = np.log(weight) - np.log(np.diag(factor)).sum() - 0.5 * z.shape[1] * np.log(2.0 * np.pi)
        columns.append(scale - 0.5 * (white**2).sum(0))
    return np.stack(columns, 1)


def likelihood(mixture: Mixture, z: Float, weight: Float) -> float:
    """Weighted mean log density of codes (N, dim), nats."""
    return float(weight @ np.logaddexp.reduce(log_densities(mixture, z), axis=1))


def fit_mixture(z: Float, weight: Float, floor: Float, components: int, seed: int) -> Mixture:
    """Expectation maximisation; `floor` (dim,) is added to every component's variances."""
    rng = np.random.default_rng(seed)
    means = z[rng.choice(len(z), components, replace=False, p=weight)]
    spread = np.cov(z.T, aweights=weight) + np.diag(floor)
    factors = np.repeat(np.linalg.cholesky(spread)[None], components, 0)
    mixture = Mixture(np.full(components, 1.0 / components), means, factors)
    for _ in range(30):
        density = log_densities(mixture, z)
        share = weight[:, None] * np.exp(density - np.logaddexp.reduce(density, axis=1, keepdims=True))
        mixture = _maximise(z, share, spread, floor)
    return mixture


def _maximise(z: Float, share: Float, spread: Float, floor: Float) -> Mixture:
    """The mixture of responsibilities (N, K); covariances are drawn a tenth towards the common one."""
    total = share.sum(0) + 1e-9
    means = (share.T @ z) / total[:, None]
    factors = []
    for column, mean in zip(share.T, means, strict=True):
        own = (column[:, None] * (z - mean)).T @ (z - mean) / (column.sum() + 1e-9) + np.diag(floor)
        factors.append(np.linalg.cholesky(0.9 * own + 0.1 * spread))
    return Mixture(total / total.sum(), means, np.array(factors))


def best_mixture(train: tuple[Float, Float], chosen_on: tuple[Float, Float], floor: Float) -> Mixture:
    """The number of components with the best likelihood of the validation codes; (codes, weights) pairs."""
    tried = [fit_mixture(*train, floor, components, seed=0) for components in COMPONENTS]
    scores = [likelihood(mixture, *chosen_on) for mixture in tried]
    print("validation log density:", dict(zip(COMPONENTS, np.round(scores, 2).tolist(), strict=True)))
    return tried[int(np.argmax(scores))]
