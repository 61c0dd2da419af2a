"""Letters and colours of the pictures that PIL draws."""

from __future__ import annotations

from functools import cache

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

PAPER = (255, 255, 255)
INK = (22, 26, 32)
FAINT = (104, 112, 122)
RULE = (218, 222, 228)


@cache
def font(size: int) -> Font:
    """The font that PIL brings along (Aileron), in a size in pixels."""
    return ImageFont.load_default(size)


def shortened(text: str, letters: Font, room: float) -> str:
    """The text, cut with three dots where it is wider than the room."""
    if letters.getlength(text) <= room:
        return text
    while text and letters.getlength(f"{text}...") > room:
        text = text[:-1].rstrip()
    return f"{text}..."
