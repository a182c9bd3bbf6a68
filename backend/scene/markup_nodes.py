"""MRML's markups nodes as plain values, and back: kinds, positions, frames of planes and ROIs, looks, measurements."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from backend.errors import BadRequestError, NotFoundError, TooLargeError
from backend.imaging.colors import from_hex, to_hex
from backend.render.views.matrices import Matrix, from_vtk, parent_to_world, to_vtk
from backend.render.views.nodes import nodes_of_class
from backend.scene.commands import MarkupKind, MarkupPatch, MarkupState, Measurement
from backend.scene.finding import check_name
from backend.scene.quiet import quiet

ANY = "vtkMRMLMarkupsNode"
CLASSES: dict[MarkupKind, str] = {
    "points": "vtkMRMLMarkupsFiducialNode",
    "line": "vtkMRMLMarkupsLineNode",
    "angle": "vtkMRMLMarkupsAngleNode",
    "closedCurve": "vtkMRMLMarkupsClosedCurveNode",
    "curve": "vtkMRMLMarkupsCurveNode",
    "plane": "vtkMRMLMarkupsPlaneNode",
    "roi": "vtkMRMLMarkupsROINode",
}
NAMES: dict[MarkupKind, str] = {
    "points": "Points", "line": "Line", "angle": "Angle", "closedCurve": "Closed curve", "curve": "Curve", "plane": "Plane",
    "roi": "ROI",
}  # fmt: skip
BOXES = ("plane", "roi")
# In MRML's own order of units: what it measures in, whatever it prints.
UNITS = {"length": "mm", "angle": "deg", "area": "mm2", "volume": "mm3"}
MEASURED: dict[MarkupKind, tuple[str, ...]] = {
    "line": ("length",), "angle": ("angle",), "closedCurve": ("length", "area"), "curve": ("length",), "plane": ("area",),
    "roi": ("volume",),
}  # fmt: skip
TOLD_POINTS = 1000
DEFAULT_SIZE_MM = 50.0
FILL_OPACITY = 0.15


def kind_of(node: Any) -> MarkupKind | None:
    """Which kind a node is; None for kinds that are not told, such as test nodes of extensions."""
    return next((kind for kind, class_name in CLASSES.items() if node.IsA(class_name)), None)


def markups_of(scene: Any) -> list[Any]:
    """Markups that users see, in scene order."""
    return [node for node in nodes_of_class(scene, ANY) if not node.GetHideFromEditors() and kind_of(node) is not None]


def markup(scene: Any, node_id: str) -> Any:
    """A markup by its id.

    Raises:
        NotFoundError: there is none.
    """
    node = scene.GetNodeByID(node_id)
    if node is None or not node.IsA(ANY) or kind_of(node) is None:
        raise NotFoundError(f"there is no markup {node_id[:80]!r}")
    return node


def positions_of(node: Any) -> Matrix:
    """(n, 3) control points, world RAS mm."""
    points = vtk.vtkPoints()
    points.SetDataTypeToDouble()
    node.GetControlPointPositionsWorld(points)
    if points.GetNumberOfPoints() == 0:
        return np.zeros((0, 3))
    return np.array(vtk_to_numpy(points.GetData()), dtype=np.float64)


def state_of(node: Any) -> MarkupState:
    """All that is told of a markup."""
    kind = kind_of(node)
    assert kind is not None
    count = node.GetNumberOfControlPoints()
    told = count <= TOLD_POINTS
    display = node.GetDisplayNode()
    state = MarkupState(
        node.GetID(), node.GetName() or "", kind, count,
        [(float(r), float(a), float(s)) for r, a, s in positions_of(node)] if told else None,
        [node.GetNthControlPointLabel(n) for n in range(count)] if told else None,
        color_of(display),
        display.GetOpacity() if display else 1.0,
        bool(display is not None and display.GetVisibility()),
        bool(node.GetLocked()),
        measurements_of(node),
    )  # fmt: skip
    if kind == "roi":
        state.crops = any(display.GetROINode() is node for display in cropped(node.GetScene()))
    if kind in BOXES and count:
        state.frame = frame_of(node).ravel().tolist()
        state.size = size_of(node)
    return state


def color_of(display: Any | None) -> str:
    """The colour that markups are drawn in, `#rrggbb`."""
    color = display.GetSelectedColor() if display is not None else (1.0, 1.0, 1.0)
    return to_hex(color).lower()


def measurements_of(node: Any) -> list[Measurement]:
    """What is measured of a markup and defined."""
    found = []
    for index in range(node.GetNumberOfMeasurements()):
        measurement = node.GetNthMeasurement(index)
        name = measurement.GetName()
        if name in UNITS and measurement.GetEnabled() and measurement.GetValueDefined():
            found.append(Measurement(name, float(measurement.GetValue()), UNITS[name]))
    return found


def frame_of(node: Any) -> Matrix:
    """(4, 4) object to world of a plane or ROI; its origin is the centre, RAS mm."""
    matrix = to_vtk(np.eye(4))
    if node.IsA(CLASSES["roi"]):
        matrix.DeepCopy(node.GetObjectToWorldMatrix())
    else:
        node.GetObjectToWorldMatrix(matrix)
    found = from_vtk(matrix)
    if not node.IsA(CLASSES["roi"]):
        centre = [0.0, 0.0, 0.0]
        node.GetCenterWorld(centre)
        found[:3, 3] = centre
    found[:3, :3] /= np.linalg.norm(found[:3, :3], axis=0)  # a transform that scales is in the size
    return found


def size_of(node: Any) -> list[float]:
    """Whole lengths along the axes, mm: three of an ROI, two of a plane."""
    size = np.zeros(3 if node.IsA(CLASSES["roi"]) else 2)
    node.GetSizeWorld(size)
    return [float(length) for length in size]


def renderings(scene: Any) -> list[Any]:
    """Display nodes of volumes that are rendered in 3D and shown."""
    displays = nodes_of_class(scene, "vtkMRMLVolumeRenderingDisplayNode")
    return [display for display in displays if display.GetVisibility() and display.GetVolumeNode() is not None]


def cropped(scene: Any) -> list[Any]:
    """Those that are cropped by an ROI."""
    return [display for display in renderings(scene) if display.GetCroppingEnabled() and display.GetROINode() is not None]


# -- making and changing -------------------------------------------------------------------------------------------------


def make(scene: Any, kind: MarkupKind, name: str | None) -> Any:
    """A new, empty markup with its display."""
    named = check_name(name) if name else scene.GenerateUniqueName(NAMES[kind])
    node = scene.AddNewNodeByClass(CLASSES[kind], named)
    node.CreateDefaultDisplayNodes()
    if kind in BOXES:
        node.GetDisplayNode().SetFillOpacity(FILL_OPACITY)
        node.GetDisplayNode().SetHandlesInteractive(False)
    for wanted in MEASURED.get(kind, ()):
        node.GetMeasurement(wanted).SetEnabled(True)
    return node


def apply(node: Any, patch: MarkupPatch, most: int) -> None:
    """Set what a patch gives.

    Raises:
        BadRequestError: it does not fit the kind of markup; nothing has changed.
        NotFoundError: no control point of this index; nothing has changed.
        TooLargeError: more than `most` control points; nothing has changed.
    """
    kind = kind_of(node)
    assert kind is not None
    _check(node, kind, patch, most)
    with quiet():  # outlines that are just being drawn have no area that could be measured
        blocked = node.StartModify()
        try:
            if patch.name is not None:
                node.SetName(patch.name)
            if kind in BOXES:
                _apply_box(node, kind, patch)
            else:
                _apply_points(node, patch)
            _apply_look(node, patch)
        finally:
            node.EndModify(blocked)


def _check(node: Any, kind: MarkupKind, patch: MarkupPatch, most: int) -> None:
    count, limit = node.GetNumberOfControlPoints(), node.GetMaximumNumberOfControlPoints()
    most = min(most, limit) if limit >= 0 else most
    if patch.name is not None:
        check_name(patch.name)
    if patch.label is not None:
        check_name(patch.label)
    if kind in BOXES:
        if patch.points is not None or patch.position is not None or patch.remove is not None:
            raise BadRequestError(f"a {kind} has a frame and a size, no control points to be set")
        if patch.size is not None and len(patch.size) != len(size_of(node)):
            raise BadRequestError(f"the size of a {kind} has {len(size_of(node))} numbers")
        return
    if patch.frame is not None or patch.size is not None:
        raise BadRequestError(f"a {kind} has control points, no frame or size")
    if patch.points is not None and len(patch.points) > most:
        raise TooLargeError(f"{node.GetName()} may have {most} control points at most")
    if patch.index is not None and patch.index == count and patch.position is not None:
        if count >= most:
            raise TooLargeError(f"{node.GetName()} may have {most} control points at most")
    elif patch.index is not None and patch.index >= count:
        raise NotFoundError(f"{node.GetName()} has no control point {patch.index}: it has {count}, counted from 0")
    if patch.remove is not None and patch.remove >= count:
        raise NotFoundError(f"{node.GetName()} has no control point {patch.remove}: it has {count}, counted from 0")


def _apply_points(node: Any, patch: MarkupPatch) -> None:
    if patch.points is not None:
        while node.GetNumberOfControlPoints() > len(patch.points):
            node.RemoveNthControlPoint(node.GetNumberOfControlPoints() - 1)
        for index, position in enumerate(patch.points):
            _put(node, index, position)
    if patch.index is not None and patch.position is not None:
        _put(node, patch.index, patch.position)
    if patch.index is not None and patch.label is not None:
        node.SetNthControlPointLabel(patch.index, patch.label)
        node.Modified()  # a label by itself does not say so
    if patch.remove is not None:
        node.RemoveNthControlPoint(patch.remove)


def _put(node: Any, index: int, position: tuple[float, float, float]) -> None:
    if index < node.GetNumberOfControlPoints():
        node.SetNthControlPointPositionWorld(index, *position)
    else:
        node.AddControlPointWorld(*position)


def _apply_box(node: Any, kind: MarkupKind, patch: MarkupPatch) -> None:
    is_new = node.GetNumberOfControlPoints() == 0
    if patch.frame is None and patch.size is None and not is_new:
        return
    frame = frame_of(node) if patch.frame is None and not is_new else np.reshape(patch.frame or np.eye(4), (4, 4))
    size = patch.size or ([DEFAULT_SIZE_MM] * (3 if kind == "roi" else 2) if is_new else size_of(node))
    if kind == "roi":
        parent = parent_to_world(node)
        if parent is None:
            raise BadRequestError(f"{node.GetName()} is under a transform that is not linear")
        node.SetAndObserveObjectToNodeMatrix(to_vtk(np.linalg.inv(parent) @ frame))
        node.SetSizeWorld(*size)
        return
    node.SetSizeMode(node.SizeModeAbsolute)
    node.SetAxesWorld(*(frame[:3, axis].tolist() for axis in range(3)))
    node.SetCenterWorld(frame[:3, 3].tolist())
    node.SetSizeWorld(*size)


def _apply_look(node: Any, patch: MarkupPatch) -> None:
    display = node.GetDisplayNode()
    if display is None and (patch.color, patch.opacity, patch.visible) != (None, None, None):
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
    if patch.color is not None and patch.color.lower() != color_of(display):  # it may be between two of these steps
        color = from_hex(patch.color)
        display.SetSelectedColor(*color)
        display.SetColor(*color)
    if patch.opacity is not None:
        display.SetOpacity(patch.opacity)
    if patch.visible is not None:
        display.SetVisibility(patch.visible)
    if patch.locked is not None:
        node.SetLocked(patch.locked)


def patch_of(state: MarkupState) -> MarkupPatch:
    """What gives another node the look and place of a markup."""
    patch = MarkupPatch(color=state.color, opacity=state.opacity, visible=state.visible, locked=state.locked)
    if state.kind in BOXES:
        patch.frame, patch.size = state.frame, state.size
    else:
        patch.points = state.points
    return patch
