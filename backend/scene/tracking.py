"""The tracked tool's cursor: Slicer's `/tracking` model `trackingDevice` under the transform `tracker`."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray

from backend.errors import BadRequestError
from backend.render.views.matrices import to_vtk

BOX_MM = (30.0, 70.0, 5.0)
COLOR = (1.0, 1.0, 0.0)


class Tracker:
    """Keeps the cursor's pose and its nodes; nodes that a cleared scene lost are made again."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._pose = np.eye(4)

    def move(
        self, matrix: list[float] | None, position: list[float] | None, quaternion: list[float] | None
    ) -> NDArray[np.float64]:
        """Apply matrix, position (RAS mm), quaternion (w, x, y, z) in this order; what is None stays. Returns (4, 4).

        A matrix of 16 numbers is column-major with its translation, as Slicer's documentation says; any other count of at
        least 9 is a row-major rotation, as Slicer's source does.

        Raises:
            BadRequestError: too few numbers, or not finite.
        """
        if self._scene.GetFirstNodeByName("tracker") is None:  # the scene is new, or was cleared
            self._pose = np.eye(4)
        pose = self._pose.copy()
        if matrix is not None:
            values = _numbers("m", matrix, 9)
            if len(values) == 16:
                pose[:] = values.reshape(4, 4).T
                pose[3] = (0, 0, 0, 1)
            else:
                pose[:3, :3] = values[:9].reshape(3, 3)
        if position is not None:
            pose[:3, 3] = _numbers("p", position, 3)[:3]
        if quaternion is not None:
            pose[:3, :3] = _rotation(_numbers("q", quaternion, 4)[:4])
        self._pose = pose
        self._transform().SetMatrixTransformToParent(to_vtk(pose))
        return pose

    def _transform(self) -> Any:
        transform = self._scene.GetFirstNodeByName("tracker")
        if transform is None:
            transform = self._scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "tracker")
        device = self._scene.GetFirstNodeByName("trackingDevice")
        if device is None:
            device = self._scene.AddNewNodeByClass("vtkMRMLModelNode", "trackingDevice")
            cube = vtk.vtkCubeSource()
            cube.SetXLength(BOX_MM[0])
            cube.SetYLength(BOX_MM[1])
            cube.SetZLength(BOX_MM[2])
            cube.Update()
            device.SetAndObservePolyData(cube.GetOutput())
            device.CreateDefaultDisplayNodes()
            device.GetDisplayNode().SetColor(*COLOR)
        if device.GetTransformNodeID() != transform.GetID():
            device.SetAndObserveTransformNodeID(transform.GetID())
        return transform


def _numbers(name: str, values: list[float], least: int) -> NDArray[np.float64]:
    array = np.array(values, dtype=np.float64)
    if len(array) < least or not np.isfinite(array).all():
        raise BadRequestError(f"{name} needs at least {least} finite numbers")
    return array


def _rotation(quaternion: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.linalg.norm(quaternion))
    if length < 1e-9:
        raise BadRequestError("q is no rotation")
    matrix = np.zeros((3, 3))
    vtk.vtkMath.QuaternionToMatrix3x3(quaternion / length, matrix)
    return matrix
