"""Contact sheets: what factors look like, drawn at random and named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from examiner import seeds
from examiner.dimensions import values_of, worded
from examiner.evaluate import CHUNK
from examiner.fairness import Fairness
from examiner.joints import LIMB_JOINTS, Float
from examiner.lettering import FAINT, INK, PAPER, RULE, font, shortened
from examiner.progress import Progress
from simulator import (
    Dimension,
    ParameterSpace,
    Scene,
    Simulator,
    load_motion_range,
)

RANGES = ("typical", "full")

MARGIN, GAP = 40, 14
"""Pixels round the sheet and between its pictures."""
HEADER = 84
TITLE_SIZE, TEXT_SIZE = 30, 17

TELLING = {
    "clothing.pattern": "",
    "background.kind": "",
    "occluder.kind": "in front",
    "view.azimuth": "az",
    "shape.beta0": "beta0",
    "camera.field_of_view": "fov",
    "light.azimuth": "light",
    "imaging.exposure": "exposure",
    "view.elevation": "el",
    "camera.scale": "scale",
    "light.temperature": "",
    "imaging.jpeg": "jpeg",
    "shape.beta1": "beta1",
    "clothing.hair_style": "hair",
    "occluder.size": "size",
    "imaging.resolution": "resolution",
    "light.ambient": "ambient",
    "background.brightness": "behind",
}
"""What is named under a picture as far as there is room, the most telling first, and how it is called there."""

DRAWS_A_PERSON = 40
"""Poses that are tried for one that is fair."""


@dataclass(frozen=True)
class Samples:
    """People to draw, and what was drawn at random of them."""

    scene: Scene
    dimensions: tuple[Dimension, ...]
    values: Float
    """(N, D) physical values."""


def sample(space: ParameterSpace, count: int, seed: int, span: str) -> Samples:
    """People drawn from the typical or the full range of a space; poses are fair ones.

    Raises:
        ValueError: for a range there is not, or no fair pose in many.
    """
    if span not in RANGES:
        raise ValueError(f"unknown range {span!r}: expected one of {', '.join(RANGES)}")
    if count < 1:
        raise ValueError(f"expected at least 1 picture, got {count}")
    rng = seeds.generator(seed, seeds.PREVIEW)
    draw = space.typical if span == "typical" else space.sample
    units = draw(count, rng)
    if any(factor.name == "pose" for factor in space.factors):
        units = _fair(space, draw(DRAWS_A_PERSON * count, rng), count)
    return Samples(space.decode(units), space.dimensions, values_of(space.dimensions, units))


def _fair(space: ParameterSpace, units: Float, count: int) -> Float:
    """The first units (count, D) of which the poses are fair."""
    fairness = Fairness(space.body, load_motion_range(), LIMB_JOINTS)
    kept = np.empty((0, units.shape[1]))
    for start in range(0, len(units), count):
        some = units[start : start + count]
        kept = np.concatenate([kept, some[fairness.pose_margin(space.decode(some)) >= 0]])
        if len(kept) >= count:
            return kept[:count]
    raise ValueError(
        f"expected {count} fair poses among {len(units)}, got {len(kept)}; take another --range or fix more"
    )


def preview_sheet(
    samples: Samples, simulator: Simulator, title: str, note: str, progress: Progress
) -> Image.Image:
    """One picture of all samples with their names.

    Args:
        samples: What to draw.
        simulator: Who draws.
        title: First line of the header.
        note: Its second line.
        progress: Told of every chunk.
    """
    pictures: list[Image.Image] = []
    count = len(samples.scene)
    progress.update("preview", 0, count)
    for start in range(0, count, CHUNK):
        batch = simulator.render(samples.scene.rows(slice(start, start + CHUNK)))
        pictures += [Image.fromarray(image) for image in batch.images]
        progress.update("preview", len(pictures), count)
    return lay_out(pictures, captions(samples, samples.scene.camera.image_size[0]), title, note)


def captions(samples: Samples, room: int) -> list[str]:
    """Number and the most telling values of each sample, as many as have room (pixels)."""
    names = [d.name for d in samples.dimensions]
    shown = [names.index(name) for name in TELLING if name in names]
    lines = []
    for number, row in enumerate(samples.values):
        words = [_word(samples.dimensions[column], row[column]) for column in shown]
        lines.append(_fitting(f"{number:02d}", words, room))
    return lines


def _fitting(line: str, words: Sequence[str], room: int) -> str:
    for word in words:
        longer = f"{line}, {word}" if " " in line else f"{line}  {word}"
        if font(TEXT_SIZE).getlength(longer) > room:
            return line
        line = longer
    return line


def _word(dimension: Dimension, value: float) -> str:
    return f"{TELLING[dimension.name]} {worded(dimension, value)}".lstrip()


def lay_out(pictures: Sequence[Image.Image], names: Sequence[str], title: str, note: str) -> Image.Image:
    """Pictures of one size in a grid that is a little wider than high, names beneath, a header above."""
    width, height = pictures[0].size
    columns = min(len(pictures), max(1, round(np.sqrt(1.4 * len(pictures)))))
    rows = -(-len(pictures) // columns)
    line = round(1.7 * TEXT_SIZE)
    across = max(2 * MARGIN + columns * (width + GAP) - GAP, 640)
    sheet = Image.new("RGB", (across, MARGIN + HEADER + rows * (height + line + GAP) - GAP + MARGIN), PAPER)
    pen = ImageDraw.Draw(sheet)
    room = across - 2 * MARGIN
    fitting = (size for size in range(TITLE_SIZE, TEXT_SIZE, -1) if font(size).getlength(title) <= room)
    letters = font(next(fitting, TEXT_SIZE))
    pen.text((MARGIN, MARGIN + 24), shortened(title, letters, room), fill=INK, font=letters, anchor="ls")
    pen.text((MARGIN, MARGIN + 36), shortened(note, font(TEXT_SIZE), room), fill=FAINT, font=font(TEXT_SIZE))
    pen.line((MARGIN, MARGIN + HEADER - 18, across - MARGIN, MARGIN + HEADER - 18), fill=RULE)
    for index, (picture, name) in enumerate(zip(pictures, names, strict=True)):
        x = MARGIN + (index % columns) * (width + GAP)
        y = MARGIN + HEADER + (index // columns) * (height + line + GAP)
        sheet.paste(picture, (x, y))
        pen.text((x, y + height + 4), shortened(name, font(TEXT_SIZE), width), fill=INK, font=font(TEXT_SIZE))
    return sheet
