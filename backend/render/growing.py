"""Grow from seeds: every voxel gets the label of the seed that it can be reached from with the least change of intensity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.imaging.masks import Spacing, Told

LEVELS = 255
WEIGHT = 16
"""Cost of one level of intensity. A step costs 2 along the finest axis, so that ways are short where intensity is even."""
LONGEST_STEP = 64
AT_ONCE = 1 << 20
BYTES_OF_VOXEL = 16


def grow_from_seeds(
    intensities: NDArray[Any], seeds: NDArray[Any], allowed: NDArray[np.bool_] | None, spacing: Spacing, told: Told
) -> NDArray[np.int32]:
    """Labels of all voxels, (K, J, I), 0 where no seed leads to.

    Args:
        intensities: (K, J, I), any type.
        seeds: labels, 0 where there is none; they stay as they are.
        allowed: where labels may grow, everywhere if None.
        spacing: mm along i, j, k.
        told: hears how far it is.
    """
    from backend.render.kernels import grow as kernel  # numba compiles it, or reads what it compiled, when it is first used

    shape = tuple(size + 2 for size in seeds.shape)
    inner = (slice(1, -1),) * 3
    labels, state = np.zeros(shape, np.int32), np.full(shape, kernel.FIXED, np.uint8)
    labels[inner] = seeds
    state[inner] = kernel.FREE if allowed is None else np.where(allowed | (seeds > 0), kernel.FREE, kernel.FIXED)
    levels = np.zeros(shape, np.uint8)
    levels[inner] = _levels(intensities)
    row, plane = shape[2], shape[1] * shape[2]
    finest = min(spacing)
    lengths = [max(1, min(LONGEST_STEP, round(2 * step / finest))) for step in spacing]
    steps = np.array([1, -1, row, -row, plane, -plane], np.int64)
    costs = np.repeat(np.array(lengths, np.int64), 2)
    heads = np.full(max(lengths) + WEIGHT * LEVELS + 1, -1, np.int64)
    before, after = np.empty(labels.size, np.int32), np.empty(labels.size, np.int32)
    distance, progress = np.zeros(labels.size, np.int32), np.zeros(3, np.int64)
    flat = labels.ravel()
    kernel.begin(flat, state.ravel(), before, after, heads, progress)
    total, done = max(1, int(np.count_nonzero(state == kernel.FREE)) + int(progress[kernel.LEFT])), 0
    while progress[kernel.LEFT] > 0:
        told(min(1.0, done / total))
        done += kernel.grow(
            levels.ravel(), flat, state.ravel(), distance, before, after, heads, steps, costs, WEIGHT, progress, AT_ONCE
        )
    told(1.0)
    return labels[inner]


def _levels(intensities: NDArray[Any]) -> NDArray[np.uint8]:
    """Intensities as 0..255, the rarest at both ends cut off, so that a few bright voxels do not make all else alike."""
    values = np.nan_to_num(intensities.astype(np.float32))
    sample = values.ravel()[:: max(1, values.size // 200_000)]
    low, high = (float(value) for value in np.percentile(sample, (0.5, 99.5)))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (LEVELS / max(high - low, 1e-6))
    return np.asarray(np.clip(scaled + 0.5, 0, LEVELS), np.float32).astype(np.uint8)
