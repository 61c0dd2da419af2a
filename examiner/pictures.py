"""Pictures of failures: skeletons drawn over an image, and sheets of several pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Float = NDArray[np.float64]
Colour = tuple[int, int, int]
Picture = Image.Image | NDArray[np.uint8]

SUPERSAMPLING = 3
THINNEST = 2.0
GUTTER = 8
CAPTION_SIZE = 15
OUTLINE: Colour = (16, 20, 24)
RIM: Colour = (255, 255, 255)


@dataclass(frozen=True)
class Shades:
    """Colours of one skeleton by side, and the width of its limbs."""

    left: Colour
    middle: Colour
    right: Colour
    width: float
    """Share of the shorter side of the image."""

    def of(self, side: str) -> Colour:
        """The colour of a side, `left`, `right` or `middle`."""
        return {"left": self.left, "right": self.right}.get(side, self.middle)


TRUTH = Shades(left=(168, 234, 112), middle=(102, 194, 60), right=(47, 138, 20), width=0.013)
PREDICTION = Shades(left=(244, 156, 240), middle=(207, 72, 207), right=(140, 20, 156), width=0.009)


def overlay(
    image: NDArray[np.uint8],
    gt: Float,
    prediction: Float | None,
    edges: Sequence[tuple[int, int]],
    scale: int = 2,
    names: Sequence[str] | None = None,
) -> Image.Image:
    """Draw the true skeleton (green) and the predicted one (magenta) over an image.

    Left limbs are light with round joints, right limbs dark with square joints, so that neither the pair of
    colours nor the sides rest on hue alone.

    Args:
        image: (H, W, 3) RGB.
        gt: (J, 2) continuous pixels: pixel i covers [i, i + 1).
        prediction: (J, 2) continuous pixels, or None where the target found nobody. Rows that are not
            finite are left out.
        edges: pairs of joint indices.
        scale: how many times larger than the image the picture is.
        names: J joint names; `left_` and `right_` at the start tell the sides.

    Returns:
        RGB picture of W * scale by H * scale pixels.

    Raises:
        ValueError: a shape or an edge does not fit.
    """
    _check(image, gt, prediction, edges, names)
    height, width = image.shape[:2]
    size = (width * scale, height * scale)
    factor = scale * SUPERSAMPLING
    layer = Image.new("RGBA", (width * factor, height * factor), (0, 0, 0, 0))
    pen = _Pen(ImageDraw.Draw(layer), edges, tuple(_side(name) for name in names or [""] * len(gt)))
    for joints, shades in ((gt, TRUTH), (prediction, PREDICTION)):
        if joints is not None:
            width_drawn = max(shades.width * min(height, width) * factor, THINNEST * SUPERSAMPLING)
            pen.skeleton(joints * factor - 0.5, shades, width_drawn)
    base = Image.fromarray(image).resize(size, Image.Resampling.BICUBIC).convert("RGBA")
    return Image.alpha_composite(base, layer.resize(size, Image.Resampling.BOX)).convert("RGB")


def contact_sheet(
    images: Sequence[Picture], columns: int, captions: Sequence[str] | None = None
) -> Image.Image:
    """Lay pictures out in rows, each in a cell of the largest one's size, captions beneath.

    Args:
        images: RGB pictures or (H, W, 3) uint8 arrays.
        columns: pictures in a row.
        captions: one line a picture; shortened where it is wider than its cell.

    Raises:
        ValueError: no image, no column, or another number of captions than of images.
    """
    if not images or columns < 1:
        raise ValueError(
            f"expected at least one image and one column, got {len(images)} images and {columns} columns"
        )
    if captions is not None and len(captions) != len(images):
        raise ValueError(f"expected one caption an image, got {len(captions)} for {len(images)} images")
    pictures = [_as_picture(image) for image in images]
    cell = (max(p.width for p in pictures), max(p.height for p in pictures))
    strip = CAPTION_SIZE + GUTTER if captions is not None else 0
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = Image.new(
        "RGB",
        (columns * (cell[0] + GUTTER) + GUTTER, rows * (cell[1] + strip + GUTTER) + GUTTER),
        (255, 255, 255),
    )
    for index, picture in enumerate(pictures):
        x = GUTTER + (index % columns) * (cell[0] + GUTTER)
        y = GUTTER + (index // columns) * (cell[1] + strip + GUTTER)
        sheet.paste(picture, (x + (cell[0] - picture.width) // 2, y + (cell[1] - picture.height) // 2))
        if captions is not None:
            _caption(sheet, captions[index], (x, y + cell[1] + 2), cell[0])
    return sheet


@dataclass(frozen=True)
class _Pen:
    """Draws skeletons on one canvas, coordinates in its pixel indices."""

    canvas: ImageDraw.ImageDraw
    edges: Sequence[tuple[int, int]]
    sides: tuple[str, ...]

    def skeleton(self, joints: Float, shades: Shades, width: float) -> None:
        """Outline and rim first, for all limbs, then the colours, so that limbs join cleanly."""
        for extra, fixed in ((1.0, OUTLINE), (0.45, RIM), (0.0, None)):
            for start, end in self.edges:
                colour = fixed or shades.of(self._limb(start, end))
                self._line(joints[start], joints[end], width * (1 + extra), colour)
            for joint in range(len(joints)):
                colour = fixed or shades.of(self.sides[joint])
                self._joint(joint, joints[joint], width * (0.9 + extra / 2), colour)

    def _limb(self, start: int, end: int) -> str:
        return self.sides[start] if self.sides[start] == self.sides[end] else "middle"

    def _line(self, start: Float, end: Float, width: float, colour: Colour) -> None:
        if np.isfinite(start).all() and np.isfinite(end).all():
            self.canvas.line([*start.tolist(), *end.tolist()], fill=colour, width=max(1, round(width)))

    def _joint(self, joint: int, at: Float, radius: float, colour: Colour) -> None:
        if not np.isfinite(at).all():
            return
        corners = [*(at - radius).tolist(), *(at + radius).tolist()]
        if self.sides[joint] == "right":
            self.canvas.rectangle(corners, fill=colour)
        else:
            self.canvas.ellipse(corners, fill=colour)


def _side(name: str) -> str:
    return next((side for side in ("left", "right") if name.startswith(f"{side}_")), "middle")


def _check(
    image: NDArray[np.uint8],
    gt: Float,
    prediction: Float | None,
    edges: Sequence[tuple[int, int]],
    names: Sequence[str] | None,
) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"expected an image (H, W, 3) of uint8, got {image.shape} of {image.dtype}")
    if gt.ndim != 2 or gt.shape[1] != 2:
        raise ValueError(f"expected gt (J, 2) pixels, got {gt.shape}")
    if prediction is not None and prediction.shape != gt.shape:
        raise ValueError(f"expected prediction {gt.shape} like gt, got {prediction.shape}")
    if any(not 0 <= joint < len(gt) for edge in edges for joint in edge):
        raise ValueError(f"expected edges between joints 0 to {len(gt) - 1}, got {list(edges)}")
    if names is not None and len(names) != len(gt):
        raise ValueError(f"expected {len(gt)} joint names, got {len(names)}")


def _as_picture(image: Picture) -> Image.Image:
    return image.convert("RGB") if isinstance(image, Image.Image) else Image.fromarray(image).convert("RGB")


def _caption(sheet: Image.Image, text: str, at: tuple[int, int], width: int) -> None:
    font = ImageFont.load_default(CAPTION_SIZE)
    whole = text
    while text and font.getlength(text if text == whole else text + "...") > width:
        text = text[:-1].rstrip()
    shown = text if text == whole else text + "..."
    ImageDraw.Draw(sheet).text(at, shown, fill=OUTLINE, font=font)
