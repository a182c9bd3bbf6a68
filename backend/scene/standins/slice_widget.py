"""A slice view as scripts know it: `sliceWidget('Red')`, its controller, its view."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from backend.render.views.slice_view import SliceView
from backend.scene.standins.desk import Desk
from backend.scene.standins.missing import StandIn


class SliceWidget(StandIn):
    """`layoutManager().sliceWidget(name)`."""

    stands_for = "qMRMLSliceWidget"

    def __init__(self, desk: Desk, view: SliceView) -> None:
        self._desk, self._view = desk, view
        self.sliceViewName = view.name

    def sliceLogic(self) -> Any:
        """The slice logic."""
        return self._view.logic

    def mrmlSliceNode(self) -> Any:
        """The slice node."""
        return self._view.node

    def mrmlSliceCompositeNode(self) -> Any:
        """The node that says which volumes are shown."""
        return self._view.logic.GetSliceCompositeNode()

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._desk.scene

    def sliceController(self) -> SliceController:
        """The bar above a slice view, without the bar."""
        return SliceController(self._view)

    def sliceView(self) -> SlicePane:
        """The view itself."""
        return SlicePane(self._view)

    def fitSliceToBackground(self) -> None:
        """Show the whole background volume."""
        self.sliceController().fitSliceToBackground()

    @property
    def sliceOrientation(self) -> str:
        """Name of the orientation, such as `Axial`."""
        return str(self._view.node.GetOrientation())

    def setSliceOrientation(self, name: str) -> None:
        """Turn to an orientation by name."""
        self.sliceController().setSliceOrientation(name)

    def show(self) -> None:
        """Nothing to do: there is no window."""

    hide = show


class SliceController(StandIn):
    """`sliceWidget(name).sliceController()`."""

    stands_for = "qMRMLSliceControllerWidget"

    def __init__(self, view: SliceView) -> None:
        self._view = view

    def mrmlSliceNode(self) -> Any:
        """The slice node."""
        return self._view.node

    def mrmlSliceCompositeNode(self) -> Any:
        """The node that says which volumes are shown."""
        return self._view.logic.GetSliceCompositeNode()

    def sliceLogic(self) -> Any:
        """The slice logic."""
        return self._view.logic

    def setSliceOffsetValue(self, offset: float) -> None:
        """Move the plane to an offset along its normal, mm."""
        self._view.logic.SetSliceOffset(float(offset))

    def sliceOffset(self) -> float:
        """The plane's offset along its normal, mm."""
        return float(self._view.logic.GetSliceOffset())

    def setSliceOrientation(self, name: str) -> None:
        """Turn to an orientation by name."""
        if not self._view.node.SetOrientation(name):
            raise ValueError(f"unknown slice orientation {name!r}")

    def fitSliceToBackground(self) -> None:
        """Show the whole background volume."""
        self._view.fit()

    def rotateSliceToBackground(self) -> None:
        """Turn to the axes of the background volume."""
        if self._view.background is not None:
            self._view.node.RotateToVolumePlane(self._view.background)

    def setSliceVisible(self, visible: bool) -> None:
        """Show the slice in 3D, or not."""
        self._view.node.SetSliceVisible(1 if visible else 0)

    def isSliceVisible(self) -> bool:
        """Whether the slice is shown in 3D."""
        return bool(self._view.node.GetSliceVisible())

    def setSliceLink(self, linked: bool) -> None:
        """Have the slice views move together, or not."""
        composite = self.mrmlSliceCompositeNode()
        composite.SetLinkedControl(1 if linked else 0)

    def setBackgroundVolume(self, volume: Any) -> None:
        """Choose the background by node; None for nothing."""
        self.mrmlSliceCompositeNode().SetBackgroundVolumeID(volume.GetID() if volume else None)

    def setVisible(self, _visible: bool) -> None:
        """Nothing to do: there is no bar."""


class SlicePane(StandIn):
    """`sliceWidget(name).sliceView()`."""

    stands_for = "qMRMLSliceView"

    def __init__(self, view: SliceView) -> None:
        self._view = view

    def mrmlSliceNode(self) -> Any:
        """The slice node."""
        return self._view.node

    def mrmlViewNode(self) -> Any:
        """The slice node."""
        return self._view.node

    def convertXYZToRAS(self, xyz: Any) -> list[float]:
        """A place in the view, pixels, as RAS mm."""
        return _moved(self._view.node.GetXYToRAS(), xyz)

    def convertRASToXYZ(self, ras: Any) -> list[float]:
        """RAS mm as a place in the view, pixels."""
        return _moved(self._view.node.GetXYToRAS(), ras, inverse=True)

    convertDeviceToXYZ = staticmethod(lambda xy: [float(xy[0]), float(xy[1]), 0.0])

    def forceRender(self) -> None:
        """Nothing to do: a picture is drawn when a client asks for it."""

    scheduleRender = forceRender


def _moved(matrix: Any, point: Any, inverse: bool = False) -> list[float]:
    array = slicer.util.arrayFromVTKMatrix(matrix)
    if inverse:
        array = np.linalg.inv(array)
    return [float(value) for value in (array @ [*point, 1.0])[:3]]
