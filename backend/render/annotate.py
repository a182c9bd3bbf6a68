"""Letters and text drawn into pictures with Pillow, for pages that can not lay their own text over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]

LETTER_SHARE = 0.045  # letter height as a share of the picture's shorter side
TIME_SIZE = (128, 32)
TIME_TEXT = "#333333"


def draw_edges(rgb: Pixels, edges: dict[str, str]) -> Pixels:
    """A copy of (h, w, 3) with patient letters at the middles of its edges, light with a dark outline."""
    height, width = rgb.shape[:2]
    size = max(9, round(min(width, height) * LETTER_SHARE))
    image = Image.fromarray(rgb)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
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
    border = (*_rgb(color), round(255 * 0.8))
    pen = 5
    # Qt's dotted pen: dots one pen width long with gaps of the same, along a rectangle at (1, 1) of 126 × 30.
    for x in range(0, width, 2 * pen):
        draw.rectangle((x, 0, x + pen - 1, 3), fill=border)
        draw.rectangle((x, height - 4, x + pen - 1, height - 1), fill=border)
    for y in range(0, height, 2 * pen):
        draw.rectangle((0, y, 3, y + pen - 1), fill=border)
        draw.rectangle((width - 4, y, width - 1, y + pen - 1), fill=border)
    draw.text((10, 20), text, fill=TIME_TEXT, font=ImageFont.load_default(12), anchor="ls")
    return np.asarray(image)


def _rgb(color: str) -> tuple[int, int, int]:
    """Qt's hex colours of 3, 6, 8 (AARRGGBB), 9 or 12 digits; black for anything else."""
    digits = color.strip()
    try:
        int(digits, 16)
    except ValueError:
        return (0, 0, 0)
    if len(digits) == 8:
        digits = digits[2:]
    if len(digits) in (9, 12):
        share = len(digits) // 3
        digits = "".join(digits[share * i : share * i + 2] for i in range(3))
    if len(digits) not in (3, 6):
        return (0, 0, 0)
    red, green, blue = ImageColor.getrgb("#" + digits)[:3]
    return (red, green, blue)
