"""Which voxels a round brush covers on its way: a disk in a plane, or a sphere. Pure geometry on a grid of voxels.

A disk covers what a slice view shows in its plane: on a plane along the grid one layer of voxels, chosen as the slice kernels
choose the nearest one; on an oblique plane every voxel that the plane passes through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Box = tuple[slice, slice, slice]
Mask = NDArray[np.bool_]

ALONG = 1e-4  # part of a voxel, across a whole grid, that a plane may lean and still count as along it
NEAR = 1 << 18
"""Voxels of a box that is worth no thought."""


@dataclass(frozen=True)
class Grid:
    """Voxels in space: indices (i, j, k) to mm (4, 4), and sizes along i, j, k."""

    ijk_to_mm: Matrix
    dims: tuple[int, int, int]

    @property
    def mm_to_ijk(self) -> Matrix:
        """The inverse."""
        return np.asarray(np.linalg.inv(self.ijk_to_mm))

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Lengths of a voxel's edges along i, j, k, mm."""
        i, j, k = (float(np.linalg.norm(self.ijk_to_mm[:3, axis])) for axis in range(3))
        return i, j, k

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of an array of its voxels: (K, J, I)."""
        return self.dims[2], self.dims[1], self.dims[0]


@dataclass(frozen=True)
class Brush:
    """A round brush: radius in mm, and the unit normal of the plane it is a disk in, None for a sphere. Frame of the grid."""

    radius: float
    normal: Matrix | None = None


def covered(points: Matrix, brush: Brush, grid: Grid) -> Iterator[tuple[Box, Mask]]:
    """Boxes of the grid, [k, j, i], and which of their voxels the brush covers on a way from point to point.

    Args:
        points: (n, 3) mm, in the frame of the grid. One point is a dab.
        brush: what is moved. However small, it covers the voxel at each point.
        grid: what is painted on; what lies beyond it is left out.
    """
    to_ijk = grid.mm_to_ijk
    for start, end in _ways(points, brush):
        part = _capsule(start, end, brush, grid, to_ijk)
        if part is not None:
            yield part
    at = np.floor(points @ to_ijk[:3, :3].T + to_ijk[:3, 3] + 0.5).astype(np.int64)
    for i, j, k in at[np.all((at >= 0) & (at < grid.dims), axis=1)].tolist():
        yield (slice(k, k + 1), slice(j, j + 1), slice(i, i + 1)), np.ones((1, 1, 1), np.bool_)


def _ways(points: Matrix, brush: Brush) -> Iterator[tuple[Matrix, Matrix]]:
    """Straight ways between points, in parts no longer than the brush is wide: a long way across would need a large box."""
    if len(points) == 1:
        yield points[0], points[0]
    for start, end in pairwise(points):
        parts = max(1, int(np.ceil(np.linalg.norm(end - start) / (2 * brush.radius))))
        for part in range(parts):
            yield start + (end - start) * (part / parts), start + (end - start) * ((part + 1) / parts)


def _capsule(start: Matrix, end: Matrix, brush: Brush, grid: Grid, to_ijk: Matrix) -> tuple[Box, Mask] | None:
    box = _box(start, end, brush, grid, to_ijk)
    if box is None:
        return None
    k, j, i = (np.arange(part.start, part.stop, dtype=np.float64) for part in box)
    a = grid.ijk_to_mm
    shape = tuple(part.stop - part.start for part in box)
    offsets = [  # of each voxel from the start, mm
        np.broadcast_to(
            a[axis, 2] * k[:, None, None] + a[axis, 1] * j[None, :, None] + a[axis, 0] * i[None, None, :]
            + (a[axis, 3] - start[axis]), shape,
        ) for axis in range(3)
    ]  # fmt: skip
    way = end - start
    inside = np.ones(shape, np.bool_)
    if brush.normal is not None:
        n = brush.normal
        distance = n[0] * offsets[0] + n[1] * offsets[1] + n[2] * offsets[2]
        offsets = [offset - distance * part for offset, part in zip(offsets, n, strict=True)]
        way = way - n * (n @ way)
        if _axis_along(n, to_ijk, grid) is None:  # else the box is the one layer
            half = 0.5 * float(np.abs(n @ a[:3, :3]).sum())
            inside = (distance > -half * (1 + 1e-9)) & (distance < half * (1 - 1e-9))
    length = float(way @ way)
    if length > 1e-18:
        along = (way[0] * offsets[0] + way[1] * offsets[1] + way[2] * offsets[2]) / length
        np.clip(along, 0.0, 1.0, out=along)
        offsets = [offset - along * part for offset, part in zip(offsets, way, strict=True)]
    square = offsets[0] ** 2 + offsets[1] ** 2 + offsets[2] ** 2
    return box, inside & (square <= brush.radius**2 * (1 + 1e-9))


def _axis_along(normal: Matrix, to_ijk: Matrix, grid: Grid) -> int | None:
    """The axis of the grid (0, 1, 2 for i, j, k) that planes of this normal are layers of; None for oblique planes."""
    leaning = np.abs(normal @ grid.ijk_to_mm[:3, :3])  # how far a step along each axis leads out of the plane, mm
    axis = int(leaning.argmax())
    others = [other for other in range(3) if other != axis]
    is_along = all(leaning[other] * grid.dims[other] <= ALONG * leaning[axis] for other in others)
    return axis if is_along else None


def _box(start: Matrix, end: Matrix, brush: Brush, grid: Grid, to_ijk: Matrix) -> Box | None:
    """The part of the grid that a capsule can reach, None where there is none."""
    ends = np.stack([start, end]) @ to_ijk[:3, :3].T + to_ijk[:3, 3]
    rows = to_ijk[:3, :3]
    layer = None
    if brush.normal is None:
        reach = brush.radius * np.linalg.norm(rows, axis=1)
    else:
        n = brush.normal
        across = rows @ n
        half = 0.5 * float(np.abs(n @ grid.ijk_to_mm[:3, :3]).sum())
        reach = brush.radius * np.linalg.norm(rows - across[:, None] * n, axis=1) + half * np.abs(across)
        layer = _axis_along(n, to_ijk, grid)
    low = np.maximum(np.ceil(ends.min(axis=0) - reach - 1e-6), 0).astype(np.int64)
    high = np.minimum(np.floor(ends.max(axis=0) + reach + 1e-6), np.array(grid.dims) - 1).astype(np.int64)
    if layer is not None:
        nearest = int(np.floor(ends[0, layer] + 0.5))
        if not 0 <= nearest < grid.dims[layer]:
            return None
        low[layer] = high[layer] = nearest
    if (low > high).any():
        return None
    return slice(low[2], high[2] + 1), slice(low[1], high[1] + 1), slice(low[0], high[0] + 1)


def together(parts: Iterator[tuple[Box, Mask]]) -> Iterator[tuple[Box, Mask]]:
    """Boxes that lie over or near each other as one, so that what is written and kept for undoing is written and kept once."""
    box: Box | None = None
    inside: list[tuple[Box, Mask]] = []
    used = 0
    for part in parts:
        wide = part[0] if box is None else _around(box, part[0])
        if box is not None and _size(wide) > max(4 * (used + part[1].size), NEAR):
            yield _joined(box, inside)
            wide, inside, used = part[0], [], 0
        box, used = wide, used + part[1].size
        inside.append(part)
    if box is not None:
        yield _joined(box, inside)


def _around(one: Box, other: Box) -> Box:
    k, j, i = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return k, j, i


def _size(box: Box) -> int:
    return int(np.prod([part.stop - part.start for part in box]))


def _joined(box: Box, parts: list[tuple[Box, Mask]]) -> tuple[Box, Mask]:
    if len(parts) == 1:
        return parts[0]
    whole = np.zeros([part.stop - part.start for part in box], np.bool_)
    for place, mask in parts:
        whole[tuple(slice(p.start - b.start, p.stop - b.start) for p, b in zip(place, box, strict=True))] |= mask
    return box, whole
