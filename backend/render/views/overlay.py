"""What is left for OpenGL in a slice view: markups, cuts of models, crosshair, rulers. Empty pictures are not drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import slicer

from backend.render.views.matrices import Matrix
from backend.render.views.shown import ShownNodes

MODELS = "vtkMRMLModelSliceDisplayableManager"
TRANSFORMS = "vtkMRMLTransformsDisplayableManager2D"
SLICE_MANAGERS = [
    "vtkMRMLCrosshairDisplayableManager",
    MODELS,
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLMarkupsDisplayableManager",
    TRANSFORMS,
]
"""In the order in which they draw."""


@dataclass(frozen=True)
class Drawables:
    """What the displayable managers may put into a slice view, wherever its plane lies."""

    always: bool  # crosshair, ruler, orientation marker, models, transforms, projected markups
    boxes: list[tuple[float, ...]]  # bounds of each other markup, RAS mm
    absent: frozenset[str]
    """Displayable managers that are not needed. These look at all nodes of their classes when they come, shown or not, which
    takes seconds where there are thousands."""

    def any_at(self, slice_to_ras: Matrix, thickness_mm: float) -> bool:
        """Whether something shows on this plane.

        Errs towards True: a wrong True costs some milliseconds, a wrong False would hide something.
        """
        return self.always or any(_reaches(box, slice_to_ras, thickness_mm) for box in self.boxes)


def drawables(scene: Any, slice_node: Any, shown: ShownNodes) -> Drawables:
    """What is displayed in this slice view beside volumes and segmentations."""
    crosshair = scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    markups = [
        node for node in shown.of("vtkMRMLMarkupsNode") if node.GetNumberOfControlPoints() and _displayed(node, slice_node)
    ]
    has_models = any(
        not slicer.vtkMRMLSliceLogic.IsSliceModelNode(node) and _displayed(node, slice_node)
        for node in shown.of("vtkMRMLModelNode")
    )
    has_transforms = any(_displayed(node, slice_node) for node in shown.of("vtkMRMLTransformNode"))
    always = bool(
        slice_node.GetOrientationMarkerType()
        or slice_node.GetRulerType()
        or (crosshair is not None and crosshair.GetCrosshairMode() != slicer.vtkMRMLCrosshairNode.NoCrosshair)
        or has_models
        or has_transforms
        or any(_is_projected(node) for node in markups)
    )
    absent = {name for name, has in ((MODELS, has_models), (TRANSFORMS, has_transforms)) if not has}
    return Drawables(always, [_bounds(node) for node in markups], frozenset(absent))


def _is_projected(node: Any) -> bool:
    return any(node.GetNthDisplayNode(index).GetSliceProjection() for index in range(node.GetNumberOfDisplayNodes()))


def _bounds(node: Any) -> tuple[float, ...]:
    bounds = [0.0] * 6
    node.GetRASBounds(bounds)
    return tuple(bounds)


def _displayed(node: Any, slice_node: Any) -> bool:
    for index in range(node.GetNumberOfDisplayNodes()):
        display = node.GetNthDisplayNode(index)
        if display is None or not (display.GetVisibility() and display.GetVisibility2D()):
            continue
        if display.IsDisplayableInView(slice_node.GetID()):
            return True
    return False


def _reaches(bounds: tuple[float, ...], slice_to_ras: Matrix, thickness_mm: float) -> bool:
    """Whether a box has anything within a slice thickness of the plane."""
    normal = slice_to_ras[:3, 2]
    offset = float(normal @ slice_to_ras[:3, 3])
    low = sum(n * (bounds[2 * a] if n > 0 else bounds[2 * a + 1]) for a, n in enumerate(normal))
    high = sum(n * (bounds[2 * a + 1] if n > 0 else bounds[2 * a]) for a, n in enumerate(normal))
    margin = max(5.0, abs(thickness_mm))  # a glyph shows while the plane is near its point
    return bool(low - margin <= offset <= high + margin)
