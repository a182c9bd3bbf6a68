"""Point lists, and the list of segmentations."""

from __future__ import annotations

from typing import Any

import msgspec

from backend.scene.commands.base import Command, Vector3


class ListPoints(Command):
    """Ask for all point lists, as `dict[str, PointList]` by node id."""


class Point(msgspec.Struct):
    """A control point: RAS mm in the coordinates of its own node."""

    label: str
    position: Vector3


class PointList(msgspec.Struct):
    """A point list as the Slicer API tells of it."""

    name: str
    color: Vector3
    scale: float
    markups: list[Point]


class PointPlaced(msgspec.Struct):
    """The control point that was moved or added, and whether its list was made for it."""

    id: str
    name: str
    index: int
    label: str
    made: bool = False


class MovePoint(Command):
    """Move control point `index` of the first markups node whose name or id matches the shell pattern `id`.

    With `name`, which the journal adds, of the node that has this id and this name.
    """

    journal = "newest"
    answer = PointPlaced
    position: Vector3
    index: int = 0
    id: str | None = None
    name: str = ""

    def journaled(self, answer: Any) -> Command:
        """With exact id and name, which mean the same node whatever else has come meanwhile."""
        return msgspec.structs.replace(self, id=answer.id, name=answer.name)

    def journal_key(self) -> str:
        """Each point is remembered where it was put last."""
        return f"MovePoint {self.id} {self.index}"


class AddPoint(Command):
    """Add a control point to the first point list that matches `id`, or to a new list of that name; up to `most` in a list.

    With `name`, which the journal adds, to the list that has this id and this name, or that was `made` and is made again.
    """

    journal = "append"
    answer = PointPlaced
    position: Vector3
    most: int
    id: str | None = None
    label: str | None = None
    name: str = ""
    made: bool = False

    def journaled(self, answer: Any) -> Command:
        """With exact id and name."""
        return msgspec.structs.replace(self, id=answer.id, name=answer.name, made=answer.made)


class ListSegmentations(Command):
    """Ask for all segmentations, as `dict[str, SegmentationEntry]` by node id."""


class SegmentationEntry(msgspec.Struct):
    """A segmentation's name and the ids of its segments, in their order."""

    name: str
    segment_ids: list[str]
