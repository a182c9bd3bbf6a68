"""Pictures of views put together into one of a whole layout, with Slicer's coloured title bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from backend.render.annotate import font_of

Pixels = NDArray[np.uint8]

GROUND = "#202124"  # between views
EMPTY = "#2b2d31"  # where something stands that is no picture
TEXT = "#c9ccd1"
GAP_PX = 2
BAR_SHARE = 0.03  # height of a title bar as a share of the whole picture's shorter side
BAR_PX = (14, 40)  # least and most
DARK, LIGHT = "#16181b", "#ffffff"
LUMINANCE = np.array((0.299, 0.587, 0.114))


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, from the top left."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Title:
    """What a title bar says: `label` at its left end, `name` beside it, `value` at its right end; a colour `#RRGGBB`."""

    label: str
    name: str
    value: str
    color: str


@dataclass(frozen=True)
class Panel:
    """A part of the screenshot: its place, its bar's height, and either a picture (h, w, 3) or words that stand instead."""

    box: Box
    bar_px: int
    title: Title
    picture: Pixels | None = None
    words: str = ""


def bar_height(width: int, height: int) -> int:
    """Height of every title bar in a screenshot of this size."""
    return min(max(round(min(width, height) * BAR_SHARE), BAR_PX[0]), BAR_PX[1])


def divided(box: Box, shares: Sequence[float], rows: bool) -> list[Box]:
    """A rectangle cut into rows, or columns, of these shares, with gaps between them."""
    length = (box.height if rows else box.width) - GAP_PX * (len(shares) - 1)
    ends = np.round(np.cumsum(shares) / sum(shares) * max(length, len(shares))).astype(int).tolist()
    found = []
    for index, (begin, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
        at, size = begin + index * GAP_PX, max(end - begin, 1)
        found.append(Box(box.x, box.y + at, box.width, size) if rows else Box(box.x + at, box.y, size, box.height))
    return found


def compose(panels: list[Panel], width: int, height: int) -> Pixels:
    """The whole picture, (height, width, 3)."""
    image = Image.new("RGB", (width, height), GROUND)
    draw = ImageDraw.Draw(image)
    for panel in panels:
        box, bar = panel.box, min(panel.bar_px, panel.box.height)
        draw.rectangle((box.x, box.y, box.x + box.width - 1, box.y + box.height - 1), fill=EMPTY)
        if panel.picture is not None:
            image.paste(Image.fromarray(panel.picture), (box.x, box.y + bar))
        elif panel.words:
            size = max(10, round(bar * 0.75))
            place = (box.x + box.width / 2, box.y + (box.height + bar) / 2)
            draw.multiline_text(place, panel.words, fill=TEXT, font=font_of(size), anchor="mm", align="center")
        if bar:
            _draw_bar(image, box, bar, panel.title)
    return np.asarray(image)


def _draw_bar(image: Image.Image, box: Box, height: int, title: Title) -> None:
    """A bar of its own, so that long names are cut at its end."""
    bar = Image.new("RGB", (box.width, height), title.color)
    draw = ImageDraw.Draw(bar)
    ink = DARK if float(LUMINANCE @ np.array(bar.getpixel((0, 0)))) > 125 else LIGHT
    font, middle, margin = font_of(max(9, round(height * 0.62))), height / 2, height // 3
    draw.text((margin, middle), title.label, fill=ink, font=font, anchor="lm", stroke_width=height / 50, stroke_fill=ink)
    used = margin + font.getlength(title.label) + 2 * margin
    right = box.width - margin - font.getlength(title.value)
    if right > used:
        draw.text((box.width - margin, middle), title.value, fill=ink, font=font, anchor="rm")
    if used + font.getlength(title.name) + margin < right:
        draw.text((used, middle), title.name, fill=ink, font=font, anchor="lm")
    image.paste(bar, (box.x, box.y))
