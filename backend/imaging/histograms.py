"""How often values occur in a volume."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_SAMPLES = 4_000_000


def histogram(voxels: NDArray[Any], low: float, high: float, bins: int, most: int = MOST_SAMPLES) -> NDArray[np.int64]:
    """(bins,) how many voxels of (K, J, I) have values in each of as many equal parts of `low` to `high`, both inclusive.

    Of more than `most` voxels about as many are counted, evenly spread, and the counts are of those.
    """
    step = max(1, math.ceil((voxels.size / most) ** (1 / voxels.ndim)))
    samples = voxels[(slice(None, None, step),) * voxels.ndim]
    counts, _edges = np.histogram(samples, bins, (low, high))
    return counts.astype(np.int64)
