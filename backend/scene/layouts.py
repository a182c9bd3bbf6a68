"""Slicer's layouts: their names, and where their views lie, read from the layout node's own description."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import slicer

from backend.errors import BadRequestError
from backend.imaging.colors import to_hex
from backend.scene.commands import LayoutPart

KINDS = {
    "vtkMRMLSliceNode": "slice",
    "vtkMRMLViewNode": "threeD",
    "vtkMRMLTableViewNode": "table",
    "vtkMRMLPlotViewNode": "plot",
}
SPLITS = {"vertical": "rows", "horizontal": "columns", "tab": "tabs"}
USUAL_SHARE = 500.0  # what Slicer's descriptions write for a usual size


def _layout_names() -> dict[int, str]:
    prefix, suffix = "SlicerLayout", "View"
    names: dict[int, str] = {}
    for attribute in dir(slicer.vtkMRMLLayoutNode):
        if attribute.startswith(prefix) and attribute.endswith(suffix):
            names[int(getattr(slicer.vtkMRMLLayoutNode, attribute))] = attribute[len(prefix) : -len(suffix)]
    return names


LAYOUT_NAMES: dict[int, str] = _layout_names()
"""Number of each layout to its name in the Slicer API."""
BY_NAME = {name.lower(): number for number, name in LAYOUT_NAMES.items()}


def layout_number(name: str) -> int:
    """The number of a layout by its name, any case.

    Raises:
        BadRequestError: there is no such layout, in Slicer's words.
    """
    found = BY_NAME.get(name.lower())
    if found is None:
        raise BadRequestError(f"Unknown layout name: {name.lower()}")
    return found


def composition(description: str | None, scene: Any) -> LayoutPart:
    """A layout's description (Slicer's XML) as places; without any view where there is nothing to show.

    Labels and colours are those of the scene's view nodes, where these exist already.
    """
    if not description or not description.strip():
        return LayoutPart("rows")
    return _part(ElementTree.fromstring(description), scene)


def _part(element: ElementTree.Element, scene: Any) -> LayoutPart:
    if element.tag == "view":
        return _view(element.get("class", ""), element.get("singletontag", ""), element, scene)
    if element.tag == "viewports":  # windows of their own in Slicer
        return LayoutPart("columns", [_part(inner, scene) for inner in element.findall("layout")])
    items = [item for item in element.findall("item") if len(item)]
    if element.get("type") == "grid":
        return _grid(items, scene)
    parts = [part for item in items for part in _parts_of(item, scene)]
    split = SPLITS.get(element.get("type", ""), "rows")
    return LayoutPart(split, parts)  # type: ignore[arg-type]


def _parts_of(item: ElementTree.Element, scene: Any) -> list[LayoutPart]:
    inner = item[0]
    class_name = inner.get("class", "")
    if inner.tag == "view" and not inner.get("singletontag"):  # every view of this class that there is
        count = scene.GetNumberOfNodesByClass(class_name)
        names = [scene.GetNthNodeByClass(index, class_name).GetLayoutName() for index in range(count)]
        return [_view(class_name, name, inner, scene) for name in names if name]
    part = _part(inner, scene)
    if item.get("splitSize"):
        part.share = float(item.get("splitSize", "")) / USUAL_SHARE
    return [part]


def _grid(items: list[ElementTree.Element], scene: Any) -> LayoutPart:
    rows: dict[int, list[tuple[int, LayoutPart]]] = {}
    for item in items:
        place = rows.setdefault(int(item.get("row") or 0), [])
        place.append((int(item.get("column") or 0), _part(item[0], scene)))
    in_order = [[part for _column, part in sorted(row, key=lambda cell: cell[0])] for _number, row in sorted(rows.items())]
    return LayoutPart("rows", [LayoutPart("columns", row) for row in in_order])


def _view(class_name: str, name: str, element: ElementTree.Element, scene: Any) -> LayoutPart:
    node = scene.GetSingletonNode(name, class_name)
    written = {inner.get("name"): (inner.text or "").strip() for inner in element.findall("property")}
    return LayoutPart(
        view=name,
        kind=KINDS.get(class_name, "other"),  # type: ignore[arg-type]
        label=node.GetLayoutLabel() if node is not None else written.get("viewlabel", name),
        color=to_hex(node.GetLayoutColor()) if node is not None else written.get("viewcolor", ""),
    )
