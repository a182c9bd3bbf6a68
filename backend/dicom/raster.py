"""Where the voxels of a grid are."""

from __future__ import annotations

from dataclasses import dataclass

from backend.imaging.frames import Matrix


@dataclass(frozen=True)
class Raster:
    """A grid of voxels: IJK to RAS mm (4, 4), and sizes along i, j, k."""

    ijk_to_ras: Matrix
    dims: tuple[int, int, int]
