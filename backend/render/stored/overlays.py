"""Overlay planes of an image or a presentation state (PS3.3, C.9.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

GROUPS = range(0x6000, 0x6020, 2)
WHITE = 255


def draw_overlays(pixels: NDArray[np.uint8], dataset: Dataset, frame: int, stored: NDArray[Any] | None) -> NDArray[np.uint8]:
    """A copy of a picture of the image's own size with its overlays in white; broken ones are left out."""
    drawn = pixels.copy()
    for plane, top, left in _planes(dataset, frame, stored):
        rows, columns = drawn.shape[:2]
        first, start = max(0, top), max(0, left)
        last, end = min(rows, top + plane.shape[0]), min(columns, left + plane.shape[1])
        if first < last and start < end:
            part = plane[first - top : last - top, start - left : end - left]
            drawn[first:last, start:end][part] = WHITE
    return drawn


def _planes(dataset: Dataset, frame: int, stored: NDArray[Any] | None) -> Iterator[tuple[NDArray[np.bool_], int, int]]:
    """Each plane (rows, columns) with the row and column of its top left corner, from 0."""
    for group in GROUPS:
        rows, columns = (_integer(dataset, group, element) for element in (0x0010, 0x0011))
        if not rows or not columns:
            continue
        origin = dataset.get((group, 0x0050))
        top, left = (int(v) - 1 for v in origin.value) if origin is not None and origin.value else (0, 0)
        element = dataset.get((group, 0x3000))
        if element is None:
            bit = _integer(dataset, group, 0x0102)
            if stored is not None and bit and stored.shape[:2] == (rows, columns):
                yield (stored.astype(np.int64) >> bit) & 1 == 1, top, left
            continue
        number = frame - ((_integer(dataset, group, 0x0051) or 1) - 1)
        frames = _integer(dataset, group, 0x0015) or 1
        number = 0 if frames == 1 else number
        data = element.value
        count = rows * columns
        if isinstance(data, bytes) and 0 <= number < frames and len(data) * 8 >= (number + 1) * count:
            bits = np.unpackbits(np.frombuffer(data, np.uint8), count=(number + 1) * count, bitorder="little")
            yield bits[number * count :].reshape(rows, columns).astype(bool), top, left


def _integer(dataset: Dataset, group: int, element: int) -> int:
    found = dataset.get((group, element))
    try:
        return int(found.value) if found is not None else 0
    except (TypeError, ValueError):
        return 0
