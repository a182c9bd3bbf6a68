"""Surfaces with fewer triangles, for pictures in motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Coarse:
    """A surface whose nearby points were made one: points (k, 3), unit normals, triangles (j, 3), and what they stand for."""

    points: NDArray[np.float32]
    normals: NDArray[np.float32]
    triangles: NDArray[np.int64]
    of_points: NDArray[np.int64]
    of_triangles: NDArray[np.int64]


def clustered(points: NDArray[np.floating], triangles: NDArray[np.integer], cells: int) -> Coarse:
    """Make all points in each cube of a grid one, in their middle; `cells` cubes lie along the longest side (n, 3), (m, 3).

    Triangles that lose their area go. Fast rather than beautiful (Rossignac and Borrel, Multi-resolution 3D approximations for
    rendering complex scenes, 1993).
    """
    low = points.min(axis=0)
    size = max(float((points.max(axis=0) - low).max()), 1e-12) / cells
    grid = np.minimum(((points - low) / size).astype(np.int64), cells - 1)
    names = (grid[:, 0] * cells + grid[:, 1]) * cells + grid[:, 2]
    _names, first, cluster = np.unique(names, return_index=True, return_inverse=True)
    counts = np.bincount(cluster)
    middle = np.stack([np.bincount(cluster, points[:, axis]) / counts for axis in range(3)], axis=1)
    corners = cluster[triangles]
    has_area = (corners[:, 0] != corners[:, 1]) & (corners[:, 1] != corners[:, 2]) & (corners[:, 2] != corners[:, 0])
    kept = np.flatnonzero(has_area)
    return Coarse(middle.astype(np.float32), _normals(middle, corners[kept]), corners[kept], first, kept)


def _normals(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> NDArray[np.float32]:
    """Of each point, the mean of its triangles' normals by their areas; unit length, zero where it has no triangle."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    areas = np.cross(b - a, c - a)
    owners = triangles.T.ravel()
    sums = np.stack([np.bincount(owners, np.tile(areas[:, axis], 3), len(points)) for axis in range(3)], axis=1)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    normals: NDArray[np.float32] = (sums / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    return normals


def coarse(points: NDArray[np.floating], triangles: NDArray[np.integer], most: int, cells: int = 128) -> Coarse:
    """As `clustered`, with as fine a grid, up to `cells`, as leaves about `most` triangles."""
    found = clustered(points, triangles, cells)
    while len(found.triangles) > most and cells > 4:
        cells = max(4, int(cells * max(0.5, (most / len(found.triangles)) ** 0.5 * 0.97)))
        found = clustered(points, triangles, cells)
    return found
