"""`examiner targets`: what can be examined."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.console import Console

from targets.listing import FORMS, built_in, recipes


def targets(arguments: argparse.Namespace) -> int:
    """List what can be examined."""
    ready, published = built_in(), recipes()
    _say("Built in, after --target:", *_columns([(o.name, o.state, o.licence, o.what) for o in ready]))
    _say("", "Recipes for published models; the code and the checkpoint are yours (docs/recipes.md):")
    _say(*_columns([(o.name, o.what, o.state, o.licence) for o in published]))
    _say("", "Your own, after --target:", *_columns(FORMS))
    return 0


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with the words of each column below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(w.ljust(n) for w, n in zip(row, widths, strict=True)).rstrip() for row in rows)
    return [f"  {line}" for line in lines]


def _say(*lines: str) -> None:
    console = Console()
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
