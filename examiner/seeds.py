"""Seeds: every draw of a run comes from one seed and a path, never from the order of events."""

from __future__ import annotations

import numpy as np

(
    REFERENCE,
    REDRAW,
    GROWTH,
    VERIFY,
    BOOTSTRAP,
    EXPORT,
    MASS,
    AGENTS,
    VARY,
    JUDGE,
    SWEEP,
    PREVIEW,
    MILDEST,
    RULES,
    VOLUME,
    VERTEX_JOINTS,
) = range(16)
"""Streams of randomness."""

FIXED = 20260101
"""Seed of the draws that are the same in every run: the reference and the redraws."""


def generator(seed: int, stream: int, *path: int) -> np.random.Generator:
    """The generator of one purpose, e.g. `generator(seed, GROWTH, mode, round)`."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, *path)))


def integer(seed: int, stream: int, *path: int) -> int:
    """A 32-bit seed for an object that takes a number."""
    return int(np.random.SeedSequence(seed, spawn_key=(stream, *path)).generate_state(1)[0])
