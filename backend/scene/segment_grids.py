"""Where the voxels of segmentations are: the grid that one is edited on, and label maps brought onto it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from backend.errors import BadRequestError
from backend.imaging.strokes import Box, Grid
from backend.render.views.matrices import from_vtk, to_vtk
from backend.render.views.segments import BINARY_LABELMAP

REFERENCE = "Reference image geometry"
SAME = 1e-3
"""Voxels by which grids may differ and still be the same."""


def voxels_of(image: Any) -> NDArray[Any]:
    """(K, J, I) of an image, the same memory."""
    return np.asarray(vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1]))


def index_of(image: Any) -> NDArray[np.float64]:
    """(4, 4): from the array's indices, which begin at the extent's first, to mm."""
    matrix = to_vtk(np.eye(4))
    image.GetImageToWorldMatrix(matrix)
    shift = np.eye(4)
    shift[:3, 3] = image.GetExtent()[0::2]
    return from_vtk(matrix) @ shift


def is_same(one: NDArray[np.float64], other: NDArray[np.float64], dims: Sequence[int]) -> bool:
    """Whether two grids of this size have their voxels in the same places."""
    corners = np.array([[i, j, k, 1.0] for i in (0, dims[0]) for j in (0, dims[1]) for k in (0, dims[2])])
    return bool(np.abs(corners @ (np.linalg.inv(other) @ one).T - corners)[:, :3].max() < SAME)


def grid_of(node: Any) -> Grid:
    """The grid that a segmentation is edited on: that of its first label map, as large as its volume, or all its label maps.

    Raises:
        BadRequestError: it has neither label maps nor a volume.
    """
    segmentation = node.GetSegmentation()
    images = [
        segmentation.GetNthSegment(n).GetRepresentation(BINARY_LABELMAP) for n in range(segmentation.GetNumberOfSegments())
    ]
    grids = [(index_of(i), i.GetDimensions()) for i in images if i is not None and i.GetPointData().GetScalars() is not None]
    reference = slicer.vtkOrientedImageData()
    text = segmentation.GetConversionParameter(REFERENCE)
    if text and slicer.vtkSegmentationConverter.DeserializeImageGeometry(text, reference, False):
        whole = (index_of(reference), reference.GetDimensions())
        if not grids or is_aligned(grids[0][0], whole[0]):
            grids.insert(0, whole)
        else:
            grids.append(whole)
    grids = [(matrix, dims) for matrix, dims in grids if min(dims) > 0]
    if not grids:
        raise BadRequestError(f"{node.GetName()} has neither label maps nor a volume that tells where its voxels are")
    base = grids[0][0]
    reach = np.concatenate([corners_in(base, matrix, dims) for matrix, dims in grids])
    first = np.floor(reach.min(axis=0) + SAME + 0.5).astype(np.int64)
    last = np.ceil(reach.max(axis=0) - SAME - 0.5).astype(np.int64)
    shift = np.eye(4)
    shift[:3, 3] = first
    i, j, k = (int(size) for size in last - first + 1)
    return Grid(base @ shift, (i, j, k))


def is_aligned(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether two grids have their voxels in the same places, wherever they begin."""
    step = np.linalg.inv(other) @ one
    shift = step[:3, 3]
    return bool(np.abs(step[:3, :3] - np.eye(3)).max() < 1e-4 and np.abs(shift - np.round(shift)).max() < 0.01)


def corners_in(base: NDArray[np.float64], matrix: NDArray[np.float64], dims: Sequence[int]) -> NDArray[np.float64]:
    """Outer corners of a grid, half a voxel beyond its outer centres, as indices of another; of an aligned one exact halves."""
    ends = [(-0.5, size - 0.5) for size in dims]
    corners = np.array([[i, j, k, 1.0] for i in ends[0] for j in ends[1] for k in ends[2]])
    found = (corners @ (np.linalg.inv(base) @ matrix).T)[:, :3]
    halves = np.round(found * 2) / 2
    return np.where(np.abs(found - halves) < 0.01, halves, found)


def put(labels: NDArray[Any], index_to_mm: NDArray[np.float64], target: NDArray[Any], grid: Grid) -> None:
    """Copy labels into a grid, voxel by voxel where it is aligned, else the nearest ones."""
    to_index = np.linalg.inv(index_to_mm) @ grid.ijk_to_mm  # from the grid's indices to the labels'
    if is_aligned(index_to_mm, grid.ijk_to_mm):
        i, j, k = (round(float(value)) for value in -to_index[:3, 3])
        z, y, x = labels.shape
        cut = [(max(0, -b), min(size, limit - b)) for b, size, limit in zip((k, j, i), (z, y, x), target.shape, strict=True)]
        if all(begin < end for begin, end in cut):
            source = tuple(slice(begin, end) for begin, end in cut)
            place = tuple(slice(begin + b, end + b) for (begin, end), b in zip(cut, (k, j, i), strict=True))
            target[place] = labels[source]
        return
    for k, plane in enumerate(target):
        plane[:] = nearest_plane(labels, to_index, k, plane.shape)


def nearest_plane(voxels: NDArray[Any], to_index: NDArray[np.float64], k: int, shape: tuple[int, ...]) -> NDArray[Any]:
    """Plane k of a grid (rows j, columns i): the nearest voxels of another one, 0 beyond it."""
    j, i = np.mgrid[0 : shape[0], 0 : shape[1]]
    at = [np.floor(to_index[a, 0] * i + to_index[a, 1] * j + to_index[a, 2] * k + to_index[a, 3] + 0.5).astype(int)
          for a in range(3)]  # fmt: skip
    inside = np.ones(shape, np.bool_)
    for axis, size in enumerate(voxels.shape[::-1]):
        inside &= (at[axis] >= 0) & (at[axis] < size)
    found = np.zeros(shape, voxels.dtype)
    found[inside] = voxels[at[2][inside], at[1][inside], at[0][inside]]
    return found


def sampled(voxels: NDArray[Any], index_to_mm: NDArray[np.float64], grid: Grid, box: Box) -> tuple[NDArray[Any], Any]:
    """The nearest voxels of a volume (K, J, I) at those of a box of a grid, and which of these lie in it (None if all)."""
    to_index = np.linalg.inv(index_to_mm) @ grid.ijk_to_mm
    if is_aligned(index_to_mm, grid.ijk_to_mm):
        i, j, k = (round(float(value)) for value in to_index[:3, 3])
        place = [(part.start + n, part.stop + n) for part, n in zip(box, (k, j, i), strict=True)]
        if all(begin >= 0 and end <= size for (begin, end), size in zip(place, voxels.shape, strict=True)):
            return voxels[tuple(slice(begin, end) for begin, end in place)], None
    shape = (box[1].stop - box[1].start, box[2].stop - box[2].start)
    shift = np.eye(4)
    shift[:2, 3] = box[2].start, box[1].start
    planes = [nearest_plane(voxels, to_index @ shift, k, shape) for k in range(box[0].start, box[0].stop)]
    whole = np.ones(voxels.shape, np.bool_)
    inside = [nearest_plane(whole, to_index @ shift, k, shape) for k in range(box[0].start, box[0].stop)]
    return np.stack(planes), np.stack(inside)
