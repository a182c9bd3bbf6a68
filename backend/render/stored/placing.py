"""Which part of an image becomes a picture, how large, and turned how: viewports and displayed areas as one mapping."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.errors import BadRequestError, TooLargeError
from backend.render.stored.look import Viewport

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Placing:
    """A box of the image in pixels, the size it is scaled to, then turned clockwise by quarters, then mirrored."""

    left: float
    top: float
    right: float
    bottom: float
    width: int
    height: int
    quarters: int = 0
    mirrored: bool = False
    flipped: bool = False
    """Upside down; with `mirrored` after turning."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        return (self.height, self.width) if self.quarters % 2 else (self.width, self.height)

    def place(self, pixels: Pixels) -> Pixels:
        """The picture of an image (rows, columns) or (rows, columns, 3)."""
        rows, columns = pixels.shape[:2]
        box = (self.left, self.top, self.right, self.bottom)
        if (self.width, self.height) == (columns, rows) and box == (0, 0, columns, rows):
            placed = pixels
        else:
            whole = (max(0.0, box[0]), max(0.0, box[1]), min(float(columns), box[2]), min(float(rows), box[3]))
            placed = np.asarray(Image.fromarray(pixels).resize((self.width, self.height), Image.Resampling.BILINEAR, whole))
        if self.quarters % 4:
            placed = np.rot90(placed, -self.quarters)
        if self.mirrored:
            placed = placed[:, ::-1]
        if self.flipped:
            placed = placed[::-1]
        return np.ascontiguousarray(placed)

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """Where a place of the image, in pixels from its top left corner, comes to be in the picture."""
        x = (x - self.left) / (self.right - self.left) * self.width
        y = (y - self.top) / (self.bottom - self.top) * self.height
        width, height = self.width, self.height
        for _ in range(self.quarters % 4):
            x, y, width, height = height - y, x, height, width
        return (width - x if self.mirrored else x), (height - y if self.flipped else y)


def placing(
    columns: int,
    rows: int,
    aspect: float,
    viewport: Viewport | None,
    most_pixels: int,
    area: tuple[float, float, float, float] | None = None,
    quarters: int = 0,
    mirrored: bool = False,
) -> Placing:
    """How an image is placed. `aspect` is the height of a pixel divided by its width; pictures have square pixels.

    `area` (left, top, right, bottom), `quarters` and `mirrored` are those of a presentation state.

    Raises:
        BadRequestError: a region outside the image, or of no size.
        TooLargeError: more than `most_pixels`.
    """
    left, top, right, bottom = area or (0.0, 0.0, float(columns), float(rows))
    flip_x = flip_y = False
    if viewport is not None and any(value is not None for value in viewport.region):
        x, y, w, h = viewport.region
        left, top = x or 0.0, y or 0.0
        width, height = columns if w is None else w, rows if h is None else h
        flip_x, flip_y = width < 0, height < 0
        right, bottom = min(left + abs(width), columns), min(top + abs(height), rows)
    if not (0 <= left < right <= columns and 0 <= top < bottom <= rows):
        raise BadRequestError(f"the region lies outside the image of {columns} × {rows} pixels")
    wide, high = (right - left) * max(1.0, 1.0 / aspect), (bottom - top) * max(1.0, aspect)
    if viewport is not None:
        box = (viewport.height, viewport.width) if quarters % 2 else (viewport.width, viewport.height)
        scale = min(box[0] / wide, box[1] / high)
        wide, high = wide * scale, high * scale
    size = max(1, round(wide)), max(1, round(high))
    if size[0] * size[1] > most_pixels:
        raise TooLargeError(
            f"a picture of {size[0]} × {size[1]} pixels is too large; {most_pixels} are allowed (setting max_pixels)"
        )
    return Placing(left, top, right, bottom, *size, quarters, mirrored != flip_x, flip_y)
