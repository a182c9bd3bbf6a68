"""Letters and text drawn into pictures with Pillow, for pages that can not lay their own text over."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]

LETTER_SHARE = 0.045  # letter height as a share of the picture's shorter side
TIME_SIZE = (128, 32)
TIME_TEXT = "#333333"
TIME_FONT_PX = 11  # all 18 characters of a time fit inside the border
HEX_DIGITS = re.compile(r"[0-9a-fA-F]+")


def draw_edges(rgb: Pixels, edges: dict[str, str]) -> Pixels:
    """A copy of (h, w, 3) with patient letters at the middles of its edges, light with a dark outline."""
    height, width = rgb.shape[:2]
    size = max(9, round(min(width, height) * LETTER_SHARE))
    image = Image.fromarray(rgb)
    draw = ImageDraw.Draw(image)
    font = font_of(size)
    margin = size // 3
    places = {
        "left": ((margin, height / 2), "lm"),
        "right": ((width - margin, height / 2), "rm"),
        "top": ((width / 2, margin), "mt"),
        "bottom": ((width / 2, height - margin), "mb"),
    }
    for edge, (at, anchor) in places.items():
        draw.text(at, edges[edge], fill="#f5f5f0", font=font, anchor=anchor, stroke_width=max(1, size // 10),
                  stroke_fill="#101010")  # fmt: skip
    return np.asarray(image)


def time_image(color: str, text: str) -> Pixels:
    """Slicer's `/timeimage`: (32, 128, 4) with `text` and a dotted border in `color` (hex digits); odd colours never fail."""
    width, height = TIME_SIZE
    image = Image.new("RGBA", TIME_SIZE, (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    *rgb, alpha = _qt_color(color)
    border = (*rgb, round(alpha * 0.8))
    pen = 5
    # Qt's dotted pen: dots one pen width long with gaps of the same, along a rectangle at (1, 1) of 126 × 30.
    for x in range(0, width, 2 * pen):
        draw.rectangle((x, 0, x + pen - 1, 3), fill=border)
        draw.rectangle((x, height - 4, x + pen - 1, height - 1), fill=border)
    for y in range(0, height, 2 * pen):
        draw.rectangle((0, y, 3, y + pen - 1), fill=border)
        draw.rectangle((width - 4, y, width - 1, y + pen - 1), fill=border)
    draw.text((10, 20), text, fill=TIME_TEXT, font=font_of(TIME_FONT_PX), anchor="ls")
    return np.asarray(image)


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _qt_color(digits: str) -> tuple[int, int, int, int]:
    """Red, green, blue, alpha of Qt's hex colours: 3, 6, 8 (AARRGGBB), 9 or 12 digits; opaque black for anything else."""
    digits = digits.strip()
    if not HEX_DIGITS.fullmatch(digits) or len(digits) not in (3, 6, 8, 9, 12):
        return (0, 0, 0, 255)
    alpha = 255
    if len(digits) == 8:
        alpha, digits = int(digits[:2], 16), digits[2:]
    share = len(digits) // 3
    red, green, blue = (int((digits[share * i : share * i + share] * 2)[:2], 16) for i in range(3))
    return (red, green, blue, alpha)
