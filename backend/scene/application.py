"""The MRML scene with its logics, as Slicer's application core sets it up, without Qt.

Module logics must be registered with the application logic before displayable managers ask for them by name, and are
kept alive here because the application logic holds them by weak pointer only.
"""

from __future__ import annotations

from typing import Any

import slicer
import vtk

FOUR_UP = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView


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

    @property
    def layout_name(self) -> str:
        """Name of the current layout as the Slicer API spells it, for example `FourUp`."""
        number = self.layout_logic.GetLayoutNode().GetViewArrangement()
        return LAYOUT_NAMES.get(number, "Custom")


def _layout_names() -> dict[int, str]:
    prefix, suffix = "SlicerLayout", "View"
    names: dict[int, str] = {}
    for attribute in dir(slicer.vtkMRMLLayoutNode):
        if attribute.startswith(prefix) and attribute.endswith(suffix):
            number = getattr(slicer.vtkMRMLLayoutNode, attribute)
            names.setdefault(int(number), attribute[len(prefix) : -len(suffix)])
    names[int(FOUR_UP)] = "FourUp"
    return names


LAYOUT_NAMES: dict[int, str] = _layout_names()
