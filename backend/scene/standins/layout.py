"""`slicer.app.layoutManager()`: the layout and its views, over MRML's layout node and this process's views."""

from __future__ import annotations

from typing import Any

from backend.scene.standins.desk import Desk
from backend.scene.standins.missing import StandIn
from backend.scene.standins.slice_widget import SliceWidget
from backend.scene.standins.threed_widget import ThreeDWidget


class LayoutManager(StandIn):
    """Which views there are, and in which layout."""

    stands_for = "qSlicerLayoutManager"

    tableViewCount = plotViewCount = 0

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # -- the layout ----------------------------------------------------------------------------------------------

    @property
    def _node(self) -> Any:
        return self._desk.app.layout_logic.GetLayoutNode()

    @property
    def layout(self) -> int:
        """Number of the layout, one of `slicer.vtkMRMLLayoutNode.SlicerLayout…View`."""
        return int(self._node.GetViewArrangement())

    @layout.setter
    def layout(self, number: int) -> None:
        self.setLayout(number)

    def setLayout(self, number: int) -> None:
        """Switch the layout, by number."""
        self._desk.context.views.set_layout(int(number))

    def layoutLogic(self) -> Any:
        """MRML's layout logic."""
        return self._desk.app.layout_logic

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._desk.scene

    def setLayoutNumberOfCompareViewRows(self, count: int) -> None:
        """Rows of the compare layouts."""
        self._node.SetNumberOfCompareViewRows(count)

    def setLayoutNumberOfCompareViewColumns(self, count: int) -> None:
        """Columns of the compare layouts."""
        self._node.SetNumberOfCompareViewColumns(count)

    # -- slice views ---------------------------------------------------------------------------------------------

    def sliceViewNames(self) -> tuple[str, ...]:
        """Names of the slice views, such as `Red`."""
        return tuple(view.name for view in self._desk.slice_views())

    def sliceWidget(self, name: str) -> SliceWidget | None:
        """A slice view by its name, None if there is none."""
        found = next((view for view in self._desk.slice_views() if view.name == name), None)
        return SliceWidget(self._desk, found) if found else None

    def mrmlSliceLogics(self) -> Any:
        """Logics of the slice views, a vtkCollection."""
        return self._desk.app.logic.GetSliceLogics()

    def resetSliceViews(self) -> None:
        """Show the whole of what each slice view has."""
        for view in self._desk.slice_views():
            SliceWidget(self._desk, view).sliceController().fitSliceToBackground()

    # -- 3D views ------------------------------------------------------------------------------------------------

    @property
    def threeDViewCount(self) -> int:
        """How many 3D views there are."""
        return len(self._desk.threed_views())

    def threeDWidget(self, which: int | str) -> ThreeDWidget | None:
        """A 3D view by its place in the list, or by its name; None if there is none."""
        views = self._desk.threed_views()
        if isinstance(which, str):
            views, which = [view for view in views if which in (view.name, f"View{view.name}")], 0
        return ThreeDWidget(self._desk, views[which]) if 0 <= which < len(views) else None

    def mrmlViewLogics(self) -> Any:
        """Logics of the 3D views, a vtkCollection."""
        return self._desk.app.logic.GetViewLogics()

    def activeMRMLThreeDViewNode(self) -> Any:
        """Node of the first 3D view."""
        views = self._desk.threed_views()
        return views[0].node if views else None

    def resetThreeDViews(self) -> None:
        """Have each 3D view look at the middle of what it shows."""
        for view in self._desk.threed_views():
            ThreeDWidget(self._desk, view).threeDView().resetFocalPoint()

    def viewWidget(self, node: Any) -> SliceWidget | ThreeDWidget | None:
        """The view of a slice or view node, None if it has none."""
        for view in self._desk.slice_views():
            if view.node is node:
                return SliceWidget(self._desk, view)
        for other in self._desk.threed_views():
            if other.node is node:
                return ThreeDWidget(self._desk, other)
        return None
