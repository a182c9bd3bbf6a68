"""Rows of the tree: what a node is called, how it is shown, what it holds; and setting how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from backend.dicom.loaded import SUV_UNITS
from backend.errors import NotFoundError
from backend.imaging.colors import to_hex
from backend.scene.commands import Kind, NodeRow

UNITS = {SUV_UNITS: "SUV", "{SUVbw}": "SUV", "[hnsf'U]": "HU", "HU": "HU", "BQML": "Bq/ml"}


def node_row(node: Any, kind: Kind, layers: Mapping[str, list[str]], depth: int = 0, is_open: bool = False) -> NodeRow:
    """The row of a node. `layers`: of each volume that slice views show, in which layers."""
    row = NodeRow(node.GetID(), kind, node.GetName() or "", node.GetID(), depth=depth, open=is_open)
    row.detail = detail_of(node, kind)
    parent = node.GetParentTransformNode() if node.IsA("vtkMRMLTransformableNode") else None
    row.transform = parent.GetName() or "" if parent is not None else ""
    if kind == "volume":
        row.layers = layers.get(node.GetID(), [])
        row.visible = bool(row.layers)
        return row
    if kind == "segmentation":
        row.children = node.GetSegmentation().GetNumberOfSegments()
    if not node.IsA("vtkMRMLDisplayableNode") or kind == "transform":
        return row
    display = node.GetDisplayNode()
    if display is None:
        row.visible = False
        return row
    row.visible, row.opacity = bool(display.GetVisibility()), round(float(display.GetOpacity()), 4)
    if kind in ("model", "markups"):
        row.color = to_hex(display.GetSelectedColor() if kind == "markups" else display.GetColor())
    return row


def segment_row(node: Any, segment_id: str, depth: int) -> NodeRow:
    """The row of a segment.

    Raises:
        NotFoundError: the segmentation has no such segment.
    """
    segment = segment_of(node, segment_id)
    row = NodeRow(f"{node.GetID()}/{segment_id}", "segment", segment.GetName() or segment_id, node.GetID(), segment_id, depth)
    row.color, display = to_hex(segment.GetColor()), node.GetDisplayNode()
    if display is not None:
        row.visible = bool(display.GetSegmentVisibility(segment_id))
        row.opacity = round(float(display.GetSegmentOpacity3D(segment_id)), 4)
    return row


def segment_of(node: Any, segment_id: str) -> Any:
    """A segment by its id.

    Raises:
        NotFoundError: there is none.
    """
    segment = node.GetSegmentation().GetSegment(segment_id) if node.IsA("vtkMRMLSegmentationNode") else None
    if segment is None:
        raise NotFoundError(f"{node.GetName()} has no segment {segment_id!r}")
    return segment


def detail_of(node: Any, kind: Kind) -> str:
    """What people tell nodes of a kind apart by."""
    return DETAILS[kind](node)


def _voxels(node: Any) -> str:
    image = node.GetImageData()
    if image is None:
        return "empty"
    size = " × ".join(str(side) for side in image.GetDimensions())
    spacing = " × ".join(f"{side:.3g}" for side in node.GetSpacing())
    words = [size, f"{spacing} mm"]
    if image.GetNumberOfScalarComponents() > 1:
        words.append(f"{image.GetNumberOfScalarComponents()} values")
    if units_of(node):
        words.append(units_of(node))
    return ", ".join(words)


def units_of(node: Any) -> str:
    """Units of a volume's values as people say them, empty where nothing tells."""
    text = node.GetAttribute("DICOM.Units") or ""
    if text:
        return UNITS.get(text, text)
    coded = node.GetVoxelValueUnits() if hasattr(node, "GetVoxelValueUnits") else None
    meaning = (coded.GetCodeValue() or "") if coded is not None else ""
    if not meaning and node.GetAttribute("DICOM.Modality") == "CT":
        return "HU"
    return UNITS.get(meaning, meaning)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


DETAILS: dict[Kind, Callable[[Any], str]] = {
    "volume": _voxels,
    "segmentation": lambda node: _count(node.GetSegmentation().GetNumberOfSegments(), "segment"),
    "model": lambda node: _count(node.GetMesh().GetNumberOfPoints(), "point") if node.GetMesh() is not None else "empty",
    "markups": lambda node: f"{node.GetMarkupType().lower()}, {_count(node.GetNumberOfControlPoints(), 'point')}",
    "transform": lambda node: "linear" if node.IsLinear() else "warp",
    "sequence": lambda node: _count(node.GetNumberOfDataNodes(), "item"),
    "table": lambda node: f"{node.GetNumberOfRows()} × {node.GetNumberOfColumns()}",
    "text": lambda node: _count(len(node.GetText() or ""), "character"),
}
