"""What a node contains, as nested values: VTK's print of it, read by the rules of Slicer's web server.

A node's own texts are put in again after that: a name such as `5`, or one with line breaks, would read as something else.
Matrices, whose rows those rules lose, come under a key of ours, `Matrices`.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from backend.render.views.matrices import from_vtk, to_vtk

Tree = dict[str, Any]

BRACKETED = re.compile(r"[(\[]([0-9,.\- ]+)[)\]]")
BARE = re.compile(r"[0-9,.\- ]+")
POINTER = re.compile(r"(.* at )?\(?0x[0-9a-f]+\)?")
WORDS = {"true": True, "on": True, "false": False, "off": False}
# Of no meaning outside the process that prints them.
INTERNAL = frozenset({"Registered Events", "Reference Count", "Information"})
FLAGS = ("Debug", "HideFromEditors", "Selectable", "Selected", "UndoEnabled")
LINE_BREAK = "\N{LINE SEPARATOR}"
MATRIX_GROUPS = ("IJKToRASDirections", "MatrixTransformToParent", "InteractionHandleToWorldMatrix")


def properties_of(node: Any) -> Tree:
    """A node's properties in the shape of the Slicer API's `/mrml/properties`."""
    texts = texts_of(node)
    printed = str(node)
    for text in sorted((text for text in texts if "\n" in text), key=len, reverse=True):
        printed = printed.replace(text, text.replace("\n", LINE_BREAK))
    tree = parse_print(printed)
    _common(node, tree)
    if node.IsA("vtkMRMLSegmentationNode"):
        _segments(node.GetSegmentation(), tree)
    elif node.IsA("vtkMRMLMarkupsNode"):
        _control_points(node, tree)
    elif node.IsA("vtkMRMLTextNode"):
        tree["Text"] = node.GetText() or ""
    elif node.IsA("vtkMRMLStorageNode") and node.GetFileName():
        tree["FileName"] = node.GetFileName()
    for group in MATRIX_GROUPS:
        if group in tree:
            tree[group] = ""
    matrices = _matrices(node)
    if matrices:
        tree["Matrices"] = matrices
    return tree


def texts_of(node: Any) -> list[str]:
    """What users wrote into a node."""
    texts = [node.GetName(), node.GetDescription()]
    texts += [text for name in node.GetAttributeNames() for text in (name, node.GetAttribute(name))]
    if node.IsA("vtkMRMLTextNode"):
        texts.append(node.GetText())
    elif node.IsA("vtkMRMLSegmentationNode"):
        segmentation = node.GetSegmentation()
        for index in range(segmentation.GetNumberOfSegments()):
            texts += [segmentation.GetNthSegmentID(index), segmentation.GetNthSegment(index).GetName()]
    elif node.IsA("vtkMRMLMarkupsNode"):
        texts.append(node.GetControlPointLabelFormat())
        for index in range(node.GetNumberOfControlPoints()):
            texts += [node.GetNthControlPointLabel(index), node.GetNthControlPointDescription(index)]
    return [text for text in texts if text]


def parse_print(printed: str) -> Tree:
    """A VTK print as nested dictionaries; nesting follows indentation, lines without colon and line 1 say nothing."""
    root: Tree = {}
    open_groups: list[tuple[int, Tree]] = [(0, root)]  # indentation of the line that opened it
    last: tuple[int, Tree, str] | None = None
    skipped: int | None = None
    for line in printed.split("\n"):
        text = line.lstrip(" ")
        indent = len(line) - len(text)
        if not text or indent == 0:
            continue
        if skipped is not None and indent > skipped:
            continue
        skipped = None
        name, colon, value = text.partition(":")
        if not colon:
            continue
        if name in INTERNAL:
            skipped = indent
            continue
        if last is not None and indent > last[0]:
            _last_indent, parent, key = last
            group = parent.setdefault(key, {})
            if not isinstance(group, dict):
                group = parent[key] = {}
            open_groups.append((last[0], group))
        while open_groups[-1][0] >= indent:
            open_groups.pop()
        last = (indent, open_groups[-1][1], name)
        _put(open_groups[-1][1], name, value.strip())
    return root


def _put(group: Tree, name: str, text: str) -> None:
    if text.lower() == "(none)" or POINTER.fullmatch(text):
        return
    group[name.replace(LINE_BREAK, "\n")] = value_of(text)


def value_of(text: str) -> Any:
    """A printed value: a truth, a whole number, a number, a list of either, or the text itself."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    found = BRACKETED.fullmatch(text) or BARE.fullmatch(text)
    if found:
        inside = found[1] if found.re is BRACKETED else found[0]
        number = float if "." in inside else int
        try:
            numbers = [number(word) for word in inside.replace(",", " ").split()]
        except ValueError:  # a UID or a date
            return text
        if found.re is BRACKETED or len(numbers) > 1:
            return numbers
        if numbers:
            return numbers[0]
    return text.replace(LINE_BREAK, "\n")


