"""The tree of nodes as rows one below the other: folders of the subject hierarchy first, then what is in none, by kinds.

A plan of ten thousand rows is made in a few milliseconds and kept while neither the scene nor what is open changes; only the
rows that are looked at are read from their nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import slicer
import vtk

from backend.render.observing import observe
from backend.render.views.segments import segment_ids
from backend.scene.commands import KINDS, ListNodes, NodeRow
from backend.scene.nodes.index import Entry, NodeIndex
from backend.scene.nodes.rows import node_row, segment_row

GROUPS = {
    "volume": "Volumes", "segmentation": "Segmentations", "model": "Models", "markups": "Markups", "transform": "Transforms",
    "sequence": "Sequences", "table": "Tables", "text": "Texts",
}  # fmt: skip
DEEPEST = 16
"""Folders within folders; what lies deeper is shown in the deepest."""
HIERARCHY = slicer.vtkMRMLSubjectHierarchyNode
EVENTS = (
    HIERARCHY.SubjectHierarchyItemAddedEvent, HIERARCHY.SubjectHierarchyItemRemovedEvent,
    HIERARCHY.SubjectHierarchyItemModifiedEvent, HIERARCHY.SubjectHierarchyItemReparentedEvent,
)  # fmt: skip


@dataclass
class Folder:
    """A folder, patient or study of the subject hierarchy."""

    key: str
    name: str
    nodes: list[str] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.nodes) + len(self.folders)


@dataclass(frozen=True)
class Planned:
    """A row to be read: `entry` of a node, with `segment` of a segment; neither of a folder or group, which `row` is."""

    depth: int
    entry: Entry | None = None
    segment: str = ""
    row: NodeRow | None = None
    is_open: bool = False


class Tree:
    """Plans rows and reads those that are asked for. Scene thread only."""

    def __init__(self, scene: Any, index: NodeIndex) -> None:
        self._scene, self._index = scene, index
        self._kept: tuple[Any, list[Planned]] | None = None
        self._folders: list[Folder] | None = None
        self._folders_read = 0
        self._watched = ""

    def plan(self, wanted: ListNodes) -> list[Planned]:
        """All rows."""
        folders = self._subject_hierarchy()
        key = (self._index.structure, wanted.search, wanted.kind, tuple(sorted(wanted.toggled)), self._folders_read)
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, self._planned(wanted, folders))
        return self._kept[1]

    def read(self, planned: Planned, layers: Mapping[str, list[str]]) -> NodeRow | None:
        """A row as it is now; None where its node has gone meanwhile."""
        if planned.entry is None:
            return planned.row
        node = self._scene.GetNodeByID(planned.entry.id)
        if node is None:
            return None
        if not planned.segment:
            return node_row(node, planned.entry.kind, layers, planned.depth, planned.is_open)
        return segment_row(node, planned.segment, planned.depth)

    # -- planning ------------------------------------------------------------------------------------------------

    def _planned(self, wanted: ListNodes, folders: list[Folder]) -> list[Planned]:
        toggled, words = set(wanted.toggled), wanted.search.casefold().split()
        rows: list[Planned] = []
        if words or wanted.kind is not None:
            for entry in self._index.entries():
                if wanted.kind in (None, entry.kind):
                    self._found(entry, words, toggled, rows)
            return rows
        in_folders: set[str] = set()
        for folder in folders:
            self._folder(folder, 0, toggled, rows, in_folders)
        by_kind: dict[str, list[Entry]] = {kind: [] for kind in KINDS}
        for entry in self._index.entries():
            if entry.id not in in_folders:
                by_kind[entry.kind].append(entry)
        for kind, entries in by_kind.items():
            if entries:
                row = NodeRow(f"kind:{kind}", "group", GROUPS[kind], children=len(entries), open=f"kind:{kind}" not in toggled)
                rows.append(Planned(0, row=row))
                if row.open:
                    for entry in entries:
                        self._node(entry, 1, toggled, rows)
        return rows

    def _found(self, entry: Entry, words: list[str], toggled: set[str], rows: list[Planned]) -> None:
        """The row of a node whose name has all words, or of the segments whose names have them."""
        name = entry.name.casefold()
        if all(word in name for word in words):
            self._node(entry, 0, toggled, rows)
        elif entry.kind == "segmentation" and (node := self._scene.GetNodeByID(entry.id)) is not None:
            segmentation = node.GetSegmentation()
            matching = [
                segment_id
                for segment_id in segment_ids(node)
                if all(word in (segmentation.GetSegment(segment_id).GetName() or "").casefold() for word in words)
            ]
            if matching:
                rows.append(Planned(0, entry, is_open=True))
                rows += [Planned(1, entry, segment_id) for segment_id in matching]

    def _node(self, entry: Entry, depth: int, toggled: set[str], rows: list[Planned]) -> None:
        is_open = entry.kind == "segmentation" and entry.id in toggled
        rows.append(Planned(depth, entry, is_open=is_open))
        if is_open and (node := self._scene.GetNodeByID(entry.id)) is not None:
            rows += [Planned(depth + 1, entry, segment_id) for segment_id in segment_ids(node)]

    def _folder(self, folder: Folder, depth: int, toggled: set[str], rows: list[Planned], seen: set[str]) -> None:
        row = NodeRow(folder.key, "folder", folder.name, depth=depth, children=len(folder), open=folder.key not in toggled)
        rows.append(Planned(depth, row=row))
        shown = rows if row.open else []
        for inner in folder.folders:
            self._folder(inner, depth + 1, toggled, shown, seen)
        for node_id in folder.nodes:
            seen.add(node_id)
            entry = self._index.find(node_id)
            if entry is not None:
                self._node(entry, depth + 1, toggled, shown)

    # -- folders -------------------------------------------------------------------------------------------------

    def _subject_hierarchy(self) -> list[Folder]:
        """Folders with something in them; read again only when the hierarchy has changed."""
        node = HIERARCHY.GetSubjectHierarchyNode(self._scene)
        if node is None:
            return []
        if node.__this__ != self._watched:  # clearing the scene makes another one
            self._watched, self._folders = node.__this__, None
            for event in EVENTS:
                observe(node, event, self._on_hierarchy)
        if self._folders is None:
            self._folders = self._read_folders(node, node.GetSceneItemID(), 0)
            self._folders_read += 1
        return self._folders

    def _on_hierarchy(self, *_event: Any) -> None:
        self._folders = None

    def _read_folders(self, hierarchy: Any, item: int, depth: int) -> list[Folder]:
        found = []
        for child in _children(hierarchy, item):
            if hierarchy.GetItemDataNode(child) is None and depth < DEEPEST:
                folder = Folder(f"folder:{child}", hierarchy.GetItemName(child) or "Folder")
                for inner in _children(hierarchy, child):
                    node = hierarchy.GetItemDataNode(inner)
                    if node is not None:
                        folder.nodes.append(node.GetID())
                folder.folders = self._read_folders(hierarchy, child, depth + 1)
                if len(folder):
                    found.append(folder)
        return found


def _children(hierarchy: Any, item: int) -> list[int]:
    ids = vtk.vtkIdList()
    hierarchy.GetItemChildren(item, ids, False)
    return [ids.GetId(index) for index in range(ids.GetNumberOfIds())]
