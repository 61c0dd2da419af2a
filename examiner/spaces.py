"""The space that a configuration searches: its factors, and what is held or drawn at random beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from examiner.config import Config, parse_fixed
from examiner.fairness import Rule, part_of_a_person, whole_person
from examiner.joints import Float
from simulator import (
    BACKGROUND_FACTOR,
    CLOTHING_FACTOR,
    FULL_VIEW,
    IMAGING_FACTOR,
    LIGHT_FACTOR,
    OCCLUDER_FACTOR,
    PHOTOGRAPHED,
    AnglesFactor,
    Body,
    CameraFactor,
    Factor,
    HeldFactor,
    ParameterFactor,
    ParameterSpace,
    PoseFactor,
    PosePrior,
    ViewFactor,
    load_motion_range,
    shape_of,
)

HIDING = ("camera", "occluder")
"""Factors that may hide joints: with them the visible joints alone are scored (definitions: fair)."""

HIDING_DIMENSIONS = ("occluder.kind", "camera.scale", "camera.offset")
"""Beginnings of the dimensions that do so when they are fixed."""


@dataclass(frozen=True)
class Spaces:
    """What a run varies."""

    space: ParameterSpace
    """What is searched."""
    vary: tuple[Factor, ...]
    """What is drawn anew for every search query."""
    fixed: tuple[str, ...] = ()
    """Names of the dimensions that are held at a value."""

    @property
    def hides(self) -> bool:
        """Whether something other than the body may hide joints."""
        varied = any(factor.name in HIDING for factor in (*self.space.factors, *self.vary))
        return varied or any(name.startswith(HIDING_DIMENSIONS) for name in self.fixed)

    @property
    def rule(self) -> Rule:
        """How much of a person must be visible."""
        return part_of_a_person if self.hides else whole_person


def build_spaces(config: Config, body: Body, prior: PosePrior, poses: Float | None) -> Spaces:
    """The space of a configuration.

    Raises:
        ValueError: for a fixed dimension that no factor has, or a searched factor that is fixed as a whole.
    """
    there = {factor.name: factor for factor in all_factors(config, body, prior, poses)}
    fixed = _fixed(config.fix, there)
    if config.backgrounds:
        fixed.setdefault("background", {})  # so that redraws take the user's photographs too
    held = {name: HeldFactor(there[name], values) for name, values in fixed.items()}
    searched = [held.get(name, there[name]) for name in config.factors]
    empty = [factor.name for factor in searched if not factor.dimensions]
    if empty:
        raise ValueError(f"expected something left to search of {empty[0]}, got all of it fixed by --fix")
    vary = tuple(held.get(name, there[name]) for name in config.vary)
    names = tuple(name for values in fixed.values() for name in values)
    return Spaces(ParameterSpace(searched, body, config.image_size, tuple(held.values())), vary, names)


def all_factors(config: Config, body: Body, prior: PosePrior, poses: Float | None) -> Sequence[Factor]:
    """Every factor there is, as the configuration wants it."""
    by_angles = config.pose_space == "angles"
    return (
        AnglesFactor(load_motion_range(), prior, poses) if by_angles else PoseFactor(prior, poses),
        shape_of(body),
        ViewFactor() if config.view == "default" else FULL_VIEW,
        CameraFactor(),
        LIGHT_FACTOR,
        CLOTHING_FACTOR,
        ParameterFactor(PHOTOGRAPHED) if config.backgrounds else BACKGROUND_FACTOR,
        OCCLUDER_FACTOR,
        IMAGING_FACTOR,
    )


def _fixed(texts: Sequence[str], factors: dict[str, Factor]) -> dict[str, dict[str, float]]:
    """Values by dimension, by factor."""
    fixed: dict[str, dict[str, float]] = {}
    for text in texts:
        name, value = parse_fixed(text)
        factor = factors[name.partition(".")[0]]
        dimension = next((d for d in factor.dimensions if d.name == name), None)
        if dimension is None:
            names = ", ".join(d.name for d in factor.dimensions[:12])
            raise ValueError(f"unknown dimension {name!r}: expected one of {names}")
        if not dimension.low <= value <= dimension.high:
            raise ValueError(
                f"expected {name} from {dimension.low:g} to {dimension.high:g} {dimension.unit}, got {value:g}"
            )
        fixed.setdefault(factor.name, {})[name] = value
    return fixed
