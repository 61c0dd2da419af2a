"""Every factor's dimensions with their ranges, as a table for the terminal and for the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE
from rich.table import Table

from examiner import seeds
from examiner.config import Config
from examiner.dimensions import number, values_of
from examiner.joints import Float
from examiner.spaces import all_factors
from simulator import NORMAL, Dimension, Factor, ParameterSpace, load_body, load_prior, physical_values

DRAWS = 4000
"""Typical draws of which the 5th and 95th percentile are shown."""

HEADS = ("dimension", "unit", "typical (5-95 %)", "full range", "default")

ABOUT = {
    "pose": "How the body is bent. The default is the T-pose; typical are everyday and active poses.",
    "shape": "The ten shape coefficients of the body; of the body `child` the first goes from infants to elders.",
    "view": "Where the camera stands around the person, and how it is rolled.",
    "camera": "The lens, and how the person is framed: above scale 1 and off the middle the border cuts people.",
    "light": "A key light, a weaker fill light and an ambient one. Azimuth 0, elevation 0 is the camera.",
    "clothing": "Skin, hair, garments, colours and patterns.",
    "background": "What is behind the person, and how bright and colourful it is.",
    "occluder": "What is in front of the person: real geometry, with depth.",
    "imaging": "What lens, sensor and file do to a picture, the same for every simulator.",
}

PREFACE = """# Factors

What the simulator can vary. Each factor can be searched (`--factors`), drawn at random from its typical range
(`--vary`), or held at values (`--fix light.temperature=3200`); what is none of these stays at its default.
The typical range is what common training sets contain: the 5th to the 95th percentile of 4,000 draws, or the shares
of choices. A choice is fixed by its number: 0.5 is the first, 1.5 the second. Views are searched in their typical
range; `--view full` searches every view.

This page is written by `make factors` from the code.
"""


@dataclass(frozen=True)
class Row:
    """One dimension, or several that are alike, in words."""

    name: str
    unit: str
    typical: str
    full: str
    default: str

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of `HEADS`."""
        return self.name, self.unit, self.typical, self.full, self.default


@dataclass(frozen=True)
class Section:
    """The table of one factor."""

    title: str
    about: str
    rows: tuple[Row, ...]


def factor_tables() -> tuple[Section, ...]:
    """Every factor, and pose a second time by joint angles."""
    body, prior = load_body("neutral"), load_prior("default")
    searched = all_factors(Config(), body, prior, None)
    full = all_factors(Config(view="full"), body, prior, None)
    angles = all_factors(Config(pose_space="angles"), body, prior, None)[0]
    default = ParameterSpace([searched[1]], body).default(1)
    sections = []
    for factor, widest in zip(searched[1:], full[1:], strict=True):
        names = [d.name for d in factor.dimensions]
        rows = _rows(factor, widest.dimensions, physical_values(default, names)[0])
        sections.append(Section(factor.name, ABOUT[factor.name], rows))
    straight = np.zeros(len(angles.dimensions))
    return (
        Section("pose", ABOUT["pose"], (_alike(searched[0]),)),
        *sections,
        Section(
            "pose by joint angles (`--pose-space angles`)",
            "Swing and twist of every joint inside its range of motion.",
            _rows(angles, angles.dimensions, straight),
        ),
    )


def terminal_tables(sections: Sequence[Section]) -> list[Table]:
    """One table for each factor."""
    tables = []
    for section in sections:
        title = f"{section.title}: {section.about}".replace("`", "")
        table = Table(title=title, title_justify="left", box=SIMPLE, title_style="bold")
        for head in HEADS:
            table.add_column(head, no_wrap=head == "dimension")
        for row in section.rows:
            table.add_row(*row.cells)
        tables.append(table)
    return tables


def markdown(sections: Sequence[Section]) -> str:
    """The page of the documentation."""
    parts = [PREFACE]
    for section in sections:
        lines = [" | ".join(("", *cells, "")).strip() for cells in (HEADS, ("---",) * len(HEADS))]
        lines += [
            " | ".join(("", f"`{row.name}`", *row.cells[1:], "")).strip().replace("` ... `", " ... ")
            for row in section.rows
        ]
        parts.append(f"## {section.title}\n\n{section.about}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _rows(factor: Factor, widest: Sequence[Dimension], default: Float) -> tuple[Row, ...]:
    values = _typical(factor)
    return tuple(
        _choice(d, column, value) if d.choices else _number(d, column, value)
        for d, column, value in zip(widest, values.T, default, strict=True)
    )


def _typical(factor: Factor) -> Float:
    """(DRAWS, d) physical values."""
    rng = seeds.generator(seeds.FIXED, seeds.PREVIEW)
    return values_of(factor.dimensions, factor.typical(DRAWS, rng))


def _number(dimension: Dimension, values: Float, default: float) -> Row:
    low, high = np.quantile(values, [0.05, 0.95])
    return Row(
        dimension.name,
        dimension.unit,
        _range(low, high),
        _range(dimension.low, dimension.high),
        number(default),
    )


def _choice(dimension: Dimension, values: Float, default: float) -> Row:
    shares: NDArray[np.int64] = np.bincount(values.astype(np.int64), minlength=len(dimension.choices))
    common = [
        f"{name} {share / len(values):.0%}"
        for name, share in zip(dimension.choices, shares, strict=False)
        if share
    ]
    return Row(
        dimension.name,
        dimension.unit,
        ", ".join(common),
        f"{', '.join(dimension.choices)} ({_range(dimension.low, dimension.high)})",
        dimension.choice(default),
    )


def _alike(pose: Factor) -> Row:
    """The latent coordinates in one row."""
    first, last = pose.dimensions[0], pose.dimensions[-1]
    low, high = np.quantile(_typical(pose), [0.05, 0.95])
    full = _range(first.low, first.high)
    return Row(f"{first.name} ... {last.name.partition('.')[2]}", NORMAL, _range(low, high), full, "T-pose")


def _range(low: float, high: float) -> str:
    return f"{number(low)} to {number(high)}"
