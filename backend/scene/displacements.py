"""Grid transforms as displacement fields on their own grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from backend.errors import BadRequestError
from backend.imaging.frames import Matrix
from backend.render.views.matrices import from_vtk

CHUNK = 1 << 16
INVERSE_TOLERANCE_MM = 1e-4


@dataclass(frozen=True)
class Displacements:
    """Where a grid transform moves the points of its grid: RAS mm, from the parent's space to the node's own.

    MRML keeps the direction that ITK stores, from parent: it says for a point of the result where the picture is taken from.
    """

    transform: Any  # a copy of our own, so any thread may ask it
    sizes: tuple[int, int, int]
    ijk_to_ras: Matrix

    @classmethod
    def from_parent(cls, node: Any) -> Displacements:
        """The field of a transform node.

        Raises:
            BadRequestError: it is no grid transform, or has no grid.
        """
        found = node.GetTransformFromParentAs("vtkOrientedGridTransform", False, False)
        if found is not None:
            found.Update()  # one that is the inverse of another takes its grid over now
        grid = found.GetDisplacementGrid() if found is not None else None
        if grid is None or grid.GetNumberOfPoints() == 0:
            raise BadRequestError(f"{node.GetName()} is not a grid transform")
        matrix = np.eye(4)
        directions = found.GetGridDirectionMatrix()
        if directions is not None:
            matrix[:3, :3] = from_vtk(directions)[:3, :3]
        matrix[:3, :3] *= grid.GetSpacing()
        matrix[:3, 3] = grid.GetOrigin()
        copy = found.MakeTransform()
        copy.DeepCopy(found)
        copy.SetInverseTolerance(INVERSE_TOLERANCE_MM)
        return cls(copy, tuple(grid.GetDimensions()), matrix)

    @property
    def count(self) -> int:
        """Points of the grid."""
        return self.sizes[0] * self.sizes[1] * self.sizes[2]

    def chunks(self) -> Iterator[NDArray[np.float64]]:
        """(n, 3) displacements, i fastest: those of the grid, or found for its points where it is kept the other way round."""
        if not self.transform.GetInverseFlag():
            vectors = vtk_to_numpy(self.transform.GetDisplacementGrid().GetPointData().GetScalars())
            scale, shift = self.transform.GetDisplacementScale(), self.transform.GetDisplacementShift()
            for begin in range(0, self.count, CHUNK):
                yield vectors[begin : begin + CHUNK].astype(np.float64) * scale + shift
            return
        for begin in range(0, self.count, CHUNK):
            index = np.arange(begin, min(begin + CHUNK, self.count))
            k, j, i = np.unravel_index(index, self.sizes[::-1])
            places = np.stack([i, j, k, np.ones_like(i)], axis=-1) @ self.ijk_to_ras.T
            given, moved = vtk.vtkPoints(), vtk.vtkPoints()
            for points in (given, moved):
                points.SetDataTypeToDouble()
            given.SetData(numpy_to_vtk(np.ascontiguousarray(places[:, :3])))
            self.transform.TransformPoints(given, moved)
            yield vtk_to_numpy(moved.GetData()) - places[:, :3]
