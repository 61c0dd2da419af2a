"""Tables of `poseexaminer-2023`: the file of values, a page of Markdown, and the terminal's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from examiner.files import write_json, write_whole
from examiner.published_growth import LEAST_SIZE
from examiner.terminal import WIDTH

JSON_NAME, MARKDOWN_NAME = "protocol.json", "protocol.md"


@dataclass(frozen=True)
class Column:
    """One column of the table."""

    head: str
    show: Callable[[float], str]


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _radians(value: float) -> str:
    return f"{value:.3f}"


def _millimetres(value: float) -> str:
    return f"{value:.1f}"


COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        "success_rate": Column("success", _share),
        "region_size_rad": Column("size", _radians),
        "mean_mm": Column("mean", _millimetres),
        "min_mm": Column("min", _millimetres),
        "max_mm": Column("max", _millimetres),
        "median_mm": Column("median", _millimetres),
        "per_c": Column("Per_C", _share),
        "last_search_mm": Column("last", _millimetres),
        "verified_success_rate": Column("verified_success", _share),
        "verified_region_size_rad": Column("verified_size", _radians),
    }
)
"""By the name of the value in `protocol.json`."""

LEGEND = (
    f"success: agents whose region is larger than {LEAST_SIZE} rad, of all; size (rad), mean, min, max, median (mm) "
    "and Per_C (share below 90 mm): means over successful agents only; last: mm at the end of the search, mean over "
    "all agents. These are the release's columns. verified_success: agents whose box passes our success-region rule, "
    "of all; verified_size: mean over all agents, 0 where it does not."
)

NONE_SUCCEEDED = (
    f"No agent ended with a region larger than {LEAST_SIZE} rad, so the columns that are averaged over successful "
    "agents are empty (-)."
)


def write_protocol(folder: Path, result: Mapping[str, Any]) -> None:
    """Write `protocol.json` and `protocol.md`."""
    write_json(folder / JSON_NAME, result)
    page = markdown(result)
    write_whole(folder / MARKDOWN_NAME, lambda stream: stream.write(page.encode()))


def print_protocol(result: Mapping[str, Any], folder: str) -> None:
    """The table, what it took and every deviation, on standard output."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    table = Table(title=Text(_title(result)), title_justify="left", box=SIMPLE, padding=(0, 0, 0, 1))
    for place, head in enumerate(("model", *(column.head for column in COLUMNS.values()))):
        table.add_column(head, justify="right" if place else "left", no_wrap=place > 0)
    for row in _rows(result):
        table.add_row(*map(Text, row))
    console.print(table)
    for line in (*_sentences(result), "Deviations from the release:", *_deviations(result)):
        console.print(line, highlight=False, markup=False)
    console.print(f"Table: {folder}/{MARKDOWN_NAME}", highlight=False, markup=False, soft_wrap=True)


def markdown(result: Mapping[str, Any]) -> str:
    """The same as a page of Markdown."""
    heads = ("model", *(column.head for column in COLUMNS.values()), "3DPW mpjpe")
    mine, *others = _rows(result)
    told = [f"{row['mpjpe_3dpw_mm']:.2f}" for row in result["published_table"]["rows"]]
    rows = [(*mine, "-"), *((*row, error) for row, error in zip(others, told, strict=True))]
    lines = [_line(heads), "|---|" + "--:|" * (len(heads) - 1), *map(_line, rows)]
    sentences = "\n\n".join(_sentences(result))
    listed = "\n".join(_deviations(result))
    table = "\n".join(lines)
    return f"# {_title(result)}\n\n{table}\n\n{sentences}\n\n## Deviations from the release\n\n{listed}\n"


def _title(result: Mapping[str, Any]) -> str:
    joints = " on common joints" if _deviates(result, "joints") else " on the 14 joints of LSP"
    return (
        f"poseexaminer-2023: {result['target']['name']}, {len(result['agents'])} agents, mpjpe{joints}, "
        f"threshold {result['threshold_mm']:.0f} mm"
    )


def _rows(result: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The target's row, then the published ones."""
    figures = {**result["published"], **result["verified"]}
    rows = [(result["target"]["name"], figures)]
    rows += [(f"{row['model']} (paper)", row) for row in result["published_table"]["rows"]]
    return [
        (name, *(_cell(values.get(key), column) for key, column in COLUMNS.items())) for name, values in rows
    ]


def _cell(value: float | None, column: Column) -> str:
    return "-" if value is None else column.show(value)


def _sentences(result: Mapping[str, Any]) -> list[str]:
    queries, growth, table = result["queries"], result["growth"], result["published_table"]
    said = [LEGEND]
    if not result["published"]["success_rate"]:
        said.append(NONE_SUCCEEDED)
    gave_up = sum(agent["gave_up"] for agent in result["agents"])
    if gave_up:
        said.append(
            f"{gave_up} of {len(result['agents'])} agents found no failure and gave up: no region, not successful."
        )
    if growth["cut"]:
        said.append(
            f"Growth was cut short: the budget of {queries['budget']:,} queries paid {growth['iterations']:,} of the "
            f"{growth['released_iterations']:,} iterations that the release would spend, an even share for every "
            "agent, so size and success are lower bounds of what all would give."
        )
    said.append(
        f"{queries['total']:,} queries: {queries['search']:,} search, {queries['growth']:,} growth, "
        f"{queries['evaluation']:,} evaluation; {queries['apart']['verification']:,} more, charged apart, verify the "
        "boxes."
    )
    said.append(f"Published rows: {table['source']}. {table['note']}")
    return said


def _deviations(result: Mapping[str, Any]) -> list[str]:
    return [f"- {row['what']}: {row['here']}; released: {row['release']}" for row in result["deviations"]]


def _deviates(result: Mapping[str, Any], what: str) -> bool:
    return any(row["what"] == what for row in result["deviations"])


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
