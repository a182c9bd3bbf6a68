"""Nodes of the scene as people see them: a tree by folders and kinds, in pages; how nodes are shown; renaming them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from backend.scene.commands.base import Command
from backend.scene.commands.views import ViewPatch

Kind = Literal["volume", "segmentation", "model", "markups", "transform", "sequence", "table", "text"]
KINDS: tuple[Kind, ...] = ("volume", "segmentation", "model", "markups", "transform", "sequence", "table", "text")
LAYERS = ("background", "foreground", "label")


class ListNodes(Command):
    """Ask for `NodePage`: `count` rows from `offset` of the tree as it is open.

    `toggled`: keys of rows that are open where they are closed by default, or the other way round. With `search`, or with
    one `kind`, the rows are not grouped.
    """

    offset: int = 0
    count: int = 100
    search: str = ""
    kind: Kind | None = None
    toggled: list[str] = msgspec.field(default_factory=list)


class NodeRow(msgspec.Struct, omit_defaults=True):
    """A row of the tree: a folder, a group of one kind, a node, or a segment. What is absent does not apply to it."""

    key: str
    kind: str
    """One of `KINDS`, `segment`, `group` or `folder`."""
    name: str
    id: str = ""
    """Of the node; of a segment's segmentation."""
    segment: str = ""
    depth: int = 0
    children: int = 0
    open: bool = False
    visible: bool | None = None
    color: str | None = None
    """`#RRGGBB`."""
    opacity: float | None = None
    detail: str = ""
    """What people tell nodes of a kind apart by: voxels, points, segments."""
    layers: list[str] = []
    """Of a volume: where slice views show it."""
    transform: str = ""
    """Name of the transform that it is under."""


class NodePage(msgspec.Struct):
    """Some rows of the tree. `rev` rises with every change that may show in it."""

    rev: int
    total: int
    counts: dict[str, int]
    """Nodes of each kind that there are."""
    rows: list[NodeRow]


class DescribeNode(Command):
    """Ask for `NodeDetails` of a node, by id."""

    patient = True
    id: str


class NodeDetails(msgspec.Struct):
    """Everything about one node that a person may want to know."""

    row: NodeRow
    class_name: str
    facts: list[tuple[str, str]]
    """What it is, in words: pairs of a name and a value."""
    formats: list[str]
    """Endings of files that it can be saved as."""
    transforms: list[tuple[str, str]]
    """Id and name of each transform that it may be put under."""
    parent_transform: str
    """Id, empty for none."""
    attributes: dict[str, str]
    properties: dict[str, Any]
    """As `Properties` tells them."""


class NodeChanged(msgspec.Struct):
    """A row as it is now, and the name that its node had before."""

    row: NodeRow
    was: str


class ShowNode(Command):
    """Set how a node, or one of its segments, is shown; what is absent stays.

    `visible` of a volume: whether slice views show it. With `was`, which the journal adds, of the node that has this id
    and this name.
    """

    journal = "newest"
    answer = NodeChanged
    id: str
    segment: str = ""
    visible: bool | None = None
    color: str | None = None
    opacity: float | None = None
    was: str = ""

    def journaled(self, answer: Any) -> Command:
        """With the node's name, by which it is found if its id has moved."""
        return msgspec.structs.replace(self, was=answer.was)

    def journal_key(self) -> str:
        """Each value is remembered as it was set last."""
        given = [field for field in ("visible", "color", "opacity") if getattr(self, field) is not None]
        return f"ShowNode {self.id} {self.segment} {' '.join(given)}"


class ArrangeNode(Command):
    """Rename a node or one of its segments, or put a node under a transform (its id; empty for none); what is absent stays."""

    journal = "append"
    answer = NodeChanged
    id: str
    segment: str = ""
    name: str | None = None
    transform: str | None = None
    was: str = ""

    def journaled(self, answer: Any) -> Command:
        """With the name that the node had, by which it is found if its id has moved."""
        return msgspec.structs.replace(self, was=answer.was)


class ShowAll(Command):
    """Show or hide all nodes of a kind at once; answers how many."""

    journal = "newest"
    kind: Kind
    visible: bool

    def journal_key(self) -> str:
        """Of each kind the last."""
        return f"ShowAll {self.kind}"


class DescribeLook(Command):
    """Ask for `Look`."""


class DisplayLook(msgspec.Struct):
    """How one display node shows its node."""

    node: str
    """Name of the node that it shows."""
    visible: bool
    opacity: float
    hidden_segments: list[str] = []


class Look(msgspec.Struct):
    """How a scene is looked at, apart from what it holds: enough to see the same again, in the same or a like scene."""

    layout: str
    views: dict[str, ViewPatch]
    volumes: dict[str, str] = {}
    """Name of each volume that a view's patch names, by id."""
    displays: dict[str, DisplayLook] = {}
    """By id of display nodes."""


class ApplyLook(Command):
    """Look at the scene as `look` says; answers the names of what is not there any more."""

    journal = "newest"
    look: Look
