"""Statistics of the voxels whose centres lie in a region: a box, or a flat polygon one voxel thick. numpy only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Inside = Callable[[Matrix], Mask]
"""Which of points (..., 3), in the region's own coordinates (mm), lie in it."""

CHUNK_VOXELS = 1 << 21  # so many are looked at in one go
TIE = 1e-6  # of a voxel: which of two layers equally far is taken must not be left to rounding


@dataclass(frozen=True)
class RegionStatistics:
    """Of `count` voxels; NaN voxels are left out. The standard deviation is that of all of them, not of a sample."""

    count: int
    mean: float | None
    sd: float | None
    minimum: float | None
    maximum: float | None


def voxel_reach(region_to_ras: Matrix, ijk_to_ras: Matrix) -> Matrix:
    """(3,) how far a voxel reaches along each axis of the region, mm: at least a layer of voxels is that thick."""
    steps = np.linalg.inv(region_to_ras)[:3, :3] @ ijk_to_ras[:3, :3]
    found: Matrix = np.abs(steps).max(axis=1)
    return found


def box_statistics(voxels: NDArray[np.generic], ijk_to_ras: Matrix, box_to_ras: Matrix, half_mm: Matrix) -> RegionStatistics:
    """Statistics of voxels (K, J, I) in a box of half sizes (3,), mm, around the origin of its axes (4, 4).

    Where the box is thinner than a voxel, the layer of voxels nearest its middle is taken.
    """
    reach = voxel_reach(box_to_ras, ijk_to_ras)
    half = np.maximum(half_mm, reach / 2)
    low, high = -half - TIE * reach, half - TIE * reach  # half open, so that a layer on each face does not count twice

    def inside(points: Matrix) -> Mask:
        found: Mask = np.asarray(((points >= low) & (points < high)).all(axis=-1))
        return found

    return _gathered(voxels, ijk_to_ras, box_to_ras, half, inside)


def polygon_statistics(
    voxels: NDArray[np.generic], ijk_to_ras: Matrix, plane_to_ras: Matrix, polygon_mm: Matrix
) -> RegionStatistics:
    """Statistics of the one layer of voxels (K, J, I) in a polygon (n, 2), mm, in the x-y plane of axes (4, 4)."""
    reach = voxel_reach(plane_to_ras, ijk_to_ras)[2]
    half = np.array([*np.abs(polygon_mm).max(axis=0), reach / 2])

    def inside(points: Matrix) -> Mask:
        height = points[..., 2] + TIE * reach
        flat: Mask = np.asarray((height >= -reach / 2) & (height < reach / 2))
        flat[flat.copy()] = in_polygon(points[flat][:, :2], polygon_mm)
        return flat

    return _gathered(voxels, ijk_to_ras, plane_to_ras, half, inside)


def polygon_area(polygon_mm: Matrix) -> float:
    """Area of a polygon (n, 2) that does not cross itself."""
    x, y = polygon_mm.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def in_polygon(points: Matrix, polygon: Matrix) -> Mask:
    """Which points (n, 2) lie in a polygon (m, 2), by the even-odd rule."""
    found = np.zeros(len(points), np.bool_)
    x, y = points[:, 0], points[:, 1]
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y1 == y2:
            continue
        crosses = (y1 > y) != (y2 > y)
        found ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return found


def plane_of(points: Matrix) -> Matrix:
    """(4, 4) axes of the plane that lies best among points (n, 3), RAS mm: its z is the normal, its origin their middle."""
    middle = points.mean(axis=0)
    _u, _s, axes = np.linalg.svd(points - middle, full_matrices=True)
    plane = np.eye(4)
    plane[:3, :3], plane[:3, 3] = axes.T, middle
    if np.linalg.det(plane[:3, :3]) < 0:
        plane[:3, 2] = -plane[:3, 2]
    return plane


def _gathered(
    voxels: NDArray[np.generic], ijk_to_ras: Matrix, region_to_ras: Matrix, half: Matrix, inside: Inside
) -> RegionStatistics:
    count, mean, squares = 0, 0.0, 0.0
    least, most = np.inf, -np.inf
    for values in _chunks(voxels, ijk_to_ras, region_to_ras, half, inside):
        if values.size == 0:
            continue
        ours, whole = float(values.mean()), count + values.size
        squares += float(((values - ours) ** 2).sum()) + (ours - mean) ** 2 * count * values.size / whole  # Chan et al.
        mean += (ours - mean) * values.size / whole
        count = whole
        least, most = min(least, float(values.min())), max(most, float(values.max()))
    if not count:
        return RegionStatistics(0, None, None, None, None)
    return RegionStatistics(count, mean, float(np.sqrt(squares / count)), least, most)


def _chunks(
    voxels: NDArray[np.generic], ijk_to_ras: Matrix, region_to_ras: Matrix, half: Matrix, inside: Inside
) -> Iterator[Matrix]:
    """Values in the region, as float64, of some layers of voxels after the other."""
    to_region = np.linalg.inv(region_to_ras) @ ijk_to_ras
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * half
    at = (np.linalg.inv(to_region) @ np.column_stack([corners, np.ones(8)]).T)[:3]
    size = np.array(voxels.shape[::-1])
    first = np.clip(np.floor(at.min(axis=1)), 0, size).astype(int)
    last = np.clip(np.ceil(at.max(axis=1)) + 1, 0, size).astype(int)
    if (last <= first).any():
        return
    (i0, j0, k0), (i1, j1, k1) = first, last
    layers = max(1, CHUNK_VOXELS // max((i1 - i0) * (j1 - j0), 1))
    i, j = np.arange(i0, i1, dtype=np.float64), np.arange(j0, j1, dtype=np.float64)
    axes, origin = to_region[:3, :3], to_region[:3, 3]
    for start in range(k0, k1, layers):
        k = np.arange(start, min(start + layers, k1), dtype=np.float64)
        points = (
            origin
            + k[:, None, None, None] * axes[:, 2]
            + j[None, :, None, None] * axes[:, 1]
            + i[None, None, :, None] * axes[:, 0]
        )
        part = voxels[start : start + len(k), j0:j1, i0:i1]
        values = part[inside(points)].astype(np.float64)
        yield values[~np.isnan(values)]
