"""Where slices are: the part of space a picture shows, places of own cameras, and what a plane may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.errors import BadRequestError
from backend.render.reslice import Plane
from backend.render.views.matrices import Matrix


@dataclass(frozen=True)
class Geometry:
    """What part of space a slice picture shows: `slice_to_ras` has its origin at the picture's centre, RAS mm."""

    slice_to_ras: Matrix
    mm_per_px: float
    width: int
    height: int

    def plane(self, ras_to_ijk: NDArray[np.floating[Any]]) -> Plane:
        """The picture's pixels in the voxel coordinates of a volume."""
        return Plane.from_matrices(self.slice_to_ras, self.mm_per_px, self.width, self.height, ras_to_ijk)


@dataclass
class SliceStand:
    """Where an own camera is: plane (`slice_to_ras`) and field of view in mm, and its own count of revisions."""

    pose: Matrix
    box: tuple[float, float]
    rev: int = 1
    key: tuple[Any, ...] | None = None


def require_rotation(values: list[float]) -> None:
    """Refuse a slice_to_ras (16 numbers, row-major) whose axes are not orthonormal.

    Raises:
        BadRequestError: it is not a rotation with a translation.
    """
    matrix = np.array(values, dtype=np.float64).reshape(4, 4)
    axes = matrix[:3, :3]
    if not np.allclose(axes.T @ axes, np.eye(3), atol=1e-3) or not np.allclose(matrix[3], (0, 0, 0, 1)):
        raise BadRequestError("slice_to_ras must hold three orthonormal axes and a position")
