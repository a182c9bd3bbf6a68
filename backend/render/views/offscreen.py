"""One offscreen window with a group of displayable managers, and its pixels as numpy arrays.

Everything here runs on the scene process's one scene thread: creation, drawing, reading back, destruction.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from backend.render.observing import observe


class Offscreen:
    """A pooled window: made once for a view and resized, since windows give back little memory when they go."""

    def __init__(self, factory: Any, managers: list[str], size: tuple[int, int] = (512, 512)) -> None:
        """`factory` is the displayable manager factory class, `managers` the class names to instantiate from it."""
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.SetMultiSamples(0)
        self.window.SetAlphaBitPlanes(1)
        self.window.SetSize(*size)
        self.renderer = vtk.vtkRenderer()
        self.window.AddRenderer(self.renderer)
        self.interactor = vtk.vtkRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        self.interactor.SetEnableRender(False)  # a picture is drawn when it is wanted, never by an event
        self.interactor.Initialize()
        self.group = slicer.vtkMRMLDisplayableManagerGroup()
        instance = factory.GetInstance()
        for name in managers:
            if not instance.IsDisplayableManagerRegistered(name):
                instance.RegisterDisplayableManager(name)
        self.group.Initialize(instance, self.renderer)
        self.changes = 0
        observe(self.group, vtk.vtkCommand.UpdateEvent, self._on_change)
        self._colors = vtk.vtkUnsignedCharArray()
        self._depths = vtk.vtkFloatArray()

    def _on_change(self, _caller: Any, _event: str) -> None:
        self.changes += 1

    def show(self, view_node: Any) -> None:
        """Bind the displayable managers to a slice or view node."""
        self.group.SetMRMLDisplayableNode(view_node)

    def draw(self, width: int, height: int) -> None:
        """Draw the newest state at a size in pixels."""
        if self.window.GetSize() != (width, height):
            self.window.SetSize(width, height)
        self.window.Render()

    def rgba(self) -> NDArray[np.uint8]:
        """The drawn picture, (height, width, 4) uint8, top row first, a copy of its own."""
        width, height = self.window.GetSize()
        front = 0 if self.window.GetDoubleBuffer() else 1
        self.window.GetRGBACharPixelData(0, 0, width - 1, height - 1, front, self._colors, 0)
        return np.array(vtk_to_numpy(self._colors).reshape(height, width, 4)[::-1])

    def depth(self) -> NDArray[np.float32]:
        """The depth buffer, (height, width) float32 in 0..1, top row first."""
        width, height = self.window.GetSize()
        self.window.GetZbufferData(0, 0, width - 1, height - 1, self._depths)
        return np.array(vtk_to_numpy(self._depths).reshape(height, width)[::-1])
