"""Pages of the report beside the overview: one for each region, and one for what is flagged or unfair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from examiner.report_words import FLAGS, plain, share

Mode = Mapping[str, Any]

JUDGED = ("survives", "does not survive", "not judged")


@dataclass(frozen=True)
class Bar:
    """A range against what is usual, percent of the widest."""

    name: str
    left: float
    width: float
    usual_left: float
    usual_width: float
    words: str
    usual: str


@dataclass(frozen=True)
class RegionPage:
    """What a region's page needs beside its mode."""

    mode: Mode
    before: int | None
    """Number of the mode whose region is on the page before."""
    after: int | None
    bars: list[Bar]


def region_pages(modes: Sequence[Mode]) -> list[RegionPage]:
    """A page for every mode with a region, in the modes' order."""
    grown = [mode for mode in modes if mode["region"]]
    ids = [None, *(mode["id"] for mode in grown), None]
    return [
        RegionPage(mode, ids[place], ids[place + 2], width_bars(mode["region"].get("widths", [])))
        for place, mode in enumerate(grown)
    ]


def width_bars(widths: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """Bars of ranges, each in multiples of what is usual round its middle, all to one scale."""
    halves = [0.5 * (w["high"] - w["low"]) / w["usual"] for w in widths]
    most = 1.05 * max([1.0, *halves])
    return [_bar(w, half / most, 1 / most) for w, half in zip(widths, halves, strict=True)]


def _bar(width: Mapping[str, Any], half: float, usual: float) -> Bar:
    name = plain(width["name"])
    return Bar(
        name=name,
        left=round(50 - 50 * half, 2),
        width=round(100 * half, 2),
        usual_left=round(50 - 50 * usual, 2),
        usual_width=round(100 * usual, 2),
        words=f"{_number(width['low'], width['unit'])} to {_with_unit(width['high'], width['unit'])}",
        usual=f"\u00b1 {_with_unit(width['usual'], width['unit'])}",
    )


def _number(value: float, unit: str) -> str:
    text = f"{value:.0f}" if unit == "degree" else f"{value:.2g}"
    return "0" if text == "-0" else text.replace("-", "\u2212")


def _with_unit(value: float, unit: str) -> str:
    return _number(value, unit) + ("\u00b0" if unit == "degree" else f" {unit}".rstrip())


def flag_shares(modes: Sequence[Mode]) -> list[tuple[str, int, str]]:
    """Of every flag that a mode carries: its name, how many modes carry it, and their share."""
    flags = [flag for mode in modes for flag in mode["flags"]]
    known = [name for name in FLAGS if name in flags] + sorted(set(flags) - set(FLAGS))
    return [(name, flags.count(name), share(flags.count(name) / len(modes))) for name in known]


def judged(mode: Mode) -> str:
    """What the judge said of a mode, one of JUDGED."""
    said = mode.get("judged")
    if not said:
        return JUDGED[2]
    return JUDGED[0] if said["survives"] else JUDGED[1]


def judged_counts(modes: Sequence[Mode]) -> list[tuple[str, int]]:
    """How many modes there are of each of JUDGED; none where the judge was asked of no mode."""
    said = [judged(mode) for mode in modes]
    counts = [(name, said.count(name)) for name in JUDGED if name in said]
    return counts if any(name != JUDGED[2] for name, _ in counts) else []
