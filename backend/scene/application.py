"""The MRML scene with its logics, as Slicer's application core sets it up, without Qt.

Module logics must be registered with the application logic before displayable managers ask for them by name, and are
kept alive here because the application logic holds them by weak pointer only.
"""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from backend.errors import BadRequestError
from backend.scene.commands import LayoutPart
from backend.scene.layouts import LAYOUT_NAMES, composition

FOUR_UP = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
NO_VIEWS = "<layout/>"


class Application:
    """Scene, application logic, layout and the module logics that displayable managers look up by name."""

    def __init__(self) -> None:
        vtk.vtkSMPTools.SetBackend("STDThread")  # the wheel's default is Sequential
        self.scene = slicer.vtkMRMLScene()
        slicer.mrmlScene = self.scene
        crosshair = slicer.vtkMRMLCrosshairNode()
        crosshair.SetCrosshairName("default")
        self.scene.AddNode(crosshair)
        self.logic = slicer.vtkSlicerApplicationLogic()
        self.logic.SetMRMLScene(self.scene)
        self.logic.GetColorLogic().SetMRMLScene(self.scene)
        self.logic.GetColorLogic().AddDefaultColorNodes()
        self.logic.SetSliceLogics(vtk.vtkCollection())
        self.logic.SetViewLogics(vtk.vtkCollection())
        for factory in (
            slicer.vtkMRMLSliceViewDisplayableManagerFactory,
            slicer.vtkMRMLThreeDViewDisplayableManagerFactory,
        ):
            factory.GetInstance().SetMRMLApplicationLogic(self.logic)
        self.modules = self._register_modules()
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)
        threed = slicer.vtkMRMLViewNode()
        threed.SetVolumeRenderingQuality(slicer.vtkMRMLViewNode.Adaptive)  # its own default is fit for a graphics card
        self.scene.AddDefaultNode(threed)
        # The layout logic makes the view nodes of a layout with Slicer's names, ids, labels and colours.
        self.layout_logic = slicer.vtkMRMLLayoutLogic()
        self.layout_logic.SetMRMLScene(self.scene)
        self.layout_logic.GetLayoutNode().SetViewArrangement(FOUR_UP)

    def _register_modules(self) -> dict[str, Any]:
        modules = {
            "Colors": self.logic.GetColorLogic(),
            "Units": slicer.vtkSlicerUnitsLogic(),
            "Volumes": slicer.vtkSlicerVolumesLogic(),
            "Markups": slicer.vtkSlicerMarkupsLogic(),
            "Models": slicer.vtkSlicerModelsLogic(),
            "Transforms": slicer.vtkSlicerTransformLogic(),
            "Segmentations": slicer.vtkSlicerSegmentationsModuleLogic(),
            "VolumeRendering": slicer.vtkSlicerVolumeRenderingLogic(),
            "SubjectHierarchy": slicer.vtkSlicerSubjectHierarchyModuleLogic(),
            "Sequences": slicer.vtkSlicerSequencesLogic(),
        }
        for name, logic in modules.items():
            logic.SetMRMLScene(self.scene)
            logic.SetMRMLApplicationLogic(self.logic)
            self.logic.SetModuleLogic(name, logic)
        return modules

    # -- layout --------------------------------------------------------------------------------------------------

    @property
    def layout_node(self) -> Any:
        """The scene's layout node."""
        return self.layout_logic.GetLayoutNode()

    @property
    def layout_name(self) -> str:
        """Name of the current layout as the Slicer API spells it, for example `FourUp`."""
        return LAYOUT_NAMES.get(self.layout_node.GetViewArrangement(), "Custom")

    def layout(self, number: int | None = None) -> LayoutPart:
        """The places of a layout's views, of the current one without a number.

        Raises:
            BadRequestError: there is no layout of this number.
        """
        node = self.layout_node
        if number is None:
            return composition(node.GetCurrentLayoutDescription(), self.scene)
        if node.IsLayoutDescription(number):
            return composition(node.GetLayoutDescription(number), self.scene)
        if number not in LAYOUT_NAMES:
            raise BadRequestError(f"there is no layout {number}")
        return composition(None, self.scene)

    def set_compare_views(self, count: int, in_grid: bool) -> None:
        """How many views the layouts have that compare: one below the other, or two beside each other in each row."""
        columns = 2 if in_grid and count > 1 else 1
        self.layout_node.SetNumberOfCompareViewRows(-(-count // columns))
        self.layout_node.SetNumberOfCompareViewColumns(columns)

    def set_layout(self, number: int) -> None:
        """Switch MRML's layout, which makes the view nodes it needs.

        Raises:
            BadRequestError: there is no layout of this number.
        """
        if number not in LAYOUT_NAMES and not self.layout_node.IsLayoutDescription(number):
            raise BadRequestError(f"there is no layout {number}")
        if not self.layout_node.IsLayoutDescription(number):  # a browser or a marker, which have no views of the scene
            self.layout_node.AddLayoutDescription(number, NO_VIEWS)
        self.layout_node.SetViewArrangement(number)
