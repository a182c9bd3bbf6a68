"""Rows of the tree: what a node is called, how it is shown, what it holds; and setting how it is shown."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from backend.dicom.loaded import SUV_UNITS
from backend.errors import BadRequestError, NotFoundError
from backend.scene.commands import Kind, NodeRow
from backend.scene.nodes.layers import show_in_slices
from backend.scene.views import Views

COLOR = re.compile(r"#[0-9a-fA-F]{6}")
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


def segment_ids(node: Any) -> list[str]:
    """Ids of a segmentation's segments, in their order."""
    segmentation = node.GetSegmentation()
    return [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]


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


def show(
    views: Views, node: Any, kind: Kind, segment: str, visible: bool | None, color: str | None, opacity: float | None
) -> None:
    """Set how a node or one of its segments is shown; all values are looked at before the first is set.

    Raises:
        BadRequestError: no colour, an opacity that is none, or what the node has no way to show.
        NotFoundError: it has no such segment.
    """
    rgb = None if color is None else from_hex(color)
    if opacity is not None and not (math.isfinite(opacity) and 0 <= opacity <= 1):
        raise BadRequestError(f"opacity must be from 0 to 1, not {opacity}")
    if segment:
        _show_segment(node, segment, visible, rgb, opacity)
        return
    if kind == "volume":
        if rgb is not None or opacity is not None:
            raise BadRequestError("a volume has no colour and opacity of its own; its layers in the slice views have")
        if visible is not None:
            show_in_slices(views, node, visible)
        return
    display = _display_of(node)
    if rgb is not None and kind not in ("model", "markups"):
        raise BadRequestError(f"{node.GetName()} has no colour of its own")
    if visible is not None:
        display.SetVisibility(visible)
    if opacity is not None:
        display.SetOpacity(opacity)
    if rgb is not None:
        display.SetColor(*rgb)
        if kind == "markups":
            display.SetSelectedColor(*rgb)


def _display_of(node: Any) -> Any:
    if not node.IsA("vtkMRMLDisplayableNode"):
        raise BadRequestError(f"{node.GetName()} is nothing that views show")
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    if display is None:
        raise BadRequestError(f"{node.GetName()} is nothing that views show")
    return display


def _show_segment(
    node: Any, segment_id: str, visible: bool | None, rgb: tuple[float, float, float] | None, opacity: float | None
) -> None:
    segment, display = segment_of(node, segment_id), _display_of(node)
    if visible is not None:
        display.SetSegmentVisibility(segment_id, visible)
    if rgb is not None:
        segment.SetColor(*rgb)
    if opacity is not None:
        display.SetSegmentOpacity(segment_id, opacity)


def to_hex(color: tuple[float, float, float]) -> str:
    """A colour of 0..1 as `#RRGGBB`."""
    return "#" + "".join(f"{round(min(max(channel, 0.0), 1.0) * 255):02X}" for channel in color)


def from_hex(text: str) -> tuple[float, float, float]:
    """`#RRGGBB` as a colour of 0..1.

    Raises:
        BadRequestError: it is none.
    """
    if not COLOR.fullmatch(text):
        raise BadRequestError(f"a colour is written #RRGGBB, not {text[:40]!r}")
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


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
