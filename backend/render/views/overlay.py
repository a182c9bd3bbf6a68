"""What is left for OpenGL in a slice view: markups, cuts of models, crosshair, rulers. Empty pictures are not drawn."""

from __future__ import annotations

from typing import Any

import slicer

SLICE_MANAGERS = [
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLTransformsDisplayableManager2D",
]


def anything_to_draw(scene: Any, slice_node: Any) -> bool:
    """Whether the displayable managers would put anything into this slice view.

    Errs towards True: a wrong True costs some milliseconds, a wrong False would hide something.
    """
    if slice_node.GetOrientationMarkerType() or slice_node.GetRulerType():
        return True
    crosshair = scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    if crosshair is not None and crosshair.GetCrosshairMode() != slicer.vtkMRMLCrosshairNode.NoCrosshair:
        return True
    return any(
        _shows(scene.GetNthNodeByClass(i, name), slice_node)
        for name in ("vtkMRMLMarkupsNode", "vtkMRMLModelNode", "vtkMRMLTransformNode")
        for i in range(scene.GetNumberOfNodesByClass(name))
    )


def _shows(node: Any, slice_node: Any) -> bool:
    if node.IsA("vtkMRMLMarkupsNode"):
        return bool(node.GetNumberOfControlPoints() and _displayed(node, slice_node) and _reaches(node, slice_node))
    if slicer.vtkMRMLSliceLogic.IsSliceModelNode(node):
        return False
    return _displayed(node, slice_node)


def _displayed(node: Any, slice_node: Any) -> bool:
    for index in range(node.GetNumberOfDisplayNodes()):
        display = node.GetNthDisplayNode(index)
        if display is None or not (display.GetVisibility() and display.GetVisibility2D()):
            continue
        if display.IsDisplayableInView(slice_node.GetID()):
            return True
    return False


def _reaches(node: Any, slice_node: Any) -> bool:
    """Whether a markup has anything within a slice thickness of the plane, or projects onto it."""
    for index in range(node.GetNumberOfDisplayNodes()):
        if node.GetNthDisplayNode(index).GetSliceProjection():
            return True
    matrix = slice_node.GetSliceToRAS()
    normal = [matrix.GetElement(row, 2) for row in range(3)]
    offset = sum(normal[row] * matrix.GetElement(row, 3) for row in range(3))
    bounds = [0.0] * 6
    node.GetRASBounds(bounds)
    low = sum(n * (bounds[2 * a] if n > 0 else bounds[2 * a + 1]) for a, n in enumerate(normal))
    high = sum(n * (bounds[2 * a + 1] if n > 0 else bounds[2 * a]) for a, n in enumerate(normal))
    margin = max(5.0, abs(slice_node.GetFieldOfView()[2]))  # a glyph shows while the plane is near its point
    return bool(low - margin <= offset <= high + margin)
