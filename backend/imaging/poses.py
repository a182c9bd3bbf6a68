"""The pose of a tracked tool from the numbers that trackers send."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.errors import BadRequestError

LARGEST = 1e7  # mm; a tool at infinity can hang a renderer
Pose = NDArray[np.float64]


def tool_pose(
    present: Pose, matrix: Sequence[float] | None, position: Sequence[float] | None, quaternion: Sequence[float] | None
) -> Pose:
    """(4, 4) tool to RAS mm: `present` with matrix, position (RAS mm) and quaternion (w, x, y, z) applied in this order.

    A matrix of 16 numbers is column-major with its translation, as Slicer's documentation says; any other count of at
    least 9 is a row-major rotation, as Slicer's source does.

    Raises:
        BadRequestError: too few numbers, not finite, or no rotation.
    """
    pose = present.copy()
    if matrix is not None:
        values = numbers_of("m", matrix, 9)
        if len(values) == 16:
            pose[:] = values.reshape(4, 4).T
            pose[3] = (0, 0, 0, 1)
        else:
            pose[:3, :3] = values[:9].reshape(3, 3)
    if position is not None:
        pose[:3, 3] = numbers_of("p", position, 3)[:3]
    if quaternion is not None:
        pose[:3, :3] = rotation_of(numbers_of("q", quaternion, 4)[:4])
    return pose


def rotation_of(quaternion: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) of w, x, y, z of any length.

    Raises:
        BadRequestError: it has none.
    """
    length = float(np.linalg.norm(quaternion))
    if length < 1e-9:
        raise BadRequestError("q is no rotation")
    w, x, y, z = quaternion / length
    return np.array(
        (
            (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
            (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
            (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
        )
    )


def numbers_of(name: str, values: Sequence[float], least: int) -> NDArray[np.float64]:
    """At least so many finite numbers.

    Raises:
        BadRequestError: they are not.
    """
    array = np.array(values, dtype=np.float64)
    if len(array) < least or not np.isfinite(array).all() or np.abs(array).max() > LARGEST:
        raise BadRequestError(f"{name} needs at least {least} finite numbers up to {LARGEST:.0f}")
    return array
