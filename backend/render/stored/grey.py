"""Stored values to grey: modality, VOI and presentation transformations in one table where values are few (PS3.3, C.11)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.dicom.display import Display, Lut
from backend.dicom.window import Window

Grey = NDArray[np.uint8]
Values = NDArray[Any]


def to_grey(stored: Values, display: Display, window: Window | None = None) -> Grey:
    """Grey picture of a frame of any number type.

    The window is `window`, else the image's first one, else its first VOI LUT, else all its values from lowest to highest
    without padding.
    """
    voi = window or next(iter(display.windows), None) or next(iter(display.tables), None) or full_window(stored, display)
    if stored.dtype.kind in "iu" and stored.dtype.itemsize <= 2:
        return _through_table(stored, display, voi)
    return shown(stored.astype(np.float64), display, voi)


def _through_table(stored: Values, display: Display, voi: Window | Lut) -> Grey:
    """By a table of the values that occur; negative ones stand where their bits do as unsigned numbers."""
    low, high = int(stored.min()), int(stored.max())
    greys = shown(np.arange(low, high + 1, dtype=np.float64), display, voi)
    size = 1 << 8 * stored.dtype.itemsize
    table = np.zeros(size, np.uint8)
    below = max(0, min(-low, len(greys)))
    if below:
        table[size + low : size + low + below] = greys[:below]
    table[max(low, 0) : max(low, 0) + len(greys) - below] = greys[below:]
    return table.take(stored.view(f"<u{stored.dtype.itemsize}"))


def shown(values: NDArray[np.float64], display: Display, voi: Window | Lut) -> Grey:
    """Stored values as grey."""
    share = windowed(modality(values, display), voi)
    if display.inverted:
        share = 1.0 - share
    return (np.nan_to_num(share) * 255.0 + 0.5).astype(np.uint8)


def modality(values: Values, display: Display) -> NDArray[np.float64]:
    """Stored values in the modality's units."""
    if isinstance(display.modality, Lut):
        return display.modality.apply(values)
    slope, intercept = display.modality
    return values.astype(np.float64) * slope + intercept


def windowed(values: NDArray[np.float64], voi: Window | Lut) -> NDArray[np.float64]:
    """Values in the modality's units to shares 0 (black) to 1 (PS3.3, C.11.2.1.2 and C.11.2.1.3)."""
    if isinstance(voi, Lut):
        return np.minimum(voi.apply(values) / ((1 << voi.bits) - 1), 1.0)
    center, width = voi.center, voi.width
    if voi.function == "sigmoid":
        share: NDArray[np.float64] = 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - center) / width, -700, 700)))
        return share
    if voi.function == "linear":
        center, width = center - 0.5, width - 1.0
    if width <= 0:
        return (values > center).astype(np.float64)
    return np.clip((values - center) / width + 0.5, 0.0, 1.0)


def full_window(stored: Values, display: Display) -> Window:
    """The window that all values of a frame fill, padding left out, in the modality's units."""
    kept = stored
    if display.padding is not None:
        low, high = display.padding
        inside = stored[(stored < low) | (stored > high)]
        kept = inside if inside.size else stored
    if kept.dtype.kind == "f":
        finite = kept[np.isfinite(kept)]
        kept = finite if finite.size else np.zeros(1)
    if isinstance(display.modality, Lut):
        ends = display.modality.apply(np.unique(kept))
    else:
        ends = modality(np.array([kept.min(), kept.max()]), display)
    lowest, highest = float(ends.min()), float(ends.max())
    if lowest == highest:
        return Window(lowest + 1, 1, "linear-exact")  # nothing to see is black
    return Window((lowest + highest) / 2, highest - lowest, "linear-exact")
