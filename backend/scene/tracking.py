"""The tracked tool's cursor: Slicer's `/tracking` model `trackingDevice` under the transform `tracker`."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray

from backend.imaging.poses import numbers_of, tool_pose
from backend.render.views.matrices import from_vtk, to_vtk

BOX_MM = (30.0, 70.0, 5.0)
COLOR = (1.0, 1.0, 0.0)


class Tracker:
    """Moves the cursor. Its pose is that of the node `tracker`; nodes that a cleared scene has lost are made again."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene

    def move(
        self, matrix: list[float] | None, position: list[float] | None, quaternion: list[float] | None
    ) -> NDArray[np.float64]:
        """Apply what is given as `tool_pose` does; what is None stays. Returns (4, 4).

        Raises:
            BadRequestError: too few numbers, or not finite.
        """
        transform = self._first("vtkMRMLLinearTransformNode", "tracker")
        present = np.eye(4) if transform is None else _pose_of(transform)
        return self._place(transform, tool_pose(present, matrix, position, quaternion))

    def turn(self, angles: list[float]) -> NDArray[np.float64]:
        """Set the pose from a phone's orientation in degrees: turned about Z, then X, then Y, at the origin. Returns (4, 4).

        Raises:
            BadRequestError: not three finite numbers.
        """
        alpha, beta, gamma = numbers_of("angles", angles, 3)[:3]
        turned = vtk.vtkTransform()
        turned.RotateZ(alpha)
        turned.RotateX(beta)
        turned.RotateY(gamma)
        return self._place(self._first("vtkMRMLLinearTransformNode", "tracker"), from_vtk(turned.GetMatrix()))

    def pose(self) -> NDArray[np.float64] | None:
        """The tool's pose (4, 4), RAS mm; None before it was first tracked."""
        transform = self._first("vtkMRMLLinearTransformNode", "tracker")
        return None if transform is None else _pose_of(transform)

    def _place(self, transform: Any | None, pose: NDArray[np.float64]) -> NDArray[np.float64]:
        if transform is None:
            transform = self._scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "tracker")
        device = self._first("vtkMRMLModelNode", "trackingDevice") or self._new_device()
        if device.GetDisplayNode() is None:
            device.CreateDefaultDisplayNodes()
            device.GetDisplayNode().SetColor(*COLOR)
        if device.GetTransformNodeID() != transform.GetID():
            device.SetAndObserveTransformNodeID(transform.GetID())
        transform.SetMatrixTransformToParent(to_vtk(pose))
        return pose

    def _new_device(self) -> Any:
        device = self._scene.AddNewNodeByClass("vtkMRMLModelNode", "trackingDevice")
        cube = vtk.vtkCubeSource()
        cube.SetXLength(BOX_MM[0])
        cube.SetYLength(BOX_MM[1])
        cube.SetZLength(BOX_MM[2])
        cube.Update()
        device.SetAndObservePolyData(cube.GetOutput())
        return device

    def _first(self, class_name: str, name: str) -> Any | None:
        """The first node of this class and name; a volume that somebody called `tracker` is not meant."""
        for index in range(self._scene.GetNumberOfNodesByClass(class_name)):
            node = self._scene.GetNthNodeByClass(index, class_name)
            if node.GetName() == name:
                return node
        return None


def _pose_of(transform: Any) -> NDArray[np.float64]:
    matrix = to_vtk(np.eye(4))
    transform.GetMatrixTransformToParent(matrix)
    return from_vtk(matrix)
