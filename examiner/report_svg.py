"""Charts that matplotlib draws, as inline SVG that takes its colours, its font and its width from the page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SERIES = 9
"""Kinds of line in the style sheet, s0 to s8."""

STEPS = 8
"""Steps of the heat maps' scale, h0 to h7."""

COLOURS = ("fg", "muted", "line", "mark", "card")
NAMES = (*COLOURS, *(f"s{i}" for i in range(SERIES)), *(f"h{i}" for i in range(STEPS)))
INK = {name: f"#0100{place:02x}" for place, name in enumerate(NAMES)}
"""What stands for the page's colours while matplotlib draws."""

POINTS = 72.0
FONT = 13.0
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "poseexaminer",
    "svg.id": None,
    "path.simplify": False,
    "font.size": FONT,
    "axes.titlesize": FONT,
    "axes.labelsize": FONT,
    "axes.labelcolor": INK["muted"],
    "axes.labelpad": 6.0,
    "axes.edgecolor": INK["muted"],
    "axes.linewidth": 1.0,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.xmargin": 0.0,
    "axes.ymargin": 0.0,
    "grid.color": INK["line"],
    "grid.linewidth": 1.0,
    "lines.linewidth": 2.6,
    "lines.solid_capstyle": "butt",
    "text.color": INK["muted"],
    "xtick.labelcolor": INK["muted"],
    "ytick.labelcolor": INK["muted"],
    **{f"{axis}tick.{kind}.size": 0.0 for axis in "xy" for kind in ("major", "minor")},
    **{f"{axis}tick.{kind}.pad": 6.0 for axis in "xy" for kind in ("major", "minor")},
}
UNDATED = dict.fromkeys(("Date", "Creator", "Format", "Type"))


@dataclass(frozen=True)
class Tip:
    """What an artist becomes in the page."""

    text: str
    """Shown where the pointer rests on it."""
    kind: str = ""
    """Its class in the style sheet."""


Tips = Mapping[str, Tip]
"""By the `gid` of the artist."""


@dataclass(frozen=True)
class Frame:
    """A chart's size and the place of its axes, in the SVG's units."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        """Left, bottom, width, height as shares of the whole, as matplotlib wants them."""
        wide, high = self.right - self.left, self.bottom - self.top
        return (
            self.left / self.width,
            1 - self.bottom / self.height,
            wide / self.width,
            high / self.height,
        )


def chart(key: str, title: str, frame: Frame, draw: Callable[[Axes], Tips]) -> Markup:
    """A chart as inline SVG; the same arguments give the same text.

    Args:
        key: Differs from that of every other chart of the page.
        title: What a screen reader says.
        frame: Where the axes lie.
        draw: Draws on the axes with the colours of INK, nothing clipped, and says what its artists become.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(frame.width / POINTS, frame.height / POINTS))
        figure.patch.set_visible(False)
        axes = figure.add_axes(frame.rectangle)
        tips = draw(axes)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata=UNDATED)
    return _inlined(text.getvalue(), key, title, frame, tips)


def _inlined(svg: str, key: str, title: str, frame: Frame, tips: Tips) -> Markup:
    inner = svg[svg.index("</defs>") + len("</defs>") : svg.rindex("</svg>")]
    for pattern, what in (
        (r"<!--.*?-->", ""),
        (r"; font-family: [^;\"]*", ""),
        (r' transform="rotate\(-0 [^"]*"', ""),
        (r'<g id="[^"]*"/>', ""),
        (r">\s+<", "><"),
        (r"\s+", " "),
    ):
        inner = re.sub(pattern, what, inner)
    inner = re.sub(r' (?:d|x|y)="[^"]*"', lambda m: re.sub(r"\d+\.\d{3,}", _short, m[0]), inner)
    inner = _coloured(_named(inner, key, tips))
    head = Markup('<svg viewBox="0 0 {:g} {:g}" role="img" aria-label="{}" data-chart="{}">').format(
        frame.width, frame.height, title, key
    )
    return head + Markup(inner.strip()) + Markup("</svg>")


def _short(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _named(svg: str, key: str, tips: Tips) -> str:
    """Only names that something refers to are kept, and made the chart's own; tips take the place of theirs."""
    used = set(re.findall(r'xlink:href="#([^"]*)"', svg))

    def named(found: re.Match[str]) -> str:
        name = found[1]
        return f' id="{key}-{name}"' if name in used else ""

    for gid, tip in tips.items():
        kind = f' class="{tip.kind}"' if tip.kind else ""
        svg = svg.replace(f'<g id="{gid}">', f"<g{kind}><title>{escape(tip.text)}</title>")
    svg = re.sub(r' id="([^"]*)"', named, svg)
    return re.sub(r'xlink:href="#([^"]*)"', rf'href="#{key}-\1"', svg)


def _coloured(svg: str) -> str:
    names = {code: name for name, code in INK.items()}
    return re.sub(r"#0100[0-9a-f]{2}", lambda code: f"var(--{names[code[0]]})", svg)
