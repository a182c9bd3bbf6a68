"""Between VTK's 4×4 matrices and numpy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def from_vtk(matrix: Any) -> Matrix:
    """(4, 4) float64 copy of a vtkMatrix4x4."""
    return np.array(matrix.GetData(), dtype=np.float64).reshape(4, 4)


def to_vtk(matrix: Matrix) -> Any:
    """A new vtkMatrix4x4 of a (4, 4) array."""
    result = vtk.vtkMatrix4x4()
    result.DeepCopy(np.ascontiguousarray(matrix, dtype=np.float64).ravel())
    return result


def rotation_to_vtk(matrix: Matrix) -> Any:
    """A new vtkMatrix3x3 of the upper left of a (4, 4) array."""
    result = vtk.vtkMatrix3x3()
    result.DeepCopy(np.ascontiguousarray(matrix[:3, :3], dtype=np.float64).ravel())
    return result


def offset_of(slice_to_ras: Matrix) -> float:
    """Where the plane of a slice (4, 4), RAS mm, lies along its normal, mm."""
    return float(sum([row[2] * row[3] for row in slice_to_ras[:3].tolist()]))


def moved_along_normal(slice_to_ras: Matrix, by_mm: float) -> Matrix:
    """The plane of a slice (4, 4), RAS mm, moved along its normal."""
    moved = slice_to_ras.copy()
    for axis in range(3):
        moved[axis, 3] += by_mm * moved[axis, 2]
    return moved


def parent_to_world(node: Any) -> Matrix | None:
    """Linear transform from a transformable node's parent to world (RAS mm), identity without parent, None if not linear."""
    parent = node.GetParentTransformNode()
    if parent is None:
        return np.eye(4)
    if not parent.IsTransformToWorldLinear():
        return None
    matrix = vtk.vtkMatrix4x4()
    parent.GetMatrixTransformToWorld(matrix)
    return from_vtk(matrix)


def transform_mtime(node: Any) -> int:
    """Newest modification time along a node's chain of parent transforms."""
    newest, parent = 0, node.GetParentTransformNode()
    while parent is not None:
        newest = max(newest, parent.GetMTime(), parent.GetTransformToWorldMTime())
        parent = parent.GetParentTransformNode()
    return int(newest)
