"""Commands about point lists and segmentations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.errors import BadRequestError, NotFoundError, TooLargeError
from backend.render.views.segments import segment_ids
from backend.scene import commands as c
from backend.scene.content_commands import selected
from backend.scene.context import Context, Performer
from backend.scene.finding import check_name, first_of_kind, matching, same_as_before

ANY, LIST, LIST_ID = "vtkMRMLMarkupsNode", "vtkMRMLMarkupsFiducialNode", "vtkMRMLMarkupsFiducialNode*"
GOES_ON_S = 1.0  # a program that drags a point sends it again and again
HALF = 32768 / 65535  # as Slicer's settings keep it, in 16 bits


class MarkupsCommands:
    """Lists, moves and adds control points; lists segmentations."""

    def __init__(self, context: Context) -> None:
        self._app, self._history = context.app, context.history
        self._app.modules["Markups"].GetDefaultMarkupsDisplayNode().SetSelectedColor(1.0, HALF, HALF)
        self.performers: Mapping[type[c.Command], Performer] = {
            c.ListPoints: self._list_points,
            c.MovePoint: self._move,
            c.AddPoint: self._add,
            c.ListSegmentations: self._list_segmentations,
        }

    def _list_points(self, _command: c.ListPoints, _arrived: float) -> dict[str, c.PointList]:
        nodes = selected(self._app.scene, c.SelectNodes(class_name=LIST))
        return {node.GetID(): points_of(node) for node in nodes}

    def _move(self, command: c.MovePoint, _arrived: float) -> c.PointPlaced:
        node = self._target(command.id, command.name)
        if not 0 <= command.index < node.GetNumberOfControlPoints():
            count = node.GetNumberOfControlPoints()
            raise NotFoundError(f"{node.GetName()} has no control point {command.index}: it has {count}, counted from 0")
        with self._history.changing(f"Move {node.GetName()}", [node], f"move {node.GetID()} {command.index}", GOES_ON_S):
            node.SetNthControlPointPosition(command.index, *command.position)
        return placed(node, command.index)

    def _add(self, command: c.AddPoint, _arrived: float) -> c.PointPlaced:
        node = self._list_for(command)
        if command.label is not None:
            check_name(command.label)
        if node is not None and node.GetNumberOfControlPoints() >= command.most:
            raise TooLargeError(f"{node.GetName()} holds {command.most} control points, the most that requests may add")
        made = node is None
        if node is None:
            name = command.name or command.id or "F"
            node_id = self._app.modules["Markups"].AddNewFiducialNode(name, self._app.scene)
            node = self._app.scene.GetNodeByID(node_id)
        if made:
            index = _added(node, command)
            self._history.added(f"Add {node.GetName()}", [part for part in (node, node.GetDisplayNode()) if part is not None])
        else:
            with self._history.changing(f"Add a point to {node.GetName()}", [node]):
                index = _added(node, command)
        return placed(node, index, made)

    def _target(self, pattern: str | None, name: str) -> Any:
        if name:
            return same_as_before(self._app.scene, pattern or "", name, ANY)
        return first_of_kind(self._app.scene, pattern, ANY, LIST_ID)

    def _list_for(self, command: c.AddPoint) -> Any | None:
        """The list that takes the point, None for a new one."""
        if command.made:
            return None
        if command.name:
            return same_as_before(self._app.scene, command.id or "", command.name, LIST)
        return next((node for node in matching(self._app.scene, command.id or LIST_ID) if node.IsA(LIST)), None)

    def _list_segmentations(self, _command: c.ListSegmentations, _arrived: float) -> dict[str, c.SegmentationEntry]:
        nodes = selected(self._app.scene, c.SelectNodes(class_name="vtkMRMLSegmentationNode"))
        return {node.GetID(): c.SegmentationEntry(node.GetName() or "", segment_ids(node)) for node in nodes}


def _added(node: Any, command: c.AddPoint) -> int:
    index: int = node.AddControlPoint(*command.position)
    if command.label is not None:
        node.SetNthControlPointLabel(index, command.label)
    return index


def placed(node: Any, index: int, made: bool = False) -> c.PointPlaced:
    """Which control point it was."""
    return c.PointPlaced(node.GetID(), node.GetName() or "", index, node.GetNthControlPointLabel(index), made)


def points_of(node: Any) -> c.PointList:
    """A point list as the Slicer API tells of it, RAS mm in its own coordinates.

    Raises:
        BadRequestError: it has no display node, whose colour and scale belong to the answer.
    """
    display = node.GetDisplayNode()
    if display is None:
        raise BadRequestError(f"{node.GetName()} has no display node")
    points = [
        c.Point(node.GetNthControlPointLabel(n), node.GetNthControlPointPosition(n))
        for n in range(node.GetNumberOfControlPoints())
    ]
    return c.PointList(node.GetName() or "", display.GetSelectedColor(), display.GetGlyphScale(), points)