def _common(node: Any, tree: Tree) -> None:
    tree["ID"], tree["ClassName"] = node.GetID(), node.GetClassName()
    if node.GetName() is not None:
        tree["Name"] = node.GetName()
    flags = (node.GetDebug(), node.GetHideFromEditors(), node.GetSelectable(), node.GetSelected(), node.GetUndoEnabled())
    for key, flag in zip(FLAGS, flags, strict=True):  # a few classes forget to print them
        tree[key] = bool(flag)
    tree.setdefault("MTime", node.GetMTime())
    for key, text in (("Description", node.GetDescription()), ("SingletonTag", node.GetSingletonTag())):
        tree.pop(key, None)
        if text:
            tree[key] = text
    names = node.GetAttributeNames()
    tree.pop("Attributes", None)
    if names:
        tree["Attributes"] = {name: node.GetAttribute(name) or "" for name in names}


def _segments(segmentation: Any, tree: Tree) -> None:
    printed = tree.setdefault("Segmentation", {})
    segments: Tree = {}
    for index in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(index)
        one = parse_print(_one_line(str(segment), segment.GetName() or ""))
        one["Name"] = segment.GetName() or ""
        one["Color"] = [float(f"{value:.6g}") for value in segment.GetColor()]
        segments[segmentation.GetNthSegmentID(index)] = one
        one["Tags"] = {key: str(value) for key, value in one["Tags"].items()} if isinstance(one.get("Tags"), dict) else {}
        if isinstance(one.get("Representations"), dict):
            for representation in one["Representations"].values():
                if "IJKToRASDirections" in representation:
                    representation["IJKToRASDirections"] = ""
    printed["Segments"] = segments


def _one_line(printed: str, text: str) -> str:
    return printed.replace(text, text.replace("\n", LINE_BREAK)) if "\n" in text else printed


def _control_points(node: Any, tree: Tree) -> None:
    points = tree.get("ControlPoints")
    if not isinstance(points, dict):
        return
    for index in range(node.GetNumberOfControlPoints()):
        point = points.get(f"ControlPoint[{index}]")
        if isinstance(point, dict):
            point["ID"] = node.GetNthControlPointID(index)
            point["Label"] = node.GetNthControlPointLabel(index)
            point["Description"] = node.GetNthControlPointDescription(index)


def _matrices(node: Any) -> Tree:
    """(4, 4) matrices of a node as lists of rows, full precision."""
    found: Tree = {}

    def add(name: str, fill: Any) -> None:
        matrix = to_vtk(np.eye(4))
        if fill(matrix) is not False:
            found[name] = from_vtk(matrix).tolist()

    if node.IsA("vtkMRMLVolumeNode"):
        add("IJKToRAS", node.GetIJKToRASMatrix)
    elif node.IsA("vtkMRMLTransformNode") and node.IsLinear():
        add("MatrixTransformToParent", node.GetMatrixTransformToParent)
        add("MatrixTransformToWorld", node.GetMatrixTransformToWorld)
    elif node.IsA("vtkMRMLSliceNode"):
        found["SliceToRAS"] = from_vtk(node.GetSliceToRAS()).tolist()
    elif node.IsA("vtkMRMLMarkupsNode"):
        found["InteractionHandleToWorld"] = from_vtk(node.GetInteractionHandleToWorldMatrix()).tolist()
    return found
