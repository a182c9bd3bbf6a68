"""Volumes of the scene as numpy arrays with their place in space, and the renderers that are kept for them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from backend.render.marcher import VolumeMarcher
from backend.render.reslice import SliceRenderer
from backend.render.views.matrices import Matrix, from_vtk, parent_to_world, to_vtk, transform_mtime


@dataclass
class VolumeSource:
    """One volume's voxels (K, J, I), shared with VTK without a copy, and the renderers made for them."""

    voxels: NDArray[Any]
    image_mtime: int
    slices: SliceRenderer
    marcher: VolumeMarcher | None = None
    marcher_key: tuple[Any, ...] = field(default=())


class VolumeSources:
    """Renderers for each volume of the scene, made when first wanted, renewed when the voxels change."""

    def __init__(self) -> None:
        self._sources: dict[str, VolumeSource] = {}

    def of(self, node: Any) -> VolumeSource | None:
        """The source of a one-component volume node, or None where it has no voxels or several components."""
        image = node.GetImageData()
        if image is None or image.GetPointData().GetScalars() is None or image.GetNumberOfScalarComponents() != 1:
            return None
        mtime = max(image.GetMTime(), image.GetPointData().GetScalars().GetMTime())
        found = self._sources.get(node.GetID())
        if found is None or found.image_mtime != mtime:
            voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
            found = VolumeSource(voxels, mtime, SliceRenderer(voxels))
            self._sources[node.GetID()] = found
        return found

    def forget_all_but(self, node_ids: set[str]) -> None:
        """Release what belongs to nodes that are gone."""
        for gone in self._sources.keys() - node_ids:
            del self._sources[gone]


def scalar_range(image: Any) -> tuple[float, float]:
    """Least and greatest value of an image's first component; (0, 1) where there is none.

    `vtkDataSet.GetScalarRange` says the same, a voxel at a time: a second for a large CT, during which nothing is drawn.
    """
    scalars = image.GetPointData().GetScalars()
    low, high = scalars.GetRange() if scalars is not None else (0.0, 1.0)
    return (low, high) if low <= high else (0.0, 1.0)


def ijk_to_world(node: Any) -> Matrix | None:
    """Voxel indices (i, j, k) to world RAS mm of a volume node, parent transforms included; None where one is not linear."""
    parent = parent_to_world(node)
    if parent is None:
        return None
    matrix = to_vtk(np.eye(4))
    node.GetIJKToRASMatrix(matrix)
    return parent @ from_vtk(matrix)


def content_key(node: Any) -> tuple[Any, ...]:
    """Changes whenever a picture of this volume may change: voxels, geometry, display, colours, transforms."""
    display = node.GetDisplayNode()
    image = node.GetImageData()
    color = display.GetColorNode() if display else None
    return (
        node.GetID(),
        node.GetMTime(),
        image.GetMTime() if image else 0,
        display.GetMTime() if display else 0,
        color.GetMTime() if color else 0,
        transform_mtime(node),
    )


@dataclass(frozen=True)
class Extent:
    """A volume's reach along a slice normal: offsets at voxel edges and the voxel spacing, mm."""

    low: float
    high: float
    spacing: float


def extent_along(ijk_to_ras: Matrix, dimensions: tuple[int, int, int], normal: NDArray[np.float64]) -> Extent:
    """Reach of the volume along unit vector `normal` (RAS), half a voxel beyond the outer voxel centres (Slicer's rule)."""
    return _extent(np.asarray(ijk_to_ras, np.float64).tobytes(), dimensions, np.asarray(normal, np.float64).tobytes())


@functools.lru_cache(64)
def _extent(matrix: bytes, dimensions: tuple[int, int, int], direction: bytes) -> Extent:
    """Views are described again and again, and few volumes and views are turned."""
    ijk_to_ras, normal = np.frombuffer(matrix).reshape(4, 4), np.frombuffer(direction)
    corners = np.array(
        [[i, j, k, 1.0] for i in (-0.5, dimensions[0] - 0.5) for j in (-0.5, dimensions[1] - 0.5)
         for k in (-0.5, dimensions[2] - 0.5)]
    )  # fmt: skip
    along = (corners @ ijk_to_ras.T)[:, :3] @ normal
    steps = np.abs(np.linalg.inv(ijk_to_ras)[:3, :3] @ normal)
    return Extent(float(along.min()), float(along.max()), float(1.0 / steps.max()))
